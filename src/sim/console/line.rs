//! The stock console's line discipline: what is echoed, and when a line is executed. Pure.
//!
//! A line ends when, after everything that is there has been taken, the last byte is a carriage return, or when 255
//! bytes are together; the rest is the next line's beginning. Source: ESP-IDF protocomm_console.

use crate::wire::console::LINE_MAX;

/// What the console does with input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Prints it.
    Echo(Vec<u8>),
    /// Takes it for a command.
    Execute(Vec<u8>),
}

/// A line that is being collected.
#[derive(Debug, Default)]
pub(super) struct Line {
    collected: Vec<u8>,
}

impl Line {
    /// Takes everything that has arrived.
    pub(super) fn take(&mut self, drained: &[u8]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut echo = Vec::new();
        for byte in drained {
            match byte {
                b'\r' => echo.extend_from_slice(b"\r\n"),
                byte => echo.push(*byte),
            }
            self.collected.push(*byte);
            if self.collected.len() == LINE_MAX {
                pieces.push(Piece::Echo(std::mem::take(&mut echo)));
                pieces.push(Piece::Execute(std::mem::take(&mut self.collected)));
            }
        }
        if !echo.is_empty() {
            pieces.push(Piece::Echo(echo));
        }
        if self.collected.last() == Some(&b'\r') {
            pieces.push(Piece::Execute(std::mem::take(&mut self.collected)));
        }
        pieces
    }
}

/// A command's words: `endpoint id hex`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) endpoint: String,
    pub(super) session: u32,
    pub(super) request: Vec<u8>,
}

/// Reads a line as the firmware does: the id like `atoi`, hex in pairs, and ignores the rest.
pub(super) fn parse(line: &[u8]) -> Option<Command> {
    let text = String::from_utf8_lossy(line);
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    let (endpoint, id, digits) = (words.next()?, words.next()?, words.next()?);
    let session = id
        .bytes()
        .take_while(u8::is_ascii_digit)
        .fold(0_u32, |number, digit| number.wrapping_mul(10).wrapping_add(u32::from(digit - b'0')));
    let even = digits.len() / 2 * 2;
    let request = hex::decode(digits.get(..even)?).ok()?;
    Some(Command { endpoint: endpoint.to_owned(), session, request })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn executed(pieces: &[Piece]) -> Vec<String> {
        let executed = |piece: &Piece| match piece {
            Piece::Execute(line) => Some(String::from_utf8_lossy(line).into_owned()),
            Piece::Echo(_) => None,
        };
        pieces.iter().filter_map(executed).collect()
    }

    #[test]
    fn a_line_ends_with_the_carriage_return_that_comes_last() {
        let mut line = Line::default();
        assert_eq!(executed(&line.take(b"proto")), [""; 0]);
        let pieces = line.take(b"-ver 1 2d\r");
        assert_eq!(pieces[0], Piece::Echo(b"-ver 1 2d\r\n".to_vec()));
        assert_eq!(executed(&pieces), ["proto-ver 1 2d\r"]);
        assert_eq!(executed(&line.take(b"proto-ver 1 2d\r\n")), [""; 0], "a line feed keeps it waiting");
        assert_eq!(executed(&line.take(b"\r")), ["proto-ver 1 2d\r\n\r"]);
    }

    #[test]
    fn a_long_line_is_cut() {
        let long = [vec![b'a'; 300], vec![b'\r']].concat();
        let lines = executed(&Line::default().take(&long));
        assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [255, 46]);
    }

    #[test]
    fn a_command_is_read_as_the_firmware_reads_it() {
        let command = |endpoint: &str, session, request: &[u8]| {
            Some(Command { endpoint: endpoint.to_owned(), session, request: request.to_vec() })
        };
        assert_eq!(parse(b"proto-ver 0 2D2d\r"), command("proto-ver", 0, b"--"));
        assert_eq!(parse(b"prov-config 4294967295 5200\r"), command("prov-config", u32::MAX, &[0x52, 0]));
        assert_eq!([parse(b"help\r"), parse(b"\r"), parse(b"a 1 zz\r")], [None, None, None]);
    }
}
