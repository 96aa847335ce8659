//! The word that was probably meant by a mistyped one. What is said of it is its caller's.

/// The word that differs from `typed` in few letters: one in three, and at least one. Of several the nearest.
pub fn nearest<'a>(typed: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (typed.chars().count() / 3).max(1);
    let distance = |word: &'a str| (strsim::damerau_levenshtein(&typed.to_lowercase(), word), word);
    words.into_iter().map(distance).filter(|(distance, _)| *distance <= most).min().map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_letters_may_differ() {
        let words = ["pop", "password", "ssid", "device", "timeout"];
        for (typed, near) in [
            ("popp", Some("pop")),
            ("POP", Some("pop")),
            ("devise", Some("device")),
            ("time-out", Some("timeout")),
            ("passwrod", Some("password")),
            ("pin", None),
            ("key", None),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, words), near, "{typed}");
        }
    }
}
