//! Files of a record while they are being written: each under a name of its own and locked, so that runs into one folder leave
//! each other alone, and gone where a run ends without its record.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::report::record::{DOCUMENT, TRACES};

const UNFINISHED: &str = ".part";

/// What is younger may not be locked yet.
const YOUNG: Duration = Duration::from_secs(60);

/// A file that has no name yet by which anybody would read it.
pub struct TempFile(PathBuf);

impl TempFile {
    /// Begins what will be the file `name` of this folder. On Unix only the owner can read it.
    pub fn create(folder: &Path, name: &str) -> io::Result<(TempFile, File)> {
        let unique = uuid::Uuid::new_v4().simple();
        let path = folder.join(format!("{name}.{unique}{UNFINISHED}"));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        // Where a file system knows no locks, a run that begins a minute later may take it away.
        let _ = file.try_lock();
        Ok((TempFile(path), file))
    }

    /// Gives it its name.
    pub fn rename(self, to: &Path) -> io::Result<()> {
        fs::rename(&self.0, to)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        // With its name it is no longer here.
        let _ = fs::remove_file(&self.0);
    }
}

pub fn is_temp_file(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let rest = [DOCUMENT, TRACES].iter().find_map(|it| name.strip_prefix(it));
    rest.is_some_and(|rest| rest.starts_with('.') && rest.ends_with(UNFINISHED))
}

/// Takes away what killed runs have left; what is being written is locked.
pub fn sweep(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let age = || entry.metadata()?.modified()?.elapsed().map_err(io::Error::other);
        if is_temp_file(&entry.file_name())
            && age().is_ok_and(|age| age > YOUNG)
            && let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

/// Keeps others from putting files in their places meanwhile. Not everywhere can a folder be locked; then the last one wins
/// file by file, and a reader is told that the two are of different runs.
pub fn alone(folder: &Path) -> Option<File> {
    let folder = File::open(folder).ok()?;
    folder.lock().ok().map(|()| folder)
}
