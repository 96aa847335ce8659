//! The rules of docs/ARCHITECTURE.md that a reader of the sources can check: who imports whom, who prints, how long
//! a file is. This test reads `src/` as text; it knows no Rust beyond comments and paths.

use std::fs;
use std::path::{Path, PathBuf};

/// The layers, lowest first. A module imports those before it, never one after it.
const LAYERS: [&str; 23] = [
    "secret",
    "text",
    "origin",
    "code",
    "stage",
    "failure",
    "wire",
    "security",
    "endpoint",
    "transport",
    "event",
    "session",
    "device",
    "backend",
    "provision",
    "board",
    "device_run",
    "sim",
    "settings",
    "qr_image",
    "report",
    "process",
    "commands",
];

/// Neighbours that must not know each other although the order would allow it: importer, imported, why.
const STRANGERS: [(&str, &str, &str); 9] = [
    ("endpoint", "security", "a request does not know how it is encrypted"),
    ("transport", "security", "a link carries bytes"),
    ("transport", "endpoint", "a link carries bytes"),
    ("sim", "endpoint", "a device that shared the client's codecs would share its mistakes"),
    ("backend", "security", "a back end sees a device only as its link"),
    ("sim", "session", "a device is no client"),
    ("sim", "provision", "a device is no client"),
    ("report", "sim", "only the sim command knows the simulated device"),
    ("qr_image", "transport", "reading a picture is no I/O"),
];

/// The only files outside `src/sim` that may name the simulated device, or the folder they are in.
const KNOW_THE_SIMULATOR: [&str; 3] = ["commands/sim.rs", "commands/sim/", "main.rs"];

/// Longest file, in lines.
const LINES_MAX: usize = 400;
/// Files past that: a generated one.
const LONG: [&str; 1] = ["wire/generated.rs"];

pub(crate) struct Source {
    /// Path below `src/`, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// The top-level module: `wire` for `wire/qr/parse.rs` and `text` for `text.rs`.
    fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many `super`s lead to the crate's root.
    fn depth(&self) -> usize {
        let parts = self.path.split('/').count();
        if self.path.ends_with("/mod.rs") { parts - 1 } else { parts }
    }

    /// Lines with their numbers, without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().filter_map(|(index, line)| {
            let code = line.split("//").next().unwrap_or_default();
            (!code.trim().is_empty()).then_some((index + 1, code))
        })
    }

    /// The top-level modules this file names, with the line.
    fn imports(&self) -> Vec<(usize, String)> {
        let root = "super::".repeat(self.depth());
        let mut found = Vec::new();
        for (line, code) in self.code() {
            for prefix in ["crate::", &root] {
                for (at, _) in code.match_indices(prefix) {
                    let preceded = code[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == ':');
                    let name: String = code[at + prefix.len()..].chars().take_while(|c| is_name(*c)).collect();
                    if !preceded && LAYERS.contains(&name.as_str()) {
                        found.push((line, name));
                    }
                }
            }
        }
        found
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn sources() -> Vec<Source> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a readable folder") {
            let path = entry.expect("a directory entry").path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let folder = root().join("src");
    let mut files = Vec::new();
    walk(&folder, &mut files);
    files.sort();
    let read = |file: PathBuf| {
        let path = file.strip_prefix(&folder).expect("below src").to_string_lossy().replace('\\', "/");
        Source { path, text: fs::read_to_string(&file).expect("UTF-8") }
    };
    files.into_iter().map(read).collect()
}

fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn every_module_has_its_layer() {
    for source in sources() {
        let module = source.module();
        assert!(["lib", "main"].contains(&module) || LAYERS.contains(&module), "{}: which layer?", source.path);
        assert!(!source.text.contains("crate::{"), "{}: name each module in a `use` of its own", source.path);
    }
}

