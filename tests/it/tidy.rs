//! Holds what no compiler holds: the order of the modules, who may touch files, network and clock, and the style that
//! can be checked by reading. Each rule reads one file and is itself tested below.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Mutex,
};

use regex::Regex;

/// Left to right: a module uses what stands before it.
const MODULES: [&str; 15] = [
    "model",
    "redact",
    "contract",
    "suite",
    "matcher",
    "plan",
    "exec",
    "check",
    "mutation",
    "report",
    "workspace",
    "traffic",
    "runner",
    "harness",
    "api",
];
/// Stands apart: uses these alone.
const REFERENCE_USES: [&str; 3] = ["reference", "model", "contract"];

const MOST_LINES: usize = 500;

/// One file as the rules see it.
struct Source {
    /// From the repository's root, with `/`.
    path: String,
    text: String,
    /// The text without comments, literals and test modules; line for line the same.
    code: String,
}

/// `path:line: what is wrong`.
type Complaint = String;
type Rule = fn(&Source) -> Vec<Complaint>;

const RULES: [(&str, Rule); 9] = [
    ("modules", modules),
    ("edge", edge),
    ("network", network),
    ("clock", clock),
    ("names", names),
    ("header", header),
    ("macros", macros),
    ("booleans", booleans),
    ("size", size),
];

