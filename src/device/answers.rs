//! What may be asked of a person while a device is provisioned. The terminal implements it, and so do tests.

use crate::code::Code;
use crate::endpoint::scan::Network;
use crate::failure::Failure;
use crate::secret::{Passphrase, ProofOfPossession, Sec2Password, ThreadDataset};
use crate::transport::{BoxFuture, Candidate, CandidateKind};

/// A question that can come up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Which device, or which adapter.
    Candidate,
    /// The proof of possession.
    Pop,
    /// Security 2's password.
    Sec2Password,
    /// Which network.
    Network,
    /// The network's passphrase.
    Passphrase,
    /// The Thread dataset.
    ThreadDataset,
    /// Whether to go on without encryption.
    Unencrypted,
}

/// Which network a person chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// The network at this index of the list shown.
    Listed(usize),
    /// One that is not on the list, by name.
    Other(Vec<u8>),
    /// Scan again.
    Rescan,
}

/// Which device or adapter a person chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// The one at this index of the list shown.
    Listed(usize),
    /// Look again.
    Rescan,
}

/// How to go on after a failed join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same network with a new passphrase.
    SameNetwork,
    /// Another network.
    AnotherNetwork,
    /// Not at all.
    Stop,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerError {
    /// Prompts are off.
    Missing(Question),
    /// The input ended.
    Closed,
    /// The person interrupted.
    Interrupted,
    /// Every answer that was typed is of no use.
    Unusable(Question),
}

/// Whoever answers. Time spent here does not count against the run's budget.
pub trait Answers: Send {
    /// Which of these devices or adapters.
    fn candidate<'a>(
        &'a mut self,
        of: CandidateKind,
        among: &'a [Candidate],
    ) -> BoxFuture<'a, Result<Pick, AnswerError>>;
    /// The proof of possession; `rejected` where the device did not take the one before.
    fn pop(&mut self, rejected: bool) -> BoxFuture<'_, Result<ProofOfPossession, AnswerError>>;
    /// Security 2's password for this user name.
    fn sec2_password<'a>(
        &'a mut self,
        username: &'a str,
        rejected: bool,
    ) -> BoxFuture<'a, Result<Sec2Password, AnswerError>>;
    /// Whether to go on with a device that encrypts nothing.
    fn unencrypted(&mut self) -> BoxFuture<'_, Result<bool, AnswerError>>;
    /// Which of these networks.
    fn network<'a>(&'a mut self, networks: &'a [Network]) -> BoxFuture<'a, Result<Selection, AnswerError>>;
    /// The name of a network, where the device cannot scan.
    fn network_name(&mut self) -> BoxFuture<'_, Result<Vec<u8>, AnswerError>>;
    /// The passphrase of this network; empty for an open one.
    fn passphrase<'a>(&'a mut self, ssid: &'a [u8]) -> BoxFuture<'a, Result<Passphrase, AnswerError>>;
    /// The Thread dataset.
    fn thread_dataset(&mut self) -> BoxFuture<'_, Result<ThreadDataset, AnswerError>>;
    /// Whether and how to try again.
    fn retry<'a>(&'a mut self, failure: &'a Failure, ssid: &'a [u8]) -> BoxFuture<'a, Result<Retry, AnswerError>>;
}

/// Answers nothing: prompting is off.
#[derive(Debug, Clone, Copy)]
pub struct PromptsOff;

impl Answers for PromptsOff {
    fn candidate<'a>(&'a mut self, _: CandidateKind, _: &'a [Candidate]) -> BoxFuture<'a, Result<Pick, AnswerError>> {
        missing(Question::Candidate)
    }
    fn pop(&mut self, _: bool) -> BoxFuture<'_, Result<ProofOfPossession, AnswerError>> {
        missing(Question::Pop)
    }
    fn sec2_password<'a>(&'a mut self, _: &'a str, _: bool) -> BoxFuture<'a, Result<Sec2Password, AnswerError>> {
        missing(Question::Sec2Password)
    }
    fn unencrypted(&mut self) -> BoxFuture<'_, Result<bool, AnswerError>> {
        missing(Question::Unencrypted)
    }
    fn network<'a>(&'a mut self, _: &'a [Network]) -> BoxFuture<'a, Result<Selection, AnswerError>> {
        missing(Question::Network)
    }
    fn network_name(&mut self) -> BoxFuture<'_, Result<Vec<u8>, AnswerError>> {
        missing(Question::Network)
    }
    fn passphrase<'a>(&'a mut self, _: &'a [u8]) -> BoxFuture<'a, Result<Passphrase, AnswerError>> {
        missing(Question::Passphrase)
    }
    fn thread_dataset(&mut self) -> BoxFuture<'_, Result<ThreadDataset, AnswerError>> {
        missing(Question::ThreadDataset)
    }
    fn retry<'a>(&'a mut self, _: &'a Failure, _: &'a [u8]) -> BoxFuture<'a, Result<Retry, AnswerError>> {
        Box::pin(async { Ok(Retry::Stop) })
    }
}

fn missing<'a, T: Send + 'a>(question: Question) -> BoxFuture<'a, Result<T, AnswerError>> {
    Box::pin(async move { Err(AnswerError::Missing(question)) })
}

impl Question {
    /// The code for an answer to this that is of no use.
    fn code(self) -> Code {
        match self {
            Self::Candidate | Self::Pop | Self::Sec2Password | Self::Network | Self::Unencrypted => Code::UsageInvalid,
            Self::Passphrase => Code::WifiPassphraseInvalid,
            Self::ThreadDataset => Code::ThreadDatasetInvalid,
        }
    }

    /// The code where prompting is off; what is missing, and what gives it.
    fn missing(self) -> (Code, &'static str, &'static str) {
        let (what, how) = match self {
            Self::Candidate => (
                "it is not clear which one is meant",
                "give it with --device or the environment variable ESPCTL_DEVICE",
            ),
            Self::Pop => {
                ("the device wants a proof of possession", "give it with --pop or the environment variable ESPCTL_POP")
            }
            Self::Sec2Password => (
                "the device wants a user name and password",
                "give it with --pop (or --sec2-password) or the environment variable ESPCTL_POP",
            ),
            Self::Unencrypted => {
                let how = "--allow-insecure goes on without encryption: whoever is in reach can read what is sent";
                return (Code::SecurityDowngrade, "the device encrypts nothing", how);
            }
            Self::Network => ("no network was given", "give it with --ssid or the environment variable ESPCTL_SSID"),
            Self::Passphrase => (
                "the network's passphrase is missing",
                "give it with --passphrase (or --open) or the environment variable ESPCTL_PASSPHRASE",
            ),
            Self::ThreadDataset => (
                "the device wants a Thread dataset",
                "give it with --thread-dataset or the environment variable ESPCTL_THREAD_DATASET",
            ),
        };
        (Code::UsageMissing, what, how)
    }
}

impl From<AnswerError> for Failure {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::Missing(question) => {
                let (code, what, how) = question.missing();
                Self::new(code).saying(format!("{what}, and prompting is off")).hint(how)
            }
            AnswerError::Closed => Self::new(Code::InputClosed),
            AnswerError::Interrupted => Self::new(Code::Interrupted),
            AnswerError::Unusable(question) => {
                Self::new(question.code()).saying("no answer that can be used was typed, after several tries")
            }
        }
    }
}
