//! Serial ports a board may be on, as rows. Looks and does not touch: opening a port can restart what is behind it.

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::text;
use crate::transport::serial::{self, Port, PortError};
use crate::transport::{Discovery, Listing, Row, TransportError};

/// The ports of this computer.
#[derive(Debug, Default)]
pub(super) struct Ports {
    /// Each with why it cannot be opened, if it cannot.
    found: Vec<(Port, Option<PortError>)>,
}

impl Discovery for Ports {
    fn title(&self) -> &'static str {
        "Serial ports"
    }

    fn member(&self) -> &'static str {
        "serial"
    }

    fn listens(&self) -> bool {
        false
    }

    fn start(&mut self) -> BoxFuture<'_, Result<(), TransportError>> {
        Box::pin(async {
            let checked = |port: Port| (port.clone(), serial::check(&port.path).err());
            let found = tokio::task::spawn_blocking(move || serial::ports().into_iter().map(checked).collect());
            self.found = found.await.unwrap_or_default();
            Ok(())
        })
    }

    fn look(&mut self) -> Result<(), TransportError> {
        Ok(())
    }

    fn news(&mut self, _: Instant) -> Vec<String> {
        Vec::new()
    }

    fn listing(&self, _: Instant) -> Listing {
        let heading = match self.found.as_slice() {
            [] => "No serial ports. Plug the board in with a cable that carries data, not only power.",
            _ => self.title(),
        };
        let rows = self.found.iter().map(|(port, obstacle)| row(port, obstacle.clone())).collect();
        Listing { heading: heading.to_owned(), titles: &[], rows, after: None }
    }

    fn document(&self, found: Result<Vec<Value>, Value>) -> Value {
        found.unwrap_or_default().into()
    }

    fn finish(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

fn row(port: &Port, obstacle: Option<PortError>) -> Row {
    let command = format!("espctl provision --port {}", port.path);
    let usb = port.usb.as_ref().map(|usb| {
        let ids = (format!("{:04x}", usb.vid), format!("{:04x}", usb.pid));
        json!({ "vid": ids.0, "pid": ids.1, "serial": usb.serial, "product": usb.product })
    });
    let product = port.usb.as_ref().and_then(|usb| usb.product.as_deref()).unwrap_or_default();
    let mut line = text::sanitise(&port.describe()).into_owned();
    if !product.is_empty() {
        line = format!("{line} ({})", text::sanitise(product));
    }
    let next = match port.board() {
        Some(_) => command.clone(),
        None => format!("no known board; if it is one: {command}"),
    };
    let json = json!({
        "device": format!("console:{}", port.path),
        "path": port.path,
        "aliases": port.aliases,
        "board": port.board(),
        "usb": usb,
        "usable": obstacle.is_none(),
        "error": null,
        "command": command,
    });
    Row { cells: vec![line], next: Some(next), json, obstacle: obstacle.map(TransportError::from) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::serial::Usb;

    #[test]
    fn a_port_that_cannot_be_opened_is_a_row_with_its_obstacle() {
        let usb = Usb { vid: 0x303a, pid: 0x1001, serial: Some("F4\x1b[31m".into()), product: Some("JTAG".into()) };
        let port = Port { path: "/dev/ttyACM0".into(), aliases: Vec::new(), usb: Some(usb) };
        let ready = row(&port, None);
        assert_eq!(ready.next.as_deref(), Some("espctl provision --port /dev/ttyACM0"));
        assert_eq!(ready.json["usable"], true);
        let obstacle = PortError::Busy { path: port.path.clone(), holders: Vec::new() };
        let barred = row(&port, Some(obstacle));
        assert!(!barred.cells[0].contains('\x1b') && barred.obstacle.is_some(), "{barred:?}");
        assert_eq!(barred.json["usable"], false);
        let unknown = Port { path: "COM3".into(), ..Port::default() };
        assert!(row(&unknown, None).next.is_some_and(|next| next.starts_with("no known board")));
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
        let rows = [row(&board, None), row(&plain, None)].map(|row| row.json);
        let document = json!({ "schema": "espctl/discover/1", "outcome": "done", "serial": rows });
        let errors: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}\n{document:#}");
    }
}
