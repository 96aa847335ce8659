//! A command's result: one value, shown as text or as JSON.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::records::wifi_members;
use crate::code::Exit;
use crate::failure::Failure;
use crate::text;

/// The result of a command.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// For people, without a final line end; device text in it is sanitised.
    pub text: String,
    /// For programs: one object with `schema` first.
    pub json: Value,
    /// Bytes for standard output as they are, in place of the text (`send --raw`).
    pub raw: Option<Vec<u8>>,
    /// For an outcome between success and failure (applied, not confirmed): what is explained on standard error, with
    /// its exit status.
    pub caveat: Option<Failure>,
    /// How long the run took whose result this is; its events end with it.
    pub took: Option<Duration>,
}

impl Document {
    /// A document of this schema (`provision` becomes `espctl/provision/1`), with the members of `body`; its
    /// `outcome` is `done` where `body` has no other.
    pub fn new(schema: &str, text: impl Into<String>, body: Value) -> Self {
        let mut members = Map::new();
        members.insert("schema".to_owned(), json!(format!("espctl/{schema}/1")));
        members.insert("outcome".to_owned(), json!("done"));
        if let Value::Object(body) = body {
            members.extend(body);
        }
        Self { text: text.into(), json: Value::Object(members), ..Self::default() }
    }

    /// With what the run was warned of, where there was something.
    #[must_use]
    pub fn warned(mut self, warnings: &[String]) -> Self {
        if !warnings.is_empty() {
            self.json["warnings"] = json!(warnings);
        }
        self
    }

    /// As the result of a run, which took so long.
    #[must_use]
    pub fn after(self, took: Duration) -> Self {
        Self { took: Some(took), ..self }
    }

    /// An empty document: everything was announced before.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The program's exit status.
    pub fn exit(&self) -> u8 {
        self.caveat.as_ref().map_or(0, |failure| failure.exit() as u8)
    }
}

/// The event that ends those of a run that did what it was to do.
pub(super) fn ended_json(document: &Document) -> Option<Value> {
    let took = document.took.filter(|_| document.caveat.is_none())?;
    let outcome = &document.json["outcome"];
    Some(json!({ "schema": "espctl/event/1", "t_ms": took.as_millis(), "event": "ended", "outcome": outcome }))
}

/// A failure as JSON: the one shape every command fails in.
pub(super) fn failure_json(failure: &Failure) -> Value {
    let mut document = json!({
        "schema": "espctl/error/1",
        "outcome": "failed",
        "error": error_json(failure),
    });
    if !failure.warnings().is_empty() {
        document["warnings"] = json!(failure.warnings());
    }
    if let Some(attempt) = failure.attempt() {
        if let Some(peer) = &attempt.peer {
            let version = attempt.version.as_ref();
            document["device"] = json!({ "name": attempt.name, "peer": peer, "version": version });
        }
        if let Some(ssid) = &attempt.ssid {
            document["network"] = wifi_members(ssid);
        }
        document["took_ms"] = json!(attempt.took.as_millis());
    }
    document
}

/// The error's own members.
pub fn error_json(failure: &Failure) -> Value {
    json!({
        "code": failure.code.word(),
        "exit": failure.exit() as u8,
        "stage": failure.stage,
        "message": failure.message,
        "causes": failure.causes,
        "hints": failure.hints(),
    })
}

/// A failure in words, as it stands on standard error. What it quotes, be it from a device or from the command line, is
/// made fit for a terminal here, once for all.
pub(super) fn failure_text(failure: &Failure, paint: super::Paint) -> String {
    let unconfirmed = failure.exit() == Exit::Unconfirmed;
    let word = if unconfirmed { paint.yellow("unconfirmed:") } else { paint.red("error:") };
    let mut lines = vec![format!("{word} {}", shown(&failure.message))];
    if let Some(stage) = failure.stage {
        lines.push(format!("  stage: {}", stage.describe()));
    }
    lines.extend(failure.causes.iter().map(|cause| format!("  cause: {}", shown(cause))));
    lines.extend(failure.hints().iter().map(|hint| format!("  hint:  {}", shown(hint))));
    let code = failure.code.word();
    lines.push(paint.dim(&format!("  code:  {code}   (espctl explain {code})")));
    lines.join("\n")
}

/// A failure as it stands above the question whether to try again.
pub(super) fn failure_in_short(failure: &Failure, paint: super::Paint) -> String {
    let message = format!("{} {}", paint.red("failed:"), shown(&failure.message));
    let causes = failure.causes.iter().map(|cause| format!("  cause: {}", shown(cause)));
    let hint = failure.hints().first().map(|hint| format!("  hint:  {}", shown(hint)));
    std::iter::once(message).chain(causes).chain(hint).collect::<Vec<_>>().join("\n")
}

/// Sanitised, line by line. What is sanitised already stays as it is.
fn shown(text: &str) -> String {
    text.split('\n').map(text::sanitise).collect::<Vec<_>>().join("\n")
}

/// Breaks the lines of a failure between words; a continued line starts under the text, not under its label.
pub(super) fn wrapped(text: &str, width: usize) -> String {
    const INDENT: &str = "         ";
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let mut rest = line;
        let mut indent = "";
        while text::columns(indent) + text::columns(rest) >= width {
            let fits = |at: usize| text::columns(indent) + text::columns(&rest[..at]) < width;
            // The label itself is never broken, nor is a word: one that is longer than the line has it for itself.
            let least = if indent.is_empty() { INDENT.len() } else { 1 };
            let breaks = || rest.match_indices(' ').map(|(at, _)| at).filter(|at| *at >= least);
            let Some(at) = breaks().rfind(|at| fits(*at)).or_else(|| breaks().next()) else { break };
            lines.push(format!("{indent}{}", &rest[..at]));
            rest = rest[at..].trim_start();
            indent = INDENT;
        }
        lines.push(format!("{indent}{rest}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_failure_quotes_does_not_act_on_a_terminal() {
        use crate::code::Code;
        let hostile = "a\u{1b}[2J\u{9b}1m\u{202e}b\r";
        let plain = super::super::Paint { enabled: false };
        let failure = Failure::new(Code::UsageInvalid).saying(hostile).because(hostile).hint(hostile);
        for text in [failure_text(&failure, plain), failure_in_short(&failure, plain)] {
            assert!(text.chars().all(|c| c == '\n' || text::is_harmless(c)), "{text:?}");
        }
        assert_eq!(shown("one\\x1b\ntwo"), "one\\x1b\ntwo");
    }

    #[test]
    fn long_lines_break_between_words_and_words_stay_whole() {
        let text = "error: short\n  hint:  one two three four five\n  hint:  https://a.very.long/address/indeed";
        let lines = wrapped(text, 24);
        let broken = [
            "error: short",
            "  hint:  one two three",
            "         four five",
            "  hint:  https://a.very.long/address/indeed",
        ];
        assert_eq!(lines.lines().collect::<Vec<_>>(), broken);
        let long = "  hint:  https://a.very.long/address/indeed and more of it";
        let broken = ["  hint:  https://a.very.long/address/indeed", "         and more of it"];
        assert_eq!(wrapped(long, 24).lines().collect::<Vec<_>>(), broken);
        for width in 0..60 {
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(&wrapped(text, width)), words(text));
        }
    }
}
