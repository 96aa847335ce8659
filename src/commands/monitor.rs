//! `espctl monitor`: what a board prints, decoded and without its secrets, until told otherwise.

use std::collections::VecDeque;
use std::io;
use std::pin::{Pin, pin};
use std::time::Duration;

use clap::ValueEnum;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::app::App;
use super::port::{self, Heard};
use crate::board::{self, About, COMES_BACK, LogReader, Redaction, open, sign, started};
use crate::code::Code;
use crate::event::{Event, Observer};
use crate::failure::Failure;
use crate::report::records::{self, Records};
use crate::report::{Document, Output, human};
use crate::settings::find;
use crate::settings::keys::{Key, device_parts};
use crate::text;
use crate::transport::serial::{self, Reset};
use crate::wire::log::{Level, Line};

const ENDING: &str = "\
Without --until it runs until Ctrl-C, SIGTERM or --timeout, and ends then with status 0.
With --until, Ctrl-C and SIGTERM end it with status 130.";

/// Options of `monitor`.
#[derive(Debug, clap::Args)]
#[command(after_help = ENDING)]
pub(super) struct Args {
    /// The board's serial port: a path, a path with *, usb:VID:PID, usb:VID, a serial number or console:PORT?baud=RATE;
    /// without one, the only board there is [env: ESPCTL_PORT]
    #[arg(value_name = "PORT")]
    port: Option<String>,
    /// The same, as other commands take it
    #[arg(long = "port", id = "port-option", value_name = "PORT", conflicts_with = "port")]
    port_option: Option<String>,
    /// Bits per second; default: 115200
    #[arg(long, value_name = "RATE")]
    baud: Option<u32>,
    /// Restart the board: never, boot, or auto for one that says nothing for two seconds; default: never
    #[arg(long, value_name = "WHEN")]
    reset: Option<String>,
    /// Show only lines that hold this text, case ignored; repeat for more
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// Show only lines of this tag; repeat for more
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Show log lines of this level and the more serious ones; lines without a level are always shown
    #[arg(long, value_name = "LEVEL", default_value = "verbose")]
    level: LevelChoice,
    /// End, with status 0, at the first line that holds this text, case ignored, shown or not
    #[arg(long, value_name = "TEXT")]
    until: Option<String>,
    /// End after this many seconds: with status 124 if --until was waiting; default: 60 with --until, 10 with --json,
    /// else never
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
    /// Write the lines to standard error as JSON Lines, not to standard output
    #[arg(long, help_heading = "Output")]
    pub(super) events: bool,
}

/// The least serious level shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LevelChoice {
    #[value(alias = "e", alias = "E")]
    Error,
    #[value(alias = "w", alias = "W", alias = "warn")]
    Warning,
    #[value(alias = "i", alias = "I")]
    Info,
    #[value(alias = "d", alias = "D")]
    Debug,
    #[value(alias = "v", alias = "V")]
    Verbose,
}

/// Most of the last lines in the document.
const LAST: usize = 50;
/// How long a silent board is waited for before a word is said about it.
const SILENCE: Duration = Duration::from_secs(5);
/// How long before a silent board is restarted ([`Reset::Auto`]).
const LISTEN_FIRST: Duration = Duration::from_secs(2);

