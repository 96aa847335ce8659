//! A hint: what to do about a failure, and on which facts the advice depends.
//!
//! The code that learns a fact adds it to the failure; no code searches or rewrites the sentences. `Failure::hints` yields
//! those that hold.

use std::borrow::Cow;

/// What is known of a run and decides which advice holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// A security version other than 2 is in use.
    OtherThanSecurity2,
    /// The command that was typed; its value is its name.
    Command,
    /// The network was said to be open.
    OpenNetwork,
    /// The device answered the request for a scan, and refused it.
    ScanRefused,
    /// The board was restarted on purpose, or that was tried.
    BoardRestarted,
    /// The device was put back to the start of provisioning.
    DeviceReset,
    /// How a port is named in this command; its value is the words to type.
    PortArgument,
    /// The board's log was heard, or comes over the link itself.
    LogHeard,
    /// This command cannot hear the board's log.
    LogElsewhere,
    /// The port on which the board's log was expected stayed silent; its value is the port.
    LogSilent,
}

/// When a hint holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    Given(Fact),
    Unless(&'static [Fact]),
}

/// What to do about a failure, and when that advice holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    text: Cow<'static, str>,
    when: When,
}

impl Hint {
    /// A hint that always holds.
    pub const fn plain(text: &'static str) -> Self {
        Self { text: Cow::Borrowed(text), when: When::Always }
    }

    /// A hint that holds where `fact` is known; `{}` in it stands for the fact's value.
    pub const fn given(fact: Fact, text: &'static str) -> Self {
        Self { text: Cow::Borrowed(text), when: When::Given(fact) }
    }

    /// A hint that holds where none of `facts` is known.
    pub const fn unless(facts: &'static [Fact], text: &'static str) -> Self {
        Self { text: Cow::Borrowed(text), when: When::Unless(facts) }
    }

    /// The text, where the hint holds.
    pub fn text(&self, known: &Facts) -> Option<Cow<'_, str>> {
        match self.when {
            When::Always => Some(Cow::Borrowed(&*self.text)),
            When::Given(fact) => known.value(fact).map(|value| Cow::Owned(self.text.replace("{}", value))),
            When::Unless(facts) => {
                let holds = facts.iter().all(|fact| known.value(*fact).is_none());
                holds.then_some(Cow::Borrowed(&*self.text))
            }
        }
    }
}

impl From<&str> for Hint {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<String> for Hint {
    fn from(text: String) -> Self {
        Self { text: Cow::Owned(text), when: When::Always }
    }
}

/// The facts that are known, each with its value; most have none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts(Vec<(Fact, String)>);

impl Facts {
    /// Adds a fact. A later value of the same fact counts.
    pub fn add(&mut self, fact: Fact, value: String) {
        self.0.retain(|(known, _)| *known != fact);
        self.0.push((fact, value));
    }

    /// The value of a fact that is known; empty where it has none.
    pub fn value(&self, fact: Fact) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == fact).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(hint: &Hint, known: &[(Fact, &str)]) -> Option<String> {
        let mut facts = Facts::default();
        for (fact, value) in known {
            facts.add(*fact, (*value).to_owned());
        }
        hint.text(&facts).map(Cow::into_owned)
    }

    #[test]
    fn a_hint_holds_by_what_is_known() {
        let other = Hint::unless(&[Fact::OpenNetwork], "type it again");
        assert_eq!(shown(&other, &[]).as_deref(), Some("type it again"));
        assert_eq!(shown(&other, &[(Fact::OpenNetwork, "")]), None);
        let named = Hint::given(Fact::PortArgument, "name the port: {}");
        assert_eq!(shown(&named, &[]), None);
        assert_eq!(
            shown(&named, &[(Fact::PortArgument, "--port PORT")]).as_deref(),
            Some("name the port: --port PORT")
        );
    }

    #[test]
    fn braces_that_came_from_elsewhere_stay() {
        assert_eq!(shown(&Hint::from("{}".to_owned()), &[(Fact::PortArgument, "x")]).as_deref(), Some("{}"));
    }
}
