//! What the stand-in cloud answers: JSON, its errors in the two forms of the real one, and pages that are not JSON.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

/// What a captive portal shows instead of what was asked for.
const PORTAL: &str = "<!DOCTYPE html><html><head><title>Welcome to the guest network</title></head>\
    <body><form action=\"/accept\"><button>Accept the terms</button></form></body></html>";

/// An answer with this JSON.
pub(super) fn json_with(status: StatusCode, body: &Value) -> Response {
    with(status, "application/json", body.to_string())
}

/// 200 with this JSON.
pub(super) fn done(body: &Value) -> Response {
    json_with(StatusCode::OK, body)
}

/// An error as the service words it.
pub(super) fn failure(status: StatusCode, error_code: u32, description: &str) -> Response {
    json_with(status, &json!({ "status": "failure", "description": description, "error_code": error_code }))
}

/// An error as the gateway in front of the service words it.
pub(super) fn gateway(status: StatusCode, message: &str) -> Response {
    json_with(status, &json!({ "message": message }))
}

/// The token is missing, unknown, expired or revoked: the gateway does not say which.
pub(super) fn unauthorized() -> Response {
    gateway(StatusCode::UNAUTHORIZED, "Unauthorized")
}

/// A body that is not what the call takes.
pub(super) fn bad_request() -> Response {
    failure(StatusCode::BAD_REQUEST, 100_001, "Invalid request body")
}

/// 429, with the time to wait.
pub(super) fn too_many() -> Response {
    let mut response = gateway(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
    response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    response
}

/// The page of a captive portal.
pub(super) fn captive_portal() -> Response {
    with(StatusCode::OK, "text/html; charset=utf-8", PORTAL.to_owned())
}

/// The page of a load balancer whose service is away.
pub(super) fn unavailable() -> Response {
    let page = "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>";
    with(StatusCode::SERVICE_UNAVAILABLE, "text/html", page.to_owned())
}

fn with(status: StatusCode, kind: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}
