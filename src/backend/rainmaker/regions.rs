//! The two profiles that are built in: ESP RainMaker for the world, and for China. Words and addresses are those that
//! esp-rainmaker-cli writes into the file of profiles.

use serde_json::{Value, json};

/// The profile of whoever chose none.
pub(super) const GLOBAL: &str = "global";
/// The profile of the cloud in China.
pub(super) const CHINA: &str = "china";
/// Where the cloud in China is.
pub(super) const CHINA_URL: &str = "https://api2.rainmaker.espressif.com.cn/v1/";
/// Where the cloud of the rest of the world is.
pub(super) const GLOBAL_URL: &str = "https://api.rainmaker.espressif.com/v1/";

/// Both, as members of the file's `profiles`.
pub(super) fn all() -> [(&'static str, Value); 2] {
    const WELCOME: &str = "https://rainmaker-login-ui.s3.amazonaws.com/welcome.html";
    const CLIENT: &str = "1h7ujqjs8140n17v0ahb4n51m2";
    const WELCOME_CHINA: &str = "http://login.rainmaker.espressif.com.cn/welcome.html";
    const CLIENT_CHINA: &str = "6m3FgmvJSt4g6pDrHgfpYj";
    let global = json!({
        "name": GLOBAL,
        "description": "Global ESP RainMaker (Rest of World)",
        "login_url": "https://rainmaker-signin-ui.s3.amazonaws.com/index.html?port=",
        "host": GLOBAL_URL,
        "client_id": CLIENT,
        "token_url": "https://3pauth.rainmaker.espressif.com/oauth2/token",
        "redirect_url": WELCOME,
        "external_url": format!(
            "https://3pauth.rainmaker.espressif.com/oauth2/authorize?&redirect_uri={WELCOME}&response_type=CODE&\
             client_id={CLIENT}&scope=aws.cognito.signin.user.admin%20email%20openid%20phone%20profile&state=port:"
        ),
        "claim_base_url": "https://esp-claiming.rainmaker.espressif.com/",
        "builtin": true,
        "ui_login_supported": true,
    });
    let china = json!({
        "name": CHINA,
        "description": "China ESP RainMaker",
        "login_url": "http://login.rainmaker.espressif.com.cn?rm_cli=true&port=",
        "host": CHINA_URL,
        "client_id": CLIENT_CHINA,
        "token_url": "https://api2.rainmaker.espressif.com.cn/token",
        "redirect_url": WELCOME_CHINA,
        "external_url": format!(
            "https://api2.rainmaker.espressif.com.cn/authorize?&client_id={CLIENT_CHINA}&response_type=code&\
             redirect_uri={WELCOME_CHINA}&state=port:"
        ),
        "claim_base_url": "https://claiming.rainmaker.espressif.com.cn/",
        "builtin": true,
        "ui_login_supported": true,
    });
    [(GLOBAL, global), (CHINA, china)]
}
