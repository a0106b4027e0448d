//! A record held to its own traces: they are judged once more, and the record may not claim that less was broken. Only where
//! the same program asks by the same suite, contracts and clauses; where it does not, it says why.

use std::path::Path;

use crate::{
    model::target::Target,
    redact::MASKED,
    report::{
        JudgedRun, Report,
        record::TRACES,
        statement::{
            evidence::{Declarations, Evidence},
            planned,
        },
        status::hardened,
    },
    runner::rejudge as replay,
    workspace::{self, Error, Generated, Layout, TargetChoice, Workspace},
};

/// What a record is verified with.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The target file whose declarations hold; where none is named, the one of the recorded name, if it is the same.
    pub target: Option<String>,
    pub layout: Layout,
}

/// What came of it.
#[derive(Debug)]
pub struct Again {
    pub done: Done,
    /// In what the record says otherwise than its traces, one sentence each.
    pub differences: Vec<String>,
    /// What was done and what was not, a line each.
    pub told: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    Judged,
    /// Not all of it could be found out.
    NotJudged,
}

/// Judges the traces of `report`, which was read of `folder`, once more.
pub fn again(report: &Report, folder: &Path, ask: &Asked) -> Result<Again, Error> {
    let [run] = &report.runs[..] else {
        return Ok(not(vec!["it holds several runs".into()]));
    };
    if run.digests.suite.is_none() {
        return Ok(not(vec!["it does not say by which suite they were".into()]));
    }
    let mut files = ask.layout.clone();
    files.seed = files.seed.or(run.seed);
    let workspace = workspace::open(&files, |_| true, Generated::All)?;
    let otherwise = otherwise(report, run, &workspace);
    if !otherwise.is_empty() {
        return Ok(not(otherwise));
    }
    let (file, mut told) = file(run, ask, &workspace)?;
    let mut differences = planned::differences(run, &workspace.suite, &workspace.contracts, file.as_ref());
    let declarations = file.as_ref().map_or(Declarations::Missing, |_| Declarations::AtHand);
    let target = replay::as_recorded(
        file.unwrap_or_else(|| planned::implied(run, &workspace.suite, &workspace.contracts)),
        run,
    );
    let traces = if folder.is_file() { folder.with_file_name(TRACES) } else { folder.join(TRACES) };
    let cut = replay::cut(&traces)?;
    let evidence = Evidence { declarations, target: &target, cut: &cut };
    let verdicts = replay::of_run(&workspace, &target, run, cut.clone());
    let (mut judged, mut unsure, mut open) = (0, 0, 0);
    for entry in run.all().filter(|entry| entry.trace.is_some()) {
        let Some(now) = verdicts.get(&entry.subject.name) else { continue };
        let now = hardened(now.clone(), report.terms.fail_on);
        judged += 1;
        unsure += usize::from(evidence.is_unsure(entry));
        open += usize::from(evidence.is_open(entry, &now));
        differences.extend(evidence.against(entry, &now).map(|why| format!("{}: {why}", entry.subject.name)));
    }
    let all = run.all().filter(|entry| entry.trace.is_some()).count();
    told.insert(0, format!("{judged} of {all} traces judged again: none breaks more than the record says"));
    let left = [
        (unsure, "hold masked or cut answers, of which not all can be judged again"),
        (open, "are reported as unsupported, by an answer that only the target file defines"),
    ];
    let left = left.into_iter().filter(|(count, _)| *count > 0);
    told.extend(left.map(|(count, what)| format!("{count} {what}")));
    let done = if open == 0 { Done::Judged } else { Done::NotJudged };
    Ok(Again { done, differences, told })
}

fn not(why: Vec<String>) -> Again {
    let why = why.into_iter().map(|why| format!("  {why}"));
    let told = std::iter::once("the traces were NOT judged again:".to_owned()).chain(why).collect();
    Again { done: Done::NotJudged, differences: Vec::new(), told }
}

/// What is not as it was when the run was judged; a verdict of today would be no evidence.
fn otherwise(report: &Report, run: &JudgedRun, workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    let mine = env!("CARGO_PKG_VERSION");
    if report.proofmark != mine {
        found.push(format!("they were by proofmark {}, and this is {mine}", report.proofmark));
    }
    let short = |digest: &str| digest.chars().take(12).collect::<String>();
    let (then, now) = (&run.digests, workspace.digests());
    if let (Some(then), Some(now)) = (&then.suite, &now.suite)
        && then != now
    {
        found.push(format!("the suite was {}, and here it is {}: see --cases", short(then), short(now)));
    }
    for api in run.target.apis.keys() {
        match (then.contracts.get(api), now.contracts.get(api)) {
            (Some(then), Some(now)) if then == now => {}
            (Some(then), Some(now)) => found.push(format!(
                "the contract of {api} was {}, and here it is {}: see --schemas",
                short(then),
                short(now)
            )),
            (None, _) => found.push(format!("the record does not say by which contract of {api} it was")),
            (_, None) => found.push(format!("there is no contract of {api} here: see --schemas")),
        }
    }
    if let Some((id, _)) = report.clauses.iter().find(|(id, it)| workspace.clauses.get(*id) != Some(it)) {
        found.push(format!("the clause {id} was another than here: see --schemas"));
    }
    if run.target.apis.values().any(|api| api.base_url.contains(MASKED)) {
        found.push("an address of the target has a secret in it".into());
    }
    found
}

/// The target file of the run, if it is at hand and the same; and what cannot be known without it.
fn file(run: &JudgedRun, ask: &Asked, workspace: &Workspace) -> Result<(Option<Target>, Vec<String>), Error> {
    let without = |why: &str| {
        let told = vec![format!("{why}:"), "  what only that file can tell is taken as recorded".to_owned()];
        Ok((None, told))
    };
    let recorded = run.target.name.to_string();
    let name = match &ask.target {
        Some(name) => name.clone(),
        // A record may come from anybody, and is not to choose which file is read.
        None if recorded.contains(['/', '\\', '.']) => {
            return without("no target file was named with --target");
        }
        None => recorded,
    };
    let named = TargetChoice::named(name.clone());
    let name = crate::redact::visible(&name);
    match workspace::target(&named, &[], workspace) {
        Err(wrong) if ask.target.is_some() => Err(wrong),
        Err(_) => without(&format!("the target file of {name} is not here (--target names it)")),
        Ok(resolved) if run.digests.target.as_deref() == Some(&*resolved.digest) => {
            Ok((Some(resolved.target), Vec::new()))
        }
        Ok(_) => without(&format!("the target file {name} is not the one of the run")),
    }
}
