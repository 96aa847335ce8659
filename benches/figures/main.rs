//! The figures espctl promises, measured and set beside their targets: `cargo bench`, or `cargo bench -- fleet` for
//! one part of them.
//!
//! Linux only: it reads /proc. A missed time or memory target is printed and no more, since it may be the machine's
//! fault; a missed count or size ends with status 1, and so does a device that could not be provisioned.

#[cfg(target_os = "linux")]
mod ble;
#[cfg(target_os = "linux")]
#[path = "../../tests/program/bluez/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the stand-in is written for the tests; this measures with a part of it")]
mod bluez;
#[cfg(target_os = "linux")]
mod client;
#[cfg(target_os = "linux")]
mod console;
#[cfg(target_os = "linux")]
mod crowd;
#[cfg(target_os = "linux")]
mod fleet;
#[cfg(target_os = "linux")]
mod handshakes;
#[cfg(target_os = "linux")]
mod link;
#[cfg(target_os = "linux")]
mod processes;
#[cfg(target_os = "linux")]
mod program;
#[cfg(target_os = "linux")]
mod provisioning;
#[cfg(target_os = "linux")]
#[path = "../../tests/library/tampering/proxy.rs"]
mod proxy;
#[cfg(target_os = "linux")]
mod table;
#[cfg(target_os = "linux")]
mod tampering;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    use table::Table;

    // The order matters: what a finished child used is asked of the system as the largest of all so far.
    type Part = fn(&mut Table);
    let parts: [(&str, Part); 10] = [
        ("program", program::measure),
        ("provisioning", provisioning::measure),
        ("round-trips", provisioning::count_round_trips),
        ("link", link::measure),
        ("console", console::measure),
        ("ble", ble::measure),
        ("crowd", crowd::measure),
        ("fleet", fleet::measure),
        ("handshakes", handshakes::measure),
        ("tampering", tampering::measure),
    ];
    if let Some(online) = ble::inside() {
        return std::process::ExitCode::from(u8::from(!online));
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let mut table = Table::begin();
    for (name, measure) in parts {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            measure(&mut table);
        }
    }
    table.end()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("these measurements read /proc and need Linux");
}
