//! The subcommands, one a file: what was typed (`Args`), what that means (a plan), and carrying it out.
//!
//! A command returns a [`Document`] or a [`Failure`]; it prints nothing itself. `report` renders both.

mod args;
mod completions;
mod descriptors;
mod desk;
mod device;
mod explain;
mod info;
mod input;
mod man;
mod misuse;
mod provision;
mod reset;
mod scan;
mod send;
mod sim;

pub use args::{ColorChoice, TalkArgs};
pub use misuse::misuse;

use clap::{Parser, Subcommand};

use crate::error::Failure;
use crate::report::{Document, Talk};
use crate::settings::Environment;
use crate::transport::TransportKind;

/// The program's command line.
#[derive(Debug, Parser)]
#[command(
    name = "espctl",
    version,
    about = "Takes ESP32-class devices from their box to online",
    after_help = "First steps, without a device:\n  espctl provision --device sim: --pop abcd1234 --ssid HomeNet \
                  --passphrase correct-horse-battery",
    infer_long_args = true,
    max_term_width = 110
)]
pub struct Cli {
    #[command(flatten)]
    talk: TalkArgs,
    #[command(subcommand)]
    command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
enum Command {
    /// Take one device through to "online"
    Provision(Box<provision::Args>),
    /// What a device says of itself: version, capabilities, security
    Info(info::Args),
    /// The networks a device hears
    Scan(scan::Args),
    /// Put a device's provisioning back to its start
    Reset(reset::Args),
    /// Send text, hex or a file to any endpoint through the secure session
    Send(send::Args),
    /// Run a simulated device, or many, to talk to
    Sim(Box<sim::Args>),
    /// What an error code means and what to do
    Explain(explain::Args),
    /// Print the completion script of a shell
    Completions(completions::Args),
    /// Print the manual page, or write all of them to a directory
    Man(man::Args),
}

/// What the program hands to its commands: everything that would otherwise be global.
pub struct App<'a> {
    /// The transports, the simulated one among them.
    pub kinds: &'a [&'static dyn TransportKind],
    /// The environment.
    pub environment: Environment<'a>,
    /// How to talk to people.
    pub talk: Talk,
}

impl Cli {
    /// The options on how to talk.
    pub fn talk(&self) -> &TalkArgs {
        &self.talk
    }

    /// Whether progress goes to standard error as JSON Lines.
    pub fn wants_events(&self) -> bool {
        match &self.command {
            Command::Provision(args) => args.device.events,
            Command::Info(args) => args.device.events,
            Command::Scan(args) => args.device.events,
            Command::Reset(args) => args.device.events,
            Command::Send(args) => args.device.events,
            Command::Sim(_) | Command::Explain(_) | Command::Completions(_) | Command::Man(_) => false,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// The [`Failure`] to report.
pub async fn run(cli: Cli, app: &App<'_>) -> Result<Document, Failure> {
    match cli.command {
        Command::Provision(args) => provision::run(*args, app).await,
        Command::Info(args) => info::run(args, app).await,
        Command::Scan(args) => scan::run(args, app).await,
        Command::Reset(args) => reset::run(args, app).await,
        Command::Send(args) => send::run(args, app).await,
        Command::Sim(args) => sim::run(*args, app).await,
        Command::Explain(args) => explain::run(&args),
        Command::Completions(args) => Ok(completions::run(&args)),
        Command::Man(args) => man::run(&args),
    }
}
