//! Which file of `src/` uses which other, read from their text: `use` trees and paths in the code, followed through
//! re-exports to the file that defines the name.
//!
//! This knows no types: a method that a parent calls on a value is no arrow. `#[cfg(test)]` modules are left out, since
//! a test may use what lies above the file it tests.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A path as it is written, with `*` as the last part of a glob.
type Path = Vec<String>;

/// One `use` of a file: the path, the name it gives, and whether others may import that name from here.
struct Import {
    path: Path,
    name: String,
    public: bool,
}

/// What is known of one module that has a file of its own.
struct Module {
    /// The file's path below `src/`.
    file: String,
    /// Names of the modules inside it.
    children: BTreeSet<String>,
    /// Names of the items that its text defines.
    items: BTreeSet<String>,
    imports: Vec<Import>,
    /// The paths in its code, outside `use`.
    paths: Vec<Path>,
    /// Every word of its code, outside `use`.
    words: BTreeSet<String>,
}

/// The arrows between files: each with the files it uses.
pub(crate) fn arrows(sources: impl Iterator<Item = (String, String)>) -> BTreeMap<String, BTreeSet<String>> {
    let modules: HashMap<Path, Module> = sources.map(|(file, text)| (name(&file), read(file, &text))).collect();
    let crate_ = Crate(modules);
    let mut arrows = BTreeMap::new();
    for (at, module) in &crate_.0 {
        let mut used = crate_.used(at, module);
        used.remove(&module.file);
        arrows.insert(module.file.clone(), used);
    }
    arrows
}

/// The groups of files that use each other in a circle, each in order.
pub(crate) fn circles(arrows: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> = arrows
        .keys()
        .map(|from| {
            let mut seen = BTreeSet::new();
            let mut next: Vec<&String> = arrows[from].iter().collect();
            while let Some(file) = next.pop() {
                if seen.insert(file) {
                    next.extend(arrows.get(file).into_iter().flatten());
                }
            }
            (from, seen)
        })
        .collect();
    let mut groups = BTreeSet::new();
    for (from, there) in reached.iter().filter(|(from, there)| there.contains(*from)) {
        let back = |file: &&&String| reached.get(**file).is_some_and(|back| back.contains(from));
        groups.insert(there.iter().filter(back).map(|file| (*file).clone()).collect::<Vec<_>>());
    }
    groups.into_iter().collect()
}

struct Crate(HashMap<Path, Module>);

impl Crate {
    fn used(&self, at: &Path, module: &Module) -> BTreeSet<String> {
        let mut used = BTreeSet::new();
        let mut aliases = HashMap::new();
        for import in &module.imports {
            let Some(path) = absolute(at, module, &import.path) else { continue };
            if self.0.contains_key(&path) {
                // A module that is imported is used by the paths that begin with its name.
                aliases.insert(import.name.clone(), path);
            } else if !import.public || import.name == "*" || module.words.contains(&import.name) {
                used.extend(self.file_of(&path, 0));
            }
        }
        for path in &module.paths {
            let whole = match aliases.get(&path[0]) {
                Some(alias) => Some([alias, &path[1..]].concat()),
                None => absolute(at, module, path),
            };
            used.extend(whole.and_then(|path| self.file_of(&path, 0)));
        }
        used
    }

    /// The file that defines what this path from the crate's root names.
    fn file_of(&self, path: &[String], depth: usize) -> Option<String> {
        let modules = (0..=path.len()).rev().find(|end| self.0.contains_key(&path[..*end]))?;
        let module = &self.0[&path[..modules]];
        let Some(item) = path.get(modules) else { return Some(module.file.clone()) };
        if !module.items.contains(item) && depth < 8 {
            for import in module.imports.iter().filter(|import| import.name == *item || import.name == "*") {
                let Some(mut origin) = absolute(&path[..modules].to_vec(), module, &import.path) else { continue };
                if import.name == "*" {
                    origin.pop();
                    if !self.0.get(&origin).is_some_and(|module| module.items.contains(item)) {
                        continue;
                    }
                    origin.push(item.clone());
                }
                origin.extend_from_slice(&path[modules + 1..]);
                return self.file_of(&origin, depth + 1);
            }
        }
        Some(module.file.clone())
    }
}

/// A path from the crate's root; nothing where it leads out of the crate.
fn absolute(at: &Path, module: &Module, path: &[String]) -> Option<Path> {
    let mut base = match path[0].as_str() {
        "crate" => Vec::new(),
        "self" | "super" => at.clone(),
        first if module.children.contains(first) => return Some([at, path].concat()),
        _ => return None,
    };
    let mut rest = path;
    while let Some(("crate" | "self" | "super", after)) =
        rest.split_first().map(|(first, after)| (first.as_str(), after))
    {
        if rest[0] == "super" {
            base.pop();
        }
        rest = after;
    }
    base.extend_from_slice(rest);
    Some(base)
}