#[test]
fn the_repository_is_tidy() {
    let sources = sources();
    assert!(sources.iter().any(|source| source.path == "src/lib.rs"), "no sources found");
    let complaints: Vec<_> =
        sources.iter().flat_map(|source| RULES.iter().flat_map(|(_, rule)| rule(source))).collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

// The rules

/// A module uses itself and what stands left of it; `check` and `exec` never meet; only the edge and `runner::embedded` use
/// `reference`, and nothing but the program uses `cli`; `lib.rs` lists the modules and the public API, and holds no code.
fn modules(source: &Source) -> Vec<Complaint> {
    if source.path == "src/lib.rs" {
        let heads = ["pub mod ", "mod api;", "pub use api::{", "    ", "};", "#[", "#![cfg_attr("];
        let listed = |line: &str| line.trim().is_empty() || heads.iter().any(|head| line.starts_with(head));
        let strays = source.code.lines().enumerate().filter(|(_, line)| !listed(line));
        return strays
            .map(|(index, _)| source.at(index, "lib.rs lists the modules and holds no logic"))
            .collect();
    }
    let Some(module) = source.module() else { return Vec::new() };
    let place = |name: &str| MODULES.iter().position(|it| *it == name);
    if module != "reference" && place(module).is_none() {
        return vec![source.at(0, &format!("`{module}` is no module of ARCHITECTURE.md"))];
    }
    let allowed = |used: &str| match place(module) {
        None => REFERENCE_USES.contains(&used),
        Some(own) => place(used).is_some_and(|it| it <= own) && !(module == "check" && used == "exec"),
    };
    let allowed =
        |used: &str| allowed(used) || (used == "reference" && source.path == "src/runner/embedded.rs");
    let paths = source.paths().into_iter().filter_map(|(line, path)| Some((line, source.room_of(&path)?)));
    paths
        .filter(|(_, used)| !allowed(used))
        .map(|(line, used)| source.at(line, &format!("`{module}` must not use `{used}`")))
        .collect()
}

/// Files, environment, process and the standard streams belong to the edge; ledger, budget and token cache may have files.
/// `workspace` reads files and environment, `runner` writes records; `harness` and the API's test program are a `main`.
fn edge(source: &Source) -> Vec<Complaint> {
    let is_store = ["src/exec/ledger", "src/exec/budget", "src/exec/auth/token"]
        .iter()
        .any(|it| source.path.starts_with(it));
    // Models that are not part of the repository are named by the environment.
    let is_test_of_models = source.path == "src/plan/guard/tests/every_operation.rs";
    let is_program = ["src/harness.rs", "src/api/conformance.rs"].contains(&source.path.as_str());
    if source.is_edge() || is_test_of_models || is_program {
        return Vec::new();
    }
    let is_store = is_store || matches!(source.module(), Some("workspace" | "runner"));
    // The second Ctrl-C leaves at once.
    let is_interrupt = source.path == "src/runner/interrupt.rs";
    let mut outside =
        vec!["std::env", "std::process", "std::io::stdout", "std::io::stderr", "std::io::stdin"];
    if source.module() == Some("workspace") {
        outside.retain(|path| *path != "std::env");
    }
    if is_interrupt {
        outside.retain(|path| *path != "std::process");
    }
    if !is_store {
        outside.extend(["std::fs", "tokio::fs"]);
    }
    let mut complaints = source.uses(&outside, "only the edge may");
    complaints.extend(source.finds(r"\be?print(ln)?!", "only the edge prints"));
    complaints
}

/// Sockets are `exec::wire`'s, the proxy's and the reference target's.
fn network(source: &Source) -> Vec<Complaint> {
    let allowed =
        ["src/exec/wire", "src/reference", "src/traffic/proxy"].iter().any(|it| source.path.starts_with(it));
    if allowed || source.is_edge() {
        return Vec::new();
    }
    const SOCKETS: [&str; 8] = [
        "reqwest",
        "hyper",
        "hyper_util",
        "tokio_rustls",
        "tokio::net",
        "std::net::TcpStream",
        "std::net::TcpListener",
        "std::net::UdpSocket",
    ];
    source.uses(&SOCKETS, "only exec::wire, traffic::proxy and reference may")
}

/// Nothing but `exec`, the reference target and the edge knows what time it is.
fn clock(source: &Source) -> Vec<Complaint> {
    let is_proxy = source.path.starts_with("src/traffic/proxy");
    if source.is_edge()
        || is_proxy
        || matches!(source.module(), Some("exec" | "reference" | "runner" | "harness"))
    {
        return Vec::new();
    }
    let mut complaints = source.uses(&["tokio::time"], "only exec may");
    let now = r"\b(Instant|SystemTime|Timestamp|Zoned)::now\b";
    complaints.extend(source.finds(now, "only exec looks at the clock"));
    complaints
}

/// A module is named after what it holds.
fn names(source: &Source) -> Vec<Complaint> {
    const EMPTY: [&str; 8] = ["util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"];
    let parts = source.path.trim_end_matches(".rs").split('/');
    parts
        .filter(|part| EMPTY.contains(part))
        .map(|part| source.at(0, &format!("`{part}` says nothing; name the module after what it holds")))
        .collect()
}

/// Every file says first what it holds.
fn header(source: &Source) -> Vec<Complaint> {
    match source.text.starts_with("//! ") {
        true => Vec::new(),
        false => vec![source.at(0, "does not open with `//!`")],
    }
}

fn macros(source: &Source) -> Vec<Complaint> {
    source.finds(r"\b(todo|unimplemented|dbg)!", "unfinished")
}

/// A public function is not switched by a `bool`; an enum of two words says what is meant.
fn booleans(source: &Source) -> Vec<Complaint> {
    let function = regex(r"\bpub(?:\([^)]*\))?\s+(?:const\s+|async\s+|unsafe\s+)*fn\s+(\w+)");
    let parameter = regex(r":\s*bool\b");
    let mut complaints = Vec::new();
    for found in function.captures_iter(&source.code) {
        let (whole, name) = (found.get(0).unwrap(), &found[1]);
        let signature = parameters(&source.code[whole.end()..]);
        if parameter.is_match(signature) {
            let line = source.line_of(whole.start());
            complaints.push(source.at(line, &format!("`{name}` takes a bool; make it an enum of two words")));
        }
    }
    complaints
}

fn size(source: &Source) -> Vec<Complaint> {
    match source.text.lines().count() {
        lines if lines > MOST_LINES => vec![source.at(0, &format!("{lines} lines; what is it two of?"))],
        _ => Vec::new(),
    }
}

// How they read

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let code = without_tests(&without_literals(text));
        Source { path: path.into(), text: text.into(), code }
    }

    /// `line` from 0.
    fn at(&self, line: usize, what: &str) -> Complaint {
        format!("{}:{}: {what}", self.path, line + 1)
    }

    fn line_of(&self, offset: usize) -> usize {
        self.code[..offset].matches('\n').count()
    }

    /// What arguments, environment and terminal belong to; tests and benches are edge too.
    fn is_edge(&self) -> bool {
        let inside = self.path.strip_prefix("src/");
        inside.is_none_or(|it| it == "main.rs" || it == "cli.rs" || it.starts_with("cli/"))
    }

    /// `exec` of `src/exec/wire.rs`; none for the edge and `lib.rs`.
    fn module(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?.trim_end_matches(".rs");
        let module = inside.split('/').next()?;
        (!self.is_edge() && module != "lib").then_some(module)
    }

    /// The module a path leads to, if it goes by `crate::` or by as many `super::` as lead to the root.
    fn room_of(&self, path: &str) -> Option<String> {
        let depth = self.path.trim_end_matches(".rs").split('/').filter(|part| *part != "mod").count() - 1;
        let parts: Vec<&str> = path.split("::").collect();
        let supers = parts.iter().take_while(|part| **part == "super").count();
        let from_root = match parts.first() {
            Some(&"crate") => parts.get(1),
            _ if supers >= depth => parts.get(supers),
            _ => None,
        };
        from_root
            .filter(|part| part.starts_with(|c: char| c.is_ascii_lowercase()))
            .map(|part| part.to_string())
    }

    /// Every path with `::` in it, those of `use` trees written out, each with its line.
    fn paths(&self) -> Vec<(usize, String)> {
        let mut paths = Vec::new();
        let mut rest = self.code.clone();
        for found in regex(r"\buse\s+([^;]+);").captures_iter(&self.code) {
            let whole = found.get(0).unwrap();
            rest.replace_range(whole.range(), &blank(whole.as_str()));
            let line = self.line_of(whole.start());
            let tree: String = found[1].split_whitespace().collect::<Vec<_>>().join(" ");
            paths.extend(branches(&tree).into_iter().map(|path| (line, path)));
        }
        for found in regex(r"\b[A-Za-z_]\w*(?:::[A-Za-z_]\w*)+").find_iter(&rest) {
            paths.push((self.line_of(found.start()), found.as_str().to_owned()));
        }
        paths
    }

    fn uses(&self, forbidden: &[&str], why: &str) -> Vec<Complaint> {
        let below = |path: &str, head: &str| {
            path.strip_prefix(head).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        let hits =
            self.paths().into_iter().filter(|(_, path)| forbidden.iter().any(|head| below(path, head)));
        hits.map(|(line, path)| self.at(line, &format!("uses `{path}`; {why}"))).collect()
    }

    fn finds(&self, pattern: &str, why: &str) -> Vec<Complaint> {
        let pattern = regex(pattern);
        let hits = self.code.lines().enumerate().filter_map(|(line, code)| Some((line, pattern.find(code)?)));
        hits.map(|(line, found)| self.at(line, &format!("`{}`; {why}", found.as_str()))).collect()
    }
}

