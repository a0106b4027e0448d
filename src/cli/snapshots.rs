//! Approved and pending snapshots on disk, in insta's own format, so that `cargo insta review` works on what a run
//! leaves. insta's switches decide what is written (`INSTA_UPDATE`); the one that turns a gate green is refused.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use super::{files, load::Wrong};

/// What may be written when a body differs from the approved one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Update {
    /// Nothing: what CI does.
    No,
    /// A `.snap.new` beside the approved one.
    Pending,
    /// The approved one itself.
    Approve,
    /// The approved one where there is none yet, a `.snap.new` otherwise.
    ApproveUnseen,
}

/// Reads insta's switches. `INSTA_FORCE_PASS` is refused: it would call a changed body unchanged.
pub fn update() -> Result<Update, Wrong> {
    let set =
        |name: &str| env::var(name).is_ok_and(|value| !value.is_empty() && value != "0" && value != "false");
    if set("INSTA_FORCE_PASS") {
        return Err(Wrong::Said("INSTA_FORCE_PASS would turn a failed comparison green; unset it".into()));
    }
    match env::var("INSTA_UPDATE").as_deref() {
        Err(_) | Ok("" | "auto") => {
            Ok(if set("CI") || set("TF_BUILD") { Update::No } else { Update::Pending })
        }
        Ok("no") => Ok(Update::No),
        Ok("new") => Ok(Update::Pending),
        Ok("always" | "force") => Ok(Update::Approve),
        Ok("unseen") => Ok(Update::ApproveUnseen),
        Ok(other) => Err(Wrong::Said(format!(
            "INSTA_UPDATE is {other:?}; insta knows auto, new, always, unseen, no and force"
        ))),
    }
}

/// The approved text in a snapshot file: what follows insta's header, without the line break at its end.
pub fn contents(file: &str) -> &str {
    let body =
        file.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).map_or(file, |(_, body)| body);
    body.strip_suffix('\n').unwrap_or(body)
}

/// Leaves `body` for review, or approves it, as `update` says. `name` is a snapshot's name below the folder
/// (`dms/DeleteConnection/deletes-a-live-connection`), `source` the case file. Gives the path that was written.
pub fn leave(
    folder: &Path,
    name: &str,
    source: &str,
    body: &str,
    update: Update,
) -> io::Result<Option<PathBuf>> {
    let approved = below(folder, &format!("{name}.snap"))?;
    let path = match update {
        Update::No => return Ok(None),
        Update::Approve => approved,
        Update::ApproveUnseen if !approved.exists() => approved,
        Update::Pending | Update::ApproveUnseen => below(folder, &format!("{name}.snap.new"))?,
    };
    let parent = path.parent().unwrap_or(folder);
    fs::create_dir_all(parent)?;
    let whole = |path: &Path| {
        fs::canonicalize(path).map_err(|error| files::told(path, error.kind(), &error.to_string()))
    };
    if !whole(parent)?.starts_with(whole(folder)?) {
        return Err(leaves(folder, &path));
    }
    // Written beside it and put in its place: a link or a pipe of that name is replaced, not followed.
    let file_name = path.file_name().unwrap_or_default().to_string_lossy();
    let unnamed = parent.join(format!(".{file_name}.{}.pending-snap", std::process::id()));
    let text = format!("---\nsource: {source}\nexpression: normalised response body\n---\n{body}\n");
    let written = fs::write(&unnamed, text).and_then(|()| fs::rename(&unnamed, &path));
    if let Err(error) = written {
        let _ = fs::remove_file(&unnamed);
        return Err(files::told(&path, error.kind(), &error.to_string()));
    }
    if path.extension().is_some_and(|extension| extension == "snap") {
        settle(folder, name)?;
    }
    Ok(Some(path))
}

/// The file of a snapshot. Fails where its name, which is made of what contract and case file say, leads elsewhere.
fn below(folder: &Path, name: &str) -> io::Result<PathBuf> {
    let path = folder.join(name);
    let plain =
        |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', ':', '\0']);
    if name.split('/').all(plain) { Ok(path) } else { Err(leaves(folder, &path)) }
}

fn leaves(folder: &Path, path: &Path) -> io::Error {
    let why = format!("a snapshot that would be outside of {}", folder.display());
    files::told(path, io::ErrorKind::InvalidInput, &why)
}

/// Takes a pending snapshot away that has nothing to say any more.
pub fn settle(folder: &Path, name: &str) -> io::Result<()> {
    match fs::remove_file(below(folder, &format!("{name}.snap.new"))?) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_what_insta_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path =
            leave(folder.path(), "dms/Op/case", "cases/dms/op.yaml", "{\n  \"a\": 1\n}", Update::Approve);
        let path = path.unwrap().unwrap();
        let read = insta::Snapshot::from_file(&path).unwrap();
        assert_eq!(read.metadata().source(), Some("cases/dms/op.yaml"));
        assert_eq!(read.contents().as_text().map(ToString::to_string).unwrap().trim(), "{\n  \"a\": 1\n}");
        assert_eq!(contents(&fs::read_to_string(path).unwrap()), "{\n  \"a\": 1\n}");
    }

    #[test]
    fn pending_leaves_the_approved_one_alone() {
        let folder = tempfile::tempdir().unwrap();
        leave(folder.path(), "x", "s", "old", Update::Approve).unwrap();
        let pending = leave(folder.path(), "x", "s", "new", Update::ApproveUnseen).unwrap().unwrap();
        assert!(pending.ends_with("x.snap.new"));
        assert_eq!(contents(&fs::read_to_string(folder.path().join("x.snap")).unwrap()), "old");
        settle(folder.path(), "x").unwrap();
        assert!(!pending.exists());
        assert!(leave(folder.path(), "x", "s", "new", Update::No).unwrap().is_none());
    }

    #[test]
    fn nothing_is_left_outside_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("inside");
        fs::create_dir_all(&inside).unwrap();
        for name in ["../x", "a/../../x", "/tmp/x", "a//x", "./x", "a\\..\\..\\x", "c:x"] {
            let why = leave(&inside, name, "s", "b", Update::Pending).unwrap_err();
            assert!(why.to_string().contains("would be outside of"), "{name}: {why}");
            assert!(settle(&inside, name).is_err(), "{name}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(leave(&inside, "a/b.c/d..e", "s", "b", Update::Pending).unwrap().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_neither_followed_nor_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (inside, outside) = (folder.path().join("inside"), folder.path().join("outside"));
        fs::create_dir_all(&inside).unwrap();
        fs::create_dir_all(&outside).unwrap();
        std::os::unix::fs::symlink(&outside, inside.join("away")).unwrap();
        let why = leave(&inside, "away/x", "s", "b", Update::Approve).unwrap_err().to_string();
        assert!(why.contains("would be outside of"), "{why}");
        fs::write(outside.join("precious"), "kept").unwrap();
        std::os::unix::fs::symlink(outside.join("precious"), inside.join("x.snap.new")).unwrap();
        leave(&inside, "x", "s", "b", Update::Pending).unwrap();
        assert_eq!(fs::read_to_string(outside.join("precious")).unwrap(), "kept");
        assert_eq!(contents(&fs::read_to_string(inside.join("x.snap.new")).unwrap()), "b");
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    }
}
