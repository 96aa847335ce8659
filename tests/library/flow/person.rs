//! A person who answers as a test says, and the tests of what only a person can bring about.

use std::collections::VecDeque;
use std::future;
use std::sync::Arc;
use std::time::Duration;

use espctl::device::{AnswerError, Answers, Pick, Question, Retry, SecurityPlan, Selection, WifiPlan};
use espctl::endpoint::scan::Network;
use espctl::event::Silent;
use espctl::failure::Failure;
use espctl::provision::Verdict;
use espctl::secret::{Passphrase, ProofOfPossession, Sec2Password, ThreadDataset};
use espctl::session::deadline::Budget;
use espctl::transport::{BoxFuture, Candidate, CandidateKind};

use crate::flow::device::{Door, Link};
use crate::flow::{bounded, home, provision};

/// Answers prepared in order; a question without one is missing.
#[derive(Default)]
pub(crate) struct Person {
    pub(crate) picks: VecDeque<Pick>,
    pub(crate) pops: VecDeque<&'static str>,
    pub(crate) unencrypted: Option<bool>,
    pub(crate) network: Option<fn(&[Network]) -> Selection>,
    pub(crate) passphrases: VecDeque<&'static str>,
    pub(crate) names: VecDeque<&'static str>,
    pub(crate) datasets: VecDeque<&'static str>,
    pub(crate) retries: VecDeque<Retry>,
    /// The labels on each list of devices shown.
    pub(crate) candidates: Vec<Vec<String>>,
    /// The names on the list shown last.
    pub(crate) shown: Vec<Vec<u8>>,
    /// The codes of the failures after which they were asked to try again.
    pub(crate) failures: Vec<&'static str>,
}

fn answer<'a, T: Send + 'a>(answer: Option<T>, question: Question) -> BoxFuture<'a, Result<T, AnswerError>> {
    Box::pin(future::ready(answer.ok_or(AnswerError::Missing(question))))
}

impl Answers for Person {
    fn candidate<'a>(
        &'a mut self,
        _: CandidateKind,
        among: &'a [Candidate],
    ) -> BoxFuture<'a, Result<Pick, AnswerError>> {
        self.candidates.push(among.iter().map(|candidate| candidate.label.clone()).collect());
        answer(self.picks.pop_front(), Question::Candidate)
    }
    fn pop(&mut self, _: bool) -> BoxFuture<'_, Result<ProofOfPossession, AnswerError>> {
        answer(self.pops.pop_front().map(Into::into), Question::Pop)
    }
    fn sec2_password<'a>(&'a mut self, _: &'a str, _: bool) -> BoxFuture<'a, Result<Sec2Password, AnswerError>> {
        answer(self.pops.pop_front().map(Into::into), Question::Sec2Password)
    }
    fn unencrypted(&mut self) -> BoxFuture<'_, Result<bool, AnswerError>> {
        answer(self.unencrypted, Question::Unencrypted)
    }
    fn network<'a>(&'a mut self, networks: &'a [Network]) -> BoxFuture<'a, Result<Selection, AnswerError>> {
        self.shown = networks.iter().map(|network| network.ssid().to_vec()).collect();
        answer(self.network.map(|choose| choose(networks)), Question::Network)
    }
    fn network_name(&mut self) -> BoxFuture<'_, Result<Vec<u8>, AnswerError>> {
        answer(self.names.pop_front().map(Into::into), Question::Network)
    }
    fn passphrase<'a>(&'a mut self, _: &'a [u8]) -> BoxFuture<'a, Result<Passphrase, AnswerError>> {
        answer(self.passphrases.pop_front().map(Into::into), Question::Passphrase)
    }
    fn thread_dataset(&mut self) -> BoxFuture<'_, Result<ThreadDataset, AnswerError>> {
        let dataset = self.datasets.pop_front().map(|digits| ThreadDataset::new(hex::decode(digits).expect("hex")));
        answer(dataset, Question::ThreadDataset)
    }
    fn retry<'a>(&'a mut self, failure: &'a Failure, _: &'a [u8]) -> BoxFuture<'a, Result<Retry, AnswerError>> {
        self.failures.push(failure.code.word());
        let retry = self.retries.pop_front().unwrap_or(Retry::Stop);
        Box::pin(future::ready(Ok(retry)))
    }
}

