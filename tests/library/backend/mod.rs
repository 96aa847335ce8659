//! Back ends: the HTTP client they share, against small servers on loopback, and the back end `plain` against a device
//! that is a table.

mod failures;
mod plain;
mod proxy;
mod redirect;
mod requests;
mod retry;
mod server;
mod tls;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use espctl::backend::http::{Auth, Client, Http, Policy, Proxies};
use espctl::event::{Event, Observer};

/// Keeps what is told to people.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Notes {
    fn all(&self) -> Vec<String> {
        self.0.lock().expect("no panic").clone()
    }

    /// Those that hold this word. Which others there are depends on the computer.
    fn with(&self, word: &str) -> Vec<String> {
        self.all().into_iter().filter(|note| note.contains(word)).collect()
    }
}

impl Observer for Notes {
    fn observe(&self, event: &Event) {
        if let Event::Note { text } = event {
            self.0.lock().expect("no panic").push(text.clone());
        }
    }
}

/// Limits that suit a server on this computer.
fn quick() -> Policy {
    Policy {
        connect: Duration::from_secs(5),
        one: Duration::from_secs(5),
        all: Duration::from_secs(10),
        repeats: 2,
        first_wait: Duration::from_millis(5),
        longest_wait: Duration::from_secs(1),
        body: 1000,
    }
}

/// A client with these limits, and what it tells.
fn client_with(address: &str, auth: Auth, policy: Policy) -> (Client, Arc<Notes>) {
    let notes = Arc::new(Notes::default());
    let http = Http::new(Proxies::default(), notes.clone()).with_policy(policy);
    (http.client(address, auth).expect("a client"), notes)
}

fn client(address: &str) -> Client {
    client_with(address, Auth::none(), quick()).0
}
