//! `espctl discover`: what is in reach to be provisioned, with the command to type next.
//!
//! Looks and does not touch: no port is opened, no device connected to. What there is to list is each kind's own; a kind
//! that this computer cannot use is a row with its hint, and not a failure.

use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser};
use serde_json::{Value, json};
use tokio::time::{Instant, interval, sleep_until};

use super::app::App;
use super::device;
use crate::code::Code;
use crate::failure::Failure;
use crate::report::live::Live;
use crate::report::{Document, error_json};
use crate::text;
use crate::transport::{Discovery, KINDS, Listing, TransportError, TransportKind, Wanted};

/// How long to listen by default: devices advertise several times a second, and a name may come late.
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
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    transport: Vec<String>,
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

/// The kinds that can look around, as values of `--transport`.
fn kinds() -> PossibleValuesParser {
    let looks = KINDS.iter().filter_map(|kind| Some((kind.scheme(), kind.discover(&Wanted::default())?)));
    let mut looks: Vec<_> = looks.collect();
    looks.sort_by_key(|(_, discovery)| !discovery.listens());
    looks
        .iter()
        .map(|(scheme, discovery)| PossibleValue::new(*scheme).help(discovery.title()))
        .collect::<Vec<_>>()
        .into()
}

pub(super) async fn run(args: Args, app: &App<'_>) -> Result<Document, Failure> {
    if args.watch && app.output.json && args.timeout.is_none() {
        return Err(Failure::new(Code::UsageConflict)
            .saying("--watch has no end, and --json prints one document at the end")
            .hint("give it an end with --timeout, or leave out --watch"));
    }
    let adapter = device::adapter(args.adapter.as_deref(), app)?;
    let filter = Wanted { prefix: args.prefix.clone(), all: args.all, adapter };
    let asked = |kind: &&&dyn TransportKind| {
        args.transport.is_empty() || args.transport.iter().any(|scheme| scheme == kind.scheme())
    };
    let looks = KINDS.iter().filter(asked).filter_map(|kind| kind.discover(&filter));
    let mut looks: Vec<_> = looks.map(|discovery| Look { discovery, failure: None, away: false }).collect();
    // What takes time comes first, and what was there at the end is shown after it.
    looks.sort_by_key(|look| !look.discovery.listens());
    look_around(&mut looks, &args, app).await?;
    let mut text = Vec::new();
    let mut body = json!({});
    let now = Instant::now();
    for look in looks {
        let member = look.discovery.member();
        let (words, value) = look.shown(now);
        text.push(words);
        body[member] = value;
    }
    Ok(Document::new("discover", text.join("\n\n"), body))
}

/// One kind of link, looked at.
struct Look {
    discovery: Box<dyn Discovery>,
    /// Why it cannot be used.
    failure: Option<Failure>,
    /// Whether it had worked, and does not at the moment.
    away: bool,
}

impl Look {
    /// In words, and as the value of its member.
    fn shown(self, now: Instant) -> (String, Value) {
        if let Some(failure) = self.failure {
            let head = [self.discovery.title().to_owned(), format!("  {}", failure.message)];
            let causes = failure.causes.iter().map(|cause| format!("    cause: {cause}"));
            let hints = failure.hints().into_iter().map(|hint| format!("    hint:  {hint}"));
            let words = head.into_iter().chain(causes).chain(hints).collect::<Vec<_>>().join("\n");
            return (words, self.discovery.document(Err(error_json(&failure))));
        }
        let (words, rows) = shown(self.discovery.listing(now));
        (words.join("\n"), self.discovery.document(Ok(rows)))
    }

    /// Takes in what is in reach now. Where that can no longer be told it is started again at each look: an adapter may be
    /// plugged in again.
    async fn look_on(&mut self, app: &App<'_>) {
        let cause = if self.away { None } else { self.discovery.look().err() };
        if let Some(cause) = cause.map(Failure::from) {
            self.discovery.finish().await;
            self.away = true;
            let what = cause.causes.first().unwrap_or(&cause.message);
            app.output.remark(&format!("{what}; waiting for that to pass"));
        } else if self.away && self.discovery.start().await.is_ok() {
            self.away = false;
            app.output.remark(&format!("{} can be used again", self.discovery.title()));
        }
    }

    /// Takes note of what went wrong with it, unless that is the end of all.
    fn note(&mut self, result: Result<(), TransportError>, must_work: bool) -> Result<(), Failure> {
        match result.map_err(Failure::from) {
            Err(failure) if must_work => Err(failure),
            result => {
                self.failure = result.err();
                Ok(())
            }
        }
    }
}

/// Looks until the time is up.
///
/// # Errors
/// Where a person ends it before its time; and, to be watched or with one kind alone to look at, where that cannot be
/// used.
async fn look_around(looks: &mut [Look], args: &Args, app: &App<'_>) -> Result<(), Failure> {
    let listening = looks.iter().filter(|look| look.discovery.listens()).count();
    let must_work = args.watch || looks.len() == 1;
    let (listening, others) = looks.split_at_mut(listening);
    tokio::select! {
        result = listen(listening, must_work, args, app) => result?,
        // The person who watches ends it so.
        () = app.process.interruption().cancelled() => if !args.watch { return Err(Failure::new(Code::Interrupted)) },
    }
    for look in others {
        let started = look.discovery.start().await;
        look.note(started, must_work)?;
    }
    Ok(())
}

