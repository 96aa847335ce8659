//! What reaches the terminal, and what is asked there.
//!
//! Results and talk are built as text by pure functions; only here are they written, and only here are keys read.

pub mod answers;
mod document;
pub mod keys;
pub mod live;
pub mod paint;
pub mod picker;
pub mod picker_view;
pub mod progress;
pub mod prompt;
pub mod records;
pub mod signal;
mod spinner;
mod talk;
pub mod terminal;
pub mod watch;
pub mod words;

pub use document::{Document, error_json};
pub use paint::Paint;
pub use talk::Talk;
