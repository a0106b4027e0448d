//! The one way in which files are read: regular ones only, so that no pipe and no device is waited for, no more of them
//! than anybody needs, and text only as UTF-8. Whatever is wrong is told with the file's name.

use std::{
    fs::{self, File, FileType},
    io::{self, ErrorKind, Read},
    path::Path,
};

use crate::contract;

/// The most that is read of a file that somebody writes or a model comes in.
pub const TEXT: usize = contract::LONGEST;
/// Of a secret, a certificate, a key.
pub const SECRET: usize = 1 << 20;
/// Of a recorded run.
pub const RECORD: usize = 2 << 30;
/// Of a ledger: some hundred thousand things.
pub const LEDGER: usize = 256 << 20;

/// The text of a file of at most `most` bytes. A NUL is in no text that is read here.
pub fn text(path: &Path, most: usize) -> io::Result<String> {
    let bytes = bytes(path, most)?;
    let refused = |why: String| told(path, ErrorKind::InvalidData, &why);
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
    let unread = |error: io::Error| told(path, error.kind(), &error.to_string());
    let too_long = |size: u64| {
        let shown = if most >= 1 << 20 { format!("{} MiB", most >> 20) } else { format!("{most} bytes") };
        told(path, ErrorKind::FileTooLarge, &format!("longer than {shown}: {size} bytes"))
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
    let found = fs::metadata(path).map_err(|error| told(path, error.kind(), &error.to_string()))?;
    match found.is_file() {
        true => Ok(found.len()),
        false => {
            Err(told(path, ErrorKind::InvalidInput, &format!("{}, not a file", kind(found.file_type()))))
        }
    }
}

#[cfg(unix)]
fn kind(of: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match of {
        it if it.is_dir() => "a folder",
        it if it.is_fifo() => "a pipe",
        it if it.is_socket() => "a socket",
        _ => "a device",
    }
}

#[cfg(not(unix))]
fn kind(of: FileType) -> &'static str {
    if of.is_dir() { "a folder" } else { "a device" }
}

/// An error with the file's name in front of it.
pub fn told(path: &Path, kind: ErrorKind, why: &str) -> io::Error {
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
        assert_eq!(why(folder.path()), format!("{}: a folder, not a file", folder.path().display()));
        let nothing = folder.path().join("nothing");
        assert!(why(&nothing).starts_with(&format!("{}: ", nothing.display())));
        #[cfg(unix)]
        assert_eq!(why(Path::new("/dev/zero")), "/dev/zero: a device, not a file");
    }
}
