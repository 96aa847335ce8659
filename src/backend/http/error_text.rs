//! What a server says went wrong, out of the many shapes of JSON that servers use for it. No I/O; nothing is trusted:
//! the text that comes out is sanitised and has a bound.

use serde_json::{Map, Value};

use crate::text;

/// Longest text, in columns.
const COLUMNS_MAX: usize = 300;
/// How deep a text may lie.
const DEPTH_MAX: u8 = 4;
/// How many texts of a list are shown.
const TEXTS_MAX: usize = 4;

/// Members that hold the error's own text, the most general first: `{"error": "Missing field", "message": "url"}`.
const TEXTS: [&str; 9] = [
    "error",
    "errors",
    "error_description",
    "detail",
    "message",
    "Message",
    "errorMsg",
    "description",
    "non_field_errors",
];
/// Members that hold its number.
const NUMBERS: [&str; 2] = ["error_code", "errorCode"];

/// The text of an error, `None` where the body holds none: it is empty, or a page for people.
pub(super) fn error_text(body: &[u8]) -> Option<String> {
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(value) => read(&value, 0)?,
        Err(_) => plain(body)?,
    };
    let text = text::sanitise(text.trim());
    (!text.is_empty()).then(|| text::bounded(&text, COLUMNS_MAX).into_owned())
}

fn read(value: &Value, depth: u8) -> Option<String> {
    match value {
        _ if depth > DEPTH_MAX => None,
        Value::String(text) => (!text.trim().is_empty()).then(|| text.trim().to_owned()),
        Value::Array(list) => join(list.iter().filter_map(|item| read(item, depth + 1)).take(TEXTS_MAX), "; "),
        Value::Object(members) => read_members(members, depth),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn read_members(members: &Map<String, Value>, depth: u8) -> Option<String> {
    // One entry of a list of invalid fields: where, and what is wrong there.
    if let (Some(Value::Array(place)), Some(Value::String(wrong))) = (members.get("loc"), members.get("msg")) {
        let place = join(place.iter().filter_map(|part| part.as_str().map(str::to_owned)), ".");
        return Some(format!("{}: {wrong}", place.unwrap_or_default()));
    }
    let mut texts: Vec<String> = Vec::new();
    for name in TEXTS {
        if let Some(text) = members.get(name).and_then(|value| read(value, depth + 1))
            && !texts.contains(&text)
        {
            texts.push(text);
        }
    }
    // Django names the fields themselves: `{"home_id": ["This field is required."]}`.
    if texts.is_empty() {
        let named = |(name, value): (&String, &Value)| {
            value.as_array().and_then(|_| read(value, depth + 1)).map(|text| format!("{name}: {text}"))
        };
        texts.extend(members.iter().filter_map(named).take(TEXTS_MAX));
    }
    let text = join(texts, ": ")?;
    let number = NUMBERS.iter().find_map(|name| match members.get(*name)? {
        Value::Number(number) => Some(number.to_string()),
        Value::String(number) if !number.is_empty() => Some(number.clone()),
        _ => None,
    });
    Some(match number {
        Some(number) => format!("{text} (error code {number})"),
        None => text,
    })
}

/// A short line that is not JSON. A page for people says nothing in its first line.
fn plain(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim_start();
    let line = text.lines().next()?;
    (!text.starts_with(['<', '{', '['])).then(|| line.to_owned())
}

fn join(texts: impl IntoIterator<Item = String>, between: &str) -> Option<String> {
    let texts: Vec<_> = texts.into_iter().collect();
    (!texts.is_empty()).then(|| texts.join(between))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shapes_of_known_servers() {
        let cases = [
            // Django of system 1, its framework, and its field errors.
            (r#"{"error":"no such home"}"#, "no such home"),
            (r#"{"detail":"Invalid token."}"#, "Invalid token."),
            (r#"{"home_id":["This field is required."]}"#, "home_id: This field is required."),
            (r#"{"non_field_errors":["Name taken."]}"#, "Name taken."),
            // ThingsBoard: REST, and a refusal with status 200.
            (
                r#"{"status":401,"message":"Token has expired","errorCode":11,"timestamp":"2026"}"#,
                "Token has expired (error code 11)",
            ),
            (r#"{"errorMsg":"Provision data was not found!","status":"NOT_FOUND"}"#, "Provision data was not found!"),
            // FastAPI.
            (
                r#"{"detail":[{"loc":["body","name"],"msg":"field required","type":"value_error"},
                    {"loc":["body",3],"msg":"bad","type":"t"}]}"#,
                "body.name: field required; body: bad",
            ),
            // RainMaker, and its gateway.
            (
                r#"{"status":"failure","description":"Node not found","error_code":105002}"#,
                "Node not found (error code 105002)",
            ),
            (r#"{"message":"Unauthorized"}"#, "Unauthorized"),
            (r#"{"Message":"explicit deny"}"#, "explicit deny"),
            (r#"{"error":"invalid_grant","error_description":"expired"}"#, "invalid_grant: expired"),
            // The container manager.
            (
                r#"{"error":"Missing required field","message":"apiEndpoint is required"}"#,
                "Missing required field: apiEndpoint is required",
            ),
            // Others.
            (r#"{"error":{"message":"deep","code":7}}"#, "deep"),
            (r#"{"errors":["one","two"]}"#, "one; two"),
            (r#""just text""#, "just text"),
            ("Bad Gateway\n", "Bad Gateway"),
        ];
        for (body, expected) in cases {
            assert_eq!(error_text(body.as_bytes()).as_deref(), Some(expected), "{body}");
        }
    }

    #[test]
    fn a_body_without_a_text_has_none() {
        let deep = format!("{}\"x\"{}", "[".repeat(20), "]".repeat(20));
        for body in
            ["", " ", "{}", "[]", "null", "12", r#"{"error":true}"#, "<html>no</html>", "{broken", "\u{0}", &deep]
        {
            assert!(error_text(body.as_bytes()).is_none_or(|text| text == r"\x00"), "{body}");
        }
        assert_eq!(error_text(&[0xff, 0xfe]), None);
    }

    #[test]
    fn hostile_text_is_made_fit_and_short() {
        let body = serde_json::json!({ "error": format!("\u{1b}[2J{}", "x".repeat(100_000)) }).to_string();
        let text = error_text(body.as_bytes()).unwrap();
        assert!(text.starts_with(r"\x1b[2Jxx") && text.ends_with('…'), "{text}");
        assert_eq!(text::columns(&text), COLUMNS_MAX);
    }
}
