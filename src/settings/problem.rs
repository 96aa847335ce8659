//! What is wrong in a settings file: where, what, and what to do. The only place that makes an error of it.
//!
//! A value is never repeated, since it may be a secret.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::code::Code;
use crate::failure::Failure;
use crate::text;

/// A settings file, and the line in it where that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    file: Arc<Path>,
    line: Option<usize>,
}

impl Place {
    /// The whole file.
    pub(super) fn file(file: &Arc<Path>) -> Self {
        Self { file: file.clone(), line: None }
    }

    /// A line of the file, counted from 1.
    pub(super) fn line(file: &Arc<Path>, line: usize) -> Self {
        Self { file: file.clone(), line: Some(line) }
    }

    /// The file.
    pub(super) fn path(&self) -> &Arc<Path> {
        &self.file
    }

    /// The line, where it is known.
    pub(super) fn number(&self) -> Option<usize> {
        self.line
    }

    /// A path that is relative to the file's folder.
    pub(super) fn beside(&self, path: &str) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(path)
    }

    /// Something that is wrong here.
    pub(super) fn problem(&self, why: impl Into<String>) -> Problem {
        Problem { place: self.clone(), why: why.into(), hint: None }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::sanitise(&self.file.display().to_string()))?;
        self.line.map_or(Ok(()), |line| write!(f, ", line {line}"))
    }
}

/// Something that is wrong in a settings file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) place: Place,
    why: String,
    hint: Option<String>,
}

impl Problem {
    /// The same with what to do about it.
    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// As an error of its own.
    pub(super) fn failure(self) -> Failure {
        let failure = Failure::new(Code::ConfigInvalid).because(self.to_string());
        match self.hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

/// All of them as one error, where there are any. Of several, each keeps its hint beside it.
pub(super) fn failure(problems: &[Problem]) -> Option<Failure> {
    match problems {
        [] => None,
        [one] => Some(one.clone().failure()),
        several => Some(several.iter().fold(Failure::new(Code::ConfigInvalid), |failure, problem| {
            failure.because(match &problem.hint {
                Some(hint) => format!("{problem} ({hint})"),
                None => problem.to_string(),
            })
        })),
    }
}
