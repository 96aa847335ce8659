//! Which stage comes next: one pure rule over what is known so far.

use crate::device::Retry;
use crate::stage::Stage;

/// What the rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools)] // facts are just that: independent yes or no
pub struct Situation {
    /// The node is to be told whose it is, and can be.
    pub associate: bool,
    /// The device is to be given a network.
    pub network_wanted: bool,
    /// Which network is known, so no scan is needed.
    pub network_known: bool,
    /// The last of configure, apply and await-network failed.
    pub failed: bool,
    /// "Apply" has settled what became of the device: there is nothing to wait for.
    pub settled: bool,
    /// After a reset: how to go on.
    pub retry: Option<Retry>,
}

/// The stage after `stage`; `None` where the run is over. Up to the secure session it is a straight line, and so it is
/// from the device's verdict on.
pub fn next(stage: Stage, situation: &Situation) -> Option<Stage> {
    let to_network = if situation.network_known { Stage::Configure } else { Stage::Scan };
    match stage {
        Stage::Prepare => Some(Stage::Connect),
        Stage::Connect => Some(Stage::Identify),
        Stage::Identify => Some(Stage::Secure),
        Stage::Secure if situation.associate => Some(Stage::Associate),
        Stage::Secure | Stage::Associate => Some(if situation.network_wanted { to_network } else { Stage::Return }),
        Stage::Scan => Some(Stage::Configure),
        Stage::Configure | Stage::Apply | Stage::AwaitNetwork if situation.failed => Some(Stage::Recover),
        Stage::Configure => Some(Stage::Apply),
        Stage::Apply if situation.settled => Some(Stage::Return),
        Stage::Apply => Some(Stage::AwaitNetwork),
        Stage::AwaitNetwork => Some(Stage::Return),
        Stage::Recover => match situation.retry {
            Some(Retry::SameNetwork) => Some(Stage::Configure),
            Some(Retry::AnotherNetwork) => Some(Stage::Scan),
            Some(Retry::Stop) | None => None,
        },
        Stage::Return => Some(Stage::Confirm),
        Stage::Confirm => Some(Stage::Record),
        Stage::Record | Stage::Request => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(mut situation: Situation, fail_at: Option<Stage>) -> Vec<Stage> {
        let mut stages = vec![Stage::Prepare];
        while let Some(stage) = next(*stages.last().expect("never empty"), &situation) {
            stages.push(stage);
            situation.failed = Some(stage) == fail_at && !stages.contains(&Stage::Recover);
            assert!(stages.len() < 20, "the rule does not end: {stages:?}");
        }
        stages
    }

    #[test]
    fn a_known_network_needs_no_scan() {
        use Stage::{Apply, AwaitNetwork, Configure, Confirm, Connect, Identify, Prepare, Record, Return, Secure};
        let situation = Situation { network_wanted: true, network_known: true, ..Situation::default() };
        let (before, after) = ([Prepare, Connect, Identify, Secure], [Return, Confirm, Record]);
        assert_eq!(path(situation, None), [&before[..], &[Configure, Apply, AwaitNetwork], &after].concat());
        let settled = Situation { settled: true, ..situation };
        assert_eq!(path(settled, None), [&before[..], &[Configure, Apply], &after].concat());
    }

    #[test]
    fn without_a_network_the_device_is_left_after_association() {
        let situation = Situation { associate: true, ..Situation::default() };
        for (situation, last) in [(situation, Stage::Associate), (Situation::default(), Stage::Secure)] {
            let stages = path(situation, None);
            let before = stages.iter().position(|stage| *stage == Stage::Return).expect("a return") - 1;
            assert_eq!((stages[before], stages.last()), (last, Some(&Stage::Record)));
        }
    }

    #[test]
    fn each_late_failure_recovers_and_the_answer_decides() {
        for stage in [Stage::Configure, Stage::Apply, Stage::AwaitNetwork] {
            let situation = Situation { network_wanted: true, ..Situation::default() };
            assert_eq!(path(situation, Some(stage)).last(), Some(&Stage::Recover), "{stage:?}");
            let again = Situation { retry: Some(Retry::AnotherNetwork), ..situation };
            let stages = path(again, Some(stage));
            assert_eq!(stages.iter().filter(|stage| **stage == Stage::Scan).count(), 2, "{stages:?}");
            assert!(stages.contains(&Stage::AwaitNetwork), "{stages:?}");
            assert_eq!(stages.last(), Some(&Stage::Record));
        }
    }
}
