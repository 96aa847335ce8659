//! Why a board printed no onboarding payload, told from what it printed instead. Pure.
//!
//! The signs are those that explain a failure elsewhere (`log_patterns`); what only a boot log tells is here.

use std::collections::VecDeque;
use std::time::Duration;

use super::diagnose::{Finding, findings, quote};
use super::log_patterns::About;
use super::log_reader::LogReader;
use crate::code::{Code, Fact, Hint};
use crate::failure::Failure;
use crate::text;
use crate::wire::log::{Level, Line};

/// Most lines that are kept.
const KEPT: usize = 400;
/// How many of the last lines an error quotes.
const QUOTED: usize = 3;
/// So many starts are a loop: one is the cable's or the reset button's, one the firmware may ask for.
const LOOP: usize = 3;
/// Most signs, and most errors before a crash, that are told.
const TOLD: usize = 2;

/// What a board printed in place of a payload.
#[derive(Debug, Default)]
pub(super) struct Shown {
    lines: VecDeque<Line>,
    encrypting: bool,
}

impl Shown {
    /// One more line; whether it is about the encryption of the flash.
    pub(super) fn take(&mut self, line: &Line) -> bool {
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line.clone());
        let about = line.tag.as_deref() == Some("flash_encrypt");
        let lower = line.text.to_lowercase();
        if about && (lower.contains("generating") || lower.contains("encrypting")) {
            self.encrypting = true;
        }
        if (about && lower.contains("completed")) || line.reset_reason().is_some() {
            self.encrypting = false;
        }
        about
    }

    /// Whether the board encrypts its flash at this moment.
    pub(super) fn is_encrypting(&self) -> bool {
        self.encrypting
    }

    /// Whether the lines say why there is no payload, so that none will come.
    pub(super) fn tells_why(&self) -> bool {
        self.verdict().is_some()
    }

    /// What the lines say, the surest first.
    fn verdict(&self) -> Option<Failure> {
        if self.starts() >= LOOP {
            return self.crashed();
        }
        // One that crashed and started again may do its work since.
        self.waits_for_download().or_else(|| self.is_provisioned()).or_else(|| self.crashed())
    }

    fn starts(&self) -> usize {
        self.lines.iter().filter(|line| line.reset_reason().is_some()).count()
    }

    fn crashed(&self) -> Option<Failure> {
        let mut found = self.signs(About::Crash);
        // The chip may name a watchdog as the reason of an ordinary start, once.
        found.retain(|finding| finding.line.reset_reason().is_none() || finding.count > 1);
        let starts = self.starts();
        if found.is_empty() && starts < LOOP {
            return None;
        }
        let words = if starts < LOOP { "crashed" } else { "restarts over and over" };
        let mut failure =
            Failure::new(Code::BoardCrashed).saying(format!("the board {words} before it prints its payload"));
        if found.is_empty() {
            let starts = self.signs(About::Restart);
            failure = starts.iter().take(1).fold(failure, |failure, start| failure.because(start.cause()));
            return Some(failure.hint("use a shorter USB cable or a supply of at least 500 mA"));
        }
        failure = found.iter().take(TOLD).map(Finding::cause).fold(failure, Failure::because);
        failure = self
            .errors_before(found[0].line)
            .into_iter()
            .fold(failure, |failure, line| failure.because(format!("just before, the board says: {}", quote(line))));
        Some(found.iter().take(TOLD).rev().fold(failure, |failure, finding| failure.hint(finding.sign.hint)))
    }

    fn signs(&self, wanted: About) -> Vec<Finding<'_>> {
        findings(&self.lines, |line| line, |about, _| about == wanted)
    }

    /// The errors that were logged right before this line, in order.
    fn errors_before(&self, crash: &Line) -> Vec<&Line> {
        let before = self.lines.iter().take_while(|line| !std::ptr::eq(*line, crash));
        let errors: Vec<_> = before.filter(|line| line.level == Some(Level::Error)).collect();
        errors[errors.len().saturating_sub(TOLD)..].to_vec()
    }

    fn waits_for_download(&self) -> Option<Failure> {
        let waits = |line: &Line| line.text.to_lowercase().contains("waiting for download");
        let at = self.lines.iter().rposition(waits)?;
        // A board that started since does not wait any more.
        let started = self.lines.iter().skip(at).any(|line| line.reset_reason().is_some());
        (!started).then(|| {
            Failure::new(Code::BoardNoPayload)
                .saying("the board waits for a download, so its firmware does not run")
                .because(format!("the board says: {}", quote(&self.lines[at])))
                .only_hints([
                    Hint::unless(
                        &[Fact::BoardRestarted],
                        "restart it into its firmware: --reset boot, or its reset button with BOOT released",
                    ),
                    Hint::given(Fact::BoardRestarted, "press its reset button with BOOT released"),
                    Hint::plain("a board that does this at every start has its BOOT pin (GPIO0, GPIO9) held low"),
                ])
        })
    }

    fn is_provisioned(&self) -> Option<Failure> {
        let says = |line: &&Line| line.text.to_lowercase().contains("already provisioned");
        let joined = || self.signs(About::Joined).first().map(|it| it.line);
        let line = self.lines.iter().find(says).or_else(joined)?;
        Some(
            Failure::new(Code::BoardNoPayload)
                .saying("the board is provisioned already, so it prints no payload")
                .because(format!("the board says: {}", quote(line)))
                .only_hints([
                    Hint::plain(
                        "to start anew, have it forget its network: by its factory-reset button, or by erasing its \
                         settings (idf.py erase-flash, then flash it again)",
                    ),
                    Hint::plain("then run this again: the payload is printed at boot"),
                ]),
        )
    }
}

