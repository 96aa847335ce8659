//! The program's exit statuses. Each error code has one; the numbers are stable, scripts branch on them.

macro_rules! exits {
    ($($name:ident = $status:literal, $meaning:literal;)*) => {
        /// An exit status other than 0.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Exit { $(#[doc = $meaning] $name = $status),* }

        impl Exit {
            /// Every status, in ascending order.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// What it means, in a few words.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning),* }
            }
        }
    };
}

exits! {
    Unexpected = 1, "an unexpected error, or output could not be written";
    Usage = 2, "the command line is wrong, or an answer is missing and no question can be asked";
    Configuration = 3, "a setting is wrong or missing, or a login is needed";
    NotFound = 10, "no device in provisioning mode was found";
    Ambiguous = 11, "several devices match";
    Link = 12, "the link failed";
    Permission = 13, "the operating system does not permit the link";
    Busy = 14, "another program has the link";
    Session = 20, "the secure session failed: scheme or version";
    Credentials = 21, "the credentials were rejected: PoP, or user name and password";
    WifiAuth = 22, "the access point did not let the device in";
    WifiNotFound = 23, "the device does not find the network";
    WifiOther = 24, "the device did not join for another reason";
    Unconfirmed = 25, "the credentials were applied, but nothing confirms that the device joined";
    Refused = 26, "the device refused a request";
    Backend = 30, "the back end refused, or cannot be reached";
    Unassociated = 31, "the association was not confirmed in time";
    Deadline = 124, "a deadline passed";
    Interrupted = 130, "interrupted";
}
