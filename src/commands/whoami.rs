//! `espctl whoami`: whose account is in use, as the cloud itself says.

use serde_json::json;

use super::account::{self, AccountArgs};
use super::app::App;
use crate::failure::Failure;
use crate::report::Document;
use crate::text;

/// Options of `whoami`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    account: AccountArgs,
}

pub(super) async fn run(args: &Args, app: &App<'_>) -> Result<Document, Failure> {
    let (account, told) = account::open(&args.account, app)?;
    let user = account::uninterrupted(app, account.user()).await?;
    let profile = account.profile();
    let name = user.name.as_deref().unwrap_or("a user without a name");
    let id = user.id.as_deref().map(|id| format!(", id {id}")).unwrap_or_default();
    let line = format!("{name}{id}, at the profile {} ({})", profile.name, profile.base_url);
    let body = json!({
        "profile": profile.name,
        "base_url": profile.base_url,
        "user_name": user.name,
        "user_id": user.id,
    });
    Ok(Document::new("whoami", text::sanitise(&line), body).warned(&told.warnings()))
}
