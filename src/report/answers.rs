//! Answers from the person at the terminal. Prompts block, so they run on a thread of their own.
//!
//! Where an answer cannot be used, the reason is shown and the question asked again, a few times. Answers that leave this
//! file are valid.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::Output;
use super::mode::Quiet;
use super::picker::Entry;
use super::progress::Progress;
use super::prompt::{self, Choice, Prompt, PromptError};
use super::records::mac;
use super::terminal::Terminal;
use crate::code::Code;
use crate::device::plan::{check_dataset, check_passphrase_or_key, check_ssid, dataset_digits};
use crate::device::{AnswerError, Answers, Pick, Question, Retry, Selection};
use crate::endpoint::scan::Network;
use crate::failure::Failure;
use crate::secret::{Passphrase, ProofOfPossession, Sec2Password, ThreadDataset};
use crate::security::DEFAULT_USERNAME;
use crate::text;
use crate::transport::{BoxFuture, Candidate, CandidateKind};

/// Asks at the terminal, which echoes nothing between the questions while this or a clone of it lives.
#[derive(Clone)]
pub struct AtTerminal {
    output: Output,
    progress: Arc<Progress>,
    _quiet: Arc<Quiet>,
}

impl AtTerminal {
    /// Asks as `output` says; `progress` steps aside for each question.
    pub fn new(output: Output, progress: Arc<Progress>) -> Self {
        Self { output, progress, _quiet: Arc::new(Quiet::begin()) }
    }

    /// Waits until a person presses Enter.
    ///
    /// # Errors
    /// [`AnswerError`], where that does not happen.
    pub async fn enter(&self, words: String) -> Result<(), AnswerError> {
        self.ask(Question::Network, move |terminal| terminal.pause(&words)).await
    }

    /// Runs one question on a thread where it may block.
    async fn ask<T, F>(&self, question: Question, ask: F) -> Result<T, AnswerError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Terminal) -> Result<T, PromptError> + Send + 'static,
    {
        let worked = self.progress.question_begins();
        let Output { plain, ascii, stderr, .. } = self.output;
        let asked = tokio::task::spawn_blocking(move || {
            let mut terminal = Terminal::new(plain, ascii, stderr.enabled);
            if worked {
                terminal.discard_typed();
            }
            let _lines = terminal.typed_lines();
            ask(&mut terminal)
        });
        let asked = asked.await;
        self.progress.question_ends();
        asked.unwrap_or(Err(PromptError::Interrupted)).map_err(|error| match error {
            PromptError::Interrupted | PromptError::Cancelled => AnswerError::Interrupted,
            PromptError::Closed | PromptError::Terminal(_) => AnswerError::Closed,
            PromptError::TooManyTries | PromptError::NotText => AnswerError::Unusable(question),
        })
    }

    /// Asks for a secret until `read` takes it; `before` is said first.
    async fn secret<T: Send + 'static>(
        &self,
        question: Question,
        before: Option<&'static str>,
        words: String,
        read: impl Fn(&[u8]) -> Result<T, String> + Send + 'static,
    ) -> Result<T, AnswerError> {
        let asked = self.ask(question, move |terminal| {
            let _hidden = terminal.hide()?;
            if let Some(before) = before {
                terminal.show(before)?;
            }
            until_usable(terminal, |terminal| terminal.secret(&words), |answer| read(answer.as_bytes()))
        });
        asked.await
    }
}

/// Asks until the answer can be used; says why where it cannot.
fn until_usable<A, T>(
    terminal: &mut Terminal,
    mut ask: impl FnMut(&mut Terminal) -> Result<A, PromptError>,
    read: impl Fn(A) -> Result<T, String>,
) -> Result<T, PromptError> {
    for _ in 0..prompt::TRIES {
        match read(ask(terminal)?) {
            Ok(answer) => return Ok(answer),
            Err(why) => terminal.show(&why)?,
        }
    }
    Err(PromptError::TooManyTries)
}

/// Why a check failed, and what it wants instead.
fn unusable(failure: Failure) -> String {
    let why = [vec![failure.message], failure.causes].concat().join(": ");
    format!("{why}. {}", failure.code.entry().meaning)
}

