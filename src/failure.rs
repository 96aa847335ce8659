//! A failure as people and scripts meet it: a stable code, the stage, the evidence, and what to do.
//!
//! The codes and what they mean stand in `code/`; each layer makes failures of its own errors. Nothing here prints:
//! `report` renders a [`Failure`].

use std::time::Duration;

use crate::code::{Code, Exit, Fact, Facts, Hint};
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
    hints: Vec<Hint>,
    /// Rarely looked at, and apart: a failure is handed through many results.
    around: Box<Around>,
}

/// The run that failed, as far as it had come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attempt {
    /// The device's name, where one was given or the device has told it.
    pub name: Option<String>,
    /// The other end of the link, once it stood.
    pub peer: Option<String>,
    /// What the device said of itself, as JSON.
    pub version: Option<serde_json::Value>,
    /// The Wi-Fi network that was wanted.
    pub ssid: Option<Vec<u8>>,
    /// How long it took.
    pub took: Duration,
}

/// What is known around a failure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Around {
    /// What decides which hints hold.
    facts: Facts,
    /// What the run was warned of before it failed.
    warnings: Vec<String>,
    attempt: Option<Attempt>,
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
            hints: entry.hints.to_vec(),
            around: Box::default(),
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
    pub fn hint(mut self, hint: impl Into<Hint>) -> Self {
        let hint = hint.into();
        if !self.hints.contains(&hint) {
            self.hints.insert(0, hint);
        }
        self
    }

    /// With a hint that comes after all others.
    #[must_use]
    pub fn last_hint(mut self, hint: impl Into<Hint>) -> Self {
        let hint = hint.into();
        if !self.hints.contains(&hint) {
            self.hints.push(hint);
        }
        self
    }

    /// With these hints alone, where the catalogue's do not fit the case.
    #[must_use]
    pub fn only_hints(mut self, hints: impl IntoIterator<Item = impl Into<Hint>>) -> Self {
        self.hints = hints.into_iter().map(Into::into).collect();
        self
    }

    /// Where this fact is known.
    #[must_use]
    pub fn knowing(self, fact: Fact) -> Self {
        self.knowing_value(fact, "")
    }

    /// Where this fact is known, with the value that it has.
    #[must_use]
    pub fn knowing_value(mut self, fact: Fact, value: impl Into<String>) -> Self {
        self.around.facts.add(fact, value.into());
        self
    }

    /// With what the run was warned of before it failed.
    #[must_use]
    pub fn warned(mut self, warnings: Vec<String>) -> Self {
        self.around.warnings = warnings;
        self
    }

    /// In this run.
    #[must_use]
    pub fn during(mut self, attempt: Attempt) -> Self {
        self.around.attempt = Some(attempt);
        self
    }

    /// The run that failed, where one had begun.
    pub fn attempt(&self) -> Option<&Attempt> {
        self.around.attempt.as_ref()
    }

    /// What the run was warned of before it failed.
    pub fn warnings(&self) -> &[String] {
        &self.around.warnings
    }

    /// Whether this fact is known.
    pub fn knows(&self, fact: Fact) -> bool {
        self.around.facts.value(fact).is_some()
    }

    /// The same evidence at the same stage under another code, with that code's own words and hints.
    #[must_use]
    pub fn under(self, code: Code) -> Self {
        let Self { stage, causes, around, .. } = self;
        Self { stage, causes, around, ..Self::new(code) }
    }

    /// What to do, the most specific first: the hints that hold by what is known.
    pub fn hints(&self) -> Vec<String> {
        self.hints.iter().filter_map(|hint| hint.text(&self.around.facts)).map(Into::into).collect()
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
