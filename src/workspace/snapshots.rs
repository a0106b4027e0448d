//! Approved and pending snapshots on disk, in insta's own format, so that `cargo insta review` works on what a run
//! leaves. insta's switches decide what is written (`INSTA_UPDATE`); the one that turns a gate green is refused.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{
    check::{
        ApprovedSet, Missing, Snapshots,
        section::{self, Section},
    },
    report::ApprovedFiles,
    suite,
    workspace::{
        Error, Workspace,
        bundled::{self, Kind},
        files,
    },
};

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

/// Reads insta's switches. `INSTA_FORCE_PASS` is refused: it would call a changed body unchanged. `cargo insta test` sets
/// it for the macros of insta, and it changes nothing here.
pub fn update() -> Result<Update, Error> {
    let set =
        |name: &str| env::var(name).is_ok_and(|value| !value.is_empty() && value != "0" && value != "false");
    if set("INSTA_FORCE_PASS") && !set("INSTA_CARGO_INSTA") {
        return Err(Error::Usage("INSTA_FORCE_PASS would turn a failed comparison green; unset it".into()));
    }
    match env::var("INSTA_UPDATE").as_deref() {
        Err(_) | Ok("" | "auto") => {
            Ok(if set("CI") || set("TF_BUILD") { Update::No } else { Update::Pending })
        }
        Ok("no") => Ok(Update::No),
        Ok("new") => Ok(Update::Pending),
        Ok("always" | "force") => Ok(Update::Approve),
        Ok("unseen") => Ok(Update::ApproveUnseen),
        Ok(other) => Err(Error::Usage(format!(
            "INSTA_UPDATE is {other:?}; insta knows auto, new, always, unseen, no and force"
        ))),
    }
}

/// Where the approved answers of a target are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Place {
    /// Its file names none.
    #[default]
    None,
    /// Inside the program, where nothing is written.
    Bundled,
    Folder(PathBuf),
    /// To be made anew: answers are taken, and compared with nothing.
    Taking(PathBuf),
}

impl Place {
    /// Where something may be left for review.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Place::None | Place::Bundled => None,
            Place::Folder(folder) | Place::Taking(folder) => Some(folder),
        }
    }

    /// As a report calls it.
    pub fn named(&self) -> Option<String> {
        match self {
            Place::None => None,
            Place::Bundled => Some(format!("{}, bundled", Kind::Snapshots.folder())),
            Place::Folder(folder) | Place::Taking(folder) => Some(folder.display().to_string()),
        }
    }
}

/// What the answers of a run are compared with. A file that cannot be read is the question's fault: a claim that cannot be
/// judged is no pass.
pub fn open(place: &Place) -> Result<Snapshots, Error> {
    let missing = match update()? {
        Update::No => Missing::Fails,
        Update::Pending | Update::Approve | Update::ApproveUnseen => Missing::Pending,
    };
    let set = match place {
        Place::None => ApprovedSet::None,
        Place::Taking(_) => ApprovedSet::Taking,
        Place::Bundled => ApprovedSet::Of(approved(None)?),
        // A set that is to be begun.
        Place::Folder(folder) if !folder.exists() => ApprovedSet::Of(BTreeMap::new()),
        Place::Folder(folder) => ApprovedSet::Of(approved(Some(folder))?),
    };
    Ok(Snapshots { set, missing })
}

/// The same for a run that is judged again: what was compared with nothing then is compared with nothing today.
pub fn as_compared(place: &Place, then: Option<&ApprovedFiles>) -> Result<Snapshots, Error> {
    match then.and_then(|approved| approved.folder.as_ref()) {
        Some(_) => open(place),
        None => open(&Place::None),
    }
}

/// The sections of every approved file below a folder, or of the bundled ones, by name.
fn approved(folder: Option<&Path>) -> Result<BTreeMap<String, Vec<Section>>, Error> {
    let files = bundled::read(Kind::Snapshots, folder, |name| name.ends_with(".snap"))?;
    let root = folder.unwrap_or(Path::new(Kind::Snapshots.folder())).to_string_lossy().replace('\\', "/");
    let mut approved = BTreeMap::new();
    for file in files {
        let name = file.path.trim_start_matches(&root).trim_start_matches('/').trim_end_matches(".snap");
        let sections = contents(&file.text).map_err(|why| {
            Error::Usage(format!("{}: not the approved answers of a case: {why}", file.path))
        })?;
        approved.insert(name.to_owned(), sections);
    }
    Ok(approved)
}

