//! The settings that have a name of their own wherever they are given: as an option, an environment variable, a column
//! of a row or a line of a settings file.

use crate::code::Code;
use crate::failure::Failure;
use crate::origin::Setting;
use crate::transport::DeviceParts;

/// One setting.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name: `device-name`, `security.pop`.
    pub name: &'static str,
    /// Its option on the command line.
    pub option: &'static str,
    /// Its environment variable, if it has one.
    pub variable: Option<&'static str>,
}

macro_rules! keys {
    ($($constant:ident = $name:literal, $option:literal, $variable:expr;)*) => {
        $(#[doc = concat!("`", $name, "`.")]
        pub static $constant: Key = Key { name: $name, option: $option, variable: $variable };)*
    };
}

keys! {
    DEVICE = "device", "--device", Some("ESPCTL_DEVICE");
    TRANSPORT = "transport", "--transport", Some("ESPCTL_TRANSPORT");
    ADDRESS = "address", "--address", None;
    PORT = "port", "--port", Some("ESPCTL_PORT");
    BAUD = "baud", "--baud", None;
    RESET = "reset", "--reset", None;
    ADAPTER = "adapter", "--adapter", Some("ESPCTL_ADAPTER");
    DEVICE_NAME = "device-name", "--device-name", None;
    DIALECT = "dialect", "--dialect", None;
}

/// The parts of a device's name, each as `find` has it: from a command line and its environment, from a row of a file or
/// from a request. The label's payload, and what a board prints, are added by the caller.
///
/// # Errors
/// A rate that is not a number.
pub fn device_parts(find: &dyn Fn(&'static Key) -> Option<Setting<String>>) -> Result<DeviceParts, Failure> {
    let baud = find(&BAUD).map(|baud| match baud.value.parse::<u32>() {
        Ok(rate) => Ok(Setting::new(rate, baud.origin)),
        Err(_) => Err(Failure::new(Code::UsageInvalid)
            .saying(format!("{} takes a rate in bits per second, like 115200", BAUD.option))
            .because(format!("it was given by {}", baud.origin))),
    });
    Ok(DeviceParts {
        device: find(&DEVICE),
        transport: find(&TRANSPORT),
        address: find(&ADDRESS),
        port: find(&PORT),
        baud: baud.transpose()?,
        reset: find(&RESET),
        adapter: find(&ADAPTER),
        name: find(&DEVICE_NAME),
        dialect: find(&DIALECT),
        ..DeviceParts::default()
    })
}
