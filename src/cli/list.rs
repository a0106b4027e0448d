//! `proofmark list`: the cases a run would take, and why some would be skipped, with no network.

use std::io::Write;

use serde_json::json;

use super::{
    args::{FormatArg, ListArgs},
    selection,
};
use crate::{
    model::case::Profile,
    plan::{self, Decision, Job},
    workspace::{self, Error, Generated},
};

/// Prints a line a case, or the same as JSON.
pub fn list(args: &ListArgs, out: &mut impl Write) -> Result<(), Error> {
    let wanted = selection::unchecked(&args.selection)?;
    let workspace = workspace::open(&args.files.layout()?, |_| true, Generated::Selected(&wanted))?;
    let resolved = workspace::target(&args.target.choice()?, &args.selection.api, &workspace)?;
    let selection = selection::checked(&args.selection, &workspace)?;
    let plan = plan::plan(workspace.ground(&resolved.target), &selection);
    if plan.jobs.is_empty() && plan.of.is_empty() {
        return Err(Error::Usage("the selection is empty: no case fits all of it".into()));
    }
    match args.format {
        FormatArg::Text => {
            for job in &plan.jobs {
                writeln!(out, "{}{}", job.case.id, note(job))?;
            }
        }
        FormatArg::Json => {
            let cases: Vec<_> = plan.jobs.iter().map(entry).collect();
            serde_json::to_writer_pretty(&mut *out, &cases)
                .map_err(|error| Error::Usage(error.to_string()))?;
            writeln!(out)?;
        }
    }
    Ok(())
}

fn note(job: &Job) -> String {
    let profile = match job.case.profile {
        Profile::Core => "",
        Profile::Extended => "  (extended)",
    };
    match &job.decision {
        Decision::Run => profile.to_owned(),
        Decision::Skip(reason) => format!("{profile}  (skipped: {reason})"),
        Decision::Unsupported(operation) => format!("{profile}  (unsupported: {operation})"),
    }
}

fn entry(job: &Job) -> serde_json::Value {
    let (decision, reason) = match &job.decision {
        Decision::Run => ("run", None),
        Decision::Skip(reason) => ("skip", Some(reason.as_str())),
        Decision::Unsupported(operation) => ("unsupported", Some(&**operation)),
    };
    json!({
        "id": job.case.id,
        "api": job.case.api,
        "operation": job.case.operation,
        "profile": job.case.profile,
        "origin": job.case.origin(),
        "source": job.case.source,
        "clauses": job.case.clauses,
        "fixtures": job.fixtures.iter().map(|fixture| &fixture.id).collect::<Vec<_>>(),
        "at": job.case.span.to_string(),
        "decision": decision,
        "reason": reason,
    })
}
