//! The files that come with the program: cases, contracts, snapshots, targets. In a debug build they are read from
//! the source tree at run time, in a release build they are inside the program.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rust_embed::RustEmbed;

use crate::suite::SourceFile;

#[derive(RustEmbed)]
#[folder = "cases/"]
#[include = "*.yaml"]
struct Cases;

#[derive(RustEmbed)]
#[folder = "schemas/"]
#[include = "*/operations.json"]
#[include = "*/schema.json"]
#[include = "*/clauses.yaml"]
struct Schemas;

#[derive(RustEmbed)]
#[folder = "snapshots/"]
#[include = "*.snap"]
struct Snapshots;

#[derive(RustEmbed)]
#[folder = "targets/"]
#[include = "*.yaml"]
struct Targets;

/// A kind of file the program comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Cases,
    Schemas,
    Snapshots,
    Targets,
}

impl Kind {
    /// The folder's name in the repository; bundled files are shown to users below it.
    pub fn folder(self) -> &'static str {
        match self {
            Kind::Cases => "cases",
            Kind::Schemas => "schemas",
            Kind::Snapshots => "snapshots",
            Kind::Targets => "targets",
        }
    }

    fn names(self) -> Vec<String> {
        let mut names: Vec<String> = match self {
            Kind::Cases => Cases::iter().map(String::from).collect(),
            Kind::Schemas => Schemas::iter().map(String::from).collect(),
            Kind::Snapshots => Snapshots::iter().map(String::from).collect(),
            Kind::Targets => Targets::iter().map(String::from).collect(),
        };
        names.sort();
        names
    }

    fn get(self, name: &str) -> Option<Vec<u8>> {
        let file = match self {
            Kind::Cases => Cases::get(name),
            Kind::Schemas => Schemas::get(name),
            Kind::Snapshots => Snapshots::get(name),
            Kind::Targets => Targets::get(name),
        };
        file.map(|file| file.data.into_owned())
    }
}

/// One bundled file, by its name below the kind's folder.
pub fn bundled(kind: Kind, name: &str) -> io::Result<Option<SourceFile>> {
    let Some(bytes) = kind.get(name) else { return Ok(None) };
    source_file(Path::new(kind.folder()).join(name), bytes).map(Some)
}

/// The files of one kind: those below `folder` where one is given, the bundled ones otherwise. `wanted` sees each
/// file's name below the folder, with `/` between its parts.
pub fn read(kind: Kind, folder: Option<&Path>, wanted: impl Fn(&str) -> bool) -> io::Result<Vec<SourceFile>> {
    match folder {
        Some(folder) => {
            let mut found = Vec::new();
            walk(folder, "", &mut found, 0)?;
            found.sort();
            let wanted = found.into_iter().filter(|(name, _)| wanted(name));
            wanted.map(|(_, path)| file(&path)).collect()
        }
        None => {
            let names = kind.names().into_iter().filter(|name| wanted(name));
            names.filter_map(|name| bundled(kind, &name).transpose()).collect()
        }
    }
}

/// One file of the user's.
pub fn file(path: &Path) -> io::Result<SourceFile> {
    let bytes = fs::read(path).map_err(|error| at(path, error))?;
    source_file(path.to_owned(), bytes)
}

fn source_file(path: PathBuf, bytes: Vec<u8>) -> io::Result<SourceFile> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        at(&path, io::Error::new(io::ErrorKind::InvalidData, format!("not UTF-8 (byte {valid})")))
    })?;
    Ok(SourceFile { path: path.to_string_lossy().replace('\\', "/").into(), text: text.into() })
}

fn at(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Deeper than anybody nests case files, and shallow enough for a link that leads back up.
const DEPTH: usize = 8;

fn walk(folder: &Path, prefix: &str, found: &mut Vec<(String, PathBuf)>, depth: usize) -> io::Result<()> {
    for entry in fs::read_dir(folder).map_err(|error| at(folder, error))? {
        let entry = entry.map_err(|error| at(folder, error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let below = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        let path = entry.path();
        if path.is_dir() {
            if depth < DEPTH {
                walk(&path, &below, found, depth + 1)?;
            }
        } else {
            found.push((below, path));
        }
    }
    Ok(())
}
