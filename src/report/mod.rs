//! What reaches the terminal, and what is asked there.
//!
//! Results and messages are built as text by pure functions; only here are they written, and only here are keys read.

mod active_lines;
pub mod answers;
pub mod capabilities;
mod document;
pub mod human;
pub mod keys;
pub mod live;
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

pub use document::{Document, error_json};
pub use output::Output;
pub use paint::Paint;
