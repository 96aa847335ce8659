//! The stand-in cloud over raw sockets: logins and tokens, faults, hostile requests.

mod account;
mod faults;
mod hostile;

use std::net::SocketAddr;

use espctl::sim::cloud::{Cloud, Running};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A cloud on a free port, with these faults.
async fn cloud(faults: &[&str]) -> Running {
    let faults = faults.iter().map(|text| text.parse().expect(text)).collect();
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    Cloud::bind(free, faults).await.expect("a port").start()
}

/// An answer: the status, the head, the body.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    fn text(&self, member: &str) -> String {
        self.json()[member].as_str().unwrap_or_else(|| panic!("no {member} in {}", self.body)).to_owned()
    }
}

/// Sends these bytes on a connection of their own; the bytes that come back, or why none do.
async fn raw(cloud: &Running, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(cloud.address()).await?;
    stream.write_all(bytes).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer)
}

async fn call(cloud: &Running, method: &str, path: &str, token: &str, body: &str) -> std::io::Result<Answer> {
    let length = body.len();
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nHost: cloud\r\nConnection: close\r\nAuthorization: {token}\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let answer = String::from_utf8(raw(cloud, request.as_bytes()).await?).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
}

async fn get(cloud: &Running, path: &str, token: &str) -> Answer {
    call(cloud, "GET", path, token, "").await.expect("an answer")
}

async fn post(cloud: &Running, path: &str, body: &Value) -> Answer {
    call(cloud, "POST", path, "", &body.to_string()).await.expect("an answer")
}

/// Logs the first user in.
async fn login(cloud: &Running) -> Answer {
    let user = &cloud.users()[0];
    post(cloud, "v1/login2", &serde_json::json!({ "user_name": user.name, "password": user.password })).await
}
