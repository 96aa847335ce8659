//! The network picker as a state machine: keys in, actions out.
//!
//! It neither reads keys nor draws: [`super::picker_view`] lays it out and [`super::terminal`] runs it. The rules, which
//! the help line shows in short:
//!
//! - While no filter is open, `1`-`9` begin a number and further digits extend it; each moves the mark to that row.
//!   `0` with no number begun, and `r`, ask for a new scan; `o` asks for a network that is not listed; `/` opens the
//!   filter, and so does every other letter or symbol, as its first character. Escape cancels.
//! - While a filter is open every printable character extends it. Backspace takes one away, and on an empty filter
//!   closes it; Escape closes it at once.
//! - Enter always takes the marked row.

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
        let wanted = filter.as_deref().unwrap_or_default().to_lowercase();
        self.shown = (0..self.entries.len())
            .filter(|&index| self.entries[index].ssid.to_lowercase().contains(&wanted))
            .collect();
        self.cursor = self.shown.iter().position(|&index| Some(index) == marked).unwrap_or(0);
        self.filter = filter;
    }
}

fn sanitised(mut entry: Entry) -> Entry {
    for field in [&mut entry.ssid, &mut entry.bssid, &mut entry.auth, &mut entry.note] {
        *field = text::sanitise(field).into_owned();
    }
    entry
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::report) fn entry(ssid: &str) -> Entry {
        Entry {
            ssid: ssid.to_owned(),
            bssid: "aa:bb:cc:dd:ee:ff".to_owned(),
            channel: 11,
            rssi: -45,
            auth: "WPA2".to_owned(),
            selectable: true,
            note: String::new(),
        }
    }

    pub(in crate::report) fn numbered(count: usize) -> PickerState {
        PickerState::new((1..=count).map(|number| entry(&format!("net-{number}"))).collect())
    }

    fn named(names: &[&str]) -> PickerState {
        PickerState::new(names.iter().map(|name| entry(name)).collect())
    }

    /// Types `keys`, all of which must leave the picker open.
    pub(in crate::report) fn type_in(picker: &mut PickerState, keys: &str) {
        for c in keys.chars() {
            assert_eq!(picker.press(Key::Char(c)), Action::Continue, "{c}");
        }
    }

    #[test]
    fn arrows_move_and_stop_at_the_ends() {
        let mut picker = numbered(25);
        let mut after = |key| {
            assert_eq!(picker.press(key), Action::Continue);
            picker.cursor()
        };
        assert_eq!(after(Key::Up), 0);
        assert_eq!(after(Key::Down), 1);
        assert_eq!(after(Key::PageDown), 11);
        assert_eq!(after(Key::PageDown), 21);
        assert_eq!(after(Key::PageDown), 24);
        assert_eq!(after(Key::Down), 24);
        assert_eq!(after(Key::PageUp), 14);
        assert_eq!(after(Key::Home), 0);
        assert_eq!(after(Key::End), 24);
        assert_eq!(picker.press(Key::Enter), Action::Choose(24));
    }

    #[test]
    fn digits_jump_to_the_row_of_that_number() {
        let mut picker = numbered(200);
        type_in(&mut picker, "120");
        assert_eq!(picker.press(Key::Enter), Action::Choose(119));
        type_in(&mut picker, "7");
        assert_eq!(picker.press(Key::Backspace), Action::Continue);
        type_in(&mut picker, "15");
        picker.press(Key::Backspace);
        assert_eq!(picker.press(Key::Enter), Action::Choose(0), "15 less its last digit");
        type_in(&mut picker, "3");
        picker.press(Key::Down);
        assert_eq!(picker.press(Key::Char('0')), Action::Rescan, "any other key ends the number");
    }

    #[test]
    fn a_number_past_the_list_is_refused_and_forgotten() {
        let mut picker = numbered(5);
        type_in(&mut picker, "41");
        assert_eq!(picker.message(), Some("No network has number 41"));
        assert_eq!(picker.cursor(), 3);
        type_in(&mut picker, "2");
        assert_eq!((picker.cursor(), picker.message()), (1, None));
        type_in(&mut picker, "99999999999999999999999999");
    }

    #[test]
    fn escape_forgets_a_number_first_and_cancels_then() {
        let mut picker = numbered(5);
        type_in(&mut picker, "2");
        assert_eq!(picker.press(Key::Escape), Action::Continue);
        assert_eq!(picker.press(Key::Escape), Action::Cancel);
    }

    #[test]
    fn rescan_and_other() {
        for (key, action) in [
            ('0', Action::Rescan),
            ('r', Action::Rescan),
            ('R', Action::Rescan),
            ('o', Action::Other),
            ('O', Action::Other),
        ] {
            assert_eq!(numbered(5).press(Key::Char(key)), action);
            assert_eq!(numbered(0).press(Key::Char(key)), action);
        }
    }

    #[test]
    fn letters_filter_and_inside_a_filter_every_character_does() {
        let mut picker = named(&["Office", "robot-0", "HOME", "home 5G"]);
        type_in(&mut picker, "hom");
        assert_eq!((picker.filter(), picker.shown()), (Some("hom"), &[2, 3][..]));
        type_in(&mut picker, "e 5");
        assert_eq!(picker.press(Key::Enter), Action::Choose(3));
        picker.press(Key::Escape);
        assert_eq!((picker.filter(), picker.shown().len()), (None, 4));
        assert_eq!(picker.cursor(), 3, "the mark stays on its entry");
        type_in(&mut picker, "/robot-0");
        assert_eq!(picker.press(Key::Enter), Action::Choose(1));
    }

    #[test]
    fn backspace_shortens_the_filter_and_then_closes_it() {
        let mut picker = named(&["ab", "ac"]);
        type_in(&mut picker, "ab");
        assert_eq!(picker.shown(), [0]);
        picker.press(Key::Backspace);
        assert_eq!((picker.filter(), picker.shown()), (Some("a"), &[0, 1][..]));
        picker.press(Key::Backspace);
        assert_eq!(picker.filter(), Some(""));
        picker.press(Key::Backspace);
        assert_eq!(picker.filter(), None);
        assert_eq!(picker.press(Key::Backspace), Action::Continue);
    }

    #[test]
    fn a_filter_that_matches_nothing_chooses_nothing() {
        let mut picker = named(&["ab", "ac"]);
        type_in(&mut picker, "zebra");
        assert!(picker.shown().is_empty());
        for key in [Key::Up, Key::Down, Key::End, Key::PageDown, Key::Enter] {
            assert_eq!(picker.press(key), Action::Continue);
        }
        assert_eq!(picker.message(), Some("No network to choose"));
        assert_eq!(picker.press(Key::Escape), Action::Continue);
        assert_eq!(picker.press(Key::Enter), Action::Choose(0));
    }

    #[test]
    fn filters_are_bounded_and_know_other_scripts() {
        let mut picker = named(&["家庭网络", "ÉCOLE"]);
        type_in(&mut picker, "éco");
        assert_eq!(picker.shown(), [1]);
        picker.press(Key::Escape);
        type_in(&mut picker, "庭");
        assert_eq!(picker.shown(), [0]);
        type_in(&mut picker, &"x".repeat(100));
        assert_eq!(picker.filter().map(|filter| filter.chars().count()), Some(MAX_FILTER));
    }

    #[test]
    fn control_characters_and_a_leading_space_do_nothing() {
        let mut picker = numbered(3);
        type_in(&mut picker, "\t\u{1b} \u{0}");
        assert_eq!(picker.filter(), None);
    }

    #[test]
    fn an_enterprise_network_says_why_it_cannot_be_chosen() {
        let office = Entry { selectable: false, ..entry("Office") };
        let other = Entry { note: "out of reach".to_owned(), ..office.clone() };
        let mut picker = PickerState::new(vec![office, other]);
        assert_eq!(picker.press(Key::Enter), Action::Continue);
        assert!(picker.message().is_some_and(|message| message.contains("Office") && message.contains("enterprise")));
        picker.press(Key::Down);
        assert_eq!(picker.message(), None);
        picker.press(Key::Enter);
        assert_eq!(picker.message(), Some("Office: out of reach"));
    }

    #[test]
    fn an_empty_list_says_so() {
        let mut picker = numbered(0);
        assert!(picker.message().is_some());
        for key in [Key::Up, Key::Down, Key::PageDown, Key::End, Key::Char('1'), Key::Char('x'), Key::Enter] {
            assert_eq!(picker.press(key), Action::Continue);
        }
    }

    #[test]
    fn entries_are_sanitised_on_the_way_in() {
        let picker = named(&["\u{1b}]0;x\u{7}"]);
        assert_eq!(picker.entries()[0].ssid, r"\x1b]0;x\x07");
    }
}
