//! Why `espctl sim` cannot listen where it was told to, and what to do then.

use std::io;

use super::args::Args;
use crate::code::Code;
use crate::failure::Failure;

pub(super) fn cannot_listen(args: &Args, error: &io::Error) -> Failure {
    let wanted = match args.count {
        1 => format!("cannot listen on {}", args.http),
        count => format!("cannot listen on {count} ports from {} on", args.http),
    };
    // The catalogue's hints are about reaching a device, not about being one.
    let (code, hint) = match error.kind() {
        io::ErrorKind::PermissionDenied => (Code::LinkPermission, "choose a port from 1024 on with --http"),
        io::ErrorKind::AddrNotAvailable => (Code::LinkUnreachable, "give --http an address of this computer"),
        io::ErrorKind::InvalidInput => (Code::LinkUnreachable, "choose a lower port with --http, or a lower --count"),
        _ => (Code::LinkUnreachable, "choose another port with --http; port 0 takes any free one"),
    };
    Failure::new(code).saying(wanted).caused_by(error).only_hints([hint])
}