/// The sections in a snapshot file: what follows insta's header. Line ends and a byte order mark are an editor's.
pub fn contents(file: &str) -> Result<Vec<Section>, String> {
    let file = file.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let header = file.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n"));
    let (header, body) = header.ok_or("the header of insta, between two lines `---`, is missing")?;
    let lines = header.lines().count() + 2;
    let at = |why: String| match why.strip_prefix("line ").and_then(|rest| rest.split_once(": ")) {
        Some((line, why)) => {
            format!("line {}: {why}", line.parse::<usize>().map_or(lines, |line| line + lines))
        }
        None => why,
    };
    section::parse(body).map_err(at)
}

/// Tells `cargo insta test --unreferenced` which files are in use: those of this set that a case has, and all of the sets
/// of other targets, of which only a run of those can tell.
pub fn note_references(place: &Place, workspace: &Workspace) -> Result<(), Error> {
    let Some(list) = env::var_os("INSTA_SNAPSHOT_REFERENCES_FILE") else { return Ok(()) };
    let mut used: Vec<PathBuf> = Vec::new();
    if let Some(folder) = place.folder() {
        let names = workspace.suite.cases.iter().filter_map(|case| case.snapshot());
        used.extend(names.map(|name| folder.join(format!("{name}.snap"))));
    }
    let targets = Path::new(Kind::Targets.folder());
    let own = place.folder().and_then(|folder| fs::canonicalize(folder).ok());
    for folder in if targets.is_dir() { sets(targets, workspace)? } else { Vec::new() } {
        if folder.is_dir() && fs::canonicalize(&folder).ok() != own {
            let files = bundled::read(Kind::Snapshots, Some(&folder), |name| name.ends_with(".snap"))?;
            used.extend(files.iter().map(|file| PathBuf::from(&*file.path)));
        }
    }
    used.retain(|path| path.is_file());
    let mut file = fs::OpenOptions::new().create(true).append(true).open(&list)?;
    let whole = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let lines: String = used.iter().map(|path| format!("{}\n", whole(path).display())).collect();
    Ok(file.write_all(lines.as_bytes())?)
}

/// The folders of snapshots that the files of targets name. A file with a mistake names none.
fn sets(targets: &Path, workspace: &Workspace) -> Result<Vec<PathBuf>, Error> {
    let files = bundled::read(Kind::Targets, Some(targets), |name| name.ends_with(".yaml"))?;
    let read =
        files.iter().filter_map(|it| suite::load_target(it, &workspace.contracts, &workspace.clauses).ok());
    Ok(read.filter_map(|target| target.snapshots).collect())
}

/// Leaves the answers of a case for review, or approves them, as `update` says. `name` is that of the file below the
/// folder (`dms/DeleteConnection/deletes-a-live-connection`). Gives the path that was written.
pub fn leave(
    folder: &Path,
    name: &str,
    header: Header<'_>,
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
        fs::canonicalize(path).map_err(|error| files::io_error(path, error.kind(), &error.to_string()))
    };
    if !whole(parent)?.starts_with(whole(folder)?) {
        return Err(leaves(folder, &path));
    }
    // Written beside it and put in its place: a link or a pipe of that name is replaced, not followed.
    let file_name = path.file_name().unwrap_or_default().to_string_lossy();
    let unnamed = parent.join(format!(".{file_name}.{}.pending-snap", uuid::Uuid::new_v4().simple()));
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let Header { source, case } = header;
    let text = format!("---\nsource: {source}\nexpression: {}\n---\n{}\n", quoted(case), body.trim_end());
    let written = fs::write(&unnamed, text).and_then(|()| fs::rename(&unnamed, &path));
    if let Err(error) = written {
        let _ = fs::remove_file(&unnamed);
        return Err(files::io_error(&path, error.kind(), &error.to_string()));
    }
    if path.extension().is_some_and(|extension| extension == "snap") {
        remove_pending(folder, name)?;
    }
    Ok(Some(path))
}

/// What the file of a snapshot says about itself.
#[derive(Debug, Clone, Copy)]
pub struct Header<'a> {
    /// The case file.
    pub source: &'a str,
    /// The id of the case.
    pub case: &'a str,
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
    files::io_error(path, io::ErrorKind::InvalidInput, &why)
}

