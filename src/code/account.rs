//! What can go wrong with the account at a cloud: its profiles, its login, and the files that keep both.
//!
//! Entries of the catalogue; `mod.rs` lists them.

use super::entry::{Entry, plain};
use super::exit::Exit;

pub(super) static UNKNOWN_PROFILE: Entry = Entry {
    word: "account.unknown-profile",
    exit: Exit::Usage,
    title: "there is no profile of this name",
    meaning: "A profile names a cloud: global and china are ESP RainMaker's own, others are added. The profile was named on \
              the command line, or in the file current_profile.",
    hints: &[
        plain("espctl profile list shows the profiles"),
        plain("espctl profile add NAME --base-url URL adds one; espctl profile switch NAME changes the current one"),
    ],
};

pub(super) static NOT_LOGGED_IN: Entry = Entry {
    word: "account.not-logged-in",
    exit: Exit::Configuration,
    title: "nobody is logged in",
    meaning: "What was asked for takes an account, and no login is kept for the profile.",
    hints: &[
        plain("espctl login --email ADDRESS logs in; the password is asked for, or in ESP_RAINMAKER_PASSWORD"),
        plain("espctl profile list shows at which profiles somebody is logged in"),
    ],
};

pub(super) static LOGIN_EXPIRED: Entry = Entry {
    word: "account.login-expired",
    exit: Exit::Configuration,
    title: "the login has ended",
    meaning: "The cloud refused to renew the login, or refused one that was just renewed: it has expired, was revoked, or \
              belongs to another cloud. What is kept of it was left as it is.",
    hints: &[
        plain("log in again: espctl login --email ADDRESS"),
        plain("check this computer's clock where that ends at once, too"),
    ],
};

pub(super) static PASSWORD_REJECTED: Entry = Entry {
    word: "account.password-rejected",
    exit: Exit::Configuration,
    title: "the cloud rejected the user name or the password",
    meaning: "The cloud answered that it does not let this user in with this password. Nothing was kept.",
    hints: &[
        plain(
            "check both, and try again: espctl login --email ADDRESS; a telephone number begins with + and the country",
        ),
        plain("check that the account is at this profile's cloud: espctl profile current"),
    ],
};

pub(super) static CODE_REJECTED: Entry = Entry {
    word: "account.code-rejected",
    exit: Exit::Configuration,
    title: "the cloud rejected the code",
    meaning: "The password was right, but the code that the cloud sent by mail or message was typed wrong, or came too late.",
    hints: &[plain("log in again for a new code: espctl login --email ADDRESS")],
};

pub(super) static FILES_DAMAGED: Entry = Entry {
    word: "account.files-damaged",
    exit: Exit::Configuration,
    title: "a file of the account cannot be read",
    meaning: "A file in the folder that espctl shares with esp-rainmaker-cli (RM_USER_CONFIG_DIR, else ~/.espressif/rainmaker) \
              is not the JSON expected, as after a write that was cut short. espctl did not change it.",
    hints: &[],
};

pub(super) static FILES_UNUSABLE: Entry = Entry {
    word: "account.files-unusable",
    exit: Exit::Configuration,
    title: "the files of the account cannot be used",
    meaning: "The folder that espctl shares with esp-rainmaker-cli (RM_USER_CONFIG_DIR, else ~/.espressif/rainmaker) or a file \
              in it cannot be opened, locked or written. What was there before is still there, whole.",
    hints: &[
        plain("check the free space, and the permissions of the folder"),
        plain("RM_USER_CONFIG_DIR names another folder"),
    ],
};
