//! Signal strength for people: bars from dBm.

/// The most bars there are.
pub const FULL: usize = 4;

/// Bars for a signal strength in dBm: 4 from -55 up, 3 from -66, 2 from -77, 1 from -88, else 0. The thresholds are
/// those phones use, so the picture is the one the user knows.
pub fn signal_bars(rssi: i32) -> usize {
    [-88, -77, -66, -55].into_iter().filter(|&threshold| rssi >= threshold).count()
}

/// The bars as [`FULL`] columns of text: `▂▄▆█`, in ASCII `####`; weaker ones are filled up with `·` or `.`.
pub fn drawn(rssi: i32, ascii: bool) -> String {
    let (bars, missing) = if ascii { (['#'; FULL], '.') } else { (['▂', '▄', '▆', '█'], '·') };
    let lit = signal_bars(rssi);
    bars.into_iter().enumerate().map(|(index, bar)| if index < lit { bar } else { missing }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_follow_the_thresholds() {
        for (rssi, bars) in [(0, 4), (-55, 4), (-56, 3), (-66, 3), (-67, 2), (-77, 2), (-78, 1), (-88, 1), (-89, 0)] {
            assert_eq!(signal_bars(rssi), bars, "{rssi} dBm");
        }
        assert_eq!((signal_bars(i32::MIN), signal_bars(i32::MAX)), (0, FULL));
    }

    #[test]
    fn bars_are_four_columns() {
        assert_eq!(drawn(-45, false), "▂▄▆█");
        assert_eq!(drawn(-70, false), "▂▄··");
        assert_eq!(drawn(-60, true), "###.");
        assert_eq!(drawn(-99, true), "....");
    }
}
