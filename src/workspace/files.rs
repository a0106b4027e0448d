//! The one way in which files are read: regular ones only, so that no pipe and no device is waited for, no more of them
//! than anybody needs, and text only as UTF-8. Whatever is wrong is told with the file's name.

use std::{
    fs::{self, File, FileType},
    io::{self, ErrorKind, Read},
    path::Path,
};

use flate2::read::MultiGzDecoder;

use crate::contract;

/// The most that is read of a file that somebody writes or a model comes in.
pub const TEXT: usize = contract::LONGEST;
/// Of a secret, a certificate, a key.
pub const SECRET: usize = 1 << 20;
/// Of a recorded run.
pub const RECORD: usize = 2 << 30;
/// Of a ledger: some hundred thousand things.
pub const LEDGER: usize = 256 << 20;

/// The text of a model, which may be compressed (`.gz`), of at most `most` bytes either way.
pub fn model(path: &Path, most: usize) -> io::Result<String> {
    let packed = bytes(path, most)?;
    if !packed.starts_with(&[0x1f, 0x8b]) {
        return as_text(path, packed);
    }
    let mut plain = Vec::new();
    let read = MultiGzDecoder::new(packed.as_slice()).take(most as u64 + 1).read_to_end(&mut plain);
    let refused = |why: String| Err(io_error(path, ErrorKind::InvalidData, &why));
    match read {
        Ok(_) if plain.len() > most => refused(format!("longer than {} MiB, decompressed", most >> 20)),
        Ok(_) => as_text(path, plain),
        Err(error) => refused(format!("not gzip as it begins: {error}")),
    }
}

/// The text of a file of at most `most` bytes. A NUL is in no text that is read here.
pub fn text(path: &Path, most: usize) -> io::Result<String> {
    as_text(path, bytes(path, most)?)
}

fn as_text(path: &Path, bytes: Vec<u8>) -> io::Result<String> {
    let refused = |why: String| io_error(path, ErrorKind::InvalidData, &why);
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(refused("compressed; gunzip it first".to_owned()));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(refused("not UTF-8 (byte 0): it begins as UTF-16 does; save it as UTF-8".to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
        refused(format!("not UTF-8 (byte {valid}, in line {line})"))
    })?;
    match text.find('\0') {
        Some(at) => Err(refused(format!("no text: a NUL (byte {at})"))),
        None => Ok(text),
    }
}

/// The bytes of a file of at most `most` bytes.
pub fn bytes(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let size = regular(path)?;
    let unread = |error: io::Error| io_error(path, error.kind(), &error.to_string());
    let too_long = |size: u64| {
        let shown = if most >= 1 << 20 { format!("{} MiB", most >> 20) } else { format!("{most} bytes") };
        io_error(path, ErrorKind::FileTooLarge, &format!("longer than {shown}: {size} bytes"))
    };
    if size > most as u64 {
        return Err(too_long(size));
    }
    let mut bytes = Vec::with_capacity(size as usize);
    // What is being written meanwhile may have grown, and what the system makes up says that it has no size.
    let read = File::open(path).and_then(|file| file.take(most as u64 + 1).read_to_end(&mut bytes));
    read.map_err(unread)?;
    if bytes.len() > most { Err(too_long(bytes.len() as u64)) } else { Ok(bytes) }
}

/// Fails where there is no regular file; gives its size. Links are followed.
pub fn regular(path: &Path) -> io::Result<u64> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => Ok(found.len()),
        Ok(found) if found.is_dir() => Err(unfit(path, "a file", "name a file in it")),
        Err(error) if !is_nothing(&error) => Err(io_error(path, error.kind(), &error.to_string())),
        _ => Err(unfit(path, "a file", "is the path right?")),
    }
}

/// Fails where there is no folder. `what` is in it, and `begin` makes one where there is nothing.
pub fn folder(path: &Path, what: &str, begin: &str) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(unfit(path, &format!("a folder of {what}"), "give the folder, not what is in it")),
        Err(error) if is_nothing(&error) => Err(unfit(path, &format!("a folder of {what}"), begin)),
        Err(error) => Err(io_error(path, error.kind(), &error.to_string())),
    }
}

/// Fails where no file can be written, and leaves everything as it is: for what is written when there is no way back.
pub fn writable(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(unfit(path, "a file to write", "name a file in it"));
    }
    // Whoever reads a pipe would take its closing for the end.
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Ok(());
    }
    let there = path.symlink_metadata().is_ok();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(unfit(folder, "a folder to write in", "make it first"));
    }
    let opened = File::options().append(true).create(true).open(path);
    opened.map_err(|error| io_error(path, error.kind(), &format!("cannot be written: {error}")))?;
    if there { Ok(()) } else { fs::remove_file(path) }
}

