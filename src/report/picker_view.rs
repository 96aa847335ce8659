//! How the network picker looks: its table, its window on a long list, its help.
//!
//! Lines of text with a role each; colours and cursor movement are added where they are written. Columns that
//! do not fit are left out, least useful first, before an SSID is cut to less than `READABLE` columns.

use super::picker::{Entry, PickerState};
use super::signal;
use crate::text;

/// Columns of an SSID that are worth more than any further column of the table.
const READABLE: usize = 12;
/// Between two columns.
const GAP: usize = 2;

/// One line of the picker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its text, never wider than was asked for.
    pub text: String,
    /// What it is.
    pub role: Role,
}

/// The role of a line, which decides its style. The text is complete without style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The column headings.
    Heading,
    /// A network.
    Row,
    /// The marked network; its text begins with `>`.
    Marked,
    /// The filter, a message or the place in the list.
    Status,
    /// The keys.
    Help,
}

impl PickerState {
    /// The picker in at most `height` lines of at most `width` columns; as many networks around the marked one as fit.
    pub fn view(&self, width: usize, height: usize, ascii: bool) -> Vec<Line> {
        let status = self.status(ascii);
        let mut help = self.help(width, ascii);
        // Few lines: the marked network first, then what is being said, the headings, the help.
        let heading = usize::from(height >= status.len() + 2);
        help.truncate(height.saturating_sub(status.len() + 3));
        let room = height.saturating_sub(status.len() + heading + help.len()).max(1);

        let shown = self.shown();
        let rows = room.min(shown.len());
        let top = self.cursor().saturating_sub(rows / 2).min(shown.len() - rows);
        let layout = Layout::new(self.entries(), width, ascii);
        let line = |role| move |text: String| Line { text, role };
        let networks = shown[top..top + rows].iter().enumerate().map(|(offset, &index)| {
            let marked = top + offset == self.cursor();
            let role = if marked { Role::Marked } else { Role::Row };
            Line { text: layout.row(index, &self.entries()[index], marked), role }
        });
        let mut lines: Vec<Line> =
            (heading > 0).then(|| layout.heading()).into_iter().map(line(Role::Heading)).collect();
        lines.extend(networks);
        lines.extend(status.into_iter().map(line(Role::Status)));
        lines.extend(help.into_iter().map(line(Role::Help)));
        lines.truncate(height);
        for line in &mut lines {
            line.text = bounded(&line.text, width, ascii);
        }
        lines
    }

    /// The text of [`Self::view`].
    pub fn render(&self, width: usize, height: usize, ascii: bool) -> Vec<String> {
        self.view(width, height, ascii).into_iter().map(|line| line.text).collect()
    }

    fn status(&self, ascii: bool) -> Vec<String> {
        let (shown, all) = (self.shown().len(), self.entries().len());
        let place = match self.filter() {
            Some(_) if shown == 0 => "no network matches".to_owned(),
            Some(_) => format!("{shown} of {all} networks match"),
            None => format!("{} of {all}", (self.cursor() + 1).min(all)),
        };
        let said = self.message().map_or(place, str::to_owned);
        let filter = self.filter().map(|filter| format!("Filter: {}_", shown_as(&text::sanitise(filter), ascii)));
        filter.into_iter().chain([shown_as(&said, ascii)]).collect()
    }

    fn help(&self, width: usize, ascii: bool) -> Vec<String> {
        let arrows = if ascii { "Up/Down move" } else { "↑↓ move" };
        let keys: &[&str] = match self.filter() {
            Some(_) => &[arrows, "Enter choose", "any character narrows", "Esc shows all"],
            None => &[
                arrows,
                "Enter choose",
                "1-9 go to number",
                "letters or / filter",
                "0 rescan",
                "o other",
                "Esc cancel",
            ],
        };
        let mut lines: Vec<String> = Vec::new();
        for key in keys {
            match lines.last_mut() {
                Some(line) if text::columns(line) + text::columns(key) + 3 <= width => {
                    line.push_str(if ascii { " | " } else { " · " });
                    line.push_str(key);
                }
                _ => lines.push((*key).to_owned()),
            }
        }
        lines
    }
}

/// All entries as a table without a mark, for a terminal that cannot redraw: the heading, then a line for each.
pub fn table(entries: &[Entry], width: usize, ascii: bool) -> Vec<String> {
    let layout = Layout::new(entries, width, ascii);
    let rows = entries.iter().enumerate().map(|(index, entry)| layout.row(index, entry, false));
    std::iter::once(layout.heading()).chain(rows).map(|line| bounded(&line, width, ascii)).collect()
}

