//! From a version document to a secure session: choose the scheme, find its credentials, establish.
//!
//! Whether what the device says of itself is enough is decided in `downgrade.rs`.

use super::downgrade::{Verdict, judge};
use crate::code::Code;
use crate::device::answers::Answers;
use crate::device::context::Context;
use crate::device::plan::SecurityPlan;
use crate::event::Event;
use crate::failure::Failure;
use crate::secret::ProofOfPossession;
use crate::security::{self, Credentials, DEFAULT_USERNAME, Scheme};
use crate::session::deadline::limit;
use crate::session::{Link, Meaning, Session};
use crate::stage::Stage;
use crate::transport::Limits;
use crate::wire::version::VersionInfo;

/// How often a person is asked for another PoP. Firmware locks itself after five wrong ones.
const PROOF_TRIES: usize = 3;

/// Of security 2 with patch 0.
const NONCE_REUSED: &str = "the device's firmware encrypts every message of the session with the same nonce (security 2, \
     patch 0): whoever records the exchange can learn parts of it; update the firmware";

/// Establishes a secure session. A rejected proof is asked for again where a person is there to ask.
///
/// # Errors
/// At the stage secure; the link is released.
pub(super) async fn establish(
    mut link: Link,
    version: &VersionInfo,
    plan: &SecurityPlan,
    context: &Context<'_>,
    answers: &mut dyn Answers,
) -> Result<Session, Failure> {
    let scheme = match choose(version, plan.version, link.limits()) {
        Ok(scheme) => scheme,
        Err(failure) => return close_with(link, failure.at(Stage::Secure)).await,
    };
    context.observe(&Event::Identified { version: version.clone(), security: scheme.version() });
    if let Err(failure) = accept(version, plan, scheme.version(), context, answers).await {
        return close_with(link, failure.at(Stage::Secure)).await;
    }
    context.observe(&Event::Started { stage: Stage::Secure, deadline: limit::HANDSHAKE * 2 });

    let mut rejected: Option<Failure> = None;
    for attempt in 0..=PROOF_TRIES {
        let ask = context.budget.paused(credentials(version, scheme, plan, rejected.is_some(), answers));
        let credentials = match (ask.await, rejected.take()) {
            (Ok(credentials), _) => credentials,
            // The rejection is the news, not the missing answer: prompts are off, or nothing more was typed.
            (Err(missing), Some(failure)) if missing.code != Code::Interrupted => {
                return close_with(link, failure).await;
            }
            (Err(failure), _) => return close_with(link, failure.at(Stage::Secure)).await,
        };
        match Session::establish(link, scheme, credentials, &mut context.rng.clone()).await {
            Ok(session) => {
                if session.reuses_nonce() {
                    context.observe(&Event::Warning { text: NONCE_REUSED.to_owned() });
                }
                return Ok(session);
            }
            Err((back, error)) => {
                let meaning = error.meaning();
                let failure = explain(error.into(), meaning, version, plan, scheme.version(), attempt > 0);
                if meaning != Meaning::ProofRejected || attempt == PROOF_TRIES {
                    return close_with(back, failure).await;
                }
                link = back;
                rejected = Some(failure);
            }
        }
    }
    unreachable!("the last attempt returns")
}

async fn close_with<T>(link: Link, failure: Failure) -> Result<T, Failure> {
    link.close().await;
    Err(failure)
}

/// Chooses the scheme: what the caller insists on, else what the device says.
fn choose(version: &VersionInfo, insisted: Option<u8>, limits: Limits) -> Result<&'static dyn Scheme, Failure> {
    let number = insisted.unwrap_or_else(|| version.security());
    let scheme = security::scheme(number).ok_or_else(|| {
        Failure::new(Code::SecurityUnsupported).because(format!("the device's version document says sec_ver {number}"))
    })?;
    if number == 2 && !limits.security2 {
        return Err(Failure::new(Code::SecurityDoesNotFit)
            .because(format!("the link carries {} bytes a request", limits.request)));
    }
    Ok(scheme)
}