/// The failure for a board that printed no payload.
pub(super) fn nothing(reader: &LogReader, shown: &Shown, wait: Duration) -> Failure {
    let path = text::sanitise(reader.path());
    let seconds = wait.as_secs_f32();
    if reader.bytes() == 0 {
        return Failure::new(Code::BoardSilent).because(format!("nothing arrived on {path} in {seconds:.0} s"));
    }
    if reader.is_garbled() {
        let bytes = reader.bytes();
        return Failure::new(Code::BoardGarbled).because(format!("{bytes} bytes arrived on {path}, few of them text"));
    }
    let first = shown.lines.len().saturating_sub(QUOTED);
    let quoted = shown.lines.iter().skip(first).map(quote).collect::<Vec<_>>();
    let seen = format!("in {seconds:.0} s {path} gave {} bytes", reader.bytes());
    let last = if quoted.is_empty() {
        ", and no whole line".to_owned()
    } else {
        format!("; the last lines: {}", quoted.join(" / "))
    };
    let failure = match (reader.trouble(), shown.verdict()) {
        (Some(error), _) => {
            let by_hand = "give name and PoP yourself with --device-name and --pop";
            Failure::new(Code::BoardNoPayload)
                .saying("cannot read the payload that the board printed")
                .caused_by(&error)
                .only_hints(error.hint().into_iter().chain([by_hand]).map(Hint::plain))
        }
        (None, Some(failure)) => failure,
        (None, None) if shown.is_encrypting() => Failure::new(Code::BoardNoPayload)
            .saying("the board still encrypts its flash; it prints its payload once that is done")
            .only_hints([
                Hint::plain("leave its power on until it has restarted by itself"),
                Hint::plain("then run this again, or give more time with --timeout"),
            ]),
        (None, None) => Failure::new(Code::BoardNoPayload),
    };
    failure.because(format!("{seen}{last}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(log: &str) -> Shown {
        let mut shown = Shown::default();
        for line in log.lines() {
            shown.take(&Line::parse(line));
        }
        shown
    }

    fn verdict(log: &str) -> Option<(Code, String)> {
        shown(log).verdict().map(|failure| (failure.code, format!("{} {:?}", failure.message, failure.causes)))
    }

    const START: &str = "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\nI (27) boot: ESP-IDF\n";

    #[test]
    fn a_crash_is_told_with_its_own_line_and_the_errors_before_it() {
        let crash = format!(
            "{START}E (824) wifi:wifi password length is invalid\nESP_ERROR_CHECK failed: esp_err_t 0x300b \
             (ESP_ERR_WIFI_PASSWORD) at 0x4008a2d4\nabort() was called at PC 0x4008a2d7 on core 0\nRebooting...\n"
        );
        let (code, told) = verdict(&crash).expect("a verdict");
        assert_eq!(code, Code::BoardCrashed);
        assert!(told.contains("crashed before") && told.contains("ESP_ERR_WIFI_PASSWORD"), "{told}");
        assert!(told.contains("password length is invalid"), "{told}");
        let hints = shown(&crash).verdict().map(|failure| failure.hints().join(" ")).unwrap_or_default();
        assert!(hints.contains("8 to 63"), "{hints}");
        let (_, told) = verdict(&crash.repeat(3)).expect("a verdict");
        assert!(told.contains("over and over") && told.contains("(3 times)"), "{told}");
    }

    #[test]
    fn a_supply_that_is_too_weak_is_told_by_the_reset_reason_alone() {
        for reason in ["BROWNOUT_RST", "BROWN_OUT_RST", "RTCWDT_BROWN_OUT_RESET"] {
            let (code, told) =
                verdict(&format!("rst:0xf ({reason}),boot:0x13 (SPI)\nI (27) boot: x\n").repeat(3)).expect("a verdict");
            assert!(code == Code::BoardCrashed && told.contains("supply voltage"), "{told}");
        }
    }

    #[test]
    fn a_sign_counts_once_for_each_time() {
        let brownout = "rst:0xf (BROWNOUT_RST),boot:0x13 (SPI)\nE BOD: Brownout detector was triggered\n";
        let (_, told) = verdict(&brownout.repeat(4)).expect("a verdict");
        assert!(told.contains("E BOD: Brownout detector was triggered (4 times)") && !told.contains("rst:"), "{told}");
    }

    #[test]
    fn a_watchdog_that_is_named_once_at_the_start_is_no_crash() {
        let start = "rst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\nI (27) boot: ESP-IDF\n";
        assert_eq!(verdict(start), None);
        assert!(verdict(&start.repeat(2)).is_some_and(|(code, _)| code == Code::BoardCrashed));
        let crashed = format!("Guru Meditation Error: Core  0 panic'ed\n{START}");
        assert!(verdict(&crashed).is_some_and(|(code, _)| code == Code::BoardCrashed));
        let runs = format!("{crashed}I (704) app: Already provisioned\n");
        assert!(verdict(&runs).is_some_and(|(code, _)| code == Code::BoardNoPayload), "it runs since");
    }

    #[test]
    fn restarts_without_a_reason_are_a_loop_from_the_third_on() {
        assert_eq!(verdict(&START.repeat(2)), None);
        assert!(verdict(&START.repeat(3)).is_some_and(|(code, _)| code == Code::BoardCrashed));
    }

    #[test]
    fn a_board_that_waits_for_a_download_does_until_it_starts_again() {
        let waits = "rst:0x1 (POWERON),boot:0x4 (DOWNLOAD(USB/UART0))\nwaiting for download\n";
        let (code, told) = verdict(waits).expect("a verdict");
        assert!(code == Code::BoardNoPayload && told.contains("waits for a download"), "{told}");
        assert_eq!(verdict(&format!("{waits}{START}")), None);
    }

    #[test]
    fn a_board_that_is_provisioned_says_so_in_either_way() {
        for line in [
            "I (704) app: Already provisioned, starting Wi-Fi STA",
            "[  1411][I][WiFiProv.cpp:190] beginProvision(): Already Provisioned",
            "I (3120) esp_netif_handlers: sta ip: 192.168.1.195, mask: 255.255.255.0, gw: 192.168.1.1",
        ] {
            let (code, told) = verdict(&format!("{START}{line}\n")).expect(line);
            assert!(code == Code::BoardNoPayload && told.contains("provisioned already"), "{told}");
        }
        assert_eq!(verdict(&format!("{START}I (704) app: Starting provisioning\n")), None);
    }

    #[test]
    fn encryption_lasts_until_it_is_completed_or_the_board_starts_again() {
        let begun = "I (517) flash_encrypt: Generating new flash encryption key...\nI (840) flash_encrypt: bootloader \
                     encrypted successfully\nI (1110) flash_encrypt: Encrypting partition 1 at offset 0x20000...\n";
        assert!(shown(begun).is_encrypting());
        let mut done = shown(begun);
        assert!(done.take(&Line::parse("I (25120) flash_encrypt: Flash encryption completed")));
        assert!(!done.is_encrypting());
        assert!(!shown(&format!("{begun}{START}")).is_encrypting());
        assert!(!shown("I (60) flash_encrypt: flash encryption is enabled (1 plaintext flashes left)").is_encrypting());
    }
}
