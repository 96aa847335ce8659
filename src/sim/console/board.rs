//! The board on the line: input at a time in, output and pauses out. No I/O and no clock.

use std::time::Duration;

use super::boot::{self, Cause};
use super::line::{Command, Line, Piece, parse};
use super::log::Log;
use super::manner::{Dialect, Manner};
use super::noise::Noise;
use super::rainmaker_console::{self, Ran};
use crate::sim::device::{BOOT_TIME, Device, Refusal, Reply, ReplyFault};
use crate::sim::event::{Event, Timed};
use crate::wire::console::PROMPT;

/// What the board does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Prints bytes.
    Print(Vec<u8>),
    /// Does nothing for a while.
    Pause(Duration),
}

/// A device with a console.
#[derive(Debug)]
pub struct Board {
    device: Device,
    line: Line,
    /// The session id of the last command; `None` before the first one.
    session: Option<u32>,
    /// A command that never returns has the console.
    hangs: bool,
    noise: Option<Noise>,
    /// Whether the console is that of the RainMaker agent.
    agent: bool,
    log: Log,
    /// Events that were not yet reported.
    happened: Vec<Timed>,
    /// When the next log line that nothing asked for is due. `None` before the first input.
    next_noise: Option<Duration>,
}

impl Board {
    /// A board that is off.
    pub fn new(device: Device, manner: Manner) -> Self {
        let noise = manner.noise.then(|| Noise::new(device.options().seed));
        Self {
            device,
            line: Line::default(),
            session: None,
            hangs: false,
            noise,
            agent: manner.dialect == Dialect::RainMaker,
            log: Log::default(),
            happened: Vec::new(),
            next_noise: None,
        }
    }

    /// The device behind the console.
    pub fn device(&mut self) -> &mut Device {
        &mut self.device
    }

    /// Advances the device's clock; returns the events of that time, which the board logs as well.
    pub fn tick(&mut self, now: Duration) -> Vec<Timed> {
        self.device.tick(now);
        self.take_note();
        std::mem::take(&mut self.happened)
    }

    fn take_note(&mut self) {
        let events = self.device.take_events();
        self.log.note(&events);
        self.happened.extend(events);
    }

    /// When the device's service stops, if it does. The RainMaker agent's console goes on after provisioning.
    pub fn stops_at(&self) -> Option<Duration> {
        if self.agent { None } else { self.device.stops_at() }
    }

    /// Switches the board on.
    pub fn power_on(&mut self) -> Vec<Step> {
        self.start(Cause::PowerOn)
    }

    /// Takes all the input that is there.
    pub fn input(&mut self, now: Duration, drained: &[u8]) -> Vec<Step> {
        // The device is off the air: the line is not read.
        if self.hangs || (!self.agent && !self.device.is_serving(now)) {
            return Vec::new();
        }
        let mut steps = Vec::new();
        for piece in self.line.take(drained) {
            match piece {
                Piece::Echo(echo) => steps.push(Step::Print(self.woven(now, &echo))),
                Piece::Execute(line) => steps.extend(self.execute(now, &line)),
            }
        }
        self.next_noise = self.noise.as_mut().map(|noise| now + noise.pause());
        steps
    }

    /// What the board prints by itself at `now`.
    pub fn idle(&mut self, now: Duration) -> Vec<Step> {
        if let Some(log) = self.log.take() {
            return vec![Step::Print(log)];
        }
        match (&mut self.noise, self.next_noise) {
            (Some(noise), Some(due)) if due <= now => {
                self.next_noise = Some(now + noise.pause());
                vec![Step::Print(noise.line(now).into_bytes())]
            }
            _ => Vec::new(),
        }
    }

    fn start(&mut self, cause: Cause) -> Vec<Step> {
        (self.session, self.hangs, self.line) = (None, false, Line::default());
        let firmware = boot::firmware(self.device.options());
        // The agent's console shows its prompt after the first command only.
        let prompt = if self.agent { "" } else { PROMPT };
        vec![
            Step::Print(boot::rom(cause).into_bytes()),
            Step::Pause(BOOT_TIME),
            Step::Print(format!("{firmware}{prompt}").into_bytes()),
        ]
    }

