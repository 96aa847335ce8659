//! One request to a back end, before it is sent.

use std::fmt;

use reqwest::Method;
use serde_json::Value;

/// A request. What it carries is not shown when it is printed.
#[derive(Clone)]
pub struct Request {
    pub(super) method: Method,
    pub(super) segments: Vec<String>,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Body,
    pub(super) repeatable: bool,
}

#[derive(Clone)]
pub(super) enum Body {
    Empty,
    Json(Value),
    Form(Vec<(&'static str, String)>),
}

impl Request {
    /// A request to the address with these segments below the back end's own. Each is encoded; an empty last one is a
    /// closing slash.
    ///
    /// By HTTP's own rules every method but POST and PATCH may be repeated.
    pub fn new(method: Method, segments: &[&str]) -> Self {
        let repeatable = method.is_idempotent();
        let segments = segments.iter().map(|segment| (*segment).to_owned()).collect();
        Self { method, segments, query: Vec::new(), body: Body::Empty, repeatable }
    }

    /// With a member of the query.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// With JSON as its body.
    #[must_use]
    pub fn json(mut self, body: Value) -> Self {
        self.body = Body::Json(body);
        self
    }

    /// With a form as its body.
    #[must_use]
    pub fn form(mut self, fields: Vec<(&'static str, String)>) -> Self {
        self.body = Body::Form(fields);
        self
    }

    /// Sending it twice does no harm, although its method does not say so.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} segments", self.method, self.segments.len())
    }
}
