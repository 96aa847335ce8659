//! What reaches the terminal, and what is asked there.
//!
//! Results and talk are built as text by pure functions; only here are they written, and only here are keys read.

pub mod keys;
pub mod picker;
pub mod picker_view;
pub mod prompt;
pub mod signal;
pub mod terminal;