#[test]
fn modules_import_only_what_lies_below_them() {
    let level = |module: &str| LAYERS.iter().position(|layer| *layer == module);
    let mut complaints = Vec::new();
    for source in sources() {
        let Some(own) = level(source.module()) else { continue };
        for (line, imported) in source.imports() {
            let at = format!("src/{}:{line} imports {imported}", source.path);
            if level(&imported).is_some_and(|other| other > own) {
                complaints.push(format!("{at}, which lies above {}", source.module()));
            }
            for (importer, stranger, why) in STRANGERS {
                if importer == source.module() && imported == stranger {
                    complaints.push(format!("{at}: {why}"));
                }
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn only_the_program_and_its_command_know_the_simulated_device() {
    let mut complaints = Vec::new();
    for source in sources() {
        let knows = source.module() == "sim" || KNOW_THE_SIMULATOR.iter().any(|path| source.path.starts_with(path));
        for (line, imported) in source.imports() {
            if imported == "sim" && !knows {
                complaints.push(format!("src/{}:{line} imports sim", source.path));
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn printing_the_environment_and_exiting_are_the_programs_own() {
    // What, and the modules that may.
    let rules: [(&[&str], &[&str]); 4] = [
        (&["print!(", "println!(", "eprint!(", "eprintln!(", "dbg!("], &["report", "main"]),
        (&["env::var", "env::args", "env::current_dir", "process::exit", "process::abort"], &["main"]),
        (&["io::stdin"], &["process", "report"]),
        (&["io::stdout", "io::stderr"], &["commands", "report"]),
    ];
    let mut complaints = Vec::new();
    for source in sources() {
        for (words, allowed) in &rules {
            if allowed.contains(&source.module()) {
                continue;
            }
            for (line, code) in source.code() {
                for word in words.iter().filter(|word| code.contains(**word)) {
                    complaints.push(format!("src/{}:{line} has {word}", source.path));
                }
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn only_the_links_open_sockets() {
    let mut complaints = Vec::new();
    for source in sources() {
        let host = source.module() == "transport"
            || ["sim/http/", "sim/cloud/"].iter().any(|own| source.path.starts_with(own));
        for (line, code) in source.code() {
            for word in ["TcpStream", "TcpListener", "TcpSocket", "UdpSocket", "socket2"] {
                if code.contains(word) && !host {
                    complaints.push(format!("src/{}:{line} has {word}", source.path));
                }
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn only_the_back_ends_use_the_http_client_for_the_internet() {
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| source.module() != "backend") {
        for (line, code) in source.code() {
            for word in ["reqwest::", "rustls::"] {
                if code.contains(word) {
                    complaints.push(format!("src/{}:{line} has {word}", source.path));
                }
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn only_the_console_and_its_simulation_open_ports() {
    let mut complaints = Vec::new();
    for source in sources() {
        let host = ["transport/serial/", "sim/console/"].iter().any(|folder| source.path.starts_with(folder));
        for (line, code) in source.code() {
            if code.contains("serialport::") && !host {
                complaints.push(format!("src/{}:{line} has serialport::", source.path));
            }
        }
    }
    assert_none(&complaints);
}

/// Where a link's name may stand: the links themselves, the simulated device and its command, and the QR payload, whose
/// format has words for transports.
const NAME_LINKS: [&str; 5] = ["transport/", "sim/", "commands/sim", "wire/qr.rs", "wire/qr/"];

#[test]
fn a_links_name_stands_in_its_own_folder_and_in_kinds() {
    let names: Vec<_> = espctl::transport::KINDS.iter().map(|kind| format!("\"{}\"", kind.scheme())).collect();
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| !NAME_LINKS.iter().any(|place| source.path.starts_with(place))) {
        // A test may name a link, as a command line does.
        let tests = source.code().find(|(_, code)| code.contains("#[cfg(test)]")).map_or(usize::MAX, |(line, _)| line);
        for (line, code) in source.code().filter(|(line, _)| *line < tests) {
            for word in names.iter().filter(|name| code.contains(name.as_str())) {
                complaints.push(format!("src/{}:{line} has {word}: ask the TransportKind", source.path));
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn raw_lines_of_a_board_go_no_further_than_the_redaction() {
    let may = ["wire/log", "transport/", "board/log_reader.rs", "board/link_log.rs"];
    let mut complaints = Vec::new();
    for source in sources().iter().filter(|source| !may.iter().any(|place| source.path.starts_with(place))) {
        for (line, code) in source.code() {
            if code.split(|c| !is_name(c)).any(|word| word == "RawLine" || word == "Splitter") {
                complaints.push(format!("src/{}:{line} takes a raw line", source.path));
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn only_the_bluetooth_link_and_its_simulation_use_bluetooth() {
    let mut complaints = Vec::new();
    for source in sources() {
        let host = ["transport/ble/", "sim/ble/"].iter().any(|folder| source.path.starts_with(folder));
        for (line, code) in source.code() {
            for word in ["btleplug::", "zbus::"] {
                if code.contains(word) && !host {
                    complaints.push(format!("src/{}:{line} has {word}", source.path));
                }
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn no_code_compares_or_replaces_the_sentences_of_hints() {
    let words = ["hint ==", "hint !=", "hint.contains(", "hint.replace(", "hints().retain", "hints().contains"];
    let mut complaints = Vec::new();
    for source in sources() {
        let own = source.module() == "code" || source.path == "failure.rs";
        // Tests say what they expect.
        let code = source.code().take_while(|(_, code)| !code.contains("#[cfg(test)]"));
        for (line, code) in code.filter(|_| !own && !source.path.ends_with("tests.rs")) {
            for word in words.iter().filter(|word| code.contains(**word)) {
                complaints.push(format!("src/{}:{line} has {word}: give the hint a condition", source.path));
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn a_links_errors_stay_in_its_folder() {
    // The errors' names, and the folders that may name them: the link's own, its simulation, and a link that is built on
    // it. The console runs over a serial port, so a port's error is one of its own.
    let rules: [(&str, &[&str]); 3] = [
        ("BleError", &["transport/ble/", "sim/ble/"]),
        ("ConsoleError", &["transport/console/"]),
        ("PortError", &["transport/serial/", "transport/console/"]),
    ];
    let mut complaints = Vec::new();
    for source in sources() {
        // Tests may make one up.
        for (line, code) in source.code().take_while(|(_, code)| !code.contains("#[cfg(test)]")) {
            for (name, allowed) in rules {
                let own = allowed.iter().any(|folder| source.path.starts_with(folder));
                if !own && code.split(|c| !is_name(c)).any(|word| word == name) {
                    complaints.push(format!("src/{}:{line} names {name}", source.path));
                }
            }
        }
    }
    assert_none(&complaints);
}

#[test]
fn files_say_what_they_are_for_and_stay_short() {
    let mut complaints = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if source.path != "wire/generated.rs" && !source.text.starts_with("//! ") {
            complaints.push(format!("src/{} does not open with //!", source.path));
        }
        if lines > LINES_MAX && !LONG.contains(&source.path.as_str()) {
            complaints
                .push(format!("src/{} has {lines} lines; past {LINES_MAX} a file is asking to be two", source.path));
        }
    }
    assert_none(&complaints);
}

#[test]
fn the_documented_rooms_are_the_rooms() {
    let document = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).expect("docs/ARCHITECTURE.md");
    let mut complaints = Vec::new();
    for room in LAYERS {
        let (file, folder) = (format!("`src/{room}.rs`"), format!("`src/{room}/`"));
        if !document.contains(&file) && !document.contains(&folder) {
            complaints.push(format!("docs/ARCHITECTURE.md does not name {room}"));
        }
    }
    // And what it names is there.
    let word = |c: char| is_name(c) || matches!(c, '/' | '.' | '-');
    for path in document.split(|c| !word(c)).filter(|path| path.starts_with("src/") || path.starts_with("tests/")) {
        let path = path.trim_end_matches('.');
        if !root().join(path).exists() {
            complaints.push(format!("docs/ARCHITECTURE.md names {path}, which is not there"));
        }
    }
    assert_none(&complaints);
}

#[test]
fn a_folders_header_names_what_is_in_it() {
    let sources = sources();
    let mut complaints = Vec::new();
    for source in &sources {
        let folder = source.path.strip_suffix("mod.rs").map_or_else(
            || source.path.strip_suffix(".rs").map(|path| format!("{path}/")).unwrap_or_default(),
            ToOwned::to_owned,
        );
        let header: String = source.text.lines().take_while(|line| line.starts_with("//!")).collect();
        let mut members = Vec::new();
        for other in sources.iter().filter(|other| other.path != source.path && !folder.is_empty()) {
            let Some(inside) = other.path.strip_prefix(&folder) else { continue };
            let member = inside.split('/').next().unwrap_or(inside);
            members.push(member.strip_suffix(".rs").unwrap_or(member));
        }
        members.dedup();
        for member in members {
            if !header.contains(&format!("`{member}.rs`")) && !header.contains(&format!("`{member}/`")) {
                complaints.push(format!("src/{}: the header does not name {member}", source.path));
            }
        }
        // And what it lists is there.
        for line in source.text.lines().filter(|line| line.starts_with("//! - `")) {
            let listed = line.split('`').skip(1).step_by(2).take(1);
            for name in listed.filter(|name| name.strip_suffix(".rs").is_some()) {
                if !root().join("src").join(&folder).join(name).exists() {
                    complaints.push(format!("src/{} lists {name}, which is not there", source.path));
                }
            }
        }
    }
    assert_none(&complaints);
}
