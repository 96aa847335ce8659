//! Answers from the person at the terminal. Prompts block, so they run on a thread of their own.

use std::sync::Arc;

use super::Talk;
use super::picker::Entry;
use super::progress::Progress;
use super::prompt::{Choice, Prompt, PromptError};
use super::records::mac;
use super::terminal::Terminal;
use crate::endpoint::scan::Network;
use crate::error::Failure;
use crate::provision::{AnswerError, Answers, Question, Retry, Selection};
use crate::secret::{Passphrase, ProofOfPossession, Sec2Password, Secret, ThreadDataset};
use crate::text;
use crate::transport::BoxFuture;

/// Asks at the terminal.
pub struct AtTerminal {
    talk: Talk,
    progress: Arc<Progress>,
}

impl AtTerminal {
    /// Asks as `talk` says; `progress` steps aside for each question.
    pub fn new(talk: Talk, progress: Arc<Progress>) -> Self {
        Self { talk, progress }
    }

    /// Runs one question on a thread where it may block.
    pub async fn ask<T, F>(&self, question: Question, ask: F) -> Result<T, AnswerError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Terminal) -> Result<T, PromptError> + Send + 'static,
    {
        self.progress.pause();
        let Talk { plain, ascii, stderr, .. } = self.talk;
        let asked = tokio::task::spawn_blocking(move || ask(&mut Terminal::new(plain, ascii, stderr.enabled))).await;
        asked.unwrap_or(Err(PromptError::Interrupted)).map_err(|error| match error {
            PromptError::Interrupted | PromptError::Cancelled => AnswerError::Interrupted,
            PromptError::Closed | PromptError::Terminal(_) => AnswerError::Closed,
            PromptError::TooManyTries | PromptError::NotText => AnswerError::Missing(question),
        })
    }

    async fn secret<P: 'static>(&self, question: Question, words: String) -> Result<Secret<P>, AnswerError> {
        let answer = self.ask(question, move |terminal| terminal.secret(&words)).await?;
        Ok(Secret::new(answer.as_bytes()))
    }
}

impl Answers for AtTerminal {
    fn pop(&mut self, rejected: bool) -> BoxFuture<'_, Result<ProofOfPossession, AnswerError>> {
        let words = if rejected {
            "The device rejected that proof of possession. Proof of possession (PoP)"
        } else {
            "Proof of possession (PoP), on the device's label"
        };
        Box::pin(self.secret(Question::Pop, words.to_owned()))
    }

    fn sec2_password<'a>(
        &'a mut self,
        username: &'a str,
        rejected: bool,
    ) -> BoxFuture<'a, Result<Sec2Password, AnswerError>> {
        let before = if rejected { "The device rejected that password. " } else { "" };
        let words = format!("{before}Security 2 password for {username} (the PoP on the device's label)");
        Box::pin(self.secret(Question::Sec2Password, words))
    }

    fn network<'a>(&'a mut self, networks: &'a [Network]) -> BoxFuture<'a, Result<Selection, AnswerError>> {
        let (indexes, entries): (Vec<_>, Vec<_>) = networks
            .iter()
            .enumerate()
            .filter(|(_, network)| !network.ssid().is_empty())
            .map(|(index, network)| (index, entry(network)))
            .unzip();
        Box::pin(async move {
            match self.ask(Question::Network, move |terminal| terminal.network(entries)).await? {
                Choice::Network(row) => {
                    Ok(indexes.get(row).map_or(Selection::Rescan, |index| Selection::Listed(*index)))
                }
                Choice::Rescan => Ok(Selection::Rescan),
                Choice::Other => {
                    let name = self.ask(Question::Network, |terminal| terminal.text("Network name (SSID)")).await?;
                    Ok(Selection::Other(name.into_bytes()))
                }
            }
        })
    }

    fn passphrase<'a>(&'a mut self, ssid: &'a [u8]) -> BoxFuture<'a, Result<Passphrase, AnswerError>> {
        let words = super::prompt::passphrase_question(&text::ssid(ssid));
        Box::pin(self.secret(Question::Passphrase, words))
    }

    fn thread_dataset(&mut self) -> BoxFuture<'_, Result<ThreadDataset, AnswerError>> {
        Box::pin(async {
            let words = "Thread operational dataset, in hex".to_owned();
            let typed: Secret<()> = self.secret(Question::ThreadDataset, words).await?;
            let bytes = hex::decode(typed.expose()).map_err(|_| AnswerError::Missing(Question::ThreadDataset))?;
            Ok(ThreadDataset::new(bytes))
        })
    }

    fn retry<'a>(&'a mut self, failure: &'a Failure, ssid: &'a [u8]) -> BoxFuture<'a, Result<Retry, AnswerError>> {
        let shown = super::document::failure_text(failure, self.talk.stderr);
        let same = format!("Retry with same SSID '{}' and new password?", text::ssid(ssid));
        let thread = ssid.is_empty();
        Box::pin(self.ask(Question::Network, move |terminal| {
            terminal.show(&shown)?;
            if thread || !terminal.confirm("Would you like to retry provisioning?", false)? {
                return Ok(Retry::Stop);
            }
            let same = terminal.confirm(&same, true)?;
            Ok(if same { Retry::SameNetwork } else { Retry::AnotherNetwork })
        }))
    }
}

/// A network as a row of the list.
pub fn entry(network: &Network) -> Entry {
    let strongest = network.strongest();
    let radios = network.radios().len();
    Entry {
        ssid: text::ssid(network.ssid()),
        bssid: mac(&strongest.bssid),
        channel: strongest.channel,
        rssi: strongest.rssi,
        auth: strongest.auth.to_string(),
        selectable: !strongest.auth.is_enterprise(),
        note: match (strongest.auth.is_enterprise(), radios) {
            (true, _) => "not possible with this protocol".to_owned(),
            (false, 1) => String::new(),
            (false, radios) => format!("{radios} radios"),
        },
    }
}
