//! Tests of the picker: keys in, rows and actions out.

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
fn accents_do_not_count_in_a_filter() {
    let mut picker = named(&["Caf\u{e9}", "Cafe\u{301} 2", "CAF", "M\u{fc}ller"]);
    type_in(&mut picker, "cafe");
    assert_eq!(picker.shown(), [0, 1]);
    picker.press(Key::Escape);
    type_in(&mut picker, "CAF\u{c9}");
    assert_eq!(picker.shown(), [0, 1]);
    picker.press(Key::Escape);
    type_in(&mut picker, "mull");
    assert_eq!(picker.shown(), [3]);
}

#[test]
fn a_digit_after_a_pause_begins_a_new_number() {
    let mut picker = numbered(25);
    type_in(&mut picker, "1");
    assert!(picker.end_number() && !picker.end_number());
    type_in(&mut picker, "2");
    assert_eq!(picker.cursor(), 1);
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
