//! Whose the node is to be: the user's id and the key of a plain user mapping, as typed or from the environment. How
//! they reach the node is the back end's affair.

use std::path::PathBuf;

use crate::code::Code;
use crate::commands::app::App;
use crate::commands::input::SecretSource;
use crate::failure::Failure;
use crate::process::input::Input;
use crate::secret::MappingKey;
use crate::settings::given;

/// Whose the node is to be.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "User association")]
pub(super) struct AssociationArgs {
    /// The user's id at the back end; with --secret-key, the node is told whose it is [env: ESPCTL_USER_ID]
    #[arg(long, alias = "user_id", value_name = "ID")]
    user_id: Option<String>,
    /// The key that proves to the cloud account whose the device is [env: ESPCTL_SECRET_KEY]
    #[arg(long, alias = "secret_key", value_name = "KEY")]
    secret_key: Option<String>,
    /// Read the secret key from a file
    #[arg(long, alias = "secret_key_file", value_name = "FILE", conflicts_with = "secret_key")]
    secret_key_file: Option<PathBuf>,
}

/// A plain user mapping.
pub(super) struct UserMapping {
    /// The user's id at the back end.
    pub(super) user_id: String,
    /// The key the back end matches.
    pub(super) secret_key: MappingKey,
}

/// The mapping, where both parts were given; and what is to be said of a variable that stands alone. A variable may be
/// there for another program, so it stops nothing; an option was meant for this run.
///
/// # Errors
/// An option without its partner, an empty one, and a key that is not text.
pub(super) async fn association(
    args: &AssociationArgs,
    input: &Input,
    app: &App<'_>,
) -> Result<(Option<UserMapping>, Option<String>), Failure> {
    let is_option = args.user_id.is_some() || args.secret_key.is_some() || args.secret_key_file.is_some();
    let user_id = given(args.user_id.clone(), "--user-id", "ESPCTL_USER_ID", app.environment);
    let key = SecretSource {
        flag: args.secret_key.clone(),
        flag_name: "--secret-key",
        file: args.secret_key_file.as_deref(),
        stdin: None,
        variable: "ESPCTL_SECRET_KEY",
    };
    let key: Option<MappingKey> = key.read(app.environment, app.output, input).await?;
    let alone =
        |there: &str, missing: &str| format!("{there} is set without {missing}: the node is not told whose it is");
    match (user_id, key) {
        (None, None) => Ok((None, None)),
        (Some(_), None) if !is_option => Ok((None, Some(alone("ESPCTL_USER_ID", "ESPCTL_SECRET_KEY")))),
        (None, Some(_)) if !is_option => Ok((None, Some(alone("ESPCTL_SECRET_KEY", "ESPCTL_USER_ID")))),
        (Some(user_id), Some(secret_key)) if !user_id.value.is_empty() && !secret_key.is_empty() => {
            if std::str::from_utf8(secret_key.expose()).is_err() {
                return Err(Failure::new(Code::UsageInvalid).saying("the secret key is not UTF-8 text"));
            }
            Ok((Some(UserMapping { user_id: user_id.value, secret_key }), None))
        }
        _ => Err(Failure::new(Code::UsageMissing)
            .saying("--user-id and --secret-key belong together, and neither may be empty")
            .hint("either may also come from the environment: ESPCTL_USER_ID, ESPCTL_SECRET_KEY")),
    }
}
