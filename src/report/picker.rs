//! The network picker as a state machine: keys in, actions out.
//!
//! It neither reads keys nor draws: [`super::picker_view`] lays it out and [`super::terminal`] runs it. The rules, which
//! the help line shows in short:
//!
//! - While no filter is open, `1`-`9` begin a number and further digits extend it, unless they come after a pause; each
//!   moves the mark to that row.
//!   `0` with no number begun, and `r`, ask for a new scan; `o` asks for a network that is not listed; `/` opens the
//!   filter, and so does every other letter or symbol, as its first character. Escape cancels.
//! - While a filter is open every printable character extends it; case and accents do not count. Backspace takes one away, and on an empty filter
//!   closes it; Escape closes it at once.
//! - Enter always takes the marked row.
//!
//! - `tests.rs`: keys in, rows and actions out

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::text;

/// Longest filter, in characters: an SSID has at most 32 bytes.
const MAX_FILTER: usize = 32;
/// How many rows page up and page down move.
const PAGE: usize = 10;
/// Why an enterprise network cannot be chosen, where its entry has no reason of its own.
pub const NOT_CARRIED: &str = "not possible with this protocol: enterprise login";

/// One network, as text to show. What came from the device is sanitised on the way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The SSID as [`text::ssid`] shows it.
    pub ssid: String,
    /// The access point's address, `aa:bb:cc:dd:ee:ff`.
    pub bssid: String,
    /// The channel.
    pub channel: u32,
    /// Signal strength in dBm.
    pub rssi: i32,
    /// The authentication mode's name.
    pub auth: String,
    /// Whether its credentials can be carried; enterprise networks' cannot.
    pub selectable: bool,
    /// A remark for its row, or the reason it cannot be chosen; may be empty.
    pub note: String,
}

/// A key press that the picker and the line editor know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Key {
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    Enter,
    Escape,
    Backspace,
    Char(char),
}

/// What a key press leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Show the picker again and wait for the next key.
    Continue,
    /// The entry at this index of those handed in was chosen; it is selectable.
    Choose(usize),
    /// Scan again.
    Rescan,
    /// A network that is not in the list.
    Other,
    /// Nothing was chosen.
    Cancel,
}

/// The picker between two keys.
#[derive(Debug, Clone)]
pub struct PickerState {
    entries: Vec<Entry>,
    /// Indices of the entries that match the filter, in order.
    shown: Vec<usize>,
    /// Index into `shown`; 0 where that is empty.
    cursor: usize,
    /// The filter while it is open.
    filter: Option<String>,
    /// The number being typed; 0 for none.
    number: usize,
    /// Said once, until the next key.
    message: Option<String>,
}

impl PickerState {
    /// A picker over `entries`, in their order, the first one marked.
    pub fn new(entries: Vec<Entry>) -> Self {
        let entries: Vec<_> = entries.into_iter().map(sanitised).collect();
        let shown = (0..entries.len()).collect();
        let message = entries.is_empty().then(|| "The device sees no networks".to_owned());
        Self { entries, shown, cursor: 0, filter: None, number: 0, message }
    }

    /// Takes one key.
    pub fn press(&mut self, key: Key) -> Action {
        self.message = None;
        let number = std::mem::take(&mut self.number);
        match (key, &mut self.filter) {
            (Key::Up, _) => self.cursor = self.cursor.saturating_sub(1),
            (Key::Down, _) => self.move_to(self.cursor + 1),
            (Key::PageUp, _) => self.cursor = self.cursor.saturating_sub(PAGE),
            (Key::PageDown, _) => self.move_to(self.cursor + PAGE),
            (Key::Home, _) => self.cursor = 0,
            (Key::End, _) => self.move_to(usize::MAX),
            (Key::Enter, _) => return self.enter(),
            (Key::Escape, Some(_)) => self.refilter(None),
            (Key::Escape, None) if number == 0 => return Action::Cancel,
            (Key::Escape | Key::Char(' '), None) => {}
            (Key::Backspace, Some(filter)) => {
                let shorter = filter.pop().map(|_| std::mem::take(filter));
                self.refilter(shorter);
            }
            (Key::Backspace, None) => self.number_typed(number / 10),
            (Key::Char(c), _) if c.is_control() => {}
            (Key::Char(c), Some(filter)) => {
                if filter.chars().count() < MAX_FILTER {
                    filter.push(c);
                }
                let longer = std::mem::take(filter);
                self.refilter(Some(longer));
            }
            (Key::Char('0'), None) if number == 0 => return Action::Rescan,
            (Key::Char(c @ '0'..='9'), None) => {
                let digit = c.to_digit(10).map_or(0, |digit| digit as usize);
                self.number_typed(number * 10 + digit);
            }
            (Key::Char('r' | 'R'), None) => return Action::Rescan,
            (Key::Char('o' | 'O'), None) => return Action::Other,
            (Key::Char('/'), None) => self.refilter(Some(String::new())),
            (Key::Char(c), None) => self.refilter(Some(c.to_string())),
        }
        Action::Continue
    }

    /// Ends the number that is being typed: a digit after a pause begins a new one. Whether there was one.
    pub fn end_number(&mut self) -> bool {
        std::mem::take(&mut self.number) > 0
    }

    /// All entries, in the order they were handed in.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Indices of the entries that match the filter.
    pub fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// Which of [`Self::shown`] is marked; 0 where there is none.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The filter, while it is open.
    pub fn filter(&self) -> Option<&str> {
        self.filter.as_deref()
    }

    /// The message about the last key.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Why the entry at `index` cannot be chosen; `None` where it can.
    pub fn refusal(&self, index: usize) -> Option<String> {
        let entry = self.entries.get(index).filter(|entry| !entry.selectable)?;
        let reason = if entry.note.is_empty() { NOT_CARRIED } else { &entry.note };
        Some(format!("{}: {reason}", entry.ssid))
    }

    fn enter(&mut self) -> Action {
        let Some(&index) = self.shown.get(self.cursor) else {
            self.message = Some("No network to choose".to_owned());
            return Action::Continue;
        };
        self.message = self.refusal(index);
        if self.message.is_some() { Action::Continue } else { Action::Choose(index) }
    }

    fn move_to(&mut self, cursor: usize) {
        self.cursor = cursor.min(self.shown.len().saturating_sub(1));
    }

    fn number_typed(&mut self, number: usize) {
        if number > self.entries.len() {
            self.message = Some(format!("No network has number {number}"));
        } else if number > 0 {
            self.number = number;
            self.cursor = number - 1;
        }
    }

    /// Sets the filter and keeps the mark on its entry while that is still shown.
    fn refilter(&mut self, filter: Option<String>) {
        let marked = self.shown.get(self.cursor).copied();
        let wanted = folded(filter.as_deref().unwrap_or_default());
        self.shown =
            (0..self.entries.len()).filter(|&index| folded(&self.entries[index].ssid).contains(&wanted)).collect();
        self.cursor = self.shown.iter().position(|&index| Some(index) == marked).unwrap_or(0);
        self.filter = filter;
    }
}

/// A text as it is compared: without accents, in small letters; what is composed in two ways is the same.
fn folded(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

fn sanitised(mut entry: Entry) -> Entry {
    for field in [&mut entry.ssid, &mut entry.bssid, &mut entry.auth, &mut entry.note] {
        *field = text::sanitise(field).into_owned();
    }
    entry
}

#[cfg(test)]
pub(super) mod tests;
