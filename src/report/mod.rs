//! What reaches the terminal, and what is asked there.
//!
//! Results and messages are built as text by pure functions; only here are they written, and only here are keys read.
//!
//! - `output.rs`, `capabilities.rs`: how to print, decided once
//! - `document.rs`: a command's result, as text or as JSON
//! - `human.rs`, `progress.rs`: events for people
//! - `records.rs`: events for programs; `trace_file.rs`: the file they go to; `json.rs`: JSON as it is written
//! - `answers.rs`: answers from the person at the terminal
//! - `prompt.rs`: questions, line by line; `terminal.rs`: questions with keys
//! - `keys.rs`: keys; `mode.rs`: the terminal's mode
//! - `picker.rs`: the network picker's state; `picker_view.rs`: how it looks
//! - `spinner.rs`: a running step; `live.rs`: a live table
//! - `active_lines.rs`: both, once for the process; `surface.rs`: where they are drawn
//! - `paint.rs`: colour; `signal.rs`: bars for signal strength

mod active_lines;
pub mod answers;
pub mod capabilities;
mod document;
pub mod human;
mod json;
pub mod keys;
pub mod live;
pub mod mode;
mod output;
pub mod paint;
pub mod picker;
pub mod picker_view;
pub mod progress;
pub mod prompt;
pub mod records;
pub mod signal;
mod spinner;
mod surface;
pub mod terminal;
mod trace_file;

pub use document::{Document, error_json};
pub use output::Output;
pub use paint::Paint;
