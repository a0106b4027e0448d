//! The modules of the command line import each other in one direction: none of them is in a circle.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use regex::Regex;

/// The paths that a tree of `use` stands for: `a::{b, c::d}` for `a::b` and `a::c::d`.
fn paths(tree: &str) -> Vec<String> {
    let Some((start, rest)) = tree.split_once('{') else { return vec![tree.to_owned()] };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut depth, mut parts, mut part) = (0, Vec::new(), String::new());
    for letter in inner.chars() {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        match letter {
            ',' if depth == 0 => parts.push(std::mem::take(&mut part)),
            letter => part.push(letter),
        }
    }
    parts.push(part);
    let parts = parts.iter().filter(|part| !part.is_empty());
    parts.flat_map(|part| paths(&format!("{start}{part}"))).collect()
}

/// The modules that the text of one module uses, tests aside.
fn used(module: &str, text: &str, all: &BTreeSet<String>) -> BTreeSet<String> {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let text = Regex::new("//[^\n]*").unwrap().replace_all(text, "");
    let uses = Regex::new(r"\buse ([^;]+);").unwrap();
    let inline = Regex::new(r"\b(?:crate|super|self)(?:::\w+)+").unwrap();
    let imported =
        uses.captures_iter(&text).flat_map(|found| paths(&found[1].replace(char::is_whitespace, "")));
    let named = inline.find_iter(&text).map(|found| found.as_str().to_owned());
    let own: Vec<&str> = module.split("::").collect();
    let mut found = BTreeSet::new();
    for path in imported.chain(named) {
        let ups = path.split("::").take_while(|part| *part == "super").count();
        let rest = path.split("::").skip(ups);
        let whole: Vec<&str> = match path.split("::").next() {
            Some("crate") => rest.skip(1).collect(),
            Some("self") => own.iter().copied().chain(rest.skip(1)).collect(),
            // A path that begins with nothing else may begin with a module below this one.
            _ => own[..own.len().saturating_sub(ups)].iter().copied().chain(rest).collect(),
        };
        let longest = (1..=whole.len()).rev().map(|length| whole[..length].join("::"));
        found.extend(longest.filter(|path| all.contains(path)).take(1).filter(|path| path != module));
    }
    found
}

/// What a module uses, and what that uses, and so on.
fn reached<'u>(uses: &'u BTreeMap<String, BTreeSet<String>>, start: &'u str) -> BTreeSet<&'u String> {
    let (mut open, mut seen) = (vec![start], BTreeSet::new());
    while let Some(module) = open.pop() {
        let fresh = uses.get(module).into_iter().flatten().filter(|next| seen.insert(*next));
        open.extend(fresh.map(String::as_str));
    }
    seen
}

/// A module that leads back to itself, with all that are on the way.
fn circle(uses: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<&String>> {
    let start = uses.keys().find(|module| reached(uses, module).contains(module))?;
    Some(reached(uses, start).into_iter().filter(|module| reached(uses, module).contains(start)).collect())
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn the_command_line_is_in_no_circle() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = vec![source.join("cli.rs")];
    files(&source.join("cli"), &mut found);
    let module = |path: &PathBuf| {
        let below = path.strip_prefix(&source).unwrap().with_extension("");
        below.iter().map(|part| part.to_str().unwrap()).collect::<Vec<_>>().join("::")
    };
    let all: BTreeSet<String> = found.iter().map(module).collect();
    assert!(all.len() > 40 && all.contains("cli::capture"), "{all:?}");
    let of = |path: &PathBuf| {
        let module = module(path);
        let used = used(&module, &fs::read_to_string(path).unwrap(), &all);
        (module, used)
    };
    let uses: BTreeMap<String, BTreeSet<String>> = found.iter().map(of).collect();
    assert!(uses["cli::run"].contains("cli::selection") && uses["cli"].contains("cli::run"), "{uses:?}");
    assert_eq!(circle(&uses), None);
}

#[test]
fn a_circle_is_seen_however_it_is_written() {
    let all = ["cli", "cli::a", "cli::a::b", "cli::c"].map(str::to_owned).into();
    let uses = |files: &[(&str, &str)]| -> BTreeMap<String, BTreeSet<String>> {
        files.iter().map(|(module, text)| ((*module).to_owned(), used(module, text, &all))).collect()
    };
    for (files, in_circle) in [
        (&[("cli::a", "use super::c;"), ("cli::c", "use crate::cli::{a::x, d};")][..], true),
        (&[("cli::a", "mod b;\nuse b::X;"), ("cli::a::b", "fn f() { super::g() }")], true),
        (&[("cli::a", "use super::c::{self, X};"), ("cli::c", "use crate::report;")], false),
        (
            &[
                ("cli", "use self::{a::X, c::Y};"),
                ("cli::a", "use super::c;\n#[cfg(test)]\nmod tests { use crate::cli; }"),
            ],
            false,
        ),
    ] {
        assert_eq!(circle(&uses(files)).is_some(), in_circle, "{files:?}");
    }
}
