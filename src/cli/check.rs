//! `proofmark check`: the case files and target files judged themselves, with no network.

use std::{io::Write, path::Path, sync::Arc};

use super::args::CheckArgs;
use crate::{
    model::case::{Case, Origin, Suite},
    plan,
    workspace::{self, Error, Generated, TargetChoice},
};

/// Loads everything and says what there is.
pub fn check(args: &CheckArgs, out: &mut impl Write) -> Result<(), Error> {
    let mut targets = args.target.clone();
    if targets.is_empty() {
        targets.extend(TargetChoice::default().in_project(Path::new(""))?.target);
    }
    // Generated cases are right by being made; only a target file may name one.
    let generated = if targets.is_empty() { Generated::None } else { Generated::All };
    let layout = args.files.layout()?;
    let workspace = workspace::open(&layout, |_| true, generated)?;
    // The bundled contracts are in a release build as its tests have seen them; another build reads them from the disk.
    if layout.schemas.is_some() || cfg!(debug_assertions) {
        workspace.contracts.verify().map_err(|errors| {
            Error::Usage(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        })?;
    }
    for target in targets {
        let named = TargetChoice::named(target);
        let resolved = workspace::target(&named, &[], &workspace)?;
        writeln!(out, "target {}: good", resolved.target.name)?;
        for note in plan::unsent(&resolved.target, &workspace.contracts) {
            writeln!(out, "{note}")?;
        }
    }
    for case in alone(&workspace.suite) {
        writeln!(
            out,
            "{}: no case sends the right input that its refusal is held against; it may be inconclusive",
            case.id
        )?;
    }
    let operations: usize = workspace.contracts.iter().map(|contract| contract.operations.len()).sum();
    let written = workspace.suite.cases.iter().filter(|case| case.origin() == Origin::Written).count();
    writeln!(
        out,
        "{written} cases, {} fixtures, {} clauses, {} operations: all good",
        workspace.suite.fixtures.len(),
        workspace.clauses.len(),
        operations
    )?;
    Ok(())
}

/// Written cases that rest on a refusal, where no case sends a right input that it could be held against.
fn alone(suite: &Suite) -> Vec<&Arc<Case>> {
    let written = || suite.cases.iter().filter(|case| case.origin() == Origin::Written);
    if plan::twins_are_at_hand(written(), suite) {
        return Vec::new();
    }
    written().filter(|case| !plan::twins_are_at_hand(std::iter::once(*case), suite)).collect()
}
