//! The folder that is named for a document: the files in it that the document may refer to, and nothing outside.

use std::{
    collections::BTreeMap,
    fs::{self, DirEntry},
    io,
    path::{Path, PathBuf},
};

use crate::{
    contract::openapi::Folder,
    workspace::{Error, files},
};

/// So many files and folders are looked at, and so many bytes read, before somebody has to name a narrower folder.
const MOST_ENTRIES: usize = 10_000;
const MOST_BYTES: u64 = 64 << 20;
/// Folders in folders.
const DEEPEST: usize = 32;

/// What is in `folder`, of which `file` has to be a part.
pub fn of(file: &Path, folder: &Path) -> Result<Folder, Error> {
    let root = found(folder)?;
    if !root.is_dir() {
        return Err(Error::Usage(format!("{}: no folder", folder.display())));
    }
    let main = found(file)?;
    let outside = || Error::Usage(format!("{} is not in {}", file.display(), folder.display()));
    let main = main.strip_prefix(&root).ok().and_then(named).ok_or_else(outside)?;
    let mut reader = Reader { root, entries: 0, bytes: 0, files: BTreeMap::new() };
    reader.folder(&reader.root.clone(), 0)?;
    Ok(Folder { main, files: reader.files })
}

fn found(path: &Path) -> Result<PathBuf, Error> {
    path.canonicalize().map_err(|error| Error::Usage(format!("{}: {error}", path.display())))
}

/// A path with `/` between its parts; none where it is not UTF-8.
fn named(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
    parts.map(|parts| parts.join("/"))
}

struct Reader {
    root: PathBuf,
    entries: usize,
    bytes: u64,
    files: BTreeMap<String, Result<String, String>>,
}

impl Reader {
    fn folder(&mut self, folder: &Path, depth: usize) -> Result<(), Error> {
        let told = |error: io::Error| Error::Usage(format!("{}: {error}", folder.display()));
        for entry in fs::read_dir(folder).map_err(told)? {
            self.entries += 1;
            if self.entries > MOST_ENTRIES || depth > DEEPEST {
                return Err(self.too_much());
            }
            self.entry(&entry?, depth)?;
        }
        Ok(())
    }

    fn entry(&mut self, entry: &DirEntry, depth: usize) -> Result<(), Error> {
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            return self.folder(&path, depth + 1);
        }
        let document = ["json", "yaml", "yml"].iter().any(|end| path.extension().is_some_and(|e| e == *end));
        let name = path.strip_prefix(&self.root).ok().and_then(named).filter(|_| document);
        let Some(name) = name else { return Ok(()) };
        let read = self.file(&path);
        self.bytes += read.as_ref().map_or(0, |text| text.len() as u64);
        if self.bytes > MOST_BYTES {
            return Err(self.too_much());
        }
        self.files.insert(name, read);
        Ok(())
    }

    /// The text of a file; a link counts as what it leads to, which has to be in the folder as well.
    fn file(&self, path: &Path) -> Result<String, String> {
        let told = |error: io::Error| error.to_string();
        let real = path.canonicalize().map_err(told)?;
        if !real.starts_with(&self.root) {
            return Err("it is a link that leads out of the folder".into());
        }
        if !real.metadata().map_err(told)?.is_file() {
            return Err("it is no file".into());
        }
        files::text(&real, files::TEXT).map_err(told)
    }

    fn too_much(&self) -> Error {
        Error::Usage(format!(
            "{}: more than {MOST_ENTRIES} files or {} MiB of documents in it, or too deep; name a narrower folder",
            self.root.display(),
            MOST_BYTES >> 20
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(folder: &Path, name: &str, text: &[u8]) -> PathBuf {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn documents_below_the_folder_are_read_and_no_others() {
        let place = tempfile::tempdir().unwrap();
        let outside = written(place.path(), "secret.yaml", b"s: 1");
        let folder = place.path().join("spec");
        let main = written(&folder, "v1/api.yaml", b"a: 1");
        written(&folder, "common.json", b"{}");
        written(&folder, "notes.txt", b"no document");
        written(&folder, "bytes.yml", b"\xff");
        #[cfg(unix)]
        {
            let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, folder.join(name)).unwrap();
            link(&outside, "out.yaml");
            link(&main, "in.yaml");
            link(place.path(), "all.d");
            link(Path::new("/dev/zero"), "endless.yaml");
            link(Path::new("nowhere"), "broken.yaml");
        }
        let read = of(&main, &folder).unwrap();
        assert_eq!(read.main, "v1/api.yaml");
        let told = |name: &str| match &read.files[name] {
            Ok(text) => text.clone(),
            Err(why) => why.split([';', ':']).next_back().unwrap().trim().to_owned(),
        };
        assert_eq!((told("v1/api.yaml"), told("common.json")), ("a: 1".into(), "{}".into()));
        assert_eq!(told("bytes.yml"), "not UTF-8 (byte 0, in line 1)");
        #[cfg(unix)]
        {
            assert_eq!(told("in.yaml"), "a: 1");
            assert_eq!(told("out.yaml"), "it is a link that leads out of the folder");
            assert_eq!(told("endless.yaml"), "it is a link that leads out of the folder");
            assert!(read.files["broken.yaml"].is_err());
        }
        assert!(read.files.keys().all(|name| !name.contains("secret") && !name.ends_with("txt")));
        let said = |file: &Path, folder: &Path| match of(file, folder) {
            Err(Error::Usage(sentence)) => sentence,
            other => panic!("{other:?}"),
        };
        assert!(said(&outside, &folder).contains("is not in"));
        assert!(said(&main, &main).contains("no folder"));
        assert!(said(&main, &folder.join("nothing")).contains("nothing"));
    }
}
