//! A failure and what the board said: which of its lines explain it, and when they may change what it is called.
//!
//! The rule for codes: what a device said over the protocol, and what a person typed wrong, is never overruled. Only a
//! code that says "nobody knows why" (the join took too long, the link broke, a proof met silence) becomes the one
//! that the board's most telling line names, and the line stands as evidence beside it.
//!
//! - `tests.rs`: each failure of the field's list, and the rule for codes

use super::listen::LoggedLine;
use super::log_patterns::{About, Sign, rank, sign};
use crate::code::{Code, Fact};
use crate::failure::Failure;
use crate::stage::Stage;
use crate::text;
use crate::wire::log::Line;

/// Most signs that are told.
const TOLD: usize = 3;

/// Adds to a failure what the board said about it: causes and hints, the most telling first. `attempt` is the one that
/// failed: how many times credentials had been handed over.
#[must_use]
pub fn diagnose(told: &[LoggedLine], attempt: u32, failure: Failure) -> Failure {
    let mut failure = failure;
    if told.iter().any(|told| told.stage.is_some()) {
        failure = failure.knowing(Fact::LogHeard);
    }
    let mut found = findings(told, |own| &own.line, |about, own| bears_on(about, own, &failure, attempt));
    // Whoever has an address, or was sent away again, is not merely let in.
    if found.iter().any(|it| it.sign.about.is_wifi()) || has_address(told, attempt) {
        found.retain(|it| it.sign.about != About::Associated);
    }
    // The provisioning manager's own word adds nothing to the driver's reason.
    let reasoned: Vec<_> = found.iter().filter(|it| it.sign.reason().is_some()).map(|it| it.sign.about).collect();
    found.retain(|it| it.sign.reason().is_some() || !it.sign.about.is_wifi() || !reasoned.contains(&it.sign.about));
    found.truncate(TOLD);
    let Some(first) = found.first() else { return failure };
    let mut failure = refined(failure, first.sign.about);
    // The line itself says what a cause may have told of it.
    let reasons: Vec<_> = found.iter().filter_map(|finding| finding.sign.reason()).collect();
    failure.causes.retain(|cause| !reasons.iter().any(|reason| cause.contains(reason)));
    for (index, finding) in found.iter().enumerate() {
        failure.causes.insert(index, finding.cause());
    }
    if first.sign.about == About::Crash
        && let Some(trace) = told.iter().rev().find(|told| told.line.text.starts_with("Backtrace:"))
    {
        failure.causes.insert(1, format!("the board says: {}", quote(&trace.line)));
    }
    // What to do about a refused passphrase, or a network that is not there, stands in the catalogue already.
    let said = |about| {
        matches!(
            (about, failure.code),
            (About::WifiAuth, Code::WifiAuthFailed) | (About::WifiNotFound, Code::WifiNotFound)
        )
    };
    let hints: Vec<_> = found.iter().map(|finding| finding.sign).filter(|sign| !said(sign.about)).collect();
    hints.into_iter().rev().fold(failure, |failure, sign| failure.hint(sign.hint))
}

/// The signs in what was told that `counts`, the most telling first: a crash is told by several lines; that the board
/// started again is told only where nothing says why.
pub(super) fn findings<'a, T: 'a>(
    told: impl IntoIterator<Item = &'a T>,
    line: impl Fn(&'a T) -> &'a Line,
    counts: impl Fn(About, &T) -> bool,
) -> Vec<Finding<'a>> {
    let mut found: Vec<Finding> = Vec::new();
    for own in told {
        let line = line(own);
        let Some(sign) = sign(line).filter(|sign| counts(sign.about, own)) else { continue };
        match found.iter_mut().find(|finding| finding.sign == sign) {
            Some(finding) => finding.count += 1,
            None => found.push(Finding { sign, line, count: 1 }),
        }
    }
    found.sort_by_key(|finding| rank(finding.sign));
    // A board's own word of what happened, and the reset reason that means the same, are one sign.
    found.dedup_by(|later, earlier| later.sign.says == earlier.sign.says && later.sign.about == About::Crash);
    found
}

/// A sign that was seen: its first line, and how often.
pub(super) struct Finding<'a> {
    pub(super) sign: Sign,
    pub(super) line: &'a Line,
    pub(super) count: usize,
}

