//! The subcommands, one a file: what was typed (`Args`), what that means (a plan), and carrying it out.
//!
//! A command returns a [`Document`] or a [`Failure`]; it prints nothing itself. `report` renders both.
//!
//! One subcommand each:
//!
//! - `completions.rs`, `config.rs`, `discover.rs`, `explain.rs`, `info.rs`, `login.rs`, `logout.rs`, `man.rs`, `monitor.rs`,
//!   `profile.rs`, `provision.rs`, `reset.rs`, `scan.rs`, `send.rs`, `sim.rs`, `whoami.rs`
//!
//! What they share:
//!
//! - `app.rs`: what every command is handed
//! - `account.rs`: which account is meant
//! - `args.rs`: options of several commands
//! - `device.rs`: which device is meant, and its secrets
//! - `label.rs`: what a label says, where a failure turns on it
//! - `port.rs`: which serial port is meant
//! - `board.rs`: the board on the cable
//! - `input.rs`: what options point to
//! - `session.rs`: one thing carried out on one device
//! - `single_run.rs`: the observers of the one run, and the person who answers
//! - `words.rs`: the command line before it is parsed; `usage_error.rs`: one that does not parse
//!
//! Parts of one command:
//!
//! - `provision/`: its word without an option, network, back end and outcome
//! - `rainmaker.rs`: the other tool's options, for `provision`
//! - `dialect.rs`: which console is meant
//! - `descriptors.rs`: open files for a fleet, for `sim`

mod account;
mod app;
mod args;
mod board;
mod completions;
mod config;
mod descriptors;
mod device;
mod dialect;
mod discover;
mod explain;
mod info;
mod input;
mod label;
mod login;
mod logout;
mod man;
mod monitor;
mod port;
mod profile;
mod provision;
mod rainmaker;
mod reset;
mod scan;
mod send;
mod session;
mod sim;
mod single_run;
mod usage_error;
mod whoami;
mod words;

pub use app::App;
pub use usage_error::report_usage_error;
pub use words::prepared;

use std::io;
use std::time::Duration;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use futures_util::future::join_all;
use tokio::time::timeout;

use args::{ColorChoice, OutputArgs};

use crate::code::Fact;
use crate::event::{Event, Observer};
use crate::failure::Failure;
use crate::report::Document;
use crate::report::capabilities::{Color, Wishes};
use crate::report::records::Records;
use crate::settings::{Files, keys};

const FIRST_STEPS: &str = "\
First steps, without a device:
  espctl provision --device sim: --pop abcd1234 --ssid HomeNet \\
                   --passphrase correct-horse-battery
Then, with one (provision scans, and lets you choose the network):
  espctl discover                      what is in reach, and the command to type next
  espctl provision --pop abcd1234 --transport ble
                                       over Bluetooth
  espctl provision --pop abcd1234      on the device's own Wi-Fi network
  espctl provision --from-serial       over a cable: name and PoP come from the board";

/// The program's command line.
#[derive(Debug, Parser)]
#[command(
    name = "espctl",
    version,
    about = "Takes ESP32-class devices from their box to online",
    after_help = FIRST_STEPS,
    infer_long_args = true,
    args_override_self = true,
    arg_required_else_help = true,
    max_term_width = 110
)]
pub struct Cli {
    #[command(flatten)]
    output: OutputArgs,
    #[command(subcommand)]
    command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
enum Command {
    /// Take one device through to "online"
    Provision(Box<provision::Args>),
    /// List what is in reach, over Bluetooth and on serial ports, with the command to type next
    Discover(discover::Args),
    /// What a device says of itself: version, capabilities, security
    Info(info::Args),
    /// The networks a device hears
    Scan(scan::Args),
    /// Make a device forget a network it could not join, so that it can be provisioned again
    Reset(reset::Args),
    /// Send text, hex or a file to any endpoint through the secure session
    Send(send::Args),
    /// Show what a board prints on its serial port, secrets taken out, until Ctrl-C or --timeout
    Monitor(monitor::Args),
    /// Log in to ESP RainMaker, with a password; a missing one is asked for
    Login(login::Args),
    /// End a login
    #[command(args = args::without_questions())]
    Logout(logout::Args),
    /// Whose account is in use, as the cloud says
    #[command(args = args::without_questions())]
    Whoami(whoami::Args),
    /// The clouds that an account can be at; the profiles and logins of esp-rainmaker-cli are shared
    #[command(args = args::without_questions())]
    Profile(profile::Args),
    /// Run a simulated device, or many, to talk to
    #[command(args = args::without_questions())]
    Sim(Box<sim::Args>),
    /// The settings that hold, where each comes from, and the settings files
    #[command(args = args::without_questions())]
    Config(config::Args),
    /// What an error code means and what to do
    #[command(args = args::without_questions())]
    Explain(explain::Args),
    /// Print the completion script of a shell
    #[command(args = args::without_questions())]
    Completions(completions::Args),
    /// Print the manual page, or write all of them to a directory
    #[command(args = args::without_questions())]
    Man(man::Args),
}

impl Cli {
    /// What the command line, and then the settings files, say of how to print.
    pub fn wishes(&self, files: &Files) -> Wishes {
        let OutputArgs { json, quiet, verbose, color, no_input, plain } = self.output;
        let in_file = || ColorChoice::from_str(&files.value(&keys::COLOR)?.value, false).ok();
        let color = match color.or_else(in_file).unwrap_or_default() {
            ColorChoice::Auto => Color::Auto,
            ColorChoice::Always => Color::Always,
            ColorChoice::Never => Color::Never,
        };
        Wishes {
            json,
            events: self.command.traits().events,
            // An option of this run that asks for more outweighs a file.
            quiet: quiet || (verbose == 0 && files.switch(&keys::QUIET)),
            verbose,
            color,
            no_input: no_input || files.switch(&keys::NO_INPUT),
            plain: plain || files.switch(&keys::PLAIN),
        }
    }
}

/// What the program has to know of a command before it carries it out.
struct Traits {
    /// The settings files matter to it.
    settings: bool,
    /// Its progress goes to standard error as JSON Lines.
    events: bool,
}

impl Command {
    fn name(&self) -> &'static str {
        match self {
            Self::Provision(_) => "provision",
            Self::Discover(_) => "discover",
            Self::Info(_) => "info",
            Self::Scan(_) => "scan",
            Self::Reset(_) => "reset",
            Self::Send(_) => "send",
            Self::Monitor(_) => "monitor",
            Self::Login(_) => "login",
            Self::Logout(_) => "logout",
            Self::Whoami(_) => "whoami",
            Self::Profile(_) => "profile",
            Self::Sim(_) => "sim",
            Self::Config(_) => "config",
            Self::Explain(_) => "explain",
            Self::Completions(_) => "completions",
            Self::Man(_) => "man",
        }
    }