pub(super) async fn run(args: Args, app: &App<'_>) -> Result<Document, Failure> {
    if args.until.as_deref() == Some("") {
        return Err(Failure::new(Code::UsageInvalid)
            .saying("--until is empty: every line holds that")
            .hint("give some text of the line that is waited for"));
    }
    let named = args.port.as_ref().or(args.port_option.as_ref()).filter(|port| !port.is_empty());
    let port = port::or_variable(named.cloned(), "PORT", app);
    let option = |key: &Key| match key.name {
        "baud" => args.baud.map(|rate| rate.to_string()),
        "reset" => args.reset.clone(),
        _ => None,
    };
    let parts = device_parts(&|key| find(key, option(key), app.environment, app.files))?;
    let port = Heard::read(port, parts.baud.as_ref(), parts.reset.as_ref())?;
    let reset = port.reset.unwrap_or_default();
    let settings = port.find("espctl monitor PORT").await?;
    let seconds = args.timeout.or(match (&args.until, app.output.json) {
        (Some(_), _) => Some(60),
        (None, true) => Some(10),
        (None, false) => None,
    });
    let end = seconds.and_then(|seconds| Instant::now().checked_add(Duration::from_secs(seconds)));
    let view = View::new(&args, app.output);
    let mut stop = pin!(app.process.interruption().cancelled());
    let port = tokio::select! {
        // First, so that it is attended to from here on.
        biased;
        () = &mut stop => return Err(Failure::new(Code::Interrupted)),
        port = open(&settings) => port?,
    };
    if let Some(shared) = serial::shared(&settings.path) {
        view.note(&shared);
    }
    let reader = LogReader::new(port, Redaction::default());
    Monitor { reader, view, end, seen: 0, last: VecDeque::new() }.run(reset, args.until.as_deref(), stop).await
}

/// One board, heard and shown.
struct Monitor {
    reader: LogReader,
    view: View,
    end: Option<Instant>,
    seen: u64,
    last: VecDeque<Line>,
}

impl Monitor {
    /// Until a line matches, the time is over or `stop` completes; only a wait for a line is interrupted by that.
    async fn run(
        mut self,
        reset: Reset,
        until: Option<&str>,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Document, Failure> {
        if reset == Reset::Boot {
            self.reader.restart_board().await?;
        }
        let until = until.map(str::to_lowercase);
        let matches = |line: &Line| until.as_deref().is_some_and(|text| holds(line, text));
        let started = Instant::now();
        let (mut restart, mut hushed, mut garbled) = (reset == Reset::Auto, true, false);
        loop {
            // A board that never pauses would otherwise never be timed out.
            if self.end.is_some_and(|end| Instant::now() >= end) {
                break;
            }
            let heard = tokio::select! {
                heard = self.reader.next() => match heard {
                    Ok(heard) => heard,
                    Err(failure) => {
                        let back = self.reader.outlive(failure, COMES_BACK, &self.view);
                        tokio::select! {
                            back = back => back?,
                            () = &mut stop => match until {
                                Some(_) => return Err(Failure::new(Code::Interrupted)),
                                None => break,
                            },
                        }
                        continue;
                    }
                },
                () = at(self.end) => break,
                () = &mut stop => match until {
                    Some(_) => return Err(Failure::new(Code::Interrupted)),
                    None => break,
                },
                () = sleep_until(started + LISTEN_FIRST), if restart => {
                    restart = false;
                    self.reader.restart_board().await?;
                    continue;
                }
                () = sleep_until(started + SILENCE), if hushed => {
                    hushed = false;
                    self.view.note("nothing has arrived yet; press the board's reset button, or give --reset boot");
                    continue;
                }
            };
            (restart, hushed) = (false, false);
            if self.reader.is_garbled() && !garbled {
                garbled = true;
                self.view.note("what arrives is not readable text; the board's rate may be another: --baud");
            }
            if !self.take(&heard.line)? {
                return Ok(Document::nothing());
            }
            if matches(&heard.line) {
                return Ok(self.document("matched", Some(&heard.line)));
            }
        }
        // A line that never ended is a line all the same now.
        if let Some(board::Heard { line, .. }) = self.reader.rest() {
            self.take(&line)?;
            if matches(&line) {
                return Ok(self.document("matched", Some(&line)));
            }
        }
        match until {
            Some(_) => Err(self.no_match()),
            None => Ok(self.document("ended", None)),
        }
    }

    /// Shows a line; false where standard output was closed.
    fn take(&mut self, line: &Line) -> Result<bool, Failure> {
        self.seen += 1;
        if !self.view.wants(line) {
            return Ok(true);
        }
        if self.last.len() == LAST {
            self.last.pop_front();
        }
        self.last.push_back(line.clone());
        match self.view.show(line) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(Failure::new(Code::OutputFailed).because(format!("the standard output: {error}"))),
        }
    }