    fn execute(&mut self, now: Duration, line: &[u8]) -> Vec<Step> {
        let prompt = Step::Print(PROMPT.as_bytes().to_vec());
        if self.agent {
            return match rainmaker_console::run(&mut self.device, &mut self.log, now, line) {
                Ran::Printed(text) => vec![self.logged(), Step::Print(self.woven(now, &text)), prompt],
                Ran::Hung => {
                    self.hangs = true;
                    Vec::new()
                }
                Ran::Restarted => self.start(Cause::Software),
            };
        }
        let Some(Command { endpoint, session, request }) = parse(line) else { return vec![prompt] };
        if self.session.replace(session) != Some(session) {
            self.device.open_session(now);
        }
        let handled = self.device.handle(now, &endpoint, &request);
        self.take_note();
        let set = |timed: &Timed| matches!(timed.event, Event::CredentialsSet { .. });
        if let Some((ssid, passphrase)) = self.device.staged_wifi().filter(|_| self.happened.iter().any(set)) {
            self.log.credentials(now, ssid, passphrase);
        }
        match handled {
            Ok(reply) => vec![self.logged(), Step::Pause(reply.after), Step::Print(self.printed(now, &reply)), prompt],
            Err(Refusal::Handler | Refusal::UnknownEndpoint) => vec![self.logged(), prompt],
            Err(Refusal::Hang) => {
                self.hangs = true;
                Vec::new()
            }
            Err(Refusal::Restart) => {
                let mut steps = vec![Step::Print(b"\r\r\n0801".to_vec())];
                steps.extend(self.start(Cause::Software));
                steps
            }
        }
    }

    /// What the firmware logged while it handled a command.
    fn logged(&mut self) -> Step {
        Step::Print(self.log.take().unwrap_or_default())
    }

    /// A reply as it is printed, its line feeds made CR LF on top of its own CR.
    fn printed(&mut self, now: Duration, reply: &Reply) -> Vec<u8> {
        let mut digits = hex::encode(&reply.body);
        match reply.fault {
            // A digit is missing.
            Some(ReplyFault::Truncated) => digits.truncate(digits.len().saturating_sub(1)),
            Some(ReplyFault::Status500 | ReplyFault::NotHttp) | None => {}
        }
        let body = self.woven(now, digits.as_bytes());
        let before = self.woven(now, b"");
        [&before[..], b"\r\r\n", &body, b"\r\r\n"].concat()
    }

    fn woven(&mut self, now: Duration, text: &[u8]) -> Vec<u8> {
        match &mut self.noise {
            Some(noise) => noise.weave(now, text),
            None => text.to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::DeviceOptions;
    use crate::wire::console::{Answer, find_answer, request_line};

    fn board(parameters: &[(&str, &str)], noise: bool) -> Board {
        let options = DeviceOptions::from_parameters(parameters.iter().copied()).expect("options");
        Board::new(Device::new(options), Manner { noise, ..Manner::default() })
    }

    fn printed(steps: Vec<Step>) -> Vec<u8> {
        let printed = |step| match step {
            Step::Print(bytes) => bytes,
            Step::Pause(_) => Vec::new(),
        };
        steps.into_iter().flat_map(printed).collect()
    }

    fn answer(board: &mut Board, line: &str) -> Option<Answer> {
        let output = printed(board.input(Duration::from_secs(1), format!("{line}\r").as_bytes()));
        find_answer(&output, line)
    }

    #[test]
    fn a_request_is_answered_between_echo_and_prompt() {
        for noise in [false, true] {
            let mut board = board(&[("profile", "pre-manager")], noise);
            let line = request_line("proto-ver", 7, b"---").expect("a line");
            assert_eq!(answer(&mut board, &line), Some(Answer::Reply(b"V0.1".to_vec())));
            let line = request_line("prov-config", 7, &[0x52, 0]).expect("a line");
            assert_eq!(answer(&mut board, &line), Some(Answer::Refused), "no session");
            assert_eq!(answer(&mut board, "help"), Some(Answer::Refused));
        }
    }

    #[test]
    fn another_id_is_another_session() {
        let mut board = board(&[("sec-ver", "1")], false);
        for id in [7, 7, 8] {
            let line = request_line("proto-ver", id, b"---").expect("a line");
            assert!(matches!(answer(&mut board, &line), Some(Answer::Reply(_))));
        }
        let opened = |timed: &crate::sim::Timed| timed.event == crate::sim::Event::TransportSession;
        assert_eq!(board.tick(Duration::from_secs(1)).iter().filter(|timed| opened(timed)).count(), 2);
    }

    #[test]
    fn a_reboot_shows_on_the_line() {
        let mut board = board(&[("fault", "reboot@1")], false);
        let output = printed(board.input(Duration::ZERO, b"proto-ver 1 2d\r"));
        let text = String::from_utf8_lossy(&output);
        assert!(text.contains("\r\nrst:0xc") || text.contains("rst:0xc"), "{text}");
        assert!(text.ends_with(PROMPT));
    }
}