/// Whether the device may be as secure as that; a person is asked where nothing is known of it.
async fn accept(
    version: &VersionInfo,
    plan: &SecurityPlan,
    chosen: u8,
    context: &Context<'_>,
    answers: &mut dyn Answers,
) -> Result<(), Failure> {
    let says = version.security();
    if chosen != says && version.structured {
        let text = format!("using security {chosen} as --sec-ver asks; the device says security {says}");
        context.observe(&Event::Note { text });
    }
    match judge(version, plan, chosen) {
        Verdict::Accepted => Ok(()),
        Verdict::Warned(text) => {
            context.observe(&Event::Warning { text });
            Ok(())
        }
        Verdict::Ask if context.budget.paused(answers.unencrypted()).await? => Ok(()),
        Verdict::Ask => Err(Failure::new(Code::SecurityDowngrade)
            .saying("the device encrypts nothing, and you chose not to go on")
            .only_hints([
                "check that this is the right device: another one may have taken its name",
                "use firmware with security 1 or 2",
            ])),
        Verdict::Refused(failure) => Err(*failure),
    }
}

/// The credentials the scheme needs: from the plan, else from a person.
async fn credentials(
    version: &VersionInfo,
    scheme: &dyn Scheme,
    plan: &SecurityPlan,
    rejected: bool,
    answers: &mut dyn Answers,
) -> Result<Credentials, Failure> {
    let username = plan.username.clone().unwrap_or_else(|| DEFAULT_USERNAME.to_owned());
    match scheme.version() {
        1 if version.wants_pop() => {
            let pop = match &plan.pop {
                Some(pop) if !rejected => pop.clone(),
                _ => answers.pop(rejected).await?,
            };
            Ok(Credentials { pop: Some(pop), ..Credentials::default() })
        }
        2 => {
            let given = plan.password.clone().or_else(|| plan.pop.as_ref().map(ProofOfPossession::repurpose));
            let password = match given {
                Some(password) if !rejected && !password.is_empty() => password,
                _ => answers.sec2_password(&username, rejected).await?,
            };
            Ok(Credentials { username, password: Some(password), pop: None })
        }
        _ => Ok(Credentials::default()),
    }
}

/// Adds what is known around a failed handshake.
fn explain(
    failure: Failure,
    meaning: Meaning,
    version: &VersionInfo,
    plan: &SecurityPlan,
    chosen: u8,
    after_rejection: bool,
) -> Failure {
    let says = version.security();
    match meaning {
        Meaning::SchemeRefused => {
            if !version.structured || plan.version.is_none() || chosen == says {
                return failure;
            }
            let failure =
                failure.saying(format!("the device speaks security {says}, --sec-ver asked for security {chosen}"));
            // Nobody is advised to ask for less.
            failure.hint(if says > chosen {
                format!("leave out --sec-ver, or give --sec-ver {says}")
            } else {
                "check that this is the right device, and the firmware that you expect on it".to_owned()
            })
        }
        Meaning::ProofRejected if !after_rejection && plan.pop.as_ref().is_some_and(ProofOfPossession::is_empty) => {
            failure.hint("an empty one was given, which is for devices without a proof of possession")
        }
        // A fault of this computer does not show a lock, nor does the end of the run's time.
        Meaning::Unreachable | Meaning::TimedOut | Meaning::NoEndpoint
            if after_rejection && failure.code != Code::DeadlineTotal =>
        {
            let mut locked = Failure::new(Code::LockedOut).at(Stage::Secure);
            locked.causes = failure.causes;
            locked
        }
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Limits = Limits { request: 4096, scan_page: 16, scan_group: 5, security2: true };
    const NARROW: Limits = Limits { request: 119, scan_page: 4, scan_group: 0, security2: false };

    fn document(text: &str) -> VersionInfo {
        VersionInfo::parse(text.as_bytes()).expect(text)
    }

    #[test]
    fn the_device_chooses_unless_it_is_overruled() {
        let chosen = |text, insisted| choose(&document(text), insisted, WIDE).map(Scheme::version);
        assert_eq!(chosen(r#"{"prov":{"sec_ver":2}}"#, None), Ok(2));
        assert_eq!(chosen(r#"{"prov":{"sec_ver":2}}"#, Some(1)), Ok(1));
        assert_eq!(chosen(r#"{"prov":{"cap":["no_sec"]}}"#, None), Ok(0));
        assert_eq!(chosen("V0.1", None), Ok(1));
        assert_eq!(chosen(r#"{"prov":{"sec_ver":3}}"#, None).unwrap_err().code, Code::SecurityUnsupported);
    }

    #[test]
    fn security_2_is_refused_where_the_link_is_too_narrow() {
        let error = choose(&document(r#"{"prov":{"sec_ver":2}}"#), None, NARROW).map(Scheme::version).unwrap_err();
        assert_eq!(error.code, Code::SecurityDoesNotFit);
    }
}
