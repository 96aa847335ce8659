//! A failure as people and scripts meet it: a stable code, the stage, the evidence, and what to do.
//!
//! The codes and what they mean stand in `code/`; each layer makes failures of its own errors. Nothing here prints:
//! `report` renders a [`Failure`].

use crate::code::{Code, Exit};
use crate::stage::Stage;

/// A failure as it is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure, stable across versions.
    pub code: Code,
    /// Where in the run, if it had begun.
    pub stage: Option<Stage>,
    /// What happened, one line. Text from devices in it is sanitised.
    pub message: String,
    /// On what evidence, outermost first.
    pub causes: Vec<String>,
    /// What to do, the most specific first.
    pub hints: Vec<String>,
}

impl Failure {
    /// A failure with the catalogue's own words.
    pub fn new(code: Code) -> Self {
        let entry = code.entry();
        Self {
            code,
            stage: None,
            message: entry.title.to_owned(),
            causes: Vec::new(),
            hints: entry.hints.iter().map(|hint| (*hint).to_owned()).collect(),
        }
    }

    /// The same in more precise words.
    #[must_use]
    pub fn saying(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// At this stage, unless one is set.
    #[must_use]
    pub fn at(mut self, stage: Stage) -> Self {
        self.stage.get_or_insert(stage);
        self
    }

    /// With a piece of evidence.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// With an error and its sources as evidence.
    #[must_use]
    pub fn caused_by(mut self, error: &dyn std::error::Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            if self.causes.last() != Some(&text) {
                self.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// With a hint that comes before the catalogue's.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        if !self.hints.contains(&hint) {
            self.hints.insert(0, hint);
        }
        self
    }

    /// The exit status this failure ends the program with.
    pub fn exit(&self) -> Exit {
        self.code.entry().exit
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.message, self.code.word())
    }
}

impl std::error::Error for Failure {}
