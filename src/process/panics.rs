//! The one panic hook, installed by `main`: two kinds of panic are caught and mean nothing to a person, every other is
//! told as ever.
//!
//! The hook leaves the terminal's mode alone. A panic that a task catches may come while a person types a secret, and a
//! terminal put back to its own mode would echo that. `main` keeps a guard that gives the terminal back on its way out,
//! by a panic too.

use std::panic::{self, Location};
use std::thread;

use crate::qr_image;

/// Installs the hook, once.
pub fn install() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !is_harmless(panic.location(), thread::current().name()) {
            tell(panic);
        }
    }));
}

/// bluez-async's streams panic, in a task of their own, when a signal of the bus comes in while one is dropped: nothing
/// is lost. And reading a picture of a QR code catches the panics of the decoder.
fn is_harmless(location: Option<&Location<'_>>, thread: Option<&str>) -> bool {
    location.is_some_and(|location| location.file().contains("bluez-async")) || thread == Some(qr_image::WORKER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_decoders_thread_is_kept_quiet_here() {
        assert!(is_harmless(Some(Location::caller()), Some(qr_image::WORKER)));
        assert!(!is_harmless(Some(Location::caller()), Some("main")));
        assert!(!is_harmless(None, None));
    }
}
