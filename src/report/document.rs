//! A command's result: one value, shown as text or as JSON.

use serde_json::{Map, Value, json};

use crate::error::{Code, Exit, Failure};

/// What a command came to.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// For people, without a final line end; device text in it is sanitised.
    pub text: String,
    /// For programs: one object with `schema` first.
    pub json: Value,
    /// Bytes for standard output as they are, in place of the text (`send --raw`).
    pub raw: Option<Vec<u8>>,
    /// An outcome that is no failure and yet no plain success (applied, not confirmed): explained on standard error,
    /// and its exit status.
    pub caveat: Option<Failure>,
}

impl Document {
    /// A document of this schema (`provision` becomes `espctl/provision/1`), with the members of `body`.
    pub fn new(schema: &str, text: impl Into<String>, body: Value) -> Self {
        let mut members = Map::new();
        members.insert("schema".to_owned(), json!(format!("espctl/{schema}/1")));
        if let Value::Object(body) = body {
            members.extend(body);
        }
        Self { text: text.into(), json: Value::Object(members), ..Self::default() }
    }

    /// Nothing more to say: what was to be said was announced.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The program's exit status.
    pub fn exit(&self) -> u8 {
        self.caveat.as_ref().map_or(0, |failure| failure.exit() as u8)
    }
}

/// A failure as JSON: the one shape every command fails in.
pub(super) fn failure_json(failure: &Failure) -> Value {
    json!({
        "schema": "espctl/error/1",
        "outcome": "failed",
        "error": error_json(failure),
    })
}

/// The error's own members.
pub fn error_json(failure: &Failure) -> Value {
    json!({
        "code": failure.code.word(),
        "exit": failure.exit() as u8,
        "stage": failure.stage,
        "message": failure.message,
        "causes": failure.causes,
        "hints": failure.hints,
    })
}

/// A failure in words, as it stands on standard error.
pub(super) fn failure_text(failure: &Failure, paint: super::Paint) -> String {
    let unconfirmed = failure.exit() == Exit::Unconfirmed;
    let word = if unconfirmed { paint.yellow("unconfirmed:") } else { paint.red("error:") };
    let mut lines = vec![format!("{word} {}", failure.message)];
    if let Some(stage) = failure.stage {
        lines.push(format!("  stage: {}", stage.describe()));
    }
    lines.extend(failure.causes.iter().map(|cause| format!("  cause: {cause}")));
    lines.extend(failure.hints.iter().map(|hint| format!("  hint:  {hint}")));
    let code = failure.code.word();
    if failure.code != Code::Interrupted {
        lines.push(paint.dim(&format!("  code:  {code}   (espctl explain {code})")));
    }
    lines.join("\n")
}
