//! Files of a folder that are not there yet, and what git need not see.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use crate::{cli::new, workspace::Error};

/// What git need not see: snapshots that wait for review, and the last run.
pub const IGNORE: [&str; 3] = ["*.snap.new", ".*.pending-snap", "/target/proofmark/"];

pub const IGNORED: &str = ".gitignore";

/// Writes files that do not exist yet, and what git ignores.
pub fn write(folder: &Path, files: &[(String, String)], out: &mut impl Write) -> Result<(), Error> {
    let there: Vec<&str> = files
        .iter()
        .map(|(name, _)| &**name)
        .filter(|name| folder.join(name).symlink_metadata().is_ok())
        .collect();
    if !there.is_empty() {
        let there = there.join(", ");
        return Err(Error::Usage(format!("{} has {there} already; nothing was written", folder.display())));
    }
    for (name, text) in files {
        new::create(&folder.join(name), text)?;
        writeln!(out, "made     {name}")?;
    }
    if ignore(folder)? {
        writeln!(out, "extended {IGNORED}")?;
    }
    Ok(())
}

/// Adds what is missing; what is there stays as it is. Whether something was added.
pub fn ignore(folder: &Path) -> Result<bool, Error> {
    let path = folder.join(IGNORED);
    let at = |error: io::Error| Error::Usage(format!("{}: {error}", path.display()));
    let before = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text.map_err(at)?,
    };
    let after = ignoring(&before);
    if after == before {
        return Ok(false);
    }
    fs::write(&path, after).map_err(at)?;
    Ok(true)
}

pub fn ignoring(before: &str) -> String {
    let mut text = before.to_owned();
    for line in IGNORE.iter().filter(|line| !before.lines().any(|have| have.trim() == **line)) {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text += line;
        text.push('\n');
    }
    text
}
