//! How busy this computer is: the share of the last seconds in which a program had to wait for its processor.
//!
//! A device on the same computer, or a hundred runs at once, answer late for that reason alone.

/// From 0, nothing had to wait, to 1, something always had to. 0 where the system does not tell (Linux does).
pub fn processor() -> f32 {
    std::fs::read_to_string("/proc/pressure/cpu").ok().and_then(|text| some_of_10_seconds(&text)).unwrap_or(0.0)
}

/// Of `some avg10=97.31 avg60=… avg300=… total=…`, per cent.
fn some_of_10_seconds(text: &str) -> Option<f32> {
    let line = text.lines().find_map(|line| line.strip_prefix("some "))?;
    let share = line.split(' ').find_map(|field| field.strip_prefix("avg10="))?;
    share.parse::<f32>().ok().filter(|share| share.is_finite()).map(|share| (share / 100.0).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_read_whatever_the_text() {
        let text = "some avg10=97.50 avg60=11.00 avg300=1.00 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
        assert_eq!(some_of_10_seconds(text), Some(0.975));
        assert_eq!(some_of_10_seconds("some avg10=250"), Some(1.0));
        for text in ["", "some", "some avg10=", "some avg10=x", "some avg10=NaN", "full avg10=1.00", "avg10=5"] {
            assert_eq!(some_of_10_seconds(text), None, "{text}");
        }
        assert!((0.0..=1.0).contains(&processor()));
    }
}
