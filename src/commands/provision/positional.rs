//! The word without an option, which `esp-rainmaker-cli provision POP` takes for the proof of possession. It is read so
//! here as well, but not where it is more likely a slip: a name without quotation marks, or an option left out. It may
//! be a part of a secret, so it is never repeated.

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use crate::code::Code;
use crate::commands::args::SecurityArgs;
use crate::failure::Failure;
use crate::transport::{Locator, TransportKind};

/// The id of the argument.
const ID: &str = "positional_pop";

/// Options whose value may have spaces in it: without quotation marks, its second word is a word without an option.
const SPACED: [(&str, &str); 8] = [
    ("pop", "--pop"),
    ("ssid", "--ssid"),
    ("passphrase", "--passphrase"),
    ("device_name", "--device-name"),
    ("sec2_username", "--sec2-username"),
    ("sec2_password", "--sec2-password"),
    ("user_id", "--user-id"),
    ("secret_key", "--secret-key"),
];

/// The word, if there is one.
#[derive(Debug, Default)]
pub(super) struct PositionalPop {
    word: Option<String>,
    /// The option whose value stands directly before it.
    after: Option<&'static str>,
}

impl clap::Args for PositionalPop {
    fn augment_args(command: Command) -> Command {
        command.arg(
            Arg::new(ID)
                .value_name("POP")
                .hide(true)
                .help("Proof of possession, as esp-rainmaker-cli's old lines have it"),
        )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for PositionalPop {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let place = matches.index_of(ID);
        let before = |id: &str| {
            let typed = matches.value_source(id) == Some(ValueSource::CommandLine);
            typed && matches.indices_of(id).is_some_and(|mut places| places.any(|at| Some(at + 1) == place))
        };
        let after = SPACED.iter().find(|(id, _)| before(id)).map(|(_, option)| *option);
        Ok(Self { word: matches.get_one::<String>(ID).cloned(), after })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl PositionalPop {
    /// The word as the proof of possession that it stands for.
    pub(super) fn pop(&self) -> Option<String> {
        self.word.clone()
    }

    /// Refuses a word that was hardly meant as the proof of possession.
    ///
    /// # Errors
    /// [`Code::UsageConflict`] beside another proof of possession, and [`Code::UsageInvalid`].
    pub(super) fn check(&self, security: &SecurityArgs, kinds: &[&'static dyn TransportKind]) -> Result<(), Failure> {
        let Some(word) = &self.word else { return Ok(()) };
        if let Some((device, option)) = names_device(word, kinds) {
            return Err(Failure::new(Code::UsageInvalid)
                .saying(format!("unexpected argument: {device} without its option"))
                .only_hints([format!("put {option} before it")]));
        }
        let given = [
            ("--pop", security.pop.is_some()),
            ("--pop-file", security.pop_file.is_some()),
            ("--pop-stdin", security.pop_stdin),
        ];
        if let Some((option, _)) = given.iter().find(|(_, given)| *given) {
            return Err(Failure::new(Code::UsageConflict)
                .saying(format!("unexpected argument: {}", self.place()))
                .because(format!("it would be a second proof of possession beside {option}"))
                .only_hints(self.quoting().into_iter().chain(["leave the word out".to_owned()])));
        }
        // esp-rainmaker-cli's line has the passphrase behind the name, so this was never one of its lines.
        if self.after == Some("--ssid") {
            return Err(Failure::new(Code::UsageInvalid)
                .saying(format!("unexpected argument: {}", self.place()))
                .only_hints(self.quoting().into_iter().chain(["give a proof of possession with --pop".to_owned()])));
        }
        Ok(())
    }

    /// How the word was read, where there is one.
    pub(super) fn note(&self) -> Option<String> {
        self.word.as_ref()?;
        let quoting = self.quoting().map(|hint| format!("; {hint}")).unwrap_or_default();
        Some(format!("{} was taken as the proof of possession, which --pop gives more clearly{quoting}", self.place()))
    }

    fn place(&self) -> String {
        match self.after {
            Some(option) => format!("the word after the value of {option}"),
            None => "the word without an option".to_owned(),
        }
    }

    fn quoting(&self) -> Option<String> {
        let option = self.after?;
        let example = if option == "--ssid" { "--ssid 'Home Net'" } else { "'two words'" };
        Some(format!("if it belongs to the value of {option}, put the whole value in quotation marks: {example}"))
    }
}

/// What kind of name of a device a word is, if it is one, and the option that takes it.
fn names_device(word: &str, kinds: &[&'static dyn TransportKind]) -> Option<(&'static str, &'static str)> {
    let is_locator = word.parse::<Locator>().is_ok_and(|own| kinds.iter().any(|kind| kind.scheme() == own.scheme()));
    if is_locator {
        return Some(("a device's locator", "--device"));
    }
    if word.contains(':') && kinds.iter().any(|kind| kind.owns_address(word)) {
        return Some(("a device's address", "--address"));
    }
    word.starts_with("/dev/").then_some(("a serial port", "--port"))
}
