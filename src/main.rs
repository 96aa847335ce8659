//! espctl, the program: parse, build, run, exit status. The layers are in the library.

use std::process::ExitCode;

use clap::Parser;
use espctl::code::Code;
use espctl::commands::{self, App, Cli};
use espctl::failure::Failure;
use espctl::process::{Process, core_dumps, panics};
use espctl::report::Output;
use espctl::report::mode::{SavedMode, give_back};
use espctl::settings::{Environment, Files, access};
use espctl::sim::memory;
use espctl::transport::{self, TransportKind};
use etcetera::BaseStrategy;

fn main() -> ExitCode {
    panics::install();
    core_dumps::turn_off();
    let _terminal = SavedMode::take();
    let words: Vec<_> = std::env::args_os().collect();
    let environment = |name: &str| std::env::var(name).ok();
    let status = match Cli::try_parse_from(commands::prepared(&words)) {
        Ok(cli) => run(cli, &environment),
        Err(error) => commands::report_usage_error(&error, &words, &environment),
    };
    ExitCode::from(status)
}

fn run(cli: Cli, environment: Environment<'_>) -> u8 {
    let user =
        etcetera::choose_base_strategy().ok().map(|places| places.config_dir().join("espctl").join("config.toml"));
    let is_own = |path: &std::path::Path| access::is_own(path, environment);
    let files = Files::read(std::env::current_dir().ok().as_deref(), user, is_own);
    let output = Output::decide(&cli.wishes(&files), environment);
    let kinds: Vec<&'static dyn TransportKind> =
        transport::KINDS.iter().copied().chain([&memory::KIND as &dyn TransportKind]).collect();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output.deliver(&Err(Failure::new(Code::Unexpected).caused_by(&error))),
    };
    let held = move |failure: Failure| {
        let status = output.last_words(&failure);
        give_back();
        std::process::exit(status.into());
    };
    let result = runtime.block_on(async {
        let app = App { kinds: &kinds, environment, files: &files, output, process: Process::start(held) };
        commands::run(cli, &app).await
    });
    // A prompt that still waits for a key, or a name that is still being resolved, must not hold up the end.
    runtime.shutdown_background();
    output.deliver(&result)
}