/// `a::{b, c::{d, e as f}}` -> `a::b`, `a::c::d`, `a::c::e`.
fn branches(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        return vec![tree.split(" as ").next().unwrap_or_default().trim().to_owned()];
    };
    let (head, inside) = (&tree[..open], &tree[open + 1..tree.rfind('}').unwrap_or(tree.len())]);
    let mut depth = 0;
    let split = inside.split(|c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    let parts = split.filter(|part| !part.trim().is_empty()).flat_map(branches);
    parts.map(|part| format!("{head}{part}").trim_end_matches("::self").to_owned()).collect()
}

/// From behind a function's name: what stands in its parentheses.
fn parameters(text: &str) -> &str {
    let mut depth = 0;
    let mut start = None;
    for (index, character) in text.char_indices() {
        match character {
            '(' => {
                depth += 1;
                start.get_or_insert(index);
            }
            ')' => depth -= 1,
            '{' | ';' if depth == 0 => break,
            _ => {}
        }
        if let (Some(start), 0) = (start, depth) {
            return &text[start..index];
        }
    }
    ""
}

/// Comments and literals blanked, so that words in them are not taken for code.
fn without_literals(text: &str) -> String {
    let token = regex(
        r##"(?xs) //[^\n]* | /\*.*?\*/ | \bb?r\#\#\#".*?"\#\#\# | \bb?r\#\#".*?"\#\# | \bb?r\#".*?"\# | \bb?r".*?"
        | \bb?"(?:\\.|[^"\\])*" | "(?:\\.|[^"\\])*" | b?'(?:\\[^u]|\\u\{\w+\}|[^'\\])' "##,
    );
    token.replace_all(text, |found: &regex::Captures| blank(&found[0])).into_owned()
}

