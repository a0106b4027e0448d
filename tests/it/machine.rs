//! Holds that no file names the machine it was written on.

use std::{fs, path::Path};

use regex::Regex;

/// What is built here is used elsewhere: a path of the machine it was written on helps nobody.
#[test]
fn no_file_names_the_machine_it_was_written_on() {
    let machine = Regex::new(r"(?:^|[\s\x22'`(=:])/(?:work|root|home|Users)/").unwrap();
    for (text, expected) in [("cd /home/me/x", true), ("a: \"/root/x\"", true), ("GET /api/work/1", false)] {
        assert_eq!(machine.is_match(text), expected, "{text}");
    }
    let mut complaints = Vec::new();
    let mut folders = ["benches", "cases", "ci", "docs", "scripts", "src", "targets", "tests", ".github"]
        .map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
        .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() && !["node_modules", "target"].iter().any(|name| path.ends_with(name)) {
                folders.push(path);
            } else if !path.ends_with("machine.rs")
                && let Ok(text) = fs::read_to_string(&path)
            {
                let lines = text.lines().filter(|line| machine.is_match(line));
                complaints.extend(lines.map(|line| format!("{}: {line}", path.display())));
            }
        }
    }
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}