/// A column of the table, from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Number,
    Ssid,
    Bssid,
    Channel,
    Rssi,
    Signal,
    Auth,
    Note,
}

impl Column {
    const ALL: [Self; 8] =
        [Self::Number, Self::Ssid, Self::Bssid, Self::Channel, Self::Rssi, Self::Signal, Self::Auth, Self::Note];
    /// Which to leave out first.
    const LEAST_USEFUL_FIRST: [Self; 6] =
        [Self::Bssid, Self::Channel, Self::Signal, Self::Note, Self::Rssi, Self::Auth];

    fn title(self) -> &'static str {
        match self {
            Self::Number => "#",
            Self::Ssid => "SSID",
            Self::Bssid => "BSSID",
            Self::Channel => "CH",
            Self::Rssi => "RSSI",
            Self::Signal => "SIGNAL",
            Self::Auth => "AUTH",
            Self::Note => "",
        }
    }

    fn is_number(self) -> bool {
        matches!(self, Self::Number | Self::Channel | Self::Rssi)
    }

    fn cell(self, index: usize, entry: &Entry, ascii: bool) -> String {
        match self {
            Self::Number => (index + 1).to_string(),
            Self::Ssid => shown_as(&entry.ssid, ascii),
            Self::Bssid => shown_as(&entry.bssid, ascii),
            Self::Channel => entry.channel.to_string(),
            Self::Rssi => entry.rssi.to_string(),
            Self::Signal => signal::drawn(entry.rssi, ascii),
            Self::Auth => shown_as(&entry.auth, ascii),
            Self::Note if entry.note.is_empty() && !entry.selectable => "not possible".to_owned(),
            Self::Note => shown_as(&entry.note, ascii),
        }
    }
}

/// Which columns there are and how wide, the same for every row.
struct Layout {
    columns: Vec<(Column, usize)>,
    ascii: bool,
}

impl Layout {
    fn new(entries: &[Entry], width: usize, ascii: bool) -> Self {
        let natural = |column: Column| {
            let cells =
                entries.iter().enumerate().map(|(index, entry)| text::columns(&column.cell(index, entry, ascii)));
            cells.max().unwrap_or(0).max(column.title().len())
        };
        let mut columns: Vec<_> =
            Column::ALL.into_iter().map(|column| (column, natural(column))).filter(|&(_, width)| width > 0).collect();
        let ssid = columns.iter().find(|(column, _)| *column == Column::Ssid).map_or(0, |&(_, width)| width);
        // Everything but the SSID, with the mark and the gaps.
        let others = |columns: &[(Column, usize)]| {
            let widths = columns.iter().filter(|(column, _)| *column != Column::Ssid).map(|(_, width)| width + GAP);
            GAP + widths.sum::<usize>()
        };
        for least in Column::LEAST_USEFUL_FIRST {
            if others(&columns) + ssid.min(READABLE) > width {
                columns.retain(|(column, _)| *column != least);
            }
        }
        let room = width.saturating_sub(others(&columns)).max(1);
        for (column, width) in &mut columns {
            if *column == Column::Ssid {
                *width = (*width).min(room);
            }
        }
        Self { columns, ascii }
    }

    fn heading(&self) -> String {
        self.line(' ', |column| column.title().to_owned())
    }

    fn row(&self, index: usize, entry: &Entry, marked: bool) -> String {
        self.line(if marked { '>' } else { ' ' }, |column| column.cell(index, entry, self.ascii))
    }

    fn line(&self, mark: char, cell: impl Fn(Column) -> String) -> String {
        let mut line = mark.to_string();
        for &(column, width) in &self.columns {
            let cell = bounded(&cell(column), width, self.ascii);
            let before = if column == Column::Number { 1 } else { GAP };
            let left = if column.is_number() { width.saturating_sub(text::columns(&cell)) } else { 0 };
            line.push_str(&" ".repeat(before + left));
            line.push_str(&text::padded(&cell, width - left));
        }
        line.truncate(line.trim_end().len());
        line
    }
}

fn shown_as(text: &str, ascii: bool) -> String {
    if ascii { text::ascii(text).into_owned() } else { text.to_owned() }
}

