//! What errors of a board's console mean: the evidence and the code, and the advice that depends on the case.

use super::error::ConsoleError;
use crate::code::Code;
use crate::transport::error::Advice;
use crate::transport::serial::shared;
use crate::transport::{Evidence, TransportError};

impl From<ConsoleError> for TransportError {
    fn from(error: ConsoleError) -> Self {
        let (evidence, code) = class(&error);
        let advice = advise(&error);
        let told = Self::told_by(error, evidence).advising(advice);
        match code {
            Some(code) => told.called(code),
            None if matches!(told.evidence, Evidence::Refused) => told.called_at_version(Code::ConsoleNotProvisioning),
            None => told,
        }
    }
}

/// What an error shows, and its code where that does not depend on the step.
fn class(error: &ConsoleError) -> (Evidence, Option<Code>) {
    match error {
        ConsoleError::Silent { .. } => (Evidence::NoContact, Some(Code::ConsoleSilent)),
        ConsoleError::Garbage { .. } => (Evidence::NoContact, Some(Code::ConsoleGarbage)),
        ConsoleError::BootLoop { .. } => (Evidence::NoContact, Some(Code::ConsoleBootLoop)),
        ConsoleError::NoPrompt { .. } => (Evidence::NoContact, Some(Code::ConsoleNoPrompt)),
        ConsoleError::Flooded { .. } => (Evidence::Endless, Some(Code::ConsoleFlooded)),
        ConsoleError::Restarted { .. } => (Evidence::Restarted, Some(Code::ConsoleRestarted)),
        ConsoleError::Refused { .. } => (Evidence::Refused, None),
        ConsoleError::Unreadable { .. } | ConsoleError::Gone { .. } => (Evidence::Lost, None),
    }
}

/// What the case at hand tells beyond its code.
fn advise(error: &ConsoleError) -> Advice {
    let advice = Advice::default();
    match error {
        ConsoleError::Garbage { port, baud, .. } => {
            beside(advice.hint(format!("{baud} baud is not the board's rate, or this is not a board")), port)
        }
        ConsoleError::NoPrompt { port, booting: true, .. } => {
            beside(advice.hint("the firmware runs and logs, but nothing reads its console"), port)
        }
        ConsoleError::Silent { port } | ConsoleError::NoPrompt { port, .. } => beside(advice, port),
        ConsoleError::Gone { .. } => advice.only_hints([
            "check the cable and the hub",
            "a chip's own USB port goes away whenever the board restarts: try again",
        ]),
        ConsoleError::Unreadable { port } => {
            let hints = ["try again", "firmware that logs less leaves its console more readable"];
            beside(advice.only_hints(hints), port)
        }
        _ => advice,
    }
}

/// Names the programs that read the port beside this one: they leave it pieces.
fn beside(advice: Advice, port: &str) -> Advice {
    match shared(port) {
        Some(cause) => advice.because(cause).hint("end the other program, and try again"),
        None => advice,
    }
}