impl Answers for AtTerminal {
    fn candidate<'a>(
        &'a mut self,
        of: CandidateKind,
        among: &'a [Candidate],
    ) -> BoxFuture<'a, Result<Pick, AnswerError>> {
        let list = numbered(among);
        let count = among.len();
        let words = match of {
            CandidateKind::Device => "Select device by number (0 to rescan)",
            CandidateKind::Adapter => "Select adapter by number (0 to look again)",
        };
        Box::pin(self.ask(Question::Candidate, move |terminal| {
            terminal.show(&list)?;
            until_usable(terminal, |terminal| terminal.text(words), |typed| picked(&typed, count))
        }))
    }

    fn pop(&mut self, rejected: bool) -> BoxFuture<'_, Result<ProofOfPossession, AnswerError>> {
        let before = rejected.then_some("The device rejected that proof of possession; it is case-sensitive");
        let words = "Proof of possession (PoP), on the device's label".to_owned();
        Box::pin(self.secret(Question::Pop, before, words, |typed| not_empty(typed).map(ProofOfPossession::new)))
    }

    fn sec2_password<'a>(
        &'a mut self,
        username: &'a str,
        rejected: bool,
    ) -> BoxFuture<'a, Result<Sec2Password, AnswerError>> {
        // The firmware of most devices has this user name, and the label's PoP as its password.
        let (words, before) = if username == DEFAULT_USERNAME {
            (
                "Proof of possession (PoP), on the device's label".to_owned(),
                "The device rejected that proof of possession; it is case-sensitive",
            )
        } else {
            (format!("Password of user {username}"), "The device rejected that user name and password")
        };
        let before = rejected.then_some(before);
        Box::pin(self.secret(Question::Sec2Password, before, words, |typed| not_empty(typed).map(Sec2Password::new)))
    }

    fn unencrypted(&mut self) -> BoxFuture<'_, Result<bool, AnswerError>> {
        Box::pin(self.ask(Question::Unencrypted, |terminal| {
            terminal.show("The device encrypts nothing: whoever is in reach can read the network's passphrase")?;
            terminal.confirm("Go on without encryption?", false)
        }))
    }

    fn network<'a>(&'a mut self, networks: &'a [Network]) -> BoxFuture<'a, Result<Selection, AnswerError>> {
        let (indexes, entries): (Vec<_>, Vec<_>) = networks
            .iter()
            .enumerate()
            .filter(|(_, network)| !network.ssid().is_empty())
            .map(|(index, network)| (index, entry(network)))
            .unzip();
        Box::pin(self.ask(Question::Network, move |terminal| {
            loop {
                match terminal.network(entries.clone())? {
                    Choice::Network(row) => {
                        return Ok(indexes.get(row).map_or(Selection::Rescan, |index| Selection::Listed(*index)));
                    }
                    Choice::Rescan => return Ok(Selection::Rescan),
                    Choice::Other => {
                        if let Some(name) = other_network(terminal)? {
                            return Ok(Selection::Other(name));
                        }
                    }
                }
            }
        }))
    }

    fn network_name(&mut self) -> BoxFuture<'_, Result<Vec<u8>, AnswerError>> {
        Box::pin(self.ask(Question::Network, |terminal| {
            let ask = |terminal: &mut Terminal| terminal.text("Network name (SSID)");
            until_usable(terminal, ask, |name| {
                check_ssid(name.as_bytes()).map(|()| name.into_bytes()).map_err(unusable)
            })
        }))
    }

    fn passphrase<'a>(&'a mut self, ssid: &'a [u8]) -> BoxFuture<'a, Result<Passphrase, AnswerError>> {
        let ssid = text::ssid(ssid);
        let words = prompt::passphrase_question(&ssid);
        let open = format!("No passphrase: is {ssid} an open network?");
        Box::pin(self.ask(Question::Passphrase, move |terminal| {
            let mut hidden = Some(terminal.hide()?);
            let ask = |terminal: &mut Terminal| loop {
                let typed = terminal.secret(&words)?;
                if !typed.is_empty() {
                    return Ok(typed);
                }
                hidden = None;
                if terminal.confirm(&open, false)? {
                    return Ok(typed);
                }
                hidden = Some(terminal.hide()?);
            };
            until_usable(terminal, ask, |typed: Zeroizing<String>| {
                let passphrase = Passphrase::new(typed.as_bytes());
                check_passphrase_or_key(&passphrase).map(|()| passphrase).map_err(unusable)
            })
        }))
    }

    fn thread_dataset(&mut self) -> BoxFuture<'_, Result<ThreadDataset, AnswerError>> {
        let words = "Thread operational dataset, in hex".to_owned();
        Box::pin(self.secret(Question::ThreadDataset, None, words, |typed| {
            let digits = std::str::from_utf8(typed).map_or(typed, |typed| dataset_digits(typed).as_bytes());
            let bytes = hex::decode(digits.trim_ascii()).map_err(|error| {
                let why = match error {
                    hex::FromHexError::OddLength => "it has an odd number of hex digits",
                    _ => "it contains something other than hex digits",
                };
                unusable(Failure::new(Code::ThreadDatasetInvalid).because(why))
            })?;
            let dataset = ThreadDataset::new(bytes);
            check_dataset(&dataset).map(|()| dataset).map_err(unusable)
        }))
    }

    fn retry<'a>(&'a mut self, failure: &'a Failure, ssid: &'a [u8]) -> BoxFuture<'a, Result<Retry, AnswerError>> {
        // A person who gives up sees the whole failure at the end.
        let shown = self.output.failure_in_short(failure);
        let words =
            format!("Would you like to retry provisioning? y: {}, o: another network [y/o/N]", text::ssid(ssid));
        let thread = ssid.is_empty();
        Box::pin(self.ask(Question::Network, move |terminal| {
            if thread {
                return Ok(Retry::Stop);
            }
            terminal.show(&shown)?;
            until_usable(terminal, |terminal| terminal.text(&words), |typed| how_to_go_on(&typed))
        }))
    }
}

