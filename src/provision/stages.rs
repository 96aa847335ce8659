//! Which stage comes next: one pure rule over what is known so far.

use super::answers::Retry;
use crate::stage::Stage;

/// What the rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools)] // facts are just that: independent yes or no
pub struct Facts {
    /// The node is to be told whose it is, and can be.
    pub associate: bool,
    /// The device is to be given a network.
    pub network_wanted: bool,
    /// Which network is known, so no scan is needed.
    pub network_known: bool,
    /// The last of configure, apply and await-network failed.
    pub failed: bool,
    /// After a reset: how to go on.
    pub retry: Option<Retry>,
}

/// The stage after `stage`; `None` where the run is over. Connecting, identifying and securing are a straight line.
pub fn next(stage: Stage, facts: &Facts) -> Option<Stage> {
    let to_network = if facts.network_known { Stage::Configure } else { Stage::Scan };
    match stage {
        Stage::Connect => Some(Stage::Identify),
        Stage::Identify => Some(Stage::Secure),
        Stage::Secure if facts.associate => Some(Stage::Associate),
        Stage::Secure | Stage::Associate => facts.network_wanted.then_some(to_network),
        Stage::Scan => Some(Stage::Configure),
        Stage::Configure | Stage::Apply | Stage::AwaitNetwork if facts.failed => Some(Stage::Recover),
        Stage::Configure => Some(Stage::Apply),
        Stage::Apply => Some(Stage::AwaitNetwork),
        Stage::Recover => match facts.retry {
            Some(Retry::SameNetwork) => Some(Stage::Configure),
            Some(Retry::AnotherNetwork) => Some(Stage::Scan),
            Some(Retry::Stop) | None => None,
        },
        Stage::AwaitNetwork | Stage::Request => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(mut facts: Facts, fail_at: Option<Stage>) -> Vec<Stage> {
        let mut stages = vec![Stage::Connect];
        while let Some(stage) = next(*stages.last().expect("never empty"), &facts) {
            stages.push(stage);
            facts.failed = Some(stage) == fail_at && !stages.contains(&Stage::Recover);
            assert!(stages.len() < 20, "the rule does not end: {stages:?}");
        }
        stages
    }

    #[test]
    fn a_known_network_needs_no_scan() {
        use Stage::{Apply, AwaitNetwork, Configure, Connect, Identify, Secure};
        let facts = Facts { network_wanted: true, network_known: true, ..Facts::default() };
        assert_eq!(path(facts, None), [Connect, Identify, Secure, Configure, Apply, AwaitNetwork]);
    }

    #[test]
    fn without_a_network_the_run_ends_after_association() {
        let facts = Facts { associate: true, ..Facts::default() };
        assert_eq!(path(facts, None).last(), Some(&Stage::Associate));
        assert_eq!(path(Facts::default(), None).last(), Some(&Stage::Secure));
    }

    #[test]
    fn each_late_failure_recovers_and_the_answer_decides() {
        for stage in [Stage::Configure, Stage::Apply, Stage::AwaitNetwork] {
            let facts = Facts { network_wanted: true, ..Facts::default() };
            assert_eq!(path(facts, Some(stage)).last(), Some(&Stage::Recover), "{stage:?}");
            let again = Facts { retry: Some(Retry::AnotherNetwork), ..facts };
            let stages = path(again, Some(stage));
            assert_eq!(stages.iter().filter(|stage| **stage == Stage::Scan).count(), 2, "{stages:?}");
            assert_eq!(stages.last(), Some(&Stage::AwaitNetwork));
        }
    }
}