/// Tests stand at the foot of a file.
fn without_tests(code: &str) -> String {
    match regex(r"(?m)^#\[cfg\(test\)\]\s*mod \w+ \{").find(code) {
        Some(tests) => code[..tests.start()].to_owned(),
        None => code.to_owned(),
    }
}

fn blank(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect()
}

/// Compiled once: unoptimised, that takes longer than all the reading.
fn regex(pattern: &str) -> Regex {
    static COMPILED: Mutex<BTreeMap<String, Regex>> = Mutex::new(BTreeMap::new());
    let mut compiled = COMPILED.lock().unwrap();
    compiled.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).unwrap()).clone()
}

/// Every Rust file of the repository that is ours, save modules that are compiled for tests alone.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    let mut folders: Vec<_> = ["src", "tests", "benches"].map(|folder| root.join(folder)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests/user-crate") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let relative = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                sources
                    .push(Source::new(&relative, &fs::read_to_string(&path).unwrap().replace("\r\n", "\n")));
            }
        }
    }
    let for_tests = regex(r"#\[cfg\(test\)\]\s*(?:pub(?:\([^)]*\))? )?mod (\w+);");
    let tests: BTreeSet<String> = sources
        .iter()
        .flat_map(|source| {
            let folder = source.path.trim_end_matches(".rs");
            for_tests.captures_iter(&source.text).map(move |found| format!("{folder}/{}.rs", &found[1]))
        })
        .collect();
    sources.retain(|source| !tests.contains(&source.path));
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

// The rules can fail

