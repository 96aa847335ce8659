//! What a system tells of an adapter and of the devices around it, as data. Where it comes from is `host.rs`, what
//! becomes of it `heard.rs`.

use crate::wire::advertisement::Advertisement;

/// Something that was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    /// A device was heard.
    Heard {
        /// Its address, or what stands for it.
        address: String,
        /// All that it advertises, where that has changed or it is new.
        advertisement: Option<Advertisement>,
        /// How strongly it was heard, in dBm, where that was told.
        rssi: Option<i16>,
    },
    /// A link came up, or went down.
    Link {
        /// The device's address, or what stands for it.
        address: String,
        /// Whether it is up.
        up: bool,
    },
    /// The adapter, or the service that manages it, has gone or come back: it is worth looking what there is now.
    Changed,
}
