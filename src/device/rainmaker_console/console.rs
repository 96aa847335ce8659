//! The agent's console on a serial port: one command at a time, each wait bounded.
//!
//! The firmware echoes what it is sent, secrets included: what it prints stays in buffers that are wiped, and only
//! what [`reply`](super::reply) and [`join`](super::join) recognise leaves them.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};
use zeroize::Zeroizing;

use super::command::{Command, Unsendable};
use super::join::{JoinWatch, LogEnd};
use super::reply::{self, NodeId};
use crate::secret::{MappingKey, Passphrase};
use crate::transport::console::{ConsoleSettings, Conversation};
use crate::transport::{Locator, LogSink, TransportError};

/// How long a command may take: setting credentials restarts the radio.
const REPLY: Duration = Duration::from_secs(8);
/// How often the time is looked at while the board says nothing.
const LOOK: Duration = Duration::from_millis(100);

/// What can go wrong with the agent's console.
#[derive(Debug, thiserror::Error)]
pub enum RainMakerConsoleError {
    /// The port or the line.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// A prompt, but not the agent's.
    #[error("the console on {port} does not answer get-node-id")]
    NotAgent {
        /// The port.
        port: String,
    },
    /// No prompt came back.
    #[error("the console on {port} did not come back from {command}")]
    NoAnswer {
        /// The port.
        port: String,
        /// The command's name.
        command: &'static str,
    },
    /// The firmware says that a command failed.
    #[error("the board answered {command} with error {number}")]
    Refused {
        /// The command's name.
        command: &'static str,
        /// The firmware's number.
        number: i32,
    },
    /// The prompt came back without what the command prints.
    #[error("the board's answer to {command} cannot be made out")]
    Unreadable {
        /// The command's name.
        command: &'static str,
    },
    /// The line cannot be sent.
    #[error(transparent)]
    Unsendable(#[from] Unsendable),
}

/// A board whose agent's console answers.
pub struct RainMakerConsole {
    conversation: Conversation,
    node_id: NodeId,
    /// The credentials' time.
    sent: Option<Instant>,
    watch: JoinWatch,
}

impl RainMakerConsole {
    /// Opens the port a `console:` locator names and makes sure that the agent answers on it. What the board prints,
    /// but for the echo of the commands, goes to `log`.
    ///
    /// # Errors
    /// [`RainMakerConsoleError::NotAgent`] where another console has the prompt; [`RainMakerConsoleError::Transport`] where there is none.
    pub async fn open(to: &Locator, log: Arc<dyn LogSink>) -> Result<Self, RainMakerConsoleError> {
        let settings = ConsoleSettings::read(to)?;
        // The session number is protocomm's; this dialect has none.
        let conversation = Conversation::begin(&settings, 0, log).await?;
        let (sent, watch) = (None, JoinWatch::default());
        let mut agent = Self { conversation, node_id: NodeId::Unclaimed, sent, watch };
        agent.node_id = agent.ask_node_id().await?;
        Ok(agent)
    }

    /// The port's name.
    pub fn peer(&self) -> &str {
        self.conversation.path()
    }

    /// The node's id, as it said when it was opened.
    pub fn node_id(&self) -> &NodeId {
        &self.node_id
    }

    /// Has the board join a network at once; [`RainMakerConsole::await_join`] tells what became of it.
    ///
    /// # Errors
    /// [`RainMakerConsoleError`].
    pub async fn wifi_prov(&mut self, ssid: &[u8], passphrase: &Passphrase) -> Result<(), RainMakerConsoleError> {
        let command = Command::wifi_prov(ssid, passphrase)?;
        (self.watch, self.sent) = (JoinWatch::default(), None);
        self.conversation.say(command.line()).await?;
        self.sent = Some(Instant::now());
        let output = self.reply(&command).await?;
        // The log may have begun before the prompt came back.
        self.watch.hear(Duration::ZERO, &output);
        Ok(())
    }

    /// Whether credentials were sent, whatever came of it.
    pub fn has_sent(&self) -> bool {
        self.sent.is_some()
    }

    /// Has the node tell its back end whose it is, once it is online.
    ///
    /// # Errors
    /// [`RainMakerConsoleError`].
    pub async fn add_user(&mut self, user_id: &str, secret_key: &MappingKey) -> Result<(), RainMakerConsoleError> {
        let command = Command::add_user(user_id, secret_key)?;
        self.send(&command).await.map(drop)
    }

    /// Has the node sign a text with its own key; the signature's bytes.
    ///
    /// # Errors
    /// [`RainMakerConsoleError`].
    pub async fn sign_data(&mut self, data: &str) -> Result<Vec<u8>, RainMakerConsoleError> {
        let command = Command::sign_data(data)?;
        let output = self.send(&command).await?;
        reply::signature(&output).ok_or(RainMakerConsoleError::Unreadable { command: command.name() })
    }

    /// Follows the log until it tells what became of the join; `failed` is called for each attempt that failed. Ends
    /// within a minute.
    ///
    /// # Errors
    /// [`RainMakerConsoleError::Transport`] where the port goes away.
    pub async fn await_join(&mut self, mut failed: impl FnMut(Duration)) -> Result<LogEnd, RainMakerConsoleError> {
        let sent = *self.sent.get_or_insert_with(Instant::now);
        loop {
            if let Some(end) = self.watch.verdict(sent.elapsed()) {
                return Ok(end);
            }
            if let Ok(chunk) = timeout(LOOK, self.conversation.receive()).await
                && self.watch.hear(sent.elapsed(), &chunk?)
            {
                failed(sent.elapsed());
            }
        }
    }

    /// Asks twice: what was on the line before may have become part of the first question, or of its answer.
    async fn ask_node_id(&mut self) -> Result<NodeId, RainMakerConsoleError> {
        let command = Command::node_id();
        for _ in 0..2 {
            let output = match self.send(&command).await {
                Err(RainMakerConsoleError::Refused { .. }) => continue,
                output => output?,
            };
            if let Some(node_id) = reply::node_id(&output) {
                return Ok(node_id);
            }
        }
        Err(RainMakerConsoleError::NotAgent { port: self.peer().to_owned() })
    }

    async fn send(&mut self, command: &Command) -> Result<Zeroizing<Vec<u8>>, RainMakerConsoleError> {
        self.conversation.say(command.line()).await?;
        self.reply(command).await
    }

    async fn reply(&mut self, command: &Command) -> Result<Zeroizing<Vec<u8>>, RainMakerConsoleError> {
        let answered = timeout(REPLY, self.conversation.reply(command.line())).await;
        let name = command.name();
        let output =
            answered.map_err(|_| RainMakerConsoleError::NoAnswer { port: self.peer().to_owned(), command: name })??;
        match reply::failure(&output) {
            Some(number) => Err(RainMakerConsoleError::Refused { command: name, number }),
            None => Ok(output),
        }
    }
}