/// What was expected at a path, what is there, and what to do.
pub fn unfit(path: &Path, expected: &str, then: &str) -> io::Error {
    let found = fs::metadata(path).map_or("nothing", |found| kind(found.file_type()));
    let kind = if found == "nothing" { ErrorKind::NotFound } else { ErrorKind::InvalidInput };
    io_error(path, kind, &format!("expected {expected}, found {found}; {then}"))
}

/// Nothing is below a file either.
fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

#[cfg(unix)]
fn kind(of: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match of {
        it if it.is_dir() => "a folder",
        it if it.is_file() => "a file",
        it if it.is_fifo() => "a pipe",
        it if it.is_socket() => "a socket",
        _ => "a device",
    }
}

#[cfg(not(unix))]
fn kind(of: FileType) -> &'static str {
    match of {
        it if it.is_dir() => "a folder",
        it if it.is_file() => "a file",
        _ => "a device",
    }
}

/// An error with the file's name in front of it.
pub fn io_error(path: &Path, kind: ErrorKind, why: &str) -> io::Error {
    io::Error::new(kind, format!("{}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_of_a_modest_size_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for (bytes, expected) in [
            (&b"a"[..], Ok("a")),
            ("\u{feff}ä\r\n".as_bytes(), Ok("\u{feff}ä\r\n")),
            (b"", Ok("")),
            (b"12345678", Ok("12345678")),
            (b"123456789", Err("longer than 8 bytes: 9 bytes")),
            (b"a\nb\xe4", Err("not UTF-8 (byte 3, in line 2)")),
            (b"\xff\xfea\0", Err("not UTF-8 (byte 0): it begins as UTF-16 does; save it as UTF-8")),
            (b"a\0b\0", Err("no text: a NUL (byte 1)")),
            (b"\x1f\x8b\x08\0", Err("compressed; gunzip it first")),
        ] {
            fs::write(&path, bytes).unwrap();
            let found = text(&path, 8).map_err(|error| error.to_string());
            let expected = expected.map(str::to_owned).map_err(|why| format!("{}: {why}", path.display()));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn what_is_no_file_is_told_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let why = |path: &Path| bytes(path, TEXT).unwrap_err().to_string();
        let at = |path: &Path, words: &str| format!("{}: {words}", path.display());
        let is_a_folder = "expected a file, found a folder; name a file in it";
        assert_eq!(why(folder.path()), at(folder.path(), is_a_folder));
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        for nothing in [folder.path().join("nothing"), file.join("below")] {
            assert_eq!(why(&nothing), at(&nothing, "expected a file, found nothing; is the path right?"));
            assert_eq!(bytes(&nothing, TEXT).unwrap_err().kind(), ErrorKind::NotFound);
        }
        #[cfg(unix)]
        assert!(why(Path::new("/dev/zero")).starts_with("/dev/zero: expected a file, found a device"));
    }

    #[test]
    fn what_is_no_folder_is_told_with_what_belongs_there() {
        let here = tempfile::tempdir().unwrap();
        let file = here.path().join("file");
        fs::write(&file, "").unwrap();
        let why = |path: &Path| folder(path, "cases", "`begin` begins one").unwrap_err().to_string();
        assert!(folder(here.path(), "cases", "").is_ok());
        assert!(
            why(&file).ends_with(
                "file: expected a folder of cases, found a file; give the folder, not what is in it"
            )
        );
        let nothing = why(&here.path().join("nothing"));
        assert!(nothing.ends_with("nothing: expected a folder of cases, found nothing; `begin` begins one"));
    }

    #[test]
    fn whether_a_file_can_be_written_is_found_out_without_a_trace() {
        let here = tempfile::tempdir().unwrap();
        let at = |name: &str| here.path().join(name);
        fs::write(at("there"), "as it was").unwrap();
        assert!(writable(&at("new")).is_ok() && writable(&at("there")).is_ok());
        assert!(!at("new").exists());
        assert_eq!(fs::read_to_string(at("there")).unwrap(), "as it was");
        let why = |path: &Path| writable(path).unwrap_err().to_string();
        assert!(why(here.path()).ends_with("expected a file to write, found a folder; name a file in it"));
        let below = why(&at("no/where"));
        assert!(
            below.ends_with("no: expected a folder to write in, found nothing; make it first"),
            "{below}"
        );
    }
}