#[tokio::test(start_paused = true)]
async fn another_pop_after_a_wrong_one() {
    let mut plan = home();
    plan.security = SecurityPlan { pop: Some("wrong".into()), ..SecurityPlan::default() };
    let mut person = Person { pops: ["wrong too", "abcd1234"].into(), ..Person::default() };
    let told = provision(&Door::to("sec-ver=1"), &plan, &mut person).await;
    assert!(told.result.is_ok(), "{:?}", told.result.err());
}

#[tokio::test(start_paused = true)]
async fn a_device_that_goes_after_wrong_pops_is_locked() {
    let mut plan = home();
    plan.security = SecurityPlan { pop: Some("wrong".into()), ..SecurityPlan::default() };
    let mut person = Person { pops: ["wrong too", "wrong again"].into(), ..Person::default() };
    let told = provision(&Door::to("sec-ver=1&fault=lockout=2"), &plan, &mut person).await;
    assert_eq!(told.code(), "security.locked-out");
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_this_computer_after_a_wrong_pop_is_not_a_lock() {
    let mut plan = home();
    plan.security = SecurityPlan { pop: Some("wrong".into()), ..SecurityPlan::default() };
    let mut person = Person { pops: ["abcd1234"].into(), ..Person::default() };
    let door = Door::to("sec-ver=1").with_link(|number| if number > 3 { Link::Unplugged } else { Link::Passes });
    assert_eq!(provision(&door, &plan, &mut person).await.code(), "port.absent");

    let mut person = Person { pops: ["abcd1234"].into(), ..Person::default() };
    let door = Door::to("sec-ver=1").with_link(|number| if number > 3 { Link::Hangs } else { Link::Passes });
    let budget = Budget::new(Some(Duration::from_secs(15)));
    assert_eq!(bounded(&door, &plan, &mut person, Arc::new(Silent), budget).await.code(), "deadline.total");
}

#[tokio::test(start_paused = true)]
async fn a_password_that_reads_in_two_ways_is_still_rejected_where_the_first_one_locks() {
    let mut plan = home();
    plan.security = SecurityPlan { pop: Some("pop212".into()), ..SecurityPlan::default() };
    let told = provision(&Door::to("sec-ver=2&fault=lockout"), &plan, &mut Person::default()).await;
    assert_eq!(told.code(), "security.proof-rejected");
}

#[tokio::test(start_paused = true)]
async fn the_same_network_with_another_passphrase() {
    let mut plan = home();
    plan.wifi.passphrase = Some("not-the-one".into());
    let mut person = Person {
        retries: [Retry::SameNetwork].into(),
        passphrases: ["correct-horse-battery"].into(),
        ..Person::default()
    };
    let told = provision(&Door::to("sec-ver=1"), &plan, &mut person).await;
    assert!(matches!(told.result.expect("a success").verdict, Verdict::Online(_)));
    assert_eq!(person.failures, ["wifi.auth-failed"]);
}

#[tokio::test(start_paused = true)]
async fn ten_more_tries_and_no_more() {
    let mut plan = home();
    plan.wifi.passphrase = Some("not-the-one".into());
    let mut person = Person {
        retries: [Retry::SameNetwork; 12].into(),
        passphrases: ["not-the-one"; 12].into(),
        ..Person::default()
    };
    let told = provision(&Door::to("sec-ver=1"), &plan, &mut person).await;
    assert_eq!((told.code(), person.failures.len()), ("wifi.auth-failed", 10));
}

#[tokio::test(start_paused = true)]
async fn another_network_after_the_first_was_not_there() {
    let mut plan = home();
    plan.wifi.ssid = Some(b"NoSuchNet".to_vec());
    let home_net = |networks: &[Network]| {
        Selection::Listed(networks.iter().position(|network| network.ssid() == b"HomeNet").expect("it is heard"))
    };
    let mut person = Person {
        retries: [Retry::AnotherNetwork].into(),
        network: Some(home_net),
        passphrases: ["correct-horse-battery"].into(),
        ..Person::default()
    };
    let told = provision(&Door::to("sec-ver=1"), &plan, &mut person).await;
    assert!(matches!(told.result.expect("a success").verdict, Verdict::Online(_)));
    assert_eq!(person.failures, ["wifi.not-found"]);
}

#[tokio::test(start_paused = true)]
async fn an_enterprise_network_cannot_be_chosen() {
    let mut plan = home();
    plan.wifi = WifiPlan::default();
    let corp_net = |networks: &[Network]| {
        Selection::Listed(networks.iter().position(|network| network.ssid() == b"CorpNet").expect("it is heard"))
    };
    let mut person = Person { network: Some(corp_net), ..Person::default() };
    let told = provision(&Door::to("sec-ver=1"), &plan, &mut person).await;
    assert_eq!(told.code(), "wifi.enterprise");
}

/// The device hears how a network authenticates: the wrong kind of secret is not sent.
#[tokio::test(start_paused = true)]
async fn the_wrong_kind_of_secret_is_found_before_it_is_sent() {
    /// The device is asked how far it is, and is sent nothing else.
    const ASKED_FOR_ITS_STATE: usize = 1;
    let door = || Door::to("sec-ver=1&ap=OldNet=abcde-abcde-a,auth=wep&ap=OpenCafe&ap=CorpNet,auth=enterprise");
    let run = async |choose: fn(&[Network]) -> Selection, passphrase: Option<&str>, typed: &'static str| {
        let mut plan = home();
        plan.wifi = WifiPlan { passphrase: passphrase.map(Into::into), ..WifiPlan::default() };
        let passphrases = [typed].into();
        let mut person = Person { network: Some(choose), passphrases, ..Person::default() };
        provision(&door(), &plan, &mut person).await
    };
    let typed = run(|_| Selection::Other(b"CorpNet".to_vec()), None, "").await;
    assert_eq!((typed.code(), typed.count("prov-config")), ("wifi.enterprise", ASKED_FOR_ITS_STATE));
    let open = run(|_| Selection::Other(b"OpenCafe".to_vec()), Some("correct-horse"), "").await;
    assert!(open.result.is_ok(), "{:?}", open.result.err());
    let wep = run(|_| Selection::Other(b"OldNet".to_vec()), Some("correct-horse-battery"), "").await;
    assert_eq!((wep.code(), wep.count("prov-config")), ("wifi.passphrase-invalid", ASKED_FOR_ITS_STATE));
    let not_open = run(|_| Selection::Other(b"OldNet".to_vec()), Some(""), "abcde-abcde-a").await;
    assert!(not_open.result.is_ok(), "{:?}", not_open.result.err());
}

/// Thread has no list to choose from: whichever way a person goes on, it is another dataset.
#[tokio::test(start_paused = true)]
async fn another_dataset_after_one_of_another_network() {
    for retry in [Retry::SameNetwork, Retry::AnotherNetwork] {
        let mut plan = home();
        plan.wifi = WifiPlan::default();
        let mut person = Person {
            datasets: [
                "0208999999992222222205100102030405060708090a0b0c0d0e0f10",
                "0208111111112222222205100102030405060708090a0b0c0d0e0f10",
            ]
            .into(),
            retries: [retry].into(),
            ..Person::default()
        };
        let told = provision(&Door::to("sec-ver=1&thread=1"), &plan, &mut person).await;
        assert!(matches!(told.result.expect("a success").verdict, Verdict::Online(_)));
        assert_eq!(person.failures, ["thread.not-found"]);
    }
}
