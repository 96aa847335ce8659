//! Whether a device may be trusted as little as it asks for: what a person knows of it outranks what it says of itself.
//!
//! A device that poses as another one chooses what it says. One that says "security 0" would be sent the network's
//! passphrase and the account's key in clear, one that says `no_pop` would not have to know the PoP, and one that says
//! "security 1" in place of 2 would get a proof that can be guessed without it. Whether it does know the secret is not
//! decided here: the handshake shows that.

use crate::code::Code;
use crate::device::plan::SecurityPlan;
use crate::failure::Failure;
use crate::stage::Stage;
use crate::wire::version::VersionInfo;

/// What is to become of a session as the device wants it.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is what is known of the device, or more.
    Accepted,
    /// It is less, and a person has said that it may be.
    Warned(String),
    /// Nothing is known of the device, and it encrypts nothing.
    Ask,
    /// It is less than what is known of the device.
    Refused(Box<Failure>),
}

/// Compares the security version that is about to be used, and whether a PoP is a part of it, with what is known of the
/// device.
pub(super) fn judge(version: &VersionInfo, plan: &SecurityPlan, chosen: u8) -> Verdict {
    let what = what_happens(version, chosen);
    // A person who names the version knows it, but has not said that the PoP may be dropped.
    let named = plan.insists && plan.version == Some(chosen);
    match reason(version, plan, chosen) {
        Some(reason) if plan.allow_insecure || (named && !drops_secret(version, plan, chosen)) => {
            Verdict::Warned(format!("{what}, although {reason}"))
        }
        Some(reason) => {
            let failure = Failure::new(Code::SecurityDowngrade).at(Stage::Secure);
            Verdict::Refused(Box::new(failure.because(reason).because(what)))
        }
        None if chosen == 0 && (named || plan.allow_insecure) => Verdict::Warned(what),
        None if chosen == 0 => Verdict::Ask,
        None => Verdict::Accepted,
    }
}

/// What the session would be like.
fn what_happens(version: &VersionInfo, chosen: u8) -> String {
    match chosen {
        0 => "with security 0 nothing is encrypted: what is sent can be read by whoever is in reach".to_owned(),
        1 if !version.wants_pop() => {
            "the device uses security 1 without a proof of possession: it does not have to show that it knows one"
                .to_owned()
        }
        chosen => format!("security {chosen} is what would be used"),
    }
}

/// What speaks against such a session.
fn reason(version: &VersionInfo, plan: &SecurityPlan, chosen: u8) -> Option<String> {
    if let Some(least) = plan.minimum.as_ref().filter(|least| chosen < least.value) {
        return Some(format!("{} asks for at least security {}", least.origin, least.value));
    }
    if chosen == 0 || drops_secret(version, plan, chosen) {
        return secret(plan).map(|secret| format!("{secret} was given"));
    }
    // Only security 2 has a password. Where a PoP is there too, both kinds of devices are meant.
    let only_password = has_password(plan) && !has_pop(plan) && plan.version.is_none();
    (chosen == 1 && only_password).then(|| "a password of security 2 was given".to_owned())
}

/// Security 1 without a PoP, although a secret was given.
fn drops_secret(version: &VersionInfo, plan: &SecurityPlan, chosen: u8) -> bool {
    chosen == 1 && !version.wants_pop() && secret(plan).is_some()
}

fn secret(plan: &SecurityPlan) -> Option<&'static str> {
    if has_pop(plan) { Some("a proof of possession") } else { has_password(plan).then_some("a password") }
}

fn has_pop(plan: &SecurityPlan) -> bool {
    plan.pop.as_ref().is_some_and(|pop| !pop.is_empty())
}

