//! Telling the node whose it is.

use super::plan::UserMapping;
use super::state::Run;
use crate::code::Code;
use crate::device::call;
use crate::endpoint::associate::SetUserMapping;
use crate::event::Event;
use crate::failure::Failure;
use crate::session::Meaning;
use crate::stage::Stage;

impl Run<'_> {
    /// Tells the node its user, who claims it at the back end later.
    pub(super) async fn associate(&mut self, mapping: &UserMapping) -> Result<(), Failure> {
        self.started(Stage::Associate);
        let context = self.context;
        let device = self.device()?;
        if device.facts().unclaimed {
            return Err(Failure::new(Code::DeviceUnclaimed).at(Stage::Associate));
        }
        if device.facts().has_challenge_response() {
            return Err(Failure::new(Code::UsageUnsupported)
                .at(Stage::Associate)
                .saying("the device associates by challenge and response, which needs an account at its back end")
                .because("its version document lists ch_resp, so it has no plain user mapping")
                .hint("leave out --user-id and --secret-key to provision it without association"));
        }
        context.before(Stage::Associate).await?;
        let request = SetUserMapping { user_id: &mapping.user_id, secret_key: &mapping.secret_key };
        let node_id = call(device, &request).await.map_err(|error| match error.meaning() {
            Meaning::Refused => Failure::new(Code::AssociationRefused).at(Stage::Associate).caused_by(&error),
            Meaning::NoEndpoint => Failure::from(error)
                .at(Stage::Associate)
                .saying("the firmware has no plain user association")
                .hint("leave out --user-id and --secret-key"),
            _ => Failure::from(error).at(Stage::Associate),
        })?;
        self.observe(&Event::Associated { node_id: node_id.clone() });
        self.node_id = Some(node_id);
        Ok(())
    }
}
