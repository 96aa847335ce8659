//! Serial ports a board may be on, as rows. Looks and does not touch: opening a port can restart what is behind it.

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::report::error_json;
use crate::text;
use crate::transport::serial::{self, Port, PortError};

/// The ports there are. Blocks, but not for long.
pub(super) fn ports() -> Vec<Row> {
    let row = |port: Port| Row { obstacle: serial::check(&port.path).err(), port };
    serial::ports().into_iter().map(row).collect()
}

/// A port, and why it cannot be opened if it cannot.
pub(super) struct Row {
    port: Port,
    obstacle: Option<PortError>,
}

impl Row {
    fn command(&self) -> String {
        format!("espctl provision --port {}", self.port.path)
    }

    fn failure(&self) -> Option<Failure> {
        self.obstacle.clone().map(Failure::from)
    }

    pub(super) fn json(&self) -> Value {
        let usb = self.port.usb.as_ref().map(|usb| {
            let ids = (format!("{:04x}", usb.vid), format!("{:04x}", usb.pid));
            json!({ "vid": ids.0, "pid": ids.1, "serial": usb.serial, "product": usb.product })
        });
        json!({
            "device": format!("console:{}", self.port.path),
            "path": self.port.path,
            "aliases": self.port.aliases,
            "board": self.port.board(),
            "usb": usb,
            "usable": self.obstacle.is_none(),
            "error": self.failure().as_ref().map(error_json),
            "command": self.command(),
        })
    }

    fn words(&self) -> String {
        let product = self.port.usb.as_ref().and_then(|usb| usb.product.as_deref()).unwrap_or_default();
        let mut line = text::sanitise(&self.port.describe()).into_owned();
        if !product.is_empty() {
            line = format!("{line} ({})", text::sanitise(product));
        }
        let next = match self.failure() {
            None if self.port.board().is_some() => self.command(),
            None => format!("no known board; if it is one: {}", self.command()),
            Some(failure) => {
                let causes = failure.causes.join("; ");
                let hint = failure.hints.first().map(|hint| format!("\n    {hint}")).unwrap_or_default();
                format!("{}: {causes}{hint}", failure.message)
            }
        };
        format!("  {line}\n    {next}")
    }
}

pub(super) fn words(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "No serial ports. Plug the board in with a cable that carries data, not only power.".to_owned();
    }
    let rows: Vec<_> = rows.iter().map(Row::words).collect();
    format!("Serial ports\n{}", rows.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::serial::Usb;

    #[test]
    fn a_port_that_cannot_be_opened_is_a_row_with_its_hint() {
        let usb = Usb { vid: 0x303a, pid: 0x1001, serial: Some("F4\x1b[31m".into()), product: Some("JTAG".into()) };
        let port = Port { path: "/dev/ttyACM0".into(), aliases: Vec::new(), usb: Some(usb) };
        let ready = Row { port: port.clone(), obstacle: None };
        assert!(words(&[ready]).ends_with("\n    espctl provision --port /dev/ttyACM0"));
        let group = Some("dialout".to_owned());
        let obstacle = PortError::Permission { path: port.path.clone(), group, user: Some("ana".into()) };
        let barred = Row { port, obstacle: Some(obstacle) };
        let text = words(std::slice::from_ref(&barred));
        assert!(text.contains("sudo usermod -aG dialout ana") && !text.contains('\x1b'), "{text}");
        assert_eq!(barred.json()["error"]["code"], "port.permission");
    }

    /// Ports are the computer's; so their rows meet their schema here, and a real run's document in `tests/program/json.rs`.
    #[test]
    fn a_row_is_what_its_schema_says() {
        let read = |text| serde_json::from_str::<Value>(text).expect("JSON");
        let common = read(include_str!("../../../docs/schema/common-1.json"));
        let registry = jsonschema::Registry::new().add("json-schema:///common-1.json", common);
        let registry = registry.and_then(jsonschema::RegistryBuilder::prepare).expect("the common parts");
        let schema = read(include_str!("../../../docs/schema/discover-1.json"));
        let validator = jsonschema::options().with_registry(&registry).build(&schema).expect("a schema");
        let usb = Usb { vid: 0x10c4, pid: 0xea60, serial: None, product: Some("CP2102".into()) };
        let board = Port { path: "/dev/ttyUSB0".into(), aliases: vec!["/dev/serial/by-id/x".into()], usb: Some(usb) };
        let plain = Port { path: "COM3".into(), ..Port::default() };
        let obstacle = PortError::Busy { path: plain.path.clone(), holders: Vec::new() };
        let rows = [Row { port: board, obstacle: None }, Row { port: plain, obstacle: Some(obstacle) }];
        let rows: Vec<_> = rows.iter().map(Row::json).collect();
        let document = json!({ "schema": "espctl/discover/1", "outcome": "done", "serial": rows });
        let errors: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}\n{document:#}");
    }
}
