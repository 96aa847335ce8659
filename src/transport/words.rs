//! What people call a kind of link, its devices and their addresses: for help and messages, which name no link themselves.

/// The words for one kind of link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// What it is called in a sentence: `the console`.
    pub title: &'static str,
    /// How a locator names its devices: `softap:HOST:PORT`.
    pub locators: &'static [&'static str],
    /// What `--address` takes on it, for the help.
    pub addresses: Option<&'static str>,
    /// The address of a device for which none was given.
    pub default_address: Option<&'static str>,
}

impl Words {
    /// A kind of which there is nothing to say but what it is called.
    pub const fn titled(title: &'static str) -> Self {
        Self { title, locators: &[], addresses: None, default_address: None }
    }
}
