//! What a board prints on the link of its own session: made events like what an [`LogReader`](super::LogReader) hears.
//!
//! The console shares its UART with the log, so a second pair of ears at that port is neither possible nor needed.

use std::sync::{Arc, Mutex, PoisonError};

use super::log_reader::{Hearing, Redaction};
use crate::event::{Event, Observer};
use crate::transport::LogSink;
use crate::wire::log::RawLine;

/// Takes raw lines from a link, and hands them on as events without their secrets.
pub struct LinkLog {
    hearing: Mutex<Hearing>,
    observer: Arc<dyn Observer>,
}

impl LinkLog {
    /// For `observer`, without what `redaction` knows or learns.
    pub fn new(observer: Arc<dyn Observer>, redaction: Redaction) -> Self {
        Self { hearing: Mutex::new(Hearing::new(redaction)), observer }
    }
}

impl LogSink for LinkLog {
    fn printed(&self, line: &RawLine) {
        let heard = self.hearing.lock().unwrap_or_else(PoisonError::into_inner).take(line);
        if let Some(heard) = heard {
            self.observer.observe(&Event::Board { line: heard.line });
        }
    }
}