#[test]
fn each_rule_finds_what_it_is_for_and_nothing_else() {
    let long = "//! x\n".repeat(MOST_LINES + 1);
    let table: Vec<(&str, &str, &str, usize)> = vec![
        ("modules", "src/check/rules.rs", "use crate::exec::wire;", 1),
        ("modules", "src/check.rs", "use crate::{model::case::Case, exec::run};", 1),
        ("modules", "src/check.rs", "fn f() { crate::exec::run() }", 1),
        ("modules", "src/check.rs", "use super::exec;", 1),
        ("modules", "src/check/rules/date.rs", "use super::super::super::exec::run;", 1),
        ("modules", "src/check/rules/date.rs", "use super::super::exec;", 0),
        ("modules", "src/exec.rs", "use crate::check;", 1),
        (
            "modules",
            "src/exec/wire.rs",
            "use crate::{model, matcher::{fill, capture as take}, plan::Job};",
            0,
        ),
        ("modules", "src/model.rs", "use crate::contract::Contracts;", 1),
        ("modules", "src/report.rs", "use crate::{check::Judgement, exec::Session};", 0),
        ("modules", "src/redact.rs", "use crate::contract::Contracts;", 1),
        ("modules", "src/report.rs", "use crate::reference::Server;", 1),
        ("modules", "src/report.rs", "use crate::cli::args;", 1),
        ("modules", "src/reference/state.rs", "use crate::{model::contract, contract::Contracts};", 0),
        ("modules", "src/reference/state.rs", "use crate::matcher::fill;", 1),
        ("modules", "src/cli/run.rs", "use crate::{reference::Server, exec, check};", 0),
        ("modules", "src/cellar.rs", "", 1),
        ("modules", "src/lib.rs", "//! x\n\npub mod model;\n", 0),
        ("modules", "src/lib.rs", "pub use model::Case;", 1),
        (
            "modules",
            "src/lib.rs",
            "mod api;\npub use api::{A, main};\n#[cfg(feature = \"cli\")]\npub mod cli;",
            0,
        ),
        ("modules", "src/traffic.rs", "use crate::runner;", 1),
        ("modules", "src/runner.rs", "use crate::cli::args;", 1),
        ("modules", "src/runner.rs", "use crate::reference;", 1),
        ("modules", "src/runner/embedded.rs", "use crate::reference;", 0),
        ("modules", "src/workspace.rs", "use crate::traffic;", 1),
        ("edge", "src/workspace/secrets.rs", "use std::{env, fs};", 0),
        ("edge", "src/workspace.rs", "println!()", 1),
        ("edge", "src/runner.rs", "use std::env;", 1),
        ("edge", "src/traffic.rs", "use std::fs;", 1),
        ("network", "src/traffic/proxy/relay.rs", "use tokio::net::TcpStream;", 0),
        ("network", "src/traffic.rs", "use tokio::net::TcpStream;", 1),
        ("clock", "src/traffic.rs", "let now = Instant::now();", 1),
        ("modules", "src/check.rs", "// crate::exec\n/* crate::exec */ const A: &str = \"crate::exec\";", 0),
        ("modules", "src/check.rs", "#[cfg(test)]\nmod tests {\n use crate::exec;\n}", 0),
        ("edge", "src/suite.rs", "use std::{sync::Arc, fs};", 1),
        ("edge", "src/suite.rs", "let home = std::env::var(\"HOME\");", 1),
        ("edge", "src/suite.rs", "let version = env!(\"CARGO_PKG_VERSION\");", 0),
        ("edge", "src/suite.rs", "println!(); eprintln!();", 1),
        ("edge", "src/exec/ledger.rs", "use std::{fs::File, io::Write};", 0),
        ("edge", "src/exec/ledger.rs", "println!()", 1),
        ("edge", "src/exec/wire.rs", "use tokio::fs;", 1),
        ("edge", "src/main.rs", "use std::{env, fs}; println!()", 0),
        ("edge", "tests/conformance.rs", "use std::env;", 0),
        ("network", "src/exec/wire.rs", "use reqwest::Client;", 0),
        ("network", "src/reference/server.rs", "use tokio::net::TcpListener;", 0),
        ("network", "src/exec/script.rs", "use tokio::{net::TcpStream, sync};", 1),
        ("network", "src/check.rs", "fn f(c: reqwest::Client) {}", 1),
        ("network", "src/plan.rs", "use std::net::SocketAddr;", 0),
        ("clock", "src/check.rs", "let now = Instant::now();", 1),
        ("clock", "src/report.rs", "let now = jiff::Timestamp::now();", 1),
        ("clock", "src/check.rs", "use tokio::time::sleep;", 1),
        ("clock", "src/exec/wire.rs", "let now = Instant::now();", 0),
        ("names", "src/exec/util.rs", "", 1),
        ("names", "src/common/mod.rs", "", 1),
        ("names", "src/exec/wire.rs", "", 0),
        ("header", "src/plan.rs", "use std::fmt;", 1),
        ("header", "src/plan.rs", "//! Jobs.\nuse std::fmt;", 0),
        ("macros", "src/plan.rs", "fn f() { todo!() }", 1),
        ("macros", "src/plan.rs", "fn f() { dbg!(1); }\n// todo!()", 1),
        ("booleans", "src/plan.rs", "pub fn f(name: &str, quick: bool) {}", 1),
        ("booleans", "src/plan.rs", "pub(super) async fn f<T>(a: (u8, u8),\n b: bool) -> T;", 1),
        (
            "booleans",
            "src/plan.rs",
            "pub fn f(by: impl Fn(&str) -> bool) -> bool { let a: bool = true; a }",
            0,
        ),
        ("booleans", "src/plan.rs", "fn f(quick: bool) {}\npub struct A { a: bool }", 0),
        ("size", "src/plan.rs", &long, 1),
        ("size", "src/plan.rs", &long[..long.len() - 6], 0),
    ];
    for (name, path, text, expected) in &table {
        let (_, rule) = RULES.iter().find(|(it, _)| it == name).unwrap();
        let complaints = rule(&Source::new(path, text));
        assert_eq!(complaints.len(), *expected, "{name} on {path}: {text}\n{complaints:?}");
    }
    for (name, _) in RULES {
        assert!(
            table.iter().any(|(it, .., hits)| *it == name && *hits > 0),
            "nothing shows that {name} can fail"
        );
    }
}

#[test]
fn a_complaint_says_where() {
    let source = Source::new("src/check.rs", "//! Verdicts.\n\nuse crate::{\n    exec::run,\n};\n");
    assert_eq!(modules(&source), ["src/check.rs:3: `check` must not use `exec`"]);
}

#[test]
fn literals_and_comments_are_not_code() {
    let text = r###"a('"'); b("\"x"); c(r#"y"z"#); d<'a>('\u{1b}', b'x'); // e
/* f
g */ h"###;
    let code = without_literals(text);
    assert_eq!(code.split_whitespace().collect::<Vec<_>>().join(" "), "a( ); b( ); c( ); d<'a>( , ); h");
    assert_eq!(code.lines().count(), text.lines().count());
}
