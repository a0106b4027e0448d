//! The file itself: written a whole line at a time, cut back to its last whole line where a disk was full, and locked by
//! the process that writes it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

#[derive(Debug)]
pub(super) struct LedgerFile {
    file: File,
    #[cfg(test)]
    room: std::sync::atomic::AtomicUsize,
}

impl LedgerFile {
    /// A new file with this first line in it, synced, its folder too. It gets its name when it is locked and has its first
    /// line: a sweep that comes by never finds it without. One that is there already is somebody else's.
    pub fn fresh(path: &Path, first: &[u8]) -> io::Result<LedgerFile> {
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        if path.exists() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let unnamed = path.with_extension("new");
        let mut options = OpenOptions::new();
        options.read(true).append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let ledger_file = LedgerFile::of(options.open(&unnamed)?);
        // Where locks are not to be had, the run goes on without: the lock only keeps a sweep away that comes too early.
        let _ = ledger_file.file.try_lock();
        let named = || std::fs::rename(&unnamed, path).and_then(|()| sync_folder(folder));
        let written = ledger_file.write(first).and_then(|()| ledger_file.sync()).and_then(|()| named());
        if written.is_err() {
            let _ = std::fs::remove_file(&unnamed);
        }
        written.map(|()| ledger_file)
    }

    /// A file of a process that has ended, without the piece of a line that it may have left. `None` where the process
    /// has not ended.
    pub fn reopen(path: &Path) -> io::Result<Option<LedgerFile>> {
        let file = OpenOptions::new().read(true).append(true).open(path)?;
        if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
            return Ok(None);
        }
        let mut text = Vec::new();
        (&file).seek(SeekFrom::Start(0))?;
        (&file).read_to_end(&mut text)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            match super::state::is_entry(&text[whole..]) {
                super::state::LineState::Whole => (&file).write_all(b"\n")?,
                super::state::LineState::Torn => file.set_len(whole as u64)?,
            }
        }
        Ok(Some(LedgerFile::of(file)))
    }

    fn of(file: File) -> LedgerFile {
        LedgerFile {
            file,
            #[cfg(test)]
            room: usize::MAX.into(),
        }
    }

    /// All that stands in it.
    pub fn text(&self) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        (&self.file).seek(SeekFrom::Start(0))?;
        (&self.file).read_to_end(&mut text)?;
        Ok(text)
    }

    /// One write a line. Where only a piece of it could be written, the piece is taken back.
    pub fn write(&self, line: &[u8]) -> io::Result<()> {
        let before = self.file.metadata()?.len();
        let written = self.put(line);
        if written.is_err() {
            let _ = self.file.set_len(before);
        }
        written
    }

    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    #[cfg(not(test))]
    fn put(&self, line: &[u8]) -> io::Result<()> {
        (&self.file).write_all(line)
    }

    /// As a disk with so much room.
    #[cfg(test)]
    fn put(&self, line: &[u8]) -> io::Result<()> {
        use std::sync::atomic::Ordering;
        let room = self.room.load(Ordering::Relaxed);
        let fits = room.min(line.len());
        (&self.file).write_all(&line[..fits])?;
        self.room.store(room - fits, Ordering::Relaxed);
        if fits == line.len() { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
    }
}

/// Whether another process, or another ledger of this one, holds the file.
pub(super) fn is_locked(path: &Path) -> io::Result<bool> {
    let file = File::open(path)?;
    Ok(matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// A file is only there for certain when its folder says so.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fills_leaves_whole_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deeper/run.jsonl");
        let ledger_file = LedgerFile::fresh(&path, b"one\n").unwrap();
        ledger_file.room.store(6, std::sync::atomic::Ordering::Relaxed);
        ledger_file.write(b"two\n").unwrap();
        assert_eq!(ledger_file.write(b"three\n").unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        ledger_file.room.store(100, std::sync::atomic::Ordering::Relaxed);
        ledger_file.write(b"four\n").unwrap();
        assert_eq!(ledger_file.text().unwrap(), b"one\ntwo\nfour\n");
        ledger_file.write(b"five\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\nfour\nfive\n");
    }

    #[test]
    fn a_file_is_one_runs_and_reopened_only_when_that_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.jsonl");
        let ledger_file = LedgerFile::fresh(&path, b"one\n").unwrap();
        assert!(LedgerFile::fresh(&path, b"another\n").is_err());
        assert!(LedgerFile::reopen(&path).unwrap().is_none(), "its process lives");
        assert!(is_locked(&path).unwrap());
        ledger_file.write(b"a piece of a li").unwrap();
        drop(ledger_file);
        let again = LedgerFile::reopen(&path).unwrap().unwrap();
        again.write(b"two\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    }
}
