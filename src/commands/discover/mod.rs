//! `espctl discover`: what is in reach to be provisioned, with the command to type next: Bluetooth devices and serial
//! ports.
//!
//! Looks and does not touch: no port is opened, no device connected to. One file a kind of link, one member of the
//! document each. A kind of link that this computer cannot use is a row with its hint, and no failure.

mod bluetooth;
mod serial;

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, interval, sleep_until};

use super::App;
use super::device;
use crate::code::Code;
use crate::failure::Failure;
use crate::report::live::Live;
use crate::report::{Document, error_json};
use crate::transport::TransportError;
use crate::transport::ble::Watch;
use bluetooth::Neighbours;

/// How long to listen, unless told: devices advertise several times a second, and a name may come late.
const LISTEN: u64 = 5;
/// How often what is heard is looked at.
const LOOK: Duration = Duration::from_millis(500);

const EXAMPLES: &str = "\
Examples:
  espctl discover                      5 seconds of Bluetooth, and the serial ports
  espctl discover --watch --prefix PROV_
  espctl discover --transport ble --json";

/// Options of `discover`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Look here only; repeat for more
    #[arg(long, value_name = "KIND")]
    transport: Vec<Kind>,
    /// Only Bluetooth devices whose name begins with this, case ignored
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    prefix: String,
    /// Bluetooth devices this program knows nothing of, too
    #[arg(long)]
    all: bool,
    /// The Bluetooth adapter, by name (hci0) or address; without one, the only one that is on [env: ESPCTL_ADAPTER]
    #[arg(long, value_name = "ADAPTER")]
    adapter: Option<String>,
    /// Go on until Ctrl-C, or --timeout: a live table on a terminal, else a line for each device as it is first heard
    #[arg(long)]
    watch: bool,
    /// How long to listen for Bluetooth devices, in seconds; default: 5, with --watch no end
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
}

/// A kind of link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// Bluetooth Low Energy
    Ble,
    /// Serial ports
    Console,
}

pub(super) async fn run(args: Args, app: &App<'_>) -> Result<Document, Failure> {
    if args.watch && app.output.json && args.timeout.is_none() {
        return Err(Failure::new(Code::UsageConflict)
            .saying("--watch has no end, and --json prints one document at the end")
            .hint("give it an end with --timeout, or leave out --watch"));
    }
    let wants = |kind| args.transport.is_empty() || args.transport.contains(&kind);
    let mut text = Vec::new();
    let mut body = json!({});
    if wants(Kind::Ble) {
        let air = listen(&args, app).await?;
        text.push(air.words());
        body["bluetooth"] = air.json();
    }
    if wants(Kind::Console) {
        let rows = tokio::task::spawn_blocking(serial::ports).await.unwrap_or_default();
        text.push(serial::words(&rows));
        body["serial"] = rows.iter().map(serial::Row::json).collect();
    }
    Ok(Document::new("discover", text.join("\n\n"), body))
}

/// What Bluetooth had to say.
enum Air {
    Heard(Neighbours, Instant),
    Unusable(Failure),
}

impl Air {
    fn words(&self) -> String {
        match self {
            Self::Heard(neighbours, at) => neighbours.table(*at).join("\n"),
            Self::Unusable(failure) => {
                let head = ["Bluetooth".to_owned(), format!("  {}", failure.message)];
                let causes = failure.causes.iter().map(|cause| format!("    cause: {cause}"));
                let hints = failure.hints.iter().map(|hint| format!("    hint:  {hint}"));
                head.into_iter().chain(causes).chain(hints).collect::<Vec<_>>().join("\n")
            }
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Heard(neighbours, at) => {
                json!({ "usable": true, "error": null, "devices": neighbours.json(*at) })
            }
            Self::Unusable(failure) => json!({ "usable": false, "error": error_json(failure), "devices": [] }),
        }
    }
}

/// Listens until the time is up.
///
/// # Errors
/// Where a person ends it before its time; and, to be watched or with nothing but Bluetooth to look at, where that cannot
/// be used.
async fn listen(args: &Args, app: &App<'_>) -> Result<Air, Failure> {
    let adapter = device::adapter(args.adapter.as_deref(), app)?;
    let seconds = args.timeout.or((!args.watch).then_some(LISTEN));
    let mut live = (app.output.redraw && !app.output.quiet && !app.output.json).then(|| Live::new(app.output));
    let mut neighbours = Neighbours::new(&args.prefix, args.all, args.adapter.as_deref());
    let work = async {
        let mut watch = Watch::start(adapter.as_deref()).await?;
        // From now on: the way to Bluetooth may have taken long, where the system starts its service on demand.
        let end = seconds.and_then(|seconds| Instant::now().checked_add(Duration::from_secs(seconds)));
        let mut tick = interval(LOOK);
        loop {
            let over = tokio::select! {
                _ = tick.tick() => false,
                () = until(end) => true,
            };
            neighbours.update(watch.sightings().map_err(TransportError::from)?);
            match &mut live {
                Some(live) => live.draw(&neighbours.table(Instant::now())),
                None if args.watch => neighbours.news(Instant::now()).iter().for_each(|line| app.output.remark(line)),
                None => {}
            }
            if over {
                watch.finish().await;
                return Ok(());
            }
        }
    };
    let result: Result<(), Failure> = tokio::select! {
        result = work => result,
        // Who watches ends it so.
        () = app.process.interruption().cancelled() => if args.watch { Ok(()) } else { Err(Failure::new(Code::Interrupted)) },
    };
    drop(live);
    match result {
        Ok(()) => Ok(Air::Heard(neighbours, Instant::now())),
        Err(failure) if args.watch || args.transport == [Kind::Ble] || failure.code == Code::Interrupted => {
            Err(failure)
        }
        Err(failure) => Ok(Air::Unusable(failure)),
    }
}

async fn until(end: Option<Instant>) {
    match end {
        Some(end) => sleep_until(end).await,
        None => std::future::pending().await,
    }
}
