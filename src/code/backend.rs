//! What can go wrong at a back end, where devices are registered.
//!
//! Entries of the catalogue; `mod.rs` lists them.

use super::entry::{Entry, plain};
use super::exit::Exit;

pub(super) static MISCONFIGURED: Entry = Entry {
    word: "backend.misconfigured",
    exit: Exit::Configuration,
    title: "the settings of the back end are wrong or incomplete",
    meaning: "A setting of the back end is missing, unknown or unusable. Nothing was sent.",
    hints: &[],
};

pub(super) static LOGIN_NEEDED: Entry = Entry {
    word: "backend.login-needed",
    exit: Exit::Configuration,
    title: "the back end wants a login",
    meaning: "The back end answered with status 401: the token, key or password is missing, wrong or expired.",
    hints: &[plain("renew the token or key, and check that it belongs to this back end")],
};

pub(super) static RECORD_FOREIGN: Entry = Entry {
    word: "backend.foreign-record",
    exit: Exit::Configuration,
    title: "the record of an earlier run belongs to another back end",
    meaning: "What was kept of an earlier run names its kind of back end and a version. The back end in use reads another \
              kind or another version.",
    hints: &[plain("use the back end and the version of espctl that the earlier run used")],
};

pub(super) static UNREACHABLE: Entry = Entry {
    word: "backend.unreachable",
    exit: Exit::Backend,
    title: "the back end cannot be reached",
    meaning: "No connection to the back end came up, it broke, or no answer came in time. What can be repeated without \
              harm was repeated.",
    hints: &[
        plain("check that this computer is on the internet: while it is on a device's access point it is not"),
        plain("check the address of the back end"),
        plain("behind a proxy, set HTTPS_PROXY; NO_PROXY names the hosts to reach without it"),
    ],
};

pub(super) static TLS: Entry = Entry {
    word: "backend.tls",
    exit: Exit::Backend,
    title: "no encrypted connection to the back end",
    meaning: "The other end was reached, but TLS failed: its certificate is not trusted, not valid now or not for this \
              name, or it does not speak TLS on this port. Nothing was sent.",
    hints: &[
        plain("check the address and port of the back end, and whether it begins with https"),
        plain("check this computer's clock: certificates are valid for a limited time"),
        plain("add a private certificate authority to the system's; on Linux SSL_CERT_FILE names a file of them"),
    ],
};

pub(super) static REFUSED: Entry = Entry {
    word: "backend.refused",
    exit: Exit::Backend,
    title: "the back end refused the request",
    meaning: "The back end understood the request and refused it for good: sending it again would not help. Its own words \
              are among the causes.",
    hints: &[plain("check that the account may do this")],
};

pub(super) static CONFLICT: Entry = Entry {
    word: "backend.conflict",
    exit: Exit::Backend,
    title: "the device is registered to somebody else",
    meaning: "The back end knows the device already, and nothing proves that it is yours.",
    hints: &[plain("have its owner remove it first")],
};

pub(super) static UNAVAILABLE: Entry = Entry {
    word: "backend.unavailable",
    exit: Exit::Backend,
    title: "the back end does not work at the moment",
    meaning: "The back end answered that it is overloaded or out of order (status 429 or 5xx), also after a few more tries.",
    hints: &[plain("try again later")],
};

pub(super) static BAD_REPLY: Entry = Entry {
    word: "backend.bad-reply",
    exit: Exit::Backend,
    title: "cannot use the back end's reply",
    meaning: "The reply is too long, is not the JSON expected, or leads to another address.",
    hints: &[plain("check the address of the back end: a login page or another service may answer there")],
};

pub(super) static UNCONFIRMED: Entry = Entry {
    word: "association.unconfirmed",
    exit: Exit::Unassociated,
    title: "the association was not confirmed in time",
    meaning: "The back end still waits for the device to report. It may do so later.",
    hints: &[plain("look at the back end whether the device has appeared since")],
};
