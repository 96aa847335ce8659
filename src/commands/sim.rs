//! `espctl sim`: a simulated device that real clients accept: over HTTP, or many of them; behind a pseudo-terminal;
//! on this computer's Bluetooth. Or a stand-in for a cloud.
//!
//! - `args.rs`: its options
//! - `list.rs`: `--list`
//! - `listening.rs`: why a port cannot be had
//! - `observer.rs`: what happens on the devices, as lines
//! - `ready.rs`: what is printed once the devices listen
//! - `ble.rs`: `--ble`
//! - `cloud.rs`: `--cloud`

mod args;
mod ble;
mod cloud;
mod list;
mod listening;
mod observer;
mod ready;

pub(super) use self::args::Args;
use self::args::{check, parameters};
pub(super) use self::list::{faults, profiles};
use self::listening::cannot_listen;
use self::observer::observer;
use self::ready::{Member, ready};
use super::app::App;
use super::descriptors;
use crate::code::Code;
use crate::failure::Failure;
use crate::report::Document;
use crate::sim::DeviceOptions;
use crate::sim::http::Fleet;
use crate::text;

pub(super) async fn run(args: Args, app: &App<'_>) -> Result<Document, Failure> {
    if args.list {
        return Ok(list::list());
    }
    check(&args)?;
    if args.cloud.is_some() {
        return cloud::run(&args, app).await;
    }
    let options = DeviceOptions::from_parameters(parameters(&args).iter().map(|(key, value)| (*key, value.as_str())))
        .map_err(|error| {
        let failure = Failure::new(Code::UsageInvalid)
            .saying("cannot set up the simulated device")
            .because(text::sanitise(&error.to_string()).into_owned())
            .hint("espctl sim --list shows the firmware profiles and the faults");
        match list::meant(&args) {
            Some(name) => failure.hint(format!("did you mean {name}?")),
            None => failure,
        }
    })?;
    if args.console {
        return console(&args, options, app).await;
    }
    if args.ble {
        return ble::run(&args, options, app).await;
    }
    descriptors::make_room(args.count)?;
    let bound = Fleet::bind(args.http.ip(), args.http.port(), args.count, &options).await;
    let fleet = bound.map_err(|error| cannot_listen(&args, &error))?;
    let members: Vec<_> = fleet.members().map(|(address, options)| Member::over_http(address, options)).collect();
    app.output.announce(&ready(&members, app.output))?;
    let observer = observer(app);
    let stopped = fleet
        .run(app.process.interruption().cancelled(), observer)
        .await
        .map_err(|error| Failure::new(Code::Unexpected).saying("a simulated device ended").caused_by(&error))?;
    app.output.remark(&format!("{stopped} of {} devices finished provisioning", members.len()));
    Ok(Document::nothing())
}

/// One device on a pseudo-terminal.
#[cfg(unix)]
async fn console(args: &Args, options: DeviceOptions, app: &App<'_>) -> Result<Document, Failure> {
    use self::args::Dialect;
    use crate::sim::console::{self, Host, Manner};
    let host = Host::open().map_err(|error| {
        Failure::new(Code::Unexpected).saying("the system has no pseudo-terminal to give").caused_by(&error)
    })?;
    let locator = format!("console:{}", host.path());
    let member = Member::new(host.path().to_owned(), locator, crate::sim::console::qr_payload(&options), &options);
    app.output.announce(&ready(&[member], app.output))?;
    let dialect = match args.dialect {
        Dialect::Protocomm => console::Dialect::Protocomm,
        Dialect::RainMaker => console::Dialect::RainMaker,
    };
    let manner = Manner { noise: args.noise, baud: args.slow_baud, dialect };
    host.run(crate::sim::Device::new(options), manner, app.process.interruption().cancelled(), observer(app))
        .await
        .map_err(|error| Failure::new(Code::Unexpected).saying("the simulated device ended").caused_by(&error))?;
    Ok(Document::nothing())
}

#[cfg(not(unix))]
fn console(_: &Args, _: DeviceOptions, _: &App<'_>) -> impl Future<Output = Result<Document, Failure>> {
    let why = "--console needs a pseudo-terminal, which this system has not";
    std::future::ready(Err(Failure::new(Code::UsageUnsupported).saying(why)))
}
