//! Which network: the device scans, a person chooses, and says what is still missing.

use super::state::Run;
use crate::code::Code;
use crate::device::plan::{WEP_KEY, check_dataset, check_key, check_passphrase, check_ssid};
use crate::device::{AnswerError, Answers, Credentials, Heard, Retry, Selection};
use crate::endpoint::scan::{AuthMode, Radio};
use crate::event::Event;
use crate::failure::Failure;
use crate::secret::{Passphrase, ThreadDataset};
use crate::stage::Stage;
use crate::text;

/// Why there is no network, where nobody chose one: prompts are off, and the failed scan is the news, not the missing
/// answer.
fn unanswered(error: AnswerError, scan: Option<Box<Failure>>) -> Failure {
    match (error, scan) {
        (AnswerError::Missing(_), Some(failure)) => *failure,
        (error, _) => error.into(),
    }
}

/// How often a passphrase is asked for that turns out to be a key of another kind.
const ASKED: usize = 3;

impl Run<'_> {
    /// Scans, and has a person choose.
    pub(super) async fn scan(&mut self, answers: &mut dyn Answers) -> Result<(), Failure> {
        let at = self.asking_stage();
        loop {
            self.started(Stage::Scan);
            let mut failed = None;
            let heard = match self.device()?.scan().await? {
                Heard::Wifi(heard) => heard,
                Heard::Thread(_) => Vec::new(),
                // A person may know the name, or have it scan again.
                Heard::Refused(failure) => {
                    let cause = failure.causes.first().map(|cause| format!(": {cause}")).unwrap_or_default();
                    let text = format!("{}{cause}; type the network's name, or scan again", failure.message);
                    self.observe(&Event::Note { text });
                    failed = Some(failure);
                    Vec::new()
                }
                Heard::Cannot { reason, .. } => {
                    self.observe(&Event::Skipped { stage: Stage::Scan, reason: reason.to_owned() });
                    let asked = self.context.budget.paused(answers.network_name()).await;
                    let ssid = asked.map_err(|error| self.unanswered(error, at))?;
                    return self.take(ssid, None, answers).await;
                }
            };
            if failed.is_none() {
                self.observe(&Event::Scanned { networks: heard.clone() });
            }
            let asked = self.context.budget.paused(answers.network(&heard)).await;
            let (ssid, auth) = match asked
                .map_err(|error| self.given_up(error).unwrap_or_else(|| unanswered(error, failed)).at(at))?
            {
                Selection::Rescan => continue,
                // A name that was typed may have been heard all the same.
                Selection::Other(ssid) => {
                    let auth = heard.iter().find(|network| network.ssid() == ssid).map(|own| own.strongest().auth);
                    (ssid, auth)
                }
                Selection::Listed(index) => match heard.get(index) {
                    Some(network) => (network.ssid().to_vec(), Some(network.strongest().auth)),
                    None => continue,
                },
            };
            return self.take(ssid, auth, answers).await;
        }
    }

    /// The network that was chosen, with the passphrase that was given for it or is asked for. How it authenticates is
    /// known where it was heard: the wrong kind of secret is found before anything is sent.
    async fn take(&mut self, ssid: Vec<u8>, auth: Option<AuthMode>, answers: &mut dyn Answers) -> Result<(), Failure> {
        let at = self.asking_stage();
        check_ssid(&ssid).map_err(|failure| failure.at(at))?;
        if auth.is_some_and(AuthMode::is_enterprise) {
            let why = format!("the device hears that {} takes a login of an enterprise", text::ssid(&ssid));
            return Err(Failure::new(Code::WifiEnterprise).because(why).at(Stage::Scan));
        }
        let open = auth.is_some_and(AuthMode::is_open);
        let given = self.plan.wifi.passphrase.clone().filter(|_| self.failure.is_none());
        let given = match (given, auth) {
            (Some(passphrase), _) if open && !passphrase.is_empty() => {
                let text = format!("{} is an open network: the passphrase is not used", text::ssid(&ssid));
                self.observe(&Event::Warning { text });
                None
            }
            (Some(passphrase), Some(auth)) if !open && passphrase.is_empty() => {
                let text =
                    format!("{} is not an open network, it has {auth}: it takes a passphrase", text::ssid(&ssid));
                self.observe(&Event::Warning { text });
                None
            }
            (given, _) => given,
        };
        let passphrase = match given {
            Some(passphrase) => passphrase,
            None if open => Passphrase::new([]),
            None => self.ask_passphrase(answers, &ssid, auth).await?,
        };
        if let Some(auth) = auth {
            check_key(&passphrase, auth).map_err(|failure| failure.at(at))?;
        }
        self.credentials = Some(self.wifi(ssid, passphrase));
        Ok(())
    }

    /// The credentials that the plan has, with what is still missing.
    pub(super) async fn planned(&self, answers: &mut dyn Answers) -> Result<Credentials, Failure> {
        if self.device.as_ref().is_some_and(|device| device.radio == Radio::Thread) {
            return Ok(Credentials::Thread(match &self.plan.dataset {
                Some(dataset) => dataset.clone(),
                None => self.ask_dataset(answers).await?,
            }));
        }
        let ssid = self.plan.wifi.ssid.clone().unwrap_or_default();
        let passphrase = match &self.plan.wifi.passphrase {
            Some(passphrase) => passphrase.clone(),
            None => self.ask_passphrase(answers, &ssid, None).await?,
        };
        Ok(self.wifi(ssid, passphrase))
    }

    /// Asks for what the next try needs and no scan can give; how to go on with it.
    pub(super) async fn renew(&mut self, retry: Retry, answers: &mut dyn Answers) -> Result<Retry, Failure> {
        match (&self.credentials, retry) {
            (_, Retry::Stop) => Ok(Retry::Stop),
            (Some(Credentials::Wifi { ssid, .. }), Retry::SameNetwork) => {
                let ssid = ssid.clone();
                let passphrase = self.ask_passphrase(answers, &ssid, None).await?;
                self.credentials = Some(self.wifi(ssid, passphrase));
                Ok(Retry::SameNetwork)
            }
            // Whichever Thread network is meant, its dataset is all there is to it.
            (Some(Credentials::Thread(_)), Retry::SameNetwork | Retry::AnotherNetwork) => {
                self.credentials = Some(Credentials::Thread(self.ask_dataset(answers).await?));
                Ok(Retry::SameNetwork)
            }
            (_, retry) => Ok(retry),
        }
    }

    /// The failure of a question without an answer.
    pub(super) fn unanswered(&self, error: AnswerError, at: Stage) -> Failure {
        self.given_up(error).unwrap_or_else(|| error.into()).at(at)
    }

    /// After a failed join its own failure, where the person gave up with a question that follows it.
    fn given_up(&self, error: AnswerError) -> Option<Failure> {
        let is_end = matches!(error, AnswerError::Closed | AnswerError::Unusable(_));
        self.failure.clone().filter(|_| is_end)
    }

    /// Asks for the passphrase of a network; a WEP key is asked for again where the network was not heard to have WEP.
    async fn ask_passphrase(
        &self,
        answers: &mut dyn Answers,
        ssid: &[u8],
        auth: Option<AuthMode>,
    ) -> Result<Passphrase, Failure> {
        let at = self.asking_stage();
        let mut asked = 0;
        loop {
            let answer = self.context.budget.paused(answers.passphrase(ssid)).await;
            let passphrase = answer.map_err(|error| self.unanswered(error, at))?;
            let is_key = passphrase.expose().len() == WEP_KEY && auth.is_some_and(AuthMode::is_wep);
            let checked = if is_key { Ok(()) } else { check_passphrase(&passphrase) };
            asked += 1;
            match checked {
                Ok(()) => return Ok(passphrase),
                Err(failure) if passphrase.expose().len() != WEP_KEY || asked == ASKED => return Err(failure.at(at)),
                Err(_) => {
                    let text = format!("5 bytes are a WEP key, and {} takes 8 to 63 bytes", text::ssid(ssid));
                    self.observe(&Event::Note { text });
                }
            }
        }
    }

    async fn ask_dataset(&self, answers: &mut dyn Answers) -> Result<ThreadDataset, Failure> {
        let asked = self.context.budget.paused(answers.thread_dataset()).await;
        let dataset = asked.map_err(|error| self.unanswered(error, Stage::Configure))?;
        check_dataset(&dataset).map_err(|failure| failure.at(Stage::Configure))?;
        Ok(dataset)
    }

    fn wifi(&self, ssid: Vec<u8>, passphrase: Passphrase) -> Credentials {
        Credentials::Wifi { ssid, passphrase, bssid: self.plan.wifi.bssid, channel: self.plan.wifi.channel }
    }

    /// The stage at which a person says which network: that of the scan, where the device has one.
    fn asking_stage(&self) -> Stage {
        if self.has(Stage::Scan) { Stage::Scan } else { Stage::Configure }
    }
}
