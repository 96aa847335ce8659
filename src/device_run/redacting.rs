//! The secrets of a run, taken out of what its board prints: those that were given, and those that are answered on the
//! way. What a line with a secret looks like is known in `wire::log`.

use crate::board::Redaction;
use crate::device::{AnswerError, Answers, Pick, Retry, SecurityPlan, Selection, WifiPlan};
use crate::endpoint::scan::Network;
use crate::failure::Failure;
use crate::secret::{Passphrase, ProofOfPossession, Sec2Password, ThreadDataset};
use crate::transport::{BoxFuture, Candidate, CandidateKind};

/// Has all secrets that were given for a device taken out of what a board prints.
pub fn learn_given(redaction: &Redaction, security: &SecurityPlan, wifi: &WifiPlan, dataset: Option<&ThreadDataset>) {
    learn(redaction, security);
    wifi.passphrase.iter().for_each(|passphrase| redaction.learn(passphrase));
    if let Some(dataset) = dataset {
        redaction.learn(dataset);
    }
}

/// Has a session's secrets taken out of what a board prints.
pub(super) fn learn(redaction: &Redaction, plan: &SecurityPlan) {
    plan.pop.iter().for_each(|pop| redaction.learn(pop));
    plan.password.iter().for_each(|password| redaction.learn(password));
}

/// Answers whose secrets are taken out of what the board prints from then on: it prints some of them.
pub struct RedactingAnswers<'a> {
    /// What answers the questions.
    pub answers: &'a mut dyn Answers,
    /// What learns the answers.
    pub redaction: Redaction,
}

macro_rules! noted {
    ($self:ident, $answer:expr) => {{
        let redaction = $self.redaction.clone();
        let answer = $answer;
        Box::pin(async move { answer.await.inspect(|secret| redaction.learn(secret)) })
    }};
}

impl Answers for RedactingAnswers<'_> {
    fn candidate<'a>(
        &'a mut self,
        of: CandidateKind,
        among: &'a [Candidate],
    ) -> BoxFuture<'a, Result<Pick, AnswerError>> {
        self.answers.candidate(of, among)
    }
    fn pop(&mut self, rejected: bool) -> BoxFuture<'_, Result<ProofOfPossession, AnswerError>> {
        noted!(self, self.answers.pop(rejected))
    }
    fn sec2_password<'a>(
        &'a mut self,
        username: &'a str,
        rejected: bool,
    ) -> BoxFuture<'a, Result<Sec2Password, AnswerError>> {
        noted!(self, self.answers.sec2_password(username, rejected))
    }
    fn unencrypted(&mut self) -> BoxFuture<'_, Result<bool, AnswerError>> {
        self.answers.unencrypted()
    }
    fn network<'a>(&'a mut self, networks: &'a [Network]) -> BoxFuture<'a, Result<Selection, AnswerError>> {
        self.answers.network(networks)
    }
    fn network_name(&mut self) -> BoxFuture<'_, Result<Vec<u8>, AnswerError>> {
        self.answers.network_name()
    }
    fn passphrase<'a>(&'a mut self, ssid: &'a [u8]) -> BoxFuture<'a, Result<Passphrase, AnswerError>> {
        noted!(self, self.answers.passphrase(ssid))
    }
    fn thread_dataset(&mut self) -> BoxFuture<'_, Result<ThreadDataset, AnswerError>> {
        noted!(self, self.answers.thread_dataset())
    }
    fn retry<'a>(&'a mut self, failure: &'a Failure, ssid: &'a [u8]) -> BoxFuture<'a, Result<Retry, AnswerError>> {
        self.answers.retry(failure, ssid)
    }
}
