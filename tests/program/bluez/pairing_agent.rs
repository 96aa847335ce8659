//! Agents: whom bluetoothd asks about pairing.

use zbus::zvariant::OwnedObjectPath;

use super::bus::{Bus, object};
use super::message::{Answer, Call, Refusal};
use super::nearby::Question;
use super::world::PairingAgent;

/// The number that both ends show.
const PASSKEY: u32 = 123_456;

impl Bus {
    pub(super) fn asked_agents(&self, call: &Call) -> Answer {
        let missing = || Refusal::bluez("DoesNotExist", "Does Not Exist");
        let mut world = self.world();
        match call.member.as_str() {
            "RegisterAgent" => {
                let (path, _capability): (OwnedObjectPath, String) = call.arguments()?;
                if world.agents.iter().any(|agent| agent.client == call.client) {
                    return Err(Refusal::bluez("AlreadyExists", "Already Exists"));
                }
                world.agents.push(PairingAgent { client: call.client, path: path.to_string() });
                call.done()
            }
            "RequestDefaultAgent" => {
                let own = PairingAgent { client: call.client, path: call.arguments::<OwnedObjectPath>()?.to_string() };
                let known = world.agents.contains(&own);
                world.default_agent = Some(known.then_some(own).ok_or_else(missing)?);
                call.done()
            }
            "UnregisterAgent" => {
                let own = PairingAgent { client: call.client, path: call.arguments::<OwnedObjectPath>()?.to_string() };
                let at = world.agents.iter().position(|agent| *agent == own).ok_or_else(missing)?;
                world.agents.remove(at);
                if world.default_agent == Some(own) {
                    world.default_agent = world.agents.last().cloned();
                }
                call.done()
            }
            _ => Err(call.unknown()),
        }
    }
}

/// Asks an agent about a device.
pub(super) async fn ask(bus: &Bus, agent: &PairingAgent, device: &str, question: Question) -> Result<(), Refusal> {
    let device = object(device);
    let interface = "org.bluez.Agent1";
    let asked = match question {
        Question::Nothing => return Ok(()),
        Question::Authorization => {
            bus.ask(agent.client, &agent.path, interface, "RequestAuthorization", &(device)).await
        }
        Question::Confirmation => {
            bus.ask(agent.client, &agent.path, interface, "RequestConfirmation", &(device, PASSKEY)).await
        }
    };
    asked.map(drop)
}
