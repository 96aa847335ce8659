//! Which network: the device scans, a person chooses, and says what is still missing.

use super::state::Run;
use crate::code::Code;
use crate::device::plan::{check_dataset, check_passphrase, check_ssid};
use crate::device::{AnswerError, Answers, Credentials, Heard, Retry, Selection};
use crate::endpoint::scan::{Network, Radio};
use crate::event::Event;
use crate::failure::Failure;
use crate::secret::{Passphrase, ThreadDataset};
use crate::stage::Stage;

/// Why there is no network, where nobody chose one: prompts are off, and the failed scan is the news, not the missing
/// answer.
fn unanswered(error: AnswerError, scan: Option<Box<Failure>>) -> Failure {
    match (error, scan) {
        (AnswerError::Missing(_), Some(failure)) => *failure,
        (error, _) => error.into(),
    }
}

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
                    let ssid = asked.map_err(|error| Failure::from(error).at(at))?;
                    return self.take(ssid, false, answers).await;
                }
            };
            if failed.is_none() {
                self.observe(&Event::Scanned { networks: heard.clone() });
            }
            let asked = self.context.budget.paused(answers.network(&heard)).await;
            let (ssid, open) = match asked.map_err(|error| unanswered(error, failed).at(at))? {
                Selection::Rescan => continue,
                Selection::Other(ssid) => (ssid, false),
                Selection::Listed(index) => match heard.get(index).map(Network::strongest).zip(heard.get(index)) {
                    Some((radio, _)) if radio.auth.is_enterprise() => {
                        return Err(Failure::new(Code::WifiEnterprise).at(Stage::Scan));
                    }
                    Some((radio, network)) => (network.ssid().to_vec(), radio.auth.is_open()),
                    None => continue,
                },
            };
            return self.take(ssid, open, answers).await;
        }
    }

    /// The network that was chosen, with the passphrase that was given for it or is asked for.
    async fn take(&mut self, ssid: Vec<u8>, open: bool, answers: &mut dyn Answers) -> Result<(), Failure> {
        check_ssid(&ssid).map_err(|failure| failure.at(self.asking_stage()))?;
        let given = self.plan.wifi.passphrase.clone().filter(|_| self.failure.is_none());
        let passphrase = match given {
            Some(passphrase) => passphrase,
            None if open => Passphrase::new([]),
            None => self.ask_passphrase(answers, &ssid).await?,
        };
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
            None => self.ask_passphrase(answers, &ssid).await?,
        };
        Ok(self.wifi(ssid, passphrase))
    }

    /// Asks for what the next try needs and no scan can give; how to go on with it.
    pub(super) async fn renew(&mut self, retry: Retry, answers: &mut dyn Answers) -> Result<Retry, Failure> {
        match (&self.credentials, retry) {
            (_, Retry::Stop) => Ok(Retry::Stop),
            (Some(Credentials::Wifi { ssid, .. }), Retry::SameNetwork) => {
                let ssid = ssid.clone();
                let passphrase = self.ask_passphrase(answers, &ssid).await?;
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

    async fn ask_passphrase(&self, answers: &mut dyn Answers, ssid: &[u8]) -> Result<Passphrase, Failure> {
        let at = self.asking_stage();
        let asked = self.context.budget.paused(answers.passphrase(ssid)).await;
        let passphrase = asked.map_err(|error| Failure::from(error).at(at))?;
        check_passphrase(&passphrase).map_err(|failure| failure.at(at))?;
        Ok(passphrase)
    }

    async fn ask_dataset(&self, answers: &mut dyn Answers) -> Result<ThreadDataset, Failure> {
        let asked = self.context.budget.paused(answers.thread_dataset()).await;
        let dataset = asked.map_err(|error| Failure::from(error).at(Stage::Configure))?;
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