async fn listen(looks: &mut [Look], must_work: bool, args: &Args, app: &App<'_>) -> Result<(), Failure> {
    let seconds = args.timeout.or((!args.watch).then_some(LISTEN));
    let mut live = (app.output.redraw && !app.output.quiet && !app.output.json).then(|| Live::new(app.output));
    for look in looks.iter_mut() {
        let started = look.discovery.start().await;
        look.note(started, must_work)?;
    }
    // From now on: the way to Bluetooth may have taken long, where the system starts its service on demand.
    let end = seconds.and_then(|seconds| Instant::now().checked_add(Duration::from_secs(seconds)));
    let mut tick = interval(LOOK);
    while looks.iter().any(|look| look.failure.is_none()) {
        let over = tokio::select! {
            _ = tick.tick() => false,
            () = until(end) => true,
        };
        let now = Instant::now();
        let mut tables = Vec::new();
        for look in looks.iter_mut().filter(|look| look.failure.is_none()) {
            if args.watch {
                look.look_on(app).await;
            } else {
                let looked = look.discovery.look();
                look.note(looked, must_work)?;
            }
            if live.is_some() {
                tables.extend(shown(look.discovery.listing(now)).0);
            } else if args.watch {
                look.discovery.news(now).iter().for_each(|line| app.output.remark(line));
            }
        }
        if let Some(live) = &mut live {
            live.draw(&tables);
        }
        if over {
            break;
        }
    }
    for look in looks {
        look.discovery.finish().await;
    }
    Ok(())
}

async fn until(end: Option<Instant>) {
    match end {
        Some(end) => sleep_until(end).await,
        None => std::future::pending().await,
    }
}

/// How wide each column is.
fn widths<'a>(table: impl Iterator<Item = &'a Vec<String>>) -> Vec<usize> {
    let mut widths = Vec::new();
    for cells in table {
        widths.resize(widths.len().max(cells.len()), 0);
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = text::columns(cell).max(*width);
        }
    }
    widths
}

/// A listing as lines, and as the values of its rows.
fn shown(listing: Listing) -> (Vec<String>, Vec<Value>) {
    let Listing { heading, titles, rows, after } = listing;
    let titles: Vec<_> = titles.iter().map(|title| (*title).to_owned()).collect();
    let widths = widths(rows.iter().map(|row| &row.cells).chain([&titles]));
    let line = |cells: &[String]| {
        let padded: Vec<_> = cells.iter().zip(&widths).map(|(cell, width)| text::padded(cell, *width)).collect();
        format!("  {}", padded.join("  ").trim_end())
    };
    let mut lines = vec![heading];
    if !titles.is_empty() && !rows.is_empty() {
        lines.push(line(&titles));
    }
    let mut values = Vec::new();
    for row in rows {
        lines.push(line(&row.cells));
        let mut value = row.json;
        match row.obstacle.map(Failure::from) {
            None => lines.extend(row.next.map(|next| format!("    {next}"))),
            Some(failure) => {
                lines.push(format!("    {}: {}", failure.message, failure.causes.join("; ")));
                lines.extend(failure.hints().first().map(|hint| format!("    {hint}")));
                value["error"] = error_json(&failure);
            }
        }
        values.push(value);
    }
    lines.extend(after.map(|after| format!("  {after}")));
    (lines, values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Row;
    use crate::transport::serial::PortError;

    fn row(cells: &[&str], obstacle: Option<TransportError>) -> Row {
        let cells = cells.iter().map(|cell| (*cell).to_owned()).collect();
        Row { cells, next: Some("espctl provision".to_owned()), json: json!({ "error": null }), obstacle }
    }

    #[test]
    fn rows_stand_below_their_titles_with_the_command_to_type() {
        let rows = vec![row(&["PROV_1", "24:0A"], None), row(&["P", ""], None)];
        let after = Some("and 1 other device".to_owned());
        let (lines, _) = shown(Listing { heading: "Bluetooth".to_owned(), titles: &["NAME", "ADDRESS"], rows, after });
        let expected = [
            "Bluetooth",
            "  NAME    ADDRESS",
            "  PROV_1  24:0A",
            "    espctl provision",
            "  P",
            "    espctl provision",
            "  and 1 other device",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_row_that_cannot_be_used_has_its_hint() {
        let (path, group, user) = ("/dev/ttyACM0".to_owned(), Some("dialout".to_owned()), Some("ana".to_owned()));
        let rows = vec![row(&["/dev/ttyACM0"], Some(PortError::Permission { path, group, user }.into()))];
        let (lines, values) = shown(Listing { heading: "Serial ports".to_owned(), titles: &[], rows, after: None });
        let text = lines.join("\n");
        assert!(text.contains("sudo usermod -aG dialout ana") && !text.contains("espctl provision"), "{text}");
        assert_eq!(values[0]["error"]["code"], "port.permission");
    }
}
