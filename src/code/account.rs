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
