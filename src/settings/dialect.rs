//! Which dialect a device is to be spoken to in: `--dialect`, `dialect` of a settings file and `dialect=` of a locator are
//! one setting, whose words are those of `device`. What a dialect is, is not known here.

use crate::code::Code;
use crate::device::{Dialect, DialectChoice};
use crate::failure::Failure;
use crate::origin::Setting;
use crate::transport::{DeviceParts, Locator, TransportKind};

/// The parameter of a locator. It is about the device and not about the link, so no kind of link sees it.
const PARAMETER: &str = "dialect";

/// The locator without its dialect, and the dialect: the locator's own, else the one that was asked for.
///
/// # Errors
/// A word that is not one of a dialect; a locator and an option that contradict each other; a dialect for this
/// run that is not spoken over this kind of link.
pub(super) fn choose(
    locator: Locator,
    named: Option<&Setting<String>>,
    kind: &dyn TransportKind,
    kinds: &[&'static dyn TransportKind],
) -> Result<(Locator, DialectChoice), Failure> {
    let unreadable = || Failure::new(Code::UsageInvalid).saying("cannot read the device's address");
    let own = locator.parameter(PARAMETER).map(DialectChoice::read).transpose();
    let own = own.map_err(|error| unreadable().because(error.to_string()))?;
    let asked = named.map(|named| DialectChoice::read(&named.value)).transpose().map_err(|error| {
        let origin = named.map(|named| named.origin.to_string()).unwrap_or_default();
        Failure::new(Code::UsageInvalid).saying(error.to_string()).because(format!("it was given by {origin}"))
    })?;
    let explicit = named.is_some_and(Setting::is_explicit);
    let choice = match (own, asked) {
        (Some(own), Some(asked)) if own != asked && explicit => {
            return Err(Failure::new(Code::UsageConflict)
                .saying("--dialect and the device's own dialect= contradict each other"));
        }
        (Some(own), _) if own.goes_over(kind) => own,
        (Some(own), _) => return Err(unreadable().because(misplaced(own, kind))),
        (None, Some(asked)) if asked.goes_over(kind) => asked,
        (None, Some(asked)) if explicit => {
            return Err(Failure::new(Code::UsageConflict)
                .saying(format!("--dialect {}", misplaced(asked, kind)))
                .hint(format!("give --transport {}, or leave out --dialect", over(asked, kinds).join(" or "))));
        }
        // What a settings file has for other links.
        (None, _) => DialectChoice::Auto,
    };
    Ok((locator.without(PARAMETER), choice))
}

/// The kinds of link over which it is spoken, by their schemes.
fn over(choice: DialectChoice, kinds: &[&'static dyn TransportKind]) -> Vec<&'static str> {
    kinds.iter().filter(|kind| choice.goes_over(**kind)).map(|kind| kind.scheme()).collect()
}

fn misplaced(choice: DialectChoice, kind: &dyn TransportKind) -> String {
    let described = choice.dialect().map(Dialect::describe).unwrap_or_default();
    format!("{} is for {described}, not for {}", choice.word(), kind.scheme())
}

/// The only kind of link over which the dialect is spoken that was asked for, by its scheme: the port needs not be named
/// besides, and a label's transport does not matter.
pub(super) fn only_kind(parts: &DeviceParts, kinds: &[&'static dyn TransportKind]) -> Option<Setting<String>> {
    let named = parts.dialect.as_ref().filter(|named| named.is_explicit() && parts.address.is_none())?;
    let choice = DialectChoice::read(&named.value).ok()?;
    match over(choice, kinds)[..] {
        [scheme] => Some(Setting::new(scheme.to_owned(), named.origin.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::origin::Origin;
    use crate::settings::target::resolve;
    use crate::transport::KINDS;
    use crate::wire::qr::Payload;

    const AGENT: DialectChoice = DialectChoice::Named("agent");

    // As the parts are: each may be missing.
    #[allow(clippy::unnecessary_wraps)]
    fn typed(value: &str) -> Option<Setting<String>> {
        Some(Setting::new(value.to_owned(), Origin::Option("--x")))
    }

    #[allow(clippy::unnecessary_wraps)]
    fn from_file(value: &str) -> Option<Setting<String>> {
        Some(Setting::new(value.to_owned(), Origin::ProjectFile(Path::new("espctl.toml").into())))
    }

    fn meant(parts: &DeviceParts) -> Result<(String, DialectChoice), Code> {
        let target = resolve(parts, KINDS).map_err(|failure| failure.code)?;
        Ok((target.locator.to_string(), target.dialect))
    }

    #[test]
    fn a_dialect_of_one_kind_of_link_needs_no_port_to_be_named() {
        let parts = DeviceParts { dialect: typed("agent"), ..DeviceParts::default() };
        let console = Ok(("console:".to_owned(), AGENT));
        assert_eq!(meant(&parts), console);
        let label = Some(Payload::parse("NP:PROV_1|abcd1234|b").expect("a payload"));
        assert_eq!(meant(&DeviceParts { label, ..parts.clone() }), console);
        assert_eq!(meant(&DeviceParts { device: from_file("ble:"), ..parts.clone() }), console);
        let elsewhere = DeviceParts { transport: typed("softap"), ..parts.clone() };
        assert_eq!(meant(&elsewhere), Err(Code::UsageConflict));
        let contradicts = DeviceParts { device: typed("console:?dialect=protocomm"), ..parts };
        assert_eq!(meant(&contradicts), Err(Code::UsageConflict));
    }

    #[test]
    fn a_locator_an_option_and_a_file_take_the_same_words() {
        for word in DialectChoice::words() {
            let choice = DialectChoice::read(word).expect("a choice");
            let console = || typed("console:");
            let located = DeviceParts { device: typed(&format!("console:?dialect={word}")), ..DeviceParts::default() };
            let asked = DeviceParts { device: console(), dialect: typed(word), ..DeviceParts::default() };
            let filed = DeviceParts { device: console(), dialect: from_file(word), ..DeviceParts::default() };
            for parts in [located, asked, filed] {
                assert_eq!(meant(&parts), Ok(("console:".to_owned(), choice)), "{word}");
            }
        }
        let located = DeviceParts { device: typed("console:?dialect=klingon"), ..DeviceParts::default() };
        for parts in [located, DeviceParts { dialect: typed("klingon"), ..DeviceParts::default() }] {
            let failure = resolve(&parts, KINDS).map(|target| target.dialect).expect_err("no such dialect");
            let said = format!("{} {}", failure.message, failure.causes.join(" "));
            assert!(failure.code == Code::UsageInvalid && said.contains("auto, protocomm, agent"), "{said}");
        }
    }

    #[test]
    fn what_a_file_has_for_other_links_is_passed_over() {
        let parts = DeviceParts { dialect: from_file("agent"), ..DeviceParts::default() };
        assert_eq!(meant(&parts), Ok(("softap:".to_owned(), DialectChoice::Auto)));
        let located = DeviceParts { device: typed("softap:?dialect=agent"), ..DeviceParts::default() };
        assert_eq!(meant(&located), Err(Code::UsageInvalid));
    }
}
