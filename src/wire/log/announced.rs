//! The name and the PoP that Arduino's WiFiProv announces in words where it prints no payload: in one log line, or with
//! each on a line of its own after it.

use super::line::Line;
use crate::secret::{Passphrase, ProofOfPossession};
use crate::wire::qr::{Payload, Transport};

/// The words that begin an announcement.
const SCHEMES: [(&str, Transport); 2] = [("using softap", Transport::SoftAp), ("using ble", Transport::Ble)];
/// What C prints of a text that is not there.
const ABSENT: [&str; 2] = ["(null)", ""];

/// Follows an announcement over its lines.
#[derive(Default)]
pub(super) struct Announced {
    transport: Option<Transport>,
    name: Option<String>,
    password: Option<Passphrase>,
}

impl Announced {
    /// Takes in the next line; the payload, where the announcement is complete with it.
    pub(super) fn push(&mut self, line: &Line) -> Option<Payload> {
        let lower = line.text.to_ascii_lowercase();
        if line.level.is_some() {
            // A line of another part of the firmware may fall in between.
            let transport = SCHEMES.iter().find(|(words, _)| lower.contains(words)).map(|(_, transport)| *transport)?;
            *self = Self { transport: Some(transport), ..Self::default() };
        }
        self.transport?;
        line.text.split(", ").find_map(|part| self.field(part))
    }

    /// `service_name : PROV_1`, the last of them the PoP.
    fn field(&mut self, part: &str) -> Option<Payload> {
        let (key, value) = part.split_once(" : ").or_else(|| Some((part.strip_suffix(" :")?, "")))?;
        let value = value.trim();
        let given = Some(value).filter(|value| !ABSENT.contains(value));
        match key.split_whitespace().next_back()? {
            "service_name" => self.name = given.map(str::to_owned),
            "password" => self.password = given.map(Into::into),
            "pop" => {
                let Self { transport, name, password } = std::mem::take(self);
                return Some(Payload {
                    transport,
                    pop: given.map(ProofOfPossession::from),
                    password,
                    ..Payload::new(&name?)
                });
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(log: &str) -> Option<(String, Option<Transport>, Option<ProofOfPossession>, bool)> {
        let mut announced = Announced::default();
        let payload = log.lines().find_map(|line| announced.push(&Line::parse(line)))?;
        Some((payload.name, payload.transport, payload.pop, payload.password.is_some()))
    }

    #[test]
    fn on_lines_of_their_own_or_on_one() {
        let softap = "[  1411][I][WiFiProv.cpp:190] beginProvision(): Starting AP using SOFTAP\n service_name : PROV_test\n\
                      [  1412][D][WiFi.cpp:9] x(): between\n password : test1234\n pop : hush-pop";
        let wanted = ("PROV_test".to_owned(), Some(Transport::SoftAp), Some("hush-pop".into()), true);
        assert_eq!(found(softap), Some(wanted));
        let ble = "[I][WiFiProv.cpp:160] beginProvision(): Starting AP using BLE. service_name : PROV_1, pop : hush";
        assert_eq!(found(ble), Some(("PROV_1".to_owned(), Some(Transport::Ble), Some("hush".into()), false)));
        let open =
            "[I][WiFiProv.cpp:1] b(): Starting AP using SOFTAP\n service_name : P\n password : (null)\n pop : (null)";
        assert_eq!(found(open), Some(("P".to_owned(), Some(Transport::SoftAp), None, false)));
    }

    #[test]
    fn not_without_the_words_before_it() {
        for log in [" service_name : P\n pop : hush", "I (9) app: using softap\n pop : hush", "I (9) a: pop : x"] {
            assert_eq!(found(log), None, "{log}");
        }
    }
}