    fn document(&self, outcome: &str, line: Option<&Line>) -> Document {
        let body = json!({
            "outcome": outcome,
            "port": self.reader.path(),
            "line": line.map(record),
            "lines_seen": self.seen,
            "lines": self.last.iter().map(record).collect::<Vec<_>>(),
        });
        Document::new("monitor", "", body)
    }

    fn no_match(&self) -> Failure {
        if self.reader.bytes() == 0 {
            return Failure::new(Code::BoardSilent)
                .because(format!("nothing arrived on {}", text::sanitise(self.reader.path())));
        }
        let code = if self.reader.is_garbled() { Code::BoardGarbled } else { Code::MonitorNoMatch };
        let failure = Failure::new(code).because(format!("{} lines went by", self.seen));
        let failure = match self.last.back() {
            Some(line) => failure.because(format!("the last one: {}", text::bounded(&human::board(line), 120))),
            None => failure,
        };
        serial::advise_shared(failure, self.reader.path())
    }
}

async fn at(end: Option<Instant>) {
    match end {
        Some(end) => sleep_until(end).await,
        None => std::future::pending().await,
    }
}

fn holds(line: &Line, lower: &str) -> bool {
    line.to_string().to_lowercase().contains(lower)
}

fn record(line: &Line) -> Value {
    let mut record = records::board_line(line);
    if let Some(sign) = telling(line) {
        record["meaning"] = json!(sign);
    }
    record
}

/// What a line means, where it tells why the board started or what goes wrong.
fn telling(line: &Line) -> Option<String> {
    match sign(line).filter(|sign| sign.about != About::Restart) {
        Some(sign) => Some(sign.meaning()),
        None => started(line).map(str::to_owned),
    }
}

/// Which lines are shown, and how.
struct View {
    output: Output,
    filter: Vec<String>,
    tags: Vec<String>,
    level: Level,
    events: Option<Records<io::Stderr>>,
}

impl Observer for View {
    fn observe(&self, event: &Event) {
        if let Event::Note { text } = event {
            self.note(text);
        }
    }
}

impl View {
    fn new(args: &Args, output: Output) -> Self {
        let level = match args.level {
            LevelChoice::Error => Level::Error,
            LevelChoice::Warning => Level::Warning,
            LevelChoice::Info => Level::Info,
            LevelChoice::Debug => Level::Debug,
            LevelChoice::Verbose => Level::Verbose,
        };
        Self {
            output,
            filter: args.filter.iter().map(|text| text.to_lowercase()).collect(),
            tags: args.tag.clone(),
            level,
            events: args.events.then(|| Records::new(io::stderr(), true)),
        }
    }

    fn wants(&self, line: &Line) -> bool {
        let tagged = |tag: &String| line.tag.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(tag));
        line.level.is_none_or(|level| level <= self.level)
            && (self.tags.is_empty() || self.tags.iter().any(tagged))
            && (self.filter.is_empty() || self.filter.iter().any(|text| holds(line, text)))
    }

    fn note(&self, text: &str) {
        match &self.events {
            Some(events) => events.observe(&Event::Note { text: text.to_owned() }),
            None => self.output.remark(&format!("note: {text}")),
        }
    }

    fn show(&self, line: &Line) -> io::Result<()> {
        if let Some(events) = &self.events {
            events.observe(&Event::Board { line: line.clone() });
            return Ok(());
        }
        if self.output.json {
            return Ok(());
        }
        self.output.line(&self.painted(line))?;
        match telling(line).filter(|_| !self.output.quiet) {
            Some(meaning) => self.output.line(&self.output.stdout.dim(&format!("    = {meaning}"))),
            None => Ok(()),
        }
    }

    /// Errors and warnings in colour throughout, else only the letter: it is what is looked for.
    fn painted(&self, line: &Line) -> String {
        let paint = self.output.stdout;
        let shown = human::board(line);
        match line.level {
            Some(Level::Error) => paint.red(&shown),
            Some(Level::Warning) => paint.yellow(&shown),
            Some(Level::Info) => format!("{}{}", paint.green("I"), &shown[1..]),
            Some(Level::Debug | Level::Verbose) => paint.dim(&shown),
            None => shown,
        }
    }
}