    fn traits(&self) -> Traits {
        let on_a_device = |events| Traits { settings: true, events };
        match self {
            Self::Provision(args) => on_a_device(args.record.events),
            Self::Info(args) => on_a_device(args.record.events),
            Self::Scan(args) => on_a_device(args.session.record.events),
            Self::Reset(args) => on_a_device(args.session.record.events),
            Self::Send(args) => on_a_device(args.session.record.events),
            Self::Monitor(args) => on_a_device(args.events),
            Self::Discover(_) => on_a_device(false),
            // `config` reads the files itself, also those that are invalid.
            Self::Login(_)
            | Self::Logout(_)
            | Self::Whoami(_)
            | Self::Profile(_)
            | Self::Sim(_)
            | Self::Config(_)
            | Self::Explain(_)
            | Self::Completions(_)
            | Self::Man(_) => Traits { settings: false, events: false },
        }
    }
}

/// How long links may take to be given back at the end.
const RELEASE: Duration = Duration::from_secs(4);

/// Runs the command, and waits until no link is left up behind it.
///
/// # Errors
/// The [`Failure`] to report.
pub async fn run(cli: Cli, app: &App<'_>) -> Result<Document, Failure> {
    let name = cli.command.name();
    let result = Box::pin(carry_out(cli, app)).await;
    let result = result.map_err(|failure| device::name_terminal(failure, app).knowing_value(Fact::Command, name));
    let released = join_all(app.kinds.iter().map(|kind| kind.released()));
    tokio::select! {
        _ = timeout(RELEASE, released) => {}
        // A second Ctrl-C means now.
        () = app.process.another_signal() => {}
    }
    result
}

async fn carry_out(cli: Cli, app: &App<'_>) -> Result<Document, Failure> {
    let Traits { settings, events } = cli.command.traits();
    if settings {
        let warnings = app.files.checked(app.kinds)?.warnings();
        for text in &warnings {
            say(text, events, app);
        }
    }
    match cli.command {
        Command::Provision(args) => Box::pin(provision::run(*args, app)).await,
        Command::Discover(args) => discover::run(args, app).await,
        Command::Info(args) => Box::pin(info::run(args, app)).await,
        Command::Scan(args) => scan::run(args, app).await,
        Command::Reset(args) => reset::run(args, app).await,
        Command::Send(args) => Box::pin(send::run(args, app)).await,
        Command::Monitor(args) => monitor::run(args, app).await,
        Command::Login(args) => Box::pin(login::run(args, app)).await,
        Command::Logout(args) => Box::pin(logout::run(&args, app)).await,
        Command::Whoami(args) => Box::pin(whoami::run(&args, app)).await,
        Command::Profile(args) => profile::run(&args, app).await,
        Command::Sim(args) => sim::run(*args, app).await,
        Command::Config(args) => config::run(&args, app),
        Command::Explain(args) => explain::run(&args),
        Command::Completions(args) => Ok(completions::run(&args, Cli::command())),
        Command::Man(args) => man::run(&args, Cli::command()),
    }
}

/// Says what a person has to know before a run begins.
fn say(text: &str, as_events: bool, app: &App<'_>) {
    if as_events {
        Records::new(io::stderr(), false).observe(&Event::Note { text: text.to_owned() });
    } else {
        app.output.warn(text);
    }
}
