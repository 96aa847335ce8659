//! From a locator to a device that answers, in the first dialect that it speaks.

use super::answers::Answers;
use super::context::Context;
use super::dialect::{Dialect, Reached};
use super::protocomm::Protocomm;
use super::rainmaker_console::RainMakerDialect;
use crate::code::Code;
use crate::event::Event;
use crate::failure::Failure;
use crate::transport::Locator;

/// The dialects, in the order in which they are tried.
pub static DIALECTS: &[&dyn Dialect] = &[&Protocomm, &RainMakerDialect];

/// Which dialect to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DialectChoice {
    /// The first that the device answers.
    #[default]
    Auto,
    /// The one of this name.
    Named(&'static str),
}

impl DialectChoice {
    /// The dialect, where one was chosen.
    pub fn dialect(self) -> Option<&'static dyn Dialect> {
        let Self::Named(name) = self else { return None };
        DIALECTS.iter().copied().find(|dialect| dialect.name() == name)
    }

    /// The dialect that would have been tried after this failure, had none been chosen.
    pub fn ruled_out(self, failure: &Failure) -> Option<&'static dyn Dialect> {
        DIALECTS.iter().copied().find(|dialect| !self.allows(*dialect) && dialect.may_follow(failure))
    }

    fn allows(self, dialect: &dyn Dialect) -> bool {
        self == Self::Auto || self == Self::Named(dialect.name())
    }
}

/// Opens a device in the dialect that was chosen, or tries one after the other.
///
/// # Errors
/// At the stages connect and identify.
pub async fn open(
    choice: DialectChoice,
    to: &Locator,
    context: &Context<'_>,
    answers: &mut dyn Answers,
) -> Result<Box<dyn Reached>, Failure> {
    let mut earlier: Option<Failure> = None;
    for dialect in DIALECTS.iter().filter(|dialect| choice.allows(**dialect)) {
        if let Some(failure) = &earlier {
            if !dialect.may_follow(failure) {
                continue;
            }
            context.observe(&Event::Note { text: dialect.announcement().to_owned() });
        }
        match dialect.open(to, context, answers).await {
            Ok(device) => return Ok(device),
            Err(own) => {
                earlier = Some(match earlier.take() {
                    Some(earlier) => dialect.neither(earlier, own),
                    None => own,
                });
            }
        }
    }
    Err(earlier.unwrap_or_else(|| Failure::new(Code::UsageInvalid).saying("unknown dialect")))
}