/// Takes a pending snapshot away that has nothing to say any more.
pub fn remove_pending(folder: &Path, name: &str) -> io::Result<()> {
    match fs::remove_file(below(folder, &format!("{name}.snap.new"))?) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "1. Do: 200 application/json\n{\n  \"a\": 1\n}\n";

    fn header(case: &str) -> Header<'_> {
        Header { source: "cases/dms/op.yaml", case }
    }

    fn read(path: &Path) -> String {
        section::render(&contents(&fs::read_to_string(path).unwrap()).unwrap())
    }

    #[test]
    fn what_is_left_is_what_insta_reads() {
        let folder = tempfile::tempdir().unwrap();
        let case = "dms::Op::case[a=\"x: # y\"]";
        let path = leave(folder.path(), "dms/Op/case", header(case), TEXT, Update::Approve);
        let path = path.unwrap().unwrap();
        let snapshot = insta::Snapshot::from_file(&path).unwrap();
        assert_eq!(snapshot.metadata().source(), Some("cases/dms/op.yaml"));
        assert_eq!(snapshot.metadata().expression(), Some(case));
        assert_eq!(snapshot.contents().as_text().map(ToString::to_string).unwrap().trim(), TEXT.trim());
        assert_eq!(read(&path), TEXT);
        // `cargo insta accept` writes it in its own way.
        let accepted = folder.path().join("accepted.snap");
        snapshot.save(&accepted).unwrap();
        assert_eq!(read(&accepted), TEXT);
    }

    #[test]
    fn line_ends_and_a_byte_order_mark_are_an_editors_and_damage_is_not() {
        let file = format!("---\nsource: s\nexpression: e\n---\n{TEXT}");
        for same in
            [file.clone(), file.replace('\n', "\r\n"), format!("\u{feff}{file}"), file.trim_end().into()]
        {
            assert_eq!(section::render(&contents(&same).unwrap()), TEXT, "{same:?}");
        }
        for damaged in [
            String::new(),
            TEXT.to_owned(),
            file.replacen("---\n", "", 1),
            file.replace("200", "OK"),
            file.replace("}", ""),
            file.replace("  \"a\": 1", "<<<<<<< HEAD\n  \"a\": 1\n=======\n  \"a\": 2\n>>>>>>> theirs"),
        ] {
            assert!(contents(&damaged).is_err(), "{damaged}");
        }
    }

    #[test]
    fn pending_leaves_the_approved_one_alone() {
        let folder = tempfile::tempdir().unwrap();
        let new = TEXT.replace('1', "2").replace("2. Do", "1. Do");
        leave(folder.path(), "x", header("c"), TEXT, Update::Approve).unwrap();
        let pending = leave(folder.path(), "x", header("c"), &new, Update::ApproveUnseen).unwrap().unwrap();
        assert!(pending.ends_with("x.snap.new"));
        assert_eq!((read(&folder.path().join("x.snap")), read(&pending)), (TEXT.to_owned(), new.clone()));
        remove_pending(folder.path(), "x").unwrap();
        assert!(!pending.exists());
        assert!(leave(folder.path(), "x", header("c"), &new, Update::No).unwrap().is_none());
    }

    #[test]
    fn nothing_is_left_outside_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("inside");
        fs::create_dir_all(&inside).unwrap();
        for name in ["../x", "a/../../x", "/tmp/x", "a//x", "./x", "a\\..\\..\\x", "c:x"] {
            let why = leave(&inside, name, header("c"), "b", Update::Pending).unwrap_err();
            assert!(why.to_string().contains("would be outside of"), "{name}: {why}");
            assert!(remove_pending(&inside, name).is_err(), "{name}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(leave(&inside, "a/b.c/d..e", header("c"), "b", Update::Pending).unwrap().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_neither_followed_nor_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (inside, outside) = (folder.path().join("inside"), folder.path().join("outside"));
        fs::create_dir_all(&inside).unwrap();
        fs::create_dir_all(&outside).unwrap();
        std::os::unix::fs::symlink(&outside, inside.join("away")).unwrap();
        let why = leave(&inside, "away/x", header("c"), "b", Update::Approve).unwrap_err().to_string();
        assert!(why.contains("would be outside of"), "{why}");
        fs::write(outside.join("precious"), "kept").unwrap();
        std::os::unix::fs::symlink(outside.join("precious"), inside.join("x.snap.new")).unwrap();
        leave(&inside, "x", header("c"), "b", Update::Pending).unwrap();
        assert_eq!(fs::read_to_string(outside.join("precious")).unwrap(), "kept");
        assert!(fs::read_to_string(inside.join("x.snap.new")).unwrap().ends_with("\nb\n"));
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    }
}
