//! Which network: the device scans, a person chooses. Handing it over is `network.rs`'s work.

use super::answers::{AnswerError, Answers, Selection};
use super::network::Target;
use super::plan;
use super::run::Run;
use super::scan;
use crate::code::Code;
use crate::endpoint::scan::Network;
use crate::event::Event;
use crate::failure::Failure;
use crate::secret::Passphrase;
use crate::session::deadline::limit;
use crate::stage::Stage;

impl Run<'_, '_> {
    /// Scans, and has a person choose.
    pub(super) async fn scan(&mut self, answers: &mut dyn Answers) -> Result<(), Failure> {
        loop {
            self.started(Stage::Scan, limit::SCAN);
            let Some(heard) = self.heard().await? else {
                let reason = "the device's firmware cannot scan; the network's name has to be typed".to_owned();
                self.observe(&Event::Skipped { stage: Stage::Scan, reason });
                let asked = self.context.budget.paused(answers.network_name()).await;
                return self.take(asked.map_err(at_scan)?, false, answers).await;
            };
            self.heard = heard;
            self.observe(&Event::Scanned { networks: self.heard.clone() });
            let asked = self.context.budget.paused(answers.network(&self.heard)).await;
            let (ssid, open) = match asked.map_err(at_scan)? {
                Selection::Rescan => continue,
                Selection::Other(ssid) => (ssid, false),
                Selection::Listed(index) => match self.heard.get(index) {
                    Some(network) if network.strongest().auth.is_enterprise() => {
                        return Err(Failure::new(Code::WifiEnterprise).at(Stage::Scan));
                    }
                    Some(network) => (network.ssid().to_vec(), network.strongest().auth.is_open()),
                    None => continue,
                },
            };
            return self.take(ssid, open, answers).await;
        }
    }

    /// What the device hears; `None` where it says that it cannot scan, or old firmware, which says nothing of it, has
    /// no endpoint for that.
    async fn heard(&mut self) -> Result<Option<Vec<Network>>, Failure> {
        if self.version.structured && !self.version.can_scan() {
            return Ok(None);
        }
        scan::prepare(&mut self.session, &mut *self.context, self.radio).await?;
        match scan::wifi(&mut self.session, &mut *self.context.rng).await {
            Err(failure) if failure.code == Code::DeviceNoEndpoint => Ok(None),
            heard => heard.map(Some),
        }
    }

    /// The network that was chosen, with the passphrase that was given for it or is asked for.
    async fn take(&mut self, ssid: Vec<u8>, open: bool, answers: &mut dyn Answers) -> Result<(), Failure> {
        plan::check_ssid(&ssid).map_err(|failure| failure.at(Stage::Scan))?;
        let given = self.plan.wifi.passphrase.clone().filter(|_| self.failure.is_none());
        let passphrase = match given {
            Some(passphrase) => passphrase,
            None if open => Passphrase::new([]),
            None => self.ask_passphrase(answers, &ssid).await?,
        };
        self.target = Some(Target::Wifi { ssid, passphrase });
        Ok(())
    }

    pub(super) async fn ask_passphrase(&self, answers: &mut dyn Answers, ssid: &[u8]) -> Result<Passphrase, Failure> {
        let asked = self.context.budget.paused(answers.passphrase(ssid)).await;
        let passphrase = asked.map_err(at_scan)?;
        plan::check_passphrase(&passphrase).map_err(|failure| failure.at(Stage::Scan))?;
        Ok(passphrase)
    }
}

fn at_scan(error: AnswerError) -> Failure {
    Failure::from(error).at(Stage::Scan)
}