/// The answer to whether to try again.
fn how_to_go_on(typed: &str) -> Result<Retry, String> {
    match typed.trim().to_lowercase().as_str() {
        "" | "n" | "no" => Ok(Retry::Stop),
        "y" | "yes" => Ok(Retry::SameNetwork),
        "o" | "other" => Ok(Retry::AnotherNetwork),
        _ => Err("Answer y, o or n".to_owned()),
    }
}

/// What there is to choose from, a line each, numbered from 1.
fn numbered(among: &[Candidate]) -> String {
    let line = |(index, candidate): (usize, &Candidate)| {
        let rssi = candidate.rssi.map(|rssi| format!("  {rssi} dBm")).unwrap_or_default();
        format!("{:4}  {}{rssi}", index + 1, text::sanitise(&candidate.label))
    };
    among.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}

/// What was chosen of `count`; 0 looks again.
fn picked(typed: &str, count: usize) -> Result<Pick, String> {
    match typed.trim().parse::<usize>() {
        Ok(0) => Ok(Pick::Rescan),
        Ok(number) if number <= count => Ok(Pick::Listed(number - 1)),
        _ => Err("Invalid selection".to_owned()),
    }
}

/// The name of a network that is not in the list; `None` to go back to the list.
fn other_network(terminal: &mut Terminal) -> Result<Option<Vec<u8>>, PromptError> {
    let ask = |terminal: &mut Terminal| terminal.text("Network name (SSID); empty to go back");
    until_usable(terminal, ask, |name| {
        if name.is_empty() {
            return Ok(None);
        }
        check_ssid(name.as_bytes()).map(|()| Some(name.into_bytes())).map_err(unusable)
    })
}

fn not_empty(typed: &[u8]) -> Result<&[u8], String> {
    if typed.is_empty() { Err("Nothing was typed".to_owned()) } else { Ok(typed) }
}

/// A network as a row of the list.
pub fn entry(network: &Network) -> Entry {
    let strongest = network.strongest();
    let radios = network.radios().len();
    let selectable = !strongest.auth.is_enterprise();
    Entry {
        ssid: text::ssid(network.ssid()),
        bssid: mac(&strongest.bssid),
        channel: strongest.channel,
        rssi: strongest.rssi,
        auth: strongest.auth.to_string(),
        selectable,
        note: if selectable && radios > 1 { format!("{radios} radios") } else { String::new() },
    }
}
