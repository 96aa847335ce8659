//! `espctl login`: logs in with a password, and the code that some clouds send. What is asked of the cloud, and where the
//! login is kept, is the back end's.

use std::path::PathBuf;

use serde_json::json;

use super::account::{self, AccountArgs};
use super::app::App;
use super::input::{SecretSource, is_standard_input};
use crate::backend::rainmaker::account::Account;
use crate::backend::rainmaker::cloud::{self, LoginStep};
use crate::backend::rainmaker::tokens::Tokens;
use crate::code::Code;
use crate::device::AnswerError;
use crate::failure::Failure;
use crate::process::input::Input;
use crate::report::prompt::{Prompt, PromptError};
use crate::report::terminal::Terminal;
use crate::report::{Document, Output};
use crate::secret::BackendSecret;
use crate::text;

/// Most time for reading what options point to, in seconds.
const TIMEOUT: u64 = 180;

/// Options of `login`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    account: AccountArgs,
    /// The user's e-mail address, or telephone number with + and the country
    #[arg(long, visible_alias = "email", alias = "user_name", value_name = "USER")]
    user_name: Option<String>,
    /// The password [env: ESP_RAINMAKER_PASSWORD]
    #[arg(long, value_name = "PASSWORD")]
    password: Option<String>,
    /// Read the password from a file; - for standard input
    #[arg(long, alias = "password_file", value_name = "FILE", conflicts_with_all = ["password", "password_stdin"])]
    password_file: Option<PathBuf>,
    /// Read the password from standard input
    #[arg(long, alias = "password_stdin", conflicts_with = "password")]
    password_stdin: bool,
    /// Read the code that the cloud sends, where it sends one, from a file once it is wanted; - for standard input
    #[arg(long, alias = "code_file", value_name = "FILE")]
    code_file: Option<PathBuf>,
}

pub(super) async fn run(args: Args, app: &App<'_>) -> Result<Document, Failure> {
    if args.reads_password_from_standard_input() && args.code_file.as_deref().is_some_and(is_standard_input) {
        return Err(Failure::new(Code::UsageConflict)
            .saying("the password and --code-file - both read standard input")
            .hint("give one of them in a file"));
    }
    let (account, told) = account::open(&args.account, app)?;
    let input = app.input(TIMEOUT);
    let user = user_name(&args, app.output, &input).await?;
    let password = password(&args, &user, app, &input).await?;
    for text in input.warnings() {
        told.warn(text);
    }
    let step = account::uninterrupted(app, cloud::login(account.client(), &user, &password)).await?;
    let tokens = match step {
        LoginStep::Done(tokens) => tokens,
        LoginStep::CodeSent(session) => with_code(&args, &account, &user, &session, app).await?,
    };
    let kept = account.keep(&tokens).await?;
    let profile = account.profile();
    let name = kept.name.unwrap_or(user);
    let line = format!("Logged in as {name} at the profile {} ({})", profile.name, profile.base_url);
    let body = json!({
        "profile": profile.name,
        "base_url": profile.base_url,
        "user_name": name,
        "user_id": kept.id,
    });
    Ok(Document::new("login", text::sanitise(&line), body).warned(&told.warnings()))
}

impl Args {
    fn reads_password_from_standard_input(&self) -> bool {
        self.password_stdin || self.password_file.as_deref().is_some_and(is_standard_input)
    }
}

async fn user_name(args: &Args, output: Output, input: &Input) -> Result<String, Failure> {
    let user = match &args.user_name {
        Some(user) => user.clone(),
        None if output.may_ask => {
            ask(output, input, |terminal| terminal.text("E-mail address or telephone number")).await?
        }
        None => {
            return Err(Failure::new(Code::UsageMissing)
                .saying("login needs the user's name")
                .hint("give it with --email ADDRESS or --user-name, and the password in ESP_RAINMAKER_PASSWORD"));
        }
    };
    match user.trim() {
        "" => Err(Failure::new(Code::UsageInvalid).saying("the user name is empty")),
        user => Ok(user.to_owned()),
    }
}

async fn password(args: &Args, user: &str, app: &App<'_>, input: &Input) -> Result<BackendSecret, Failure> {
    let source = SecretSource {
        flag: args.password.clone(),
        flag_name: "--password",
        file: args.password_file.as_deref(),
        stdin: args.password_stdin,
        question: "Password",
        variable: "ESP_RAINMAKER_PASSWORD",
    };
    let password: BackendSecret = match source.read(app.environment, app.output, input).await? {
        Some(password) => password,
        None if app.output.may_ask => {
            let question = format!("Password of {}", text::sanitise(user));
            let typed = ask(app.output, input, move |terminal| terminal.secret(&question)).await?;
            BackendSecret::new(typed.as_bytes())
        }
        None => {
            return Err(Failure::new(Code::UsageMissing)
                .saying("login needs the password")
                .hint("give it with --password-stdin, --password-file FILE or ESP_RAINMAKER_PASSWORD, or --password"));
        }
    };
    if password.is_empty() {
        return Err(Failure::new(Code::UsageInvalid).saying("the password is empty"));
    }
    Ok(password)
}

/// Ends the login with the code that the user was sent, which takes as long as mail does.
async fn with_code(
    args: &Args,
    account: &Account,
    user: &str,
    session: &BackendSecret,
    app: &App<'_>,
) -> Result<Tokens, Failure> {
    let input = app.process.input(None);
    let code = match &args.code_file {
        Some(file) => {
            let source = SecretSource {
                flag: None,
                flag_name: "--code",
                file: Some(file),
                stdin: false,
                question: "Code",
                variable: "",
            };
            source.read(&|_| None, app.output, &input).await?
        }
        None if app.output.may_ask => {
            let question = format!("Code that was sent to {}", text::sanitise(user));
            let typed = ask(app.output, &input, move |terminal| terminal.text(&question)).await?;
            Some(BackendSecret::from(typed.trim()))
        }
        None => None,
    };
    let code = code.filter(|code| !code.is_empty()).ok_or_else(|| {
        Failure::new(Code::UsageMissing)
            .saying("the cloud has sent a code to the user, and wants it")
            .hint("log in at a terminal, or give --code-file FILE, which may be a pipe that the code is written to")
    })?;
    account::uninterrupted(app, cloud::login_with_code(account.client(), user, session, &code)).await
}

/// Asks at the terminal.
async fn ask<T: Send + 'static>(
    output: Output,
    input: &Input,
    question: impl FnOnce(&mut Terminal) -> Result<T, PromptError> + Send + 'static,
) -> Result<T, Failure> {
    let Output { plain, ascii, stderr, .. } = output;
    let work = move || Ok(question(&mut Terminal::new(plain, ascii, stderr.enabled)));
    // A signal leaves the cursor behind the question; what follows begins on a line of its own.
    let asked = input.ask(work).await.inspect_err(|_| output.remark(""))?;
    asked.map_err(|error| match error {
        PromptError::Interrupted | PromptError::Cancelled => AnswerError::Interrupted.into(),
        _ => Failure::new(Code::InputClosed),
    })
}