fn bounded(text: &str, width: usize, ascii: bool) -> String {
    if ascii { text::bounded_ascii(text, width) } else { text::bounded(text, width) }.into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::picker::Key;
    use super::super::picker::tests::{entry, numbered, type_in};
    use super::*;

    fn sample() -> PickerState {
        let office = Entry { rssi: -70, channel: 1, auth: "WPA2-Enterprise".to_owned(), ..entry("Office") };
        let cafe = Entry { rssi: -90, auth: "Open".to_owned(), ..entry("家庭网络") };
        PickerState::new(vec![entry("MyWiFiNetwork"), Entry { selectable: false, ..office }, cafe])
    }

    #[test]
    fn the_table_of_the_manual() {
        let lines = sample().render(120, 24, false);
        assert_eq!(
            lines[..4],
            [
                "  #  SSID           BSSID              CH  RSSI  SIGNAL  AUTH",
                "> 1  MyWiFiNetwork  aa:bb:cc:dd:ee:ff  11   -45  ▂▄▆█    WPA2",
                "  2  Office         aa:bb:cc:dd:ee:ff   1   -70  ▂▄··    WPA2-Enterprise  not possible",
                "  3  家庭网络       aa:bb:cc:dd:ee:ff  11   -90  ····    Open",
            ]
        );
        assert_eq!(lines[4], "1 of 3");
        assert!(lines[5].contains("Enter choose") && lines[5].contains("0 rescan") && lines[5].contains("o other"));
    }

    #[test]
    fn ascii_is_ascii() {
        let mut picker = sample();
        type_in(&mut picker, "网");
        for line in picker.render(60, 24, true).iter().chain(&sample().render(60, 24, true)) {
            assert!(line.is_ascii(), "{line}");
        }
        assert!(sample().render(120, 24, true)[1].contains("  ####    WPA2"));
    }

    #[test]
    fn nothing_is_ever_wider_or_higher_than_the_terminal() {
        let long = Entry { note: "a remark of some length".to_owned(), ..entry(&"家".repeat(40)) };
        for ascii in [false, true] {
            for mut picker in [sample(), numbered(0), numbered(1), numbered(200), PickerState::new(vec![long.clone()])]
            {
                for _ in 0..3 {
                    for width in 0..100 {
                        for height in [0, 1, 2, 3, 4, 5, 8, 24] {
                            let lines = picker.view(width, height, ascii);
                            assert!(lines.len() <= height);
                            assert!(lines.iter().all(|line| text::columns(&line.text) <= width), "{lines:?}");
                            let marked = lines.iter().filter(|line| line.role == Role::Marked).count();
                            assert_eq!(marked, usize::from(height > 0 && !picker.shown().is_empty()));
                        }
                    }
                    picker.press(Key::End);
                    picker.press(Key::Char('z'));
                }
            }
        }
    }

    #[test]
    fn twenty_columns_keep_number_and_name() {
        let lines = sample().render(20, 24, false);
        assert_eq!(lines[0], "  #  SSID");
        assert!(lines[1].starts_with("> 1  MyWiFiNet"), "{}", lines[1]);
        assert!(lines[2].starts_with("  2  Office"), "{}", lines[2]);
    }

    #[test]
    fn a_long_list_scrolls_around_the_mark() {
        let mut picker = numbered(200);
        let window = |picker: &PickerState| {
            let lines = picker.view(80, 10, false);
            let rows = lines.iter().filter(|line| matches!(line.role, Role::Row | Role::Marked));
            let numbers = rows.filter_map(|row| row.text[1..].split_whitespace().next()?.parse::<usize>().ok());
            numbers.collect::<Vec<_>>()
        };
        assert_eq!(window(&picker), [1, 2, 3, 4, 5, 6]);
        type_in(&mut picker, "100");
        assert_eq!(window(&picker), [97, 98, 99, 100, 101, 102]);
        picker.press(Key::End);
        assert_eq!(window(&picker), [195, 196, 197, 198, 199, 200]);
        assert!(picker.render(80, 10, false).iter().any(|line| line == "200 of 200"));
    }

    #[test]
    fn the_status_shows_filter_matches_and_messages() {
        let mut picker = sample();
        type_in(&mut picker, "/off");
        let lines = picker.render(80, 24, false);
        assert!(lines.contains(&"Filter: off_".to_owned()) && lines.contains(&"1 of 3 networks match".to_owned()));
        assert!(lines[1].starts_with("> 2  Office"));
        picker.press(Key::Enter);
        assert!(picker.render(80, 24, false).iter().any(|line| line.contains("enterprise login")));
        type_in(&mut picker, "zz");
        assert!(picker.render(80, 24, false).contains(&"no network matches".to_owned()));
    }

    #[test]
    fn the_plain_table_has_every_network() {
        let lines = table(sample().entries(), 80, false);
        assert_eq!(lines.len(), 4);
        assert!(lines.iter().all(|line| line.starts_with("  ")));
    }
}
