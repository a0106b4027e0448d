//! Holds the text that people read to plain technical English: pages, help texts, clauses, and the messages in the code. A
//! sentence names its actor; words that avoid one do not come back.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::CommandFactory;
use regex::Regex;

/// Not as a part of a name (`refuses-a-key-that-nobody-issued`, `${lent}`), which people write in their own files.
const WORDS: &str = r"(?i)(?:^|[^-\w{.])(whoever|nobody|somebody|anybody|told|lent|dear|befall\w*|begotten|breach\w*)(?:[^-\w}]|$)";

#[test]
fn pages_help_clauses_and_messages_are_in_plain_technical_english() {
    let words = Regex::new(WORDS).unwrap();
    let mut texts = help();
    texts.extend(below("docs", "md").into_iter().map(read));
    texts.extend(
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"].map(|name| read(root(name))),
    );
    texts.extend(below("schemas", "yaml").into_iter().map(read));
    texts.extend(below("src", "rs").into_iter().map(read).map(|(name, text)| (name, messages(&text))));
    assert!(texts.len() > 100, "too little was read");
    let complaints: Vec<String> = texts
        .iter()
        .flat_map(|(name, text)| {
            let lines = text.lines().filter(|line| words.is_match(line));
            lines.map(move |line| format!("{name}: {}", line.trim()))
        })
        .collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn what_is_found_is_a_word_and_in_a_message() {
    let words = Regex::new(WORDS).unwrap();
    for (text, found) in [
        ("as it was told", true),
        ("Nobody knows.", true),
        ("`refuses-a-key-that-nobody-issued`", false),
        ("a talent, retold", false),
        ("{told} and ${lent}", false),
    ] {
        assert_eq!(words.is_match(text), found, "{text}");
    }
    let code = "// told\nlet told = \"one \\\" told\";\n#[cfg(test)]\nmod tests {\n  \"lent\"\n}\n";
    assert_eq!(messages(code), "one \\\" told");
}

/// The long help of every command, as a terminal shows it.
fn help() -> Vec<(String, String)> {
    fn all(command: &mut clap::Command, found: &mut Vec<(String, String)>) {
        found.push((format!("{} --help", command.get_name()), command.render_long_help().to_string()));
        command.get_subcommands_mut().for_each(|command| all(command, found));
    }
    let (mut found, mut command) = (Vec::new(), proofmark::cli::command::Cli::command());
    command.build();
    all(&mut command, &mut found);
    found
}

/// The texts in double quotes, one a line, of code without comments and tests.
fn messages(code: &str) -> String {
    let code = code.split_once("#[cfg(test)]\nmod tests").map_or(code, |(code, _)| code);
    let token = Regex::new(r#"(?s)//[^\n]*|'(?:\\.|[^'\\])'|"((?:\\.|[^"\\])*)""#).unwrap();
    let texts = token.captures_iter(code).filter_map(|found| Some(found.get(1)?.as_str().replace('\n', " ")));
    texts.collect::<Vec<_>>().join("\n")
}

fn root(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(path: PathBuf) -> (String, String) {
    let text = fs::read_to_string(&path).unwrap();
    (path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string(), text)
}

/// Every file with this ending, save tests.
fn below(folder: &str, ending: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("models") && !path.ends_with("tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == ending) && !path.ends_with("tests.rs") {
                found.push(path);
            }
        }
    }
    found
}
