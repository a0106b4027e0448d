//! The files that come with the program: cases, contracts, snapshots, targets. In a debug build they are read from
//! the source tree at run time, in a release build they are inside the program.

use std::{
    collections::HashMap,
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use crate::{suite::SourceFile, workspace::files};

mod embedded;

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

    /// What is in such a folder, and how one is begun.
    fn described(self) -> (&'static str, &'static str) {
        match self {
            Kind::Cases => ("case files (<api>/<operation>.yaml)", "`proofmark init` begins one"),
            Kind::Schemas => {
                ("contracts (<api>/operations.json)", "`proofmark init --model FILE --api NAME` makes one")
            }
            Kind::Snapshots => ("approved snapshots", "make it first"),
            Kind::Targets => ("target files", "`proofmark init` begins one"),
        }
    }

    /// What the names of its files end with; whatever else lies in the folder is none of them.
    fn endings(self) -> &'static [&'static str] {
        match self {
            Kind::Cases | Kind::Targets => &[".yaml"],
            Kind::Schemas => &[".json", ".yaml"],
            Kind::Snapshots => &[".snap"],
        }
    }

    /// The names of the bundled files of this kind; none where this build has no bundled files.
    pub fn names(self) -> Vec<String> {
        let mut names = embedded::names(self);
        names.retain(|name| self.endings().iter().any(|ending| name.ends_with(ending)));
        names.sort();
        names
    }
}

/// The folders of clauses that belong to no API.
pub const PROTOCOLS: [&str; 4] = ["awsjson", "http", "resource", "restjson"];

/// One bundled file, by its name below the kind's folder.
pub fn bundled(kind: Kind, name: &str) -> io::Result<Option<SourceFile>> {
    let Some(bytes) = embedded::get(kind, name) else { return Ok(None) };
    let path = Path::new(kind.folder()).join(name);
    let text = String::from_utf8(bytes)
        .map_err(|_| files::io_error(&path, ErrorKind::InvalidData, "bundled, and not UTF-8"))?;
    Ok(Some(source_file(&path, text)))
}

/// The files of one kind: those below `folder` where one is given, the bundled ones otherwise. `wanted` sees each
/// file's name below the folder, with `/` between its parts.
///
/// Fails, naming the file, where one cannot be read as text, leads out of the folder, or would be one with another on a
/// disk that does not tell letter case.
pub fn read(kind: Kind, folder: Option<&Path>, wanted: impl Fn(&str) -> bool) -> io::Result<Vec<SourceFile>> {
    let Some(folder) = folder else {
        let names = kind.names().into_iter().filter(|name| wanted(name));
        return names.filter_map(|name| bundled(kind, &name).transpose()).collect();
    };
    is_folder(kind, folder)?;
    let mut found = Vec::new();
    walk(folder, "", &mut found, 0)?;
    found.retain(|(name, _)| wanted(name));
    found.sort();
    told_apart(&found)?;
    let mut read = Vec::with_capacity(found.len());
    let mut size = 0;
    for (_, path) in &found {
        stays_below(folder, path)?;
        let file = file(path)?;
        size += file.text.len();
        if size > MOST_BYTES {
            let why = format!("its files come to more than {} MiB", MOST_BYTES >> 20);
            return Err(files::io_error(folder, ErrorKind::FileTooLarge, &why));
        }
        read.push(file);
    }
    Ok(read)
}

/// Fails where there is no folder that could hold files of this kind.
pub fn is_folder(kind: Kind, folder: &Path) -> io::Result<()> {
    let (what, begin) = kind.described();
    files::folder(folder, what, begin)
}

/// One file of the user's.
pub fn file(path: &Path) -> io::Result<SourceFile> {
    files::text(path, files::TEXT).map(|text| source_file(path, text))
}

fn source_file(path: &Path, text: String) -> SourceFile {
    // A name can hold anything, and is printed.
    let printable = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    let path: String = path.to_string_lossy().replace('\\', "/").chars().map(printable).collect();
    SourceFile { path: path.into(), text: text.into() }
}

/// Deeper than anybody nests case files.
const DEPTH: usize = 8;
/// More files than anybody has below one folder.
const MOST_FILES: usize = 100_000;
/// And more text.
const MOST_BYTES: usize = 256 << 20;

/// Every file below `folder`, links to files among them. A folder is only walked where it is: links to folders can lead
/// in circles.
fn walk(folder: &Path, prefix: &str, found: &mut Vec<(String, PathBuf)>, depth: usize) -> io::Result<()> {
    let refused = |path: &Path, why: &str| Err(files::io_error(path, ErrorKind::InvalidInput, why));
    let unread = |error: io::Error| files::io_error(folder, error.kind(), &error.to_string());
    if depth > DEPTH {
        return refused(folder, "a folder too deep down: more than eight in each other");
    }
    for entry in fs::read_dir(folder).map_err(unread)? {
        let entry = entry.map_err(unread)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let below = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        let path = entry.path();
        let kind = entry.file_type().map_err(unread)?;
        if kind.is_dir() {
            walk(&path, &below, found, depth + 1)?;
        } else if kind.is_symlink() && path.is_dir() {
            return refused(&path, "a link to a folder, which is not followed; put the folder itself there");
        } else if found.len() == MOST_FILES {
            return refused(&path, "one file too many: there are a hundred thousand before it");
        } else {
            found.push((below, path));
        }
    }
    Ok(())
}

/// Fails where two names differ by letter case only: where that is not told, a checkout has lost one of them.
fn told_apart(found: &[(String, PathBuf)]) -> io::Result<()> {
    let mut names = HashMap::new();
    for (name, path) in found {
        if let Some(other) = names.insert(name.to_lowercase(), path) {
            let why =
                format!("differs from {} by letter case only; on many disks they are one", other.display());
            return Err(files::io_error(path, ErrorKind::InvalidInput, &why));
        }
    }
    Ok(())
}

/// Fails where a link leads out of the folder: what a diagnostic shows of a file is not to be anybody's secrets.
fn stays_below(folder: &Path, path: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return Ok(());
    }
    let whole = |path: &Path| {
        fs::canonicalize(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => files::unfit(path, "a file", "the link leads nowhere"),
            kind => files::io_error(path, kind, &error.to_string()),
        })
    };
    match whole(path)?.starts_with(whole(folder)?) {
        true => Ok(()),
        false => {
            let why = format!("a link that leads out of {}; put the file itself there", folder.display());
            Err(files::io_error(path, ErrorKind::InvalidInput, &why))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_folder_of_schemas_is_bundled_but_the_models() {
        let folders = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas")).unwrap();
        let folders = folders.map(Result::unwrap).filter(|entry| entry.path().is_dir());
        let folders = folders.map(|entry| entry.file_name().into_string().unwrap());
        let bundled = Kind::Schemas.names();
        let bundled = bundled.iter().map(|name| name.split('/').next().unwrap().to_owned());
        let bundled = bundled.chain(["models".to_owned()]);
        assert_eq!(bundled.collect::<BTreeSet<_>>(), folders.collect());
    }

    #[test]
    fn what_is_bundled_can_be_read_by_its_name() {
        for kind in [Kind::Cases, Kind::Schemas, Kind::Snapshots, Kind::Targets] {
            let names = kind.names();
            assert!(!names.is_empty(), "{kind:?}");
            for name in names {
                let file = bundled(kind, &name).unwrap().unwrap();
                assert_eq!(*file.path, format!("{}/{name}", kind.folder()));
            }
        }
    }
}
