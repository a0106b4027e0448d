//! `proofmark run --update-snapshots`: the written cases played twice, each time on a target made ready anew, and the
//! answers approved that were the same both times. What differed needs a placeholder or a redaction, which is said.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::Value;
use tokio::sync::watch;

use super::{args::RunArgs, progress::Progress, selection};
use crate::{
    check::{
        SnapshotCapture, compare,
        section::{self, Answer, Body, Section},
    },
    exec::Interrupt,
    model::case::{Case, Origin},
    plan::{self, Selection},
    redact::Redactor,
    report::FailOn,
    runner::{
        Finished, Opening, Runner,
        collect::{JudgingOptions, Snapshots},
        kept, run_plan,
    },
    workspace::{
        self, Error, Generated,
        snapshots::{self, Header, Place, Update},
    },
};

/// What one play has taken of a case, without its secrets.
pub struct Draft {
    case: Arc<Case>,
    sections: Vec<Section>,
}

/// By the name of the file.
pub type Drafts = BTreeMap<String, Draft>;

/// Where the answers are to be approved.
pub fn taking(place: Place, update: Update, target: &str) -> Result<Place, Error> {
    if update == Update::No {
        let why = "--update-snapshots in CI (`CI`, or INSTA_UPDATE=no): approved responses need a review by a person";
        return Err(Error::Usage(why.into()));
    }
    match place {
        Place::Folder(folder) | Place::Taking(folder) => Ok(Place::Taking(folder)),
        Place::Bundled => Err(Error::Usage(format!(
            "the approved answers of {target} are inside the program; give --snapshots DIR for a set of your own"
        ))),
        Place::None => Err(Error::Usage(format!(
            "target {target} has no approved answers: add `snapshots: snapshots/{target}` to its file, or give \
             --snapshots DIR"
        ))),
    }
}

/// The part of a selection that has answers to approve.
pub fn written(selection: Selection) -> Selection {
    Selection { origins: vec![Origin::Written], ..selection }
}

/// What was taken, without the secrets that the runner knows of.
pub fn drafts(runner: &Runner, taken: Snapshots) -> Drafts {
    let mask = |text: &str| runner.session.known_secrets().mask(text);
    let redactor = Redactor::new(&mask);
    let draft = |(case, taken): (Arc<Case>, SnapshotCapture)| {
        let sections = taken.masked(|value| redactor.value(value), |text| redactor.masked(text));
        (taken.name, Draft { case, sections })
    };
    taken.into_iter().map(draft).collect()
}

/// Plays the selection once more, with everything loaded and made ready anew.
pub async fn again(
    args: &RunArgs,
    state_dir: PathBuf,
    interrupt: watch::Receiver<Interrupt>,
) -> Result<Drafts, Error> {
    let workspace = workspace::open(&args.stage.files.layout()?, |_| true, Generated::None)?;
    let mut resolved = workspace::target(&args.stage.target.choice()?, &args.selection.api, &workspace)?;
    resolved.snapshots = taking(resolved.snapshots, Update::Pending, &resolved.target.name)?;
    kept::use_kept_fixtures(&mut resolved.target, &state_dir)?;
    let selection = written(selection::checked(&args.selection, &workspace)?);
    let plan = plan::plan(workspace.ground(&resolved.target), &selection);
    let progress = Progress::of(plan.jobs.len());
    let opening = Opening::new(state_dir, interrupt);
    let options = JudgingOptions::of(FailOn::Must);
    let ran = run_plan(workspace, resolved, opening, &plan, &options, &|event| progress.show(event)).await;
    progress.clear();
    let Finished { runner, output } = ran?;
    let drafts = drafts(&runner, output.taken);
    runner.close().await;
    Ok(drafts)
}

/// Whether everything that was taken is approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approved {
    All,
    InPart,
}

/// Approves what both plays agree on, and says what it would take to approve the rest.
pub fn approve(
    folder: &Path,
    first: &Drafts,
    second: &Drafts,
    out: &mut impl Write,
) -> Result<Approved, Error> {
    let mut written = 0;
    let mut open: Vec<String> = Vec::new();
    for (name, draft) in first {
        let Draft { case, sections } = draft;
        let differences = match second.get(name) {
            Some(other) => lacking(sections, &other.sections),
            None => vec!["it had no answer to approve the second time".to_owned()],
        };
        if differences.is_empty() {
            let header = Header { source: &case.span.file, case: &case.id };
            snapshots::leave(folder, name, header, &section::render(sections), Update::Approve)?;
            written += 1;
        }
        open.extend(differences.into_iter().map(|why| format!("{}: {why}", case.id)));
    }
    let missed = second.iter().filter(|(name, _)| !first.contains_key(*name));
    open.extend(
        missed.map(|(_, draft)| format!("{}: it had no answer to approve the first time", draft.case.id)),
    );
    say(out, format_args!("approved the answers of {written} cases in {}", folder.display()))?;
    for line in &open {
        say(out, format_args!("not approved: {line}"))?;
    }
    Ok(if open.is_empty() { Approved::All } else { Approved::InPart })
}

