//! The console: protocomm over a serial cable, one line of text a request, on the UART that also carries the log.
//!
//! Firmware whose provisioning transport is the console takes these lines (ESP-IDF's protocomm_console). Its line
//! holds 255 characters, so security 2 cannot work; [`Limits`] says so.
//!
//! - `conversation.rs`: the line discipline
//! - `output.rs`: what the board printed, bounded
//! - `silence.rs`: what output without an answer says of the board
//! - `log_lines.rs`: the board's log, which is not part of the conversation
//! - `discover.rs`: the serial ports there are
//! - `locate.rs`: a locator, made of the parts that are known
//! - `settings.rs`: what may follow `console:`
//! - `error.rs`: what can go wrong; `advice.rs`: what that means, and what to do

mod advice;
mod conversation;
mod discover;
mod error;
mod locate;
mod log_lines;
mod output;
mod settings;
mod silence;

use std::future;

use getrandom::SysRng;
use rand_core::{Rng, UnwrapErr};

pub use error::ConsoleError;
pub use locate::port_locator;
pub use settings::{ConsoleSettings, DEFAULT_BAUD};

use super::serial::{self, Reset};
use super::{
    BoxFuture, DeviceParts, Discovery, Evidence, Limits, Locator, Opening, Part, Transport, TransportError,
    TransportKind, Wanted, Words,
};
use crate::failure::Failure;
use crate::origin::Setting;
use crate::wire::console::capacity;
pub(crate) use conversation::Conversation;

/// The endpoint that may be asked twice.
const VERSION: &str = "proto-ver";
/// Scan entries in one reply: few, so that a reply is short on a slow line and between log lines.
const SCAN_PAGE: u32 = 4;

/// The `console:` transport: a port's name, or nothing for the only board there is, and [`ConsoleSettings`]'
/// parameters.
#[derive(Debug)]
pub struct Console;

impl TransportKind for Console {
    fn scheme(&self) -> &'static str {
        locate::SCHEME
    }

    fn words(&self) -> Words {
        Words { title: "the console", locators: &["console:PORT"], addresses: None, default_address: None }
    }

    fn check(&self, to: &Locator) -> Result<(), TransportError> {
        let settings = ConsoleSettings::read(to)?;
        Ok(serial::check_name(&settings.port)?)
    }

    fn locate(&self, whole: Option<&Setting<Locator>>, parts: &DeviceParts) -> Result<Locator, Failure> {
        locate::locate(whole, parts)
    }

    fn takes(&self, part: Part) -> bool {
        part == Part::Port
    }

    fn discover(&self, _: &Wanted) -> Option<Box<dyn Discovery>> {
        Some(Box::new(discover::Ports::default()))
    }

    fn carries_board_log(&self) -> bool {
        true
    }

    fn connect<'a>(
        &'a self,
        to: &'a Locator,
        opening: Opening,
    ) -> BoxFuture<'a, Result<Box<dyn Transport>, TransportError>> {
        Box::pin(async move {
            let settings = ConsoleSettings::read(to)?;
            // Not a secret, only one the board has not seen in its last session.
            let session = UnwrapErr(SysRng).next_u32() >> 1;
            let conversation = Conversation::begin(&settings, session, opening.log).await?;
            let request = capacity("prov-session", session.to_string().len());
            let limits = Limits { request, scan_page: SCAN_PAGE, scan_group: 0, security2: false };
            let link: Box<dyn Transport> = Box::new(Link { conversation, limits });
            Ok(link)
        })
    }
}

/// A link to one board.
struct Link {
    conversation: Conversation,
    limits: Limits,
}

impl Transport for Link {
    fn limits(&self) -> Limits {
        self.limits
    }

    fn endpoints(&self) -> Option<&[String]> {
        None
    }

    fn peer(&self) -> String {
        self.conversation.path().to_owned()
    }

    fn exchange<'a>(
        &'a mut self,
        endpoint: &'a str,
        request: &'a [u8],
    ) -> BoxFuture<'a, Result<Vec<u8>, TransportError>> {
        Box::pin(async move {
            check_request(endpoint, request)?;
            match self.conversation.exchange(endpoint, request).await {
                // What was on the line before may have become part of this one. Asking for the version again changes
                // nothing on the device; any other request could.
                Err(error)
                    if endpoint == VERSION
                        && matches!(
                            error.own(),
                            Some(ConsoleError::Refused { .. } | ConsoleError::Unreadable { .. })
                        ) =>
                {
                    self.conversation.exchange(endpoint, request).await
                }
                outcome => outcome,
            }
        })
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, Result<(), TransportError>> {
        Box::pin(future::ready(Ok(())))
    }
}

/// An endpoint's name is a word of the line, and the board takes no line without a request.
fn check_request(endpoint: &str, request: &[u8]) -> Result<(), TransportError> {
    let reason = if request.is_empty() {
        "it is empty"
    } else if endpoint.is_empty() || !endpoint.bytes().all(|byte| byte.is_ascii_graphic() && !br#""\"#.contains(&byte))
    {
        "the endpoint's name cannot stand in a line of the console"
    } else {
        return Ok(());
    };
    Err(Evidence::InvalidRequest { reason: reason.to_owned() }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_that_are_no_line_are_not_sent() {
        assert!(check_request("proto-ver", b"-").is_ok());
        for (endpoint, request) in
            [("proto-ver", &b""[..]), ("", b"-"), ("two words", b"-"), ("a\r", b"-"), ("\"", b"-")]
        {
            assert!(check_request(endpoint, request).is_err(), "{endpoint:?}");
        }
    }
}
