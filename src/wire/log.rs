//! The text that a board prints on its serial port: lines of ESP-IDF's log, of Arduino's, boot banners, and any other.
//!
//! Pure text work. [`Splitter`] makes lines of bytes, [`Line`] reads one, [`Redactor`] takes the secrets out,
//! [`Finder`] looks for the onboarding payload. Firmware prints secrets in clear, so a line is never shown
//! without redaction. Sources: ESP-IDF `esp_log`, arduino-esp32 `esp32-hal-log.h`.
//!
//! - `legible.rs`: whether bytes are text
//! - `split.rs`: bytes to lines
//! - `line.rs`: one line, read
//! - `redact.rs`: secrets taken out
//! - `label.rs`: the onboarding payload among the lines; `announced.rs`: in words

mod announced;
mod label;
mod legible;
mod line;
mod redact;
mod split;

pub use label::Finder;
pub use legible::Legibility;
pub use line::{Level, Line, begins, find};
pub use redact::Redactor;
pub use split::{LINE_MAX, RawLine, Splitter};