fn has_password(plan: &SecurityPlan) -> bool {
    plan.password.as_ref().is_some_and(|password| !password.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::{Origin, Setting};
    use crate::secret::{ProofOfPossession, Sec2Password};

    fn says(document: &str) -> VersionInfo {
        VersionInfo::parse(document.as_bytes()).expect(document)
    }

    /// One letter for each verdict.
    fn verdict(document: &str, plan: &SecurityPlan) -> char {
        let version = says(document);
        match judge(&version, plan, plan.version.unwrap_or_else(|| version.security())) {
            Verdict::Accepted => 'a',
            Verdict::Warned(_) => 'w',
            Verdict::Ask => '?',
            Verdict::Refused(_) => 'r',
        }
    }

    const SECURITY_0: &str = r#"{"prov":{"sec_ver":0,"cap":["no_sec"]}}"#;
    const NO_POP: &str = r#"{"prov":{"sec_ver":1,"cap":["no_pop"]}}"#;
    const SECURITY_1: &str = r#"{"prov":{"sec_ver":1}}"#;
    const SECURITY_2: &str = r#"{"prov":{"sec_ver":2,"sec_patch_ver":1}}"#;
    const OLD: &str = "V0.1";

    #[track_caller]
    fn assert_verdicts(plan: &SecurityPlan, verdicts: &str) {
        let documents = [SECURITY_0, NO_POP, SECURITY_1, SECURITY_2, OLD];
        assert_eq!(documents.map(|document| verdict(document, plan)).iter().collect::<String>(), verdicts, "{plan:?}");
    }

    #[test]
    fn a_device_may_not_choose_to_be_trusted_less_than_what_is_known() {
        let pop = SecurityPlan { pop: Some(ProofOfPossession::from("abcd1234")), ..SecurityPlan::default() };
        let password = SecurityPlan { password: Some(Sec2Password::from("hush")), ..SecurityPlan::default() };
        let least = |value| {
            let minimum = Some(Setting::new(value, Origin::QrPayload));
            SecurityPlan { minimum, ..SecurityPlan::default() }
        };
        assert_verdicts(&SecurityPlan::default(), "?aaaa");
        assert_verdicts(&pop, "rraaa");
        assert_verdicts(&password, "rrrar");
        assert_verdicts(&SecurityPlan { password: password.password.clone(), ..pop.clone() }, "rraaa");
        assert_verdicts(&least(0), "?aaaa");
        assert_verdicts(&least(1), "raaaa");
        assert_verdicts(&least(2), "rrrar");
        for plan in [pop, password, least(2)] {
            let allowed = SecurityPlan { allow_insecure: true, ..plan };
            assert!(!documents_of(&allowed).contains(['r', '?']), "{allowed:?}");
        }
    }

    fn documents_of(plan: &SecurityPlan) -> String {
        [SECURITY_0, NO_POP, SECURITY_1, SECURITY_2, OLD].map(|document| verdict(document, plan)).iter().collect()
    }

    #[test]
    fn a_version_that_was_asked_for_is_used_with_a_warning_but_drops_no_pop() {
        let named = |version| SecurityPlan { version: Some(version), insists: true, ..SecurityPlan::default() };
        let pop = || Some(ProofOfPossession::from("abcd1234"));
        assert_verdicts(&named(0), "wwwww");
        assert_verdicts(&SecurityPlan { pop: pop(), ..named(0) }, "wwwww");
        assert_verdicts(&SecurityPlan { pop: pop(), ..named(1) }, "araaa");
        assert_verdicts(&SecurityPlan { pop: pop(), ..named(2) }, "aaaaa");
        let label = Some(Setting::new(2, Origin::QrPayload));
        assert_verdicts(&SecurityPlan { minimum: label, ..named(1) }, "wwwww");
    }

    #[test]
    fn a_version_from_a_settings_file_allows_nothing() {
        let file = |version| SecurityPlan { version: Some(version), ..SecurityPlan::default() };
        let pop = Some(ProofOfPossession::from("abcd1234"));
        assert_verdicts(&file(0), "?????");
        assert_verdicts(&SecurityPlan { pop, ..file(0) }, "rrrrr");
        assert_verdicts(&file(1), "aaaaa");
    }

    #[test]
    fn an_empty_pop_counts_as_none() {
        let plan = SecurityPlan { pop: Some(ProofOfPossession::from("")), ..SecurityPlan::default() };
        assert_verdicts(&plan, "?aaaa");
    }
}