fn say(out: &mut impl Write, line: std::fmt::Arguments<'_>) -> io::Result<()> {
    writeln!(out, "{line}")
}

/// What two plays of a case would need to be the same.
fn lacking(one: &[Section], other: &[Section]) -> Vec<String> {
    let pairs = one.iter().zip(other).enumerate();
    let differences = pairs.flat_map(|(index, (one, other))| {
        let of_step = move |what: String| format!("step {}, {}: {what}", index + 1, one.operation);
        let found = match (&one.answer, &other.answer) {
            (
                Answer::Received { status, media_type, body: Body::Json(first) },
                Answer::Received { status: status_now, media_type: type_now, body: Body::Json(second) },
            ) if (status, media_type) == (status_now, type_now) => in_bodies(first, second),
            (first, second) if first == second => Vec::new(),
            _ => vec!["two answers; say `snapshot: { skip: why }`".to_owned()],
        };
        found.into_iter().map(of_step)
    });
    differences.collect()
}

fn in_bodies(first: &Value, second: &Value) -> Vec<String> {
    let shown = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
    let cut = |text: String| {
        if text.chars().count() > 60 { text.chars().take(60).chain(['…']).collect() } else { text }
    };
    let sentence = |found: &compare::Difference<'_>| {
        let (expected, actual) = (cut(shown(found.expected)), cut(shown(found.actual)));
        format!("{expected}, then {actual}; say `snapshot: {{ redact: [\"{}\"] }}`", path(&found.pointer))
    };
    compare::differences(first, second).iter().map(sentence).collect()
}

/// The JSONPath that selects what a pointer points to, in every element of a list.
fn path(pointer: &str) -> String {
    let plain = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let mut path = "$".to_owned();
    for name in pointer.split('/').skip(1) {
        let name = name.replace("~1", "/").replace("~0", "~");
        path += &match name.parse::<usize>() {
            Ok(_) => "[*]".to_owned(),
            Err(_) if plain(&name) => format!(".{name}"),
            Err(_) => format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'")),
        };
    }
    path
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn section(status: u16, body: Body) -> Section {
        Section { operation: "Do".into(), answer: Answer::Received { status, media_type: None, body } }
    }

    #[test]
    fn what_differs_between_two_plays_is_named_with_what_it_would_need() {
        let one = || section(200, Body::Json(json!({"a": [{"b-c": 1, "d": 2}]})));
        for (other, says) in [
            (one(), None),
            (section(200, Body::Json(json!({"a": [{"b-c": 1, "d": 3}]}))), Some("redact: [\"$.a[*].d\"]")),
            (
                section(200, Body::Json(json!({"a": [{"d": 2}]}))),
                Some("1, then nothing; say `snapshot: { redact: [\"$.a[*]['b-c']\"]"),
            ),
            (section(200, Body::Json(json!({"a": []}))), Some("redact: [\"$.a\"]")),
            (section(201, Body::Json(json!({}))), Some("snapshot: { skip: why }")),
            (section(200, Body::Empty), Some("snapshot: { skip: why }")),
        ] {
            let lacking = lacking(&[one()], &[other]);
            assert_eq!(lacking.len(), usize::from(says.is_some()), "{lacking:?}");
            assert!(says.is_none_or(|says| lacking[0].contains(says)), "{lacking:?}");
        }
    }

    #[test]
    fn only_what_both_plays_agree_on_is_approved() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = workspace::open(&Default::default(), |_| true, Generated::None).unwrap();
        let case = Arc::clone(&workspace.suite.cases[0]);
        let drafts = |status: u16, names: &[&str]| -> Drafts {
            let draft = || Draft { case: Arc::clone(&case), sections: vec![section(status, Body::Empty)] };
            names.iter().map(|name| ((*name).to_owned(), draft())).collect()
        };
        let mut said = Vec::new();
        let mut second = drafts(200, &["a/same"]);
        second.extend(drafts(404, &["a/other"]));
        second.extend(drafts(200, &["a/late"]));
        let first = drafts(200, &["a/same", "a/other", "a/early"]);
        let approved = approve(folder.path(), &first, &second, &mut said).unwrap();
        assert_eq!(approved, Approved::InPart);
        let said = String::from_utf8(said).unwrap();
        assert_eq!(said.matches("not approved: ").count(), 3, "{said}");
        assert!(said.starts_with("approved the answers of 1 cases"), "{said}");
        let files = |name: &str| folder.path().join(name).exists();
        assert_eq!(
            ["a/same.snap", "a/other.snap", "a/early.snap", "a/late.snap"].map(files),
            [true, false, false, false]
        );
        assert_eq!(approve(folder.path(), &first, &first, &mut Vec::new()).unwrap(), Approved::All);
    }
}
