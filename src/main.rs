//! espctl, the program: parse, build, run, exit status. The layers are in the library.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use console::Term;
use espctl::code::Code;
use espctl::commands::{self, App, Cli, ColorChoice, OutputArgs};
use espctl::failure::Failure;
use espctl::report::keys::SavedMode;
use espctl::report::prompt::{is_dumb, may_ask};
use espctl::report::{Output, Paint};
use espctl::sim::memory;
use espctl::transport::{self, TransportKind};

fn main() -> ExitCode {
    keep_quiet_about_streams();
    let terminal = SavedMode::take();
    let status = match Cli::try_parse_from(commands::expand_abbreviations(std::env::args_os())) {
        Ok(cli) => run(cli),
        Err(error) => report_usage_error(&error),
    };
    // A question that was waiting when the run was interrupted may have left the terminal without echo.
    terminal.restore();
    ExitCode::from(status)
}

fn run(cli: Cli) -> u8 {
    let output = output(cli.output(), cli.wants_events());
    let kinds: Vec<&'static dyn TransportKind> =
        transport::KINDS.iter().copied().chain([&memory::KIND as &dyn TransportKind]).collect();
    let app = App { kinds: &kinds, environment: &|name| std::env::var(name).ok(), output };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output.deliver(&Err(Failure::new(Code::Unexpected).caused_by(&error))),
    };
    let result = runtime.block_on(commands::run(cli, &app));
    // A prompt that still waits for a key, or a name that is still being resolved, must not hold up the end.
    runtime.shutdown_background();
    output.deliver(&result)
}

/// bluez-async's streams panic, in a task of their own, when a signal comes in while one is dropped: nothing is lost,
/// and nobody should be told. Every other panic is told as ever.
fn keep_quiet_about_streams() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let harmless = panic.location().is_some_and(|location| location.file().contains("bluez-async"));
        if !harmless {
            tell(panic);
        }
    }));
}

/// How to print: options, then environment, then what the terminals are.
fn output(args: &OutputArgs, events: bool) -> Output {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let dumb = is_dumb(variable("TERM").as_deref());
    let (stdin, stdout, stderr) = (io::stdin().is_terminal(), io::stdout().is_terminal(), io::stderr().is_terminal());
    let paint = |terminal: bool| Paint {
        enabled: match args.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && !dumb && variable("NO_COLOR").is_none(),
        },
    };
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| variable(name));
    // Windows has no such variables, and its consoles take Unicode.
    let utf8 = locale.map_or(cfg!(windows), |locale| locale.to_ascii_lowercase().replace('-', "").contains("utf8"));
    let escapes = stderr && reads_escapes(&Term::stderr());
    Output {
        json: args.json,
        events,
        quiet: args.quiet,
        verbose: args.verbose,
        may_ask: may_ask(stdin, stderr, args.no_input || events),
        plain: args.plain || dumb,
        redraw: escapes && !dumb && !args.plain,
        ascii: !utf8,
        width: stderr.then(|| Term::stderr().size().1.into()),
        columns: stdout.then(|| Term::stdout().size().1.into()),
        stdout: paint(stdout && reads_escapes(&Term::stdout())),
        stderr: paint(escapes),
    }
}

/// Whether escape sequences work on this terminal. A Windows console has to be told to read them, which asking does;
/// elsewhere every terminal reads them that is not dumb.
fn reads_escapes(terminal: &Term) -> bool {
    !cfg!(windows) || terminal.features().colors_supported()
}

/// A command line that does not parse: help and version are no errors, and `--json` and `--events` hold here too.
fn report_usage_error(error: &clap::Error) -> u8 {
    let words: Vec<_> = std::env::args_os().collect();
    let has = |option: &str| words.iter().any(|word| word == option);
    let json = has("--json");
    let output = Output { json, ..output(&OutputArgs::default(), has("--events")) };
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => output.status(error.print(), 0),
        // Nothing was typed: the way in is worth more than an error.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !json => output.status(error.print(), 2),
        _ => output.deliver(&Err(commands::usage_error(error, &words))),
    }
}