/// The module that a file is.
fn name(file: &str) -> Path {
    let path = file.trim_end_matches(".rs").trim_end_matches("/mod");
    if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

fn read(file: String, text: &str) -> Module {
    let tokens = without_tests(&tokens(text));
    let empty = BTreeSet::new;
    let mut module = Module { file, children: empty(), items: empty(), imports: vec![], paths: vec![], words: empty() };
    let word = |at: usize| tokens.get(at).filter(|token| is_word(token));
    let mut at = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        if token == "use" {
            let public = at > 0 && (tokens[at - 1] == "pub" || tokens[at - 1] == ")");
            let end = tokens[at..].iter().position(|token| token == ";").map_or(tokens.len(), |length| at + length);
            tree(&tokens[at + 1..end], &mut Vec::new(), &mut |path, name| {
                module.imports.push(Import { path, name, public });
            });
            at = end;
        } else if is_word(token) {
            let defines = ["fn", "struct", "enum", "trait", "const", "static", "type", "union", "mod"];
            if let Some(defined) = word(at + 1).filter(|_| defines.contains(&token.as_str())) {
                let names = if token == "mod" { &mut module.children } else { &mut module.items };
                names.insert(defined.clone());
            }
            let begin = at;
            let mut path = vec![token.clone()];
            while tokens.get(at + 1).is_some_and(|token| token == "::") && word(at + 2).is_some() {
                path.push(tokens[at + 2].clone());
                at += 2;
            }
            module.words.insert(path[0].clone());
            // `pub(in crate::a)` says who may see it.
            let visibility = begin > 1 && tokens[begin - 1] == "in" && tokens[begin - 2] == "(";
            if path.len() > 1 && !visibility {
                module.paths.push(path);
            }
        }
        at += 1;
    }
    module
}

/// Hands on each path of a `use` tree with the name it gives.
fn tree(tokens: &[String], prefix: &mut Path, found: &mut dyn FnMut(Path, String)) {
    let depth = prefix.len();
    for branch in branches(tokens) {
        let mut rest = branch;
        let mut renamed = None;
        while let Some((token, after)) = rest.split_first() {
            match token.as_str() {
                "{" => {
                    tree(&after[..after.len() - 1], prefix, found);
                    prefix.truncate(depth);
                    rest = &[];
                    continue;
                }
                "::" => {}
                "as" => {
                    renamed = after.first().cloned();
                    break;
                }
                part => prefix.push(part.to_owned()),
            }
            rest = after;
        }
        if prefix.len() > depth {
            if prefix.len() > 1 && prefix.last().is_some_and(|last| last == "self") {
                prefix.pop();
            }
            let name = renamed.unwrap_or_else(|| prefix.last().cloned().unwrap_or_default());
            found(prefix.clone(), name);
        }
        prefix.truncate(depth);
    }
}

/// A list split at its own commas.
fn branches(tokens: &[String]) -> Vec<&[String]> {
    let mut depth = 0;
    let parts = tokens.split(|token| {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        depth == 0 && token == ","
    });
    parts.filter(|part| !part.is_empty()).collect()
}

/// Leaves out inline modules that are compiled for tests alone.
fn without_tests(tokens: &[String]) -> Vec<String> {
    const TESTS: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let inline = tokens[at..].iter().zip(TESTS).filter(|(token, wanted)| token == wanted).count() == TESTS.len()
            && tokens.get(at + 7).is_some_and(|token| token == "mod")
            && tokens.get(at + 9).is_some_and(|token| token == "{");
        if inline {
            let mut depth = 0;
            at += 9;
            loop {
                match tokens.get(at).map(String::as_str) {
                    Some("{") => depth += 1,
                    Some("}") => depth -= 1,
                    Some(_) => {}
                    None => break,
                }
                at += 1;
                if depth == 0 {
                    break;
                }
            }
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Words, `::` and single signs; no comments, no strings, no characters.
fn tokens(text: &str) -> Vec<String> {
    let text: Vec<char> = text.chars().collect();
    let starts = |at: usize, word: &str| text[at..].iter().take(word.len()).copied().eq(word.chars());
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let c = text[at];
        if starts(at, "//") {
            at += text[at..].iter().position(|c| *c == '\n').unwrap_or(text.len() - at);
        } else if starts(at, "/*") {
            at = (at + 2..text.len()).find(|end| starts(*end, "*/")).map_or(text.len(), |end| end + 2);
        } else if let Some(hashes) = raw_string(&text[at..]) {
            let end = format!("\"{}", "#".repeat(hashes));
            let begin = at + hashes + 2 + usize::from(c == 'b');
            at = (begin..text.len()).find(|at| starts(*at, &end)).map_or(text.len(), |at| at + end.len());
        } else if c == '"' {
            at += 1;
            while at < text.len() && text[at] != '"' {
                at += if text[at] == '\\' { 2 } else { 1 };
            }
            at += 1;
        } else if c == '\'' {
            // A character, or else a lifetime, which is skipped with its name.
            let escaped = text.get(at + 1) == Some(&'\\');
            if escaped {
                at = (at + 3..text.len()).find(|end| text[*end] == '\'').map_or(text.len(), |end| end + 1);
            } else if text.get(at + 2) == Some(&'\'') {
                at += 3;
            } else {
                at += 1 + text[at + 1..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').count();
            }
        } else if c.is_alphanumeric() || c == '_' {
            let word: String = text[at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
            at += word.chars().count();
            tokens.push(word);
        } else if starts(at, "::") {
            tokens.push("::".to_owned());
            at += 2;
        } else {
            if !c.is_whitespace() {
                tokens.push(c.to_string());
            }
            at += 1;
        }
    }
    tokens
}

/// How many signs `#` a raw string that starts here has.
fn raw_string(text: &[char]) -> Option<usize> {
    let text = text.strip_prefix(&['b']).unwrap_or(text).strip_prefix(&['r'])?;
    let hashes = text.iter().take_while(|c| **c == '#').count();
    (text.get(hashes) == Some(&'"')).then_some(hashes)
}