impl Finding<'_> {
    pub(super) fn cause(&self) -> String {
        let times = if self.count > 1 { format!(" ({} times)", self.count) } else { String::new() };
        format!("the board says: {}{times}: {}", quote(self.line), self.sign.meaning())
    }
}

/// A line as an error quotes it.
pub(super) fn quote(line: &Line) -> String {
    text::bounded(&text::sanitise(line.to_string().trim()), 120).into_owned()
}

/// Whether the board said in this attempt that it got an address.
fn has_address(told: &[LoggedLine], attempt: u32) -> bool {
    told.iter().any(|own| own.attempt == attempt && sign(&own.line).is_some_and(|sign| sign.about == About::Joined))
}

/// Whether a line, heard where it was, can explain this failure.
fn bears_on(about: About, told: &LoggedLine, failure: &Failure, attempt: u32) -> bool {
    let joining = |stage| matches!(stage, Some(Stage::Apply | Stage::AwaitNetwork | Stage::Recover));
    let securing = |stage| matches!(stage, Some(Stage::Connect | Stage::Identify | Stage::Secure));
    let at = failure.stage;
    match about {
        // What happened before the link stood cannot have broken it.
        About::Crash => told.stage.is_some_and(|stage| stage > Stage::Connect || at == Some(stage)),
        // Opening the port may have started the board, or --reset, or somebody plugged it in: its boot log comes late.
        About::Restart if is_asked_for(&told.line) => told.stage.is_some_and(|stage| stage > Stage::Secure),
        About::Restart => told.stage.is_some_and(|stage| stage > Stage::Connect || at == Some(stage)),
        About::Resources => told.stage.is_some() && (told.stage == at || (joining(told.stage) && joining(at))),
        About::Proof | About::Scheme => securing(told.stage) && securing(at),
        About::Session => told.stage.is_some() && (told.stage == at || (securing(told.stage) && securing(at))),
        // Lines of an earlier try are about an earlier passphrase.
        About::WifiAuth | About::WifiNotFound | About::WifiOther | About::Cloud => {
            joining(told.stage) && joining(at) && told.attempt == attempt
        }
        About::Associated => {
            let undecided = matches!(failure.code, Code::WifiNotJoined | Code::DeadlineTotal | Code::DeadlineStep);
            joining(told.stage) && joining(at) && told.attempt == attempt && undecided
        }
        About::Joined => joining(told.stage) && told.attempt == attempt && failure.code == Code::Unconfirmed,
        // Said at boot, before the run.
        About::Claim => at == Some(Stage::Associate) || failure.code == Code::Unconfirmed,
    }
}

/// Whether a start is one that a reset button, this program or the cable causes.
fn is_asked_for(line: &Line) -> bool {
    line.reset_reason().is_some_and(|reason| reason.starts_with("POWERON") || reason.starts_with("USB"))
}

/// The failure under the code that the board's evidence allows.
fn refined(failure: Failure, about: About) -> Failure {
    let joining = matches!(failure.stage, Some(Stage::Apply | Stage::AwaitNetwork));
    let code = match (failure.code, about) {
        (Code::WifiNotJoined, About::WifiAuth) => Code::WifiAuthFailed,
        (Code::WifiNotJoined, About::WifiNotFound) => Code::WifiNotFound,
        (Code::DeadlineTotal, About::WifiAuth) if joining => Code::WifiAuthFailed,
        (Code::DeadlineTotal, About::WifiNotFound) if joining => Code::WifiNotFound,
        (Code::DeadlineTotal, About::WifiOther | About::Associated) if joining => Code::WifiNotJoined,
        (Code::ProofRejected, About::Scheme) => Code::SecurityMismatch,
        (
            Code::ProofRejected
            | Code::SecurityMismatch
            | Code::SessionLost
            | Code::LinkLost
            | Code::LinkUnreachable
            | Code::DeadlineStep
            | Code::DeadlineTotal,
            About::Crash | About::Restart,
        )
        | (Code::ConsoleRestarted, About::Crash) => Code::BoardCrashed,
        (code, _) => code,
    };
    if code == failure.code { failure } else { failure.under(code) }
}

#[cfg(test)]
mod tests;
