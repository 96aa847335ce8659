//! What goes wrong, where, and how often. What that does is done where it strikes: [`super::device`] and
//! [`super::gatt`].

use std::time::Duration;

/// Where a fault strikes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum At {
    /// `Device1.Connect`.
    Connect,
    /// Between the link's coming up and `ServicesResolved`.
    Resolve,
    /// Reading a user description.
    Describe,
    /// A write to this endpoint.
    Write(String),
    /// The read of this endpoint's answer.
    Read(String),
    /// `Device1.Disconnect`.
    Disconnect,
    /// `Device1.Pair`, or bluetoothd's own pairing.
    Pair,
    /// bluetoothd's sending again of the request over which it has paired by itself.
    Resend,
    /// `Get` of whether the device is paired.
    IsPaired,
}

impl At {
    /// A write to this endpoint.
    pub(crate) fn write(endpoint: &str) -> Self {
        Self::Write(endpoint.to_owned())
    }

    /// The read of this endpoint's answer.
    pub(crate) fn read(endpoint: &str) -> Self {
        Self::Read(endpoint.to_owned())
    }
}

/// What a fault does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Does {
    /// The call is refused: the whole error name, and its text.
    Refuse(&'static str, &'static str),
    /// The request is refused with this ATT error; the link stays up.
    Att(u8),
    /// Nothing is answered until the link is given up.
    Hang,
    /// This is read, whatever the device says.
    Say(Vec<u8>),
    /// It takes so much longer.
    Late(Duration),
    /// The link is lost before the device saw the request.
    LoseLink,
    /// The link is lost after the device handled the request.
    LoseLinkAfter,
    /// The adapter is switched off.
    PowerOff,
    /// bluetoothd ends.
    Die,
    /// So many signals that mean nothing.
    Storm(usize),
}

/// A fault of one peripheral.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    at: At,
    does: Does,
    skip: u32,
    times: u32,
}

impl Fault {
    /// Strikes the first time only.
    pub(crate) fn once(at: At, does: Does) -> Self {
        Self { at, does, skip: 0, times: 1 }
    }

    /// Strikes every time.
    pub(crate) fn always(at: At, does: Does) -> Self {
        Self { at, does, skip: 0, times: u32::MAX }
    }

    /// Strikes the first `times` times.
    pub(crate) fn times(at: At, times: u32, does: Does) -> Self {
        Self { at, does, skip: 0, times }
    }

    /// Strikes the `nth` time only, counted from 1.
    pub(crate) fn nth(at: At, nth: u32, does: Does) -> Self {
        Self { at, does, skip: nth - 1, times: 1 }
    }

    /// Counts an occasion; what it does, if it strikes.
    fn meets(&mut self, at: &At) -> Option<Does> {
        if self.at != *at || self.times == 0 {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.times -= 1;
        Some(self.does.clone())
    }
}

/// Counts an occasion for all of them; what the first that strikes does.
pub(super) fn strikes(faults: &mut [Fault], at: &At) -> Option<Does> {
    // Each has to count, also behind one that strikes.
    let struck: Vec<Does> = faults.iter_mut().filter_map(|fault| fault.meets(at)).collect();
    struck.into_iter().next()
}
