//! `espctl logout`: ends a login, on this computer and at the cloud.

use serde_json::json;

use super::account::{self, AccountArgs};
use super::app::App;
use crate::backend::rainmaker::account::LoggedOut;
use crate::failure::Failure;
use crate::report::Document;
use crate::text;

/// Options of `logout`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    account: AccountArgs,
}

pub(super) async fn run(args: &Args, app: &App<'_>) -> Result<Document, Failure> {
    let (account, told) = account::open(&args.account, app)?;
    let end = account::uninterrupted(app, account.logout()).await?;
    let everywhere = match end {
        LoggedOut::Everywhere => true,
        LoggedOut::HereOnly(why) => {
            let why = [vec![why.message], why.causes].concat().join(": ");
            told.warn(format!("the login is removed from this computer, but the cloud was not told: {why}"));
            false
        }
    };
    let name = &account.profile().name;
    let text = format!("Logged out of the profile {}", text::sanitise(name));
    let body = json!({ "profile": name, "cloud_told": everywhere });
    Ok(Document::new("logout", text, body).warned(&told.warnings()))
}
