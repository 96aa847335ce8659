//! What the commands of an account share: the account that is meant, and an end where a signal comes.

use std::future::Future;
use std::sync::Arc;
use std::sync::{Mutex, PoisonError};

use super::app::App;
use crate::backend::http::{Http, Proxies};
use crate::backend::rainmaker::account::Account;
use crate::backend::rainmaker::folder::Folder;
use crate::code::Code;
use crate::event::{Event, Observer};
use crate::failure::Failure;
use crate::report::Output;
use crate::text;

/// Which account is meant.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct AccountArgs {
    /// The profile whose account is meant; default: the current one
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

/// What is said while the cloud is asked: warnings, kept for the result as well, and why a try is repeated.
pub(super) struct Told {
    output: Output,
    warnings: Mutex<Vec<String>>,
}

impl Told {
    /// The warnings so far.
    pub(super) fn warnings(&self) -> Vec<String> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Warns.
    pub(super) fn warn(&self, text: String) {
        self.output.warn(&text);
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }
}

impl Observer for Told {
    fn observe(&self, event: &Event) {
        match event {
            Event::Note { text } => self.output.remark(&text::sanitise(text)),
            Event::Warning { text } => self.warn(text.clone()),
            _ => {}
        }
    }
}

/// The account that is meant. Sends nothing.
pub(super) fn open(args: &AccountArgs, app: &App<'_>) -> Result<(Account, Arc<Told>), Failure> {
    let folder = Folder::from_environment(app.environment)?;
    let told = Arc::new(Told { output: app.output, warnings: Mutex::default() });
    let http = Http::new(Proxies::from_environment(app.environment), told.clone());
    Ok((Account::open(folder, args.profile.as_deref(), &http, told.clone())?, told))
}

/// Waits for `work`, unless a signal comes.
pub(super) async fn uninterrupted<T>(
    app: &App<'_>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        () = app.process.interruption().cancelled() => Err(Failure::new(Code::Interrupted)),
        result = work => result,
    }
}
