//! Cases and fixtures.

use std::sync::Arc;

use super::{
    catalog::{Catalog, fixture_id, needs},
    names::{Known, clause},
    step::{Part, StepContext, step},
};
use crate::{
    model::{
        case::{Case, Claim, Fixture, Need, Profile, Purpose, Scope, Step, Twin},
        contract::ApiName,
        template::TemplateValue,
    },
    suite::{
        decode::{Named, Spanned},
        diagnostic::{At, Problems, quoted},
        file::case::{CaseEntry, CaseRow, FixtureEntry, NeedsEntry, Row, StepEntry},
        matrix::Claims,
    },
};

/// What the cases of one file have in common.
#[derive(Clone, Copy)]
pub struct CaseContext<'a> {
    pub api: &'a ApiName,
    /// The operation the file is about, as the contract spells it.
    pub operation: &'a Arc<str>,
    pub source: Option<&'a String>,
    pub needs: Option<&'a NeedsEntry>,
    pub catalog: &'a Catalog,
    pub step_context: StepContext<'a>,
}

/// One case. `first` is the first row of its matrix, whose claims it may share. `None` after the reason was told.
pub fn case(
    row: CaseRow,
    first: Option<&Case>,
    case_context: CaseContext<'_>,
    problems: &mut Problems,
) -> Option<Case> {
    check_name(&row.name, row.key, problems);
    let CaseRow { name, key, suffix, claims, case, whole } = row;
    let shared = first.filter(|_| claims == Claims::OfFirstRow).map(|first| &first.steps[0].expectations);
    let CaseEntry {
        clauses,
        profile,
        source,
        needs: own_needs,
        twin,
        uses,
        matrix,
        then,
        finally,
        step: own,
    } = case?;
    let steps = || std::iter::once(&own).chain(then.iter().flatten().map(|step| &step.value));
    if whole && claims == Claims::Own && !steps().any(|step| step.expect.is_some() || step.until.is_some()) {
        let problem = problems.add(key, format!("the case {} claims nothing", quoted(&name)));
        problem.help("say under `expect` what the answer has to be");
    }
    let CaseContext { api, operation, catalog, step_context, .. } = case_context;
    let clauses = clauses.into_iter().flatten();
    let mut clauses: Vec<_> =
        clauses.filter_map(|name| clause(&name, step_context.clauses, problems)).collect();
    clauses.shrink_to_fit();
    let mut known = Known::new(catalog, api);
    let uses = fixtures(uses.as_deref().unwrap_or_default(), api, catalog, &mut known, problems);
    let mut all_needs = needs(case_context.needs);
    all_needs.extend(needs(own_needs.as_ref()));
    all_needs.extend(uses.iter().filter_map(|id| catalog.get(id)).flat_map(|fixture| fixture.needs.clone()));
    dedup(&mut all_needs);
    known_needs(&all_needs, &mut known);

    let id: Arc<str> = format!("{api}::{operation}::{name}{suffix}").into();
    let all = std::iter::once((own, key));
    let all = all.chain(then.into_iter().flatten().map(|entry| (entry.value, entry.at)));
    let mut steps: Vec<_> = all
        .filter_map(|(entry, at)| step(entry, at, Part::Case, step_context, &mut known, problems))
        .collect();
    if let (Some(claims), Some(first)) = (shared, steps.first_mut()) {
        first.expectations = Arc::clone(claims);
    }
    // Ten thousand cases are kept in memory: no room for steps that never come.
    steps.shrink_to_fit();
    if first.is_none() && clauses.len() > 1 {
        steps.iter().for_each(|step| unambiguous(step, problems));
    }
    let finally = finally.into_iter().flatten();
    let finally = finally
        .filter_map(|entry| step(entry.value, entry.at, Part::Finally, step_context, &mut known, problems))
        .collect();
    Some(Case {
        id,
        api: api.clone(),
        operation: operation.clone(),
        profile: profile.unwrap_or(Profile::Core),
        clauses,
        source: source.or_else(|| case_context.source.cloned()),
        needs: all_needs,
        // Which cases there are is known when all files are read.
        twin: twin.map_or(Twin::Operation, |twin| Twin::Case(full(&twin.value, api, operation))),
        uses,
        row: matrix.map(row_values).unwrap_or_default(),
        steps,
        finally,
        span: step_context.source.span(key),
    })
}

/// Refuses claims that name no clause in a case of several: nobody can tell which of them they break.
fn unambiguous(step: &Step, problems: &mut Problems) {
    let until = step.poll.iter().flat_map(|poll| &poll.until);
    let open = step.expectations.iter().chain(until).filter(|claim| {
        claim.clauses.is_empty()
            && claim.purpose == Purpose::Claim
            && !matches!(claim.claim, Claim::Snapshot(_))
    });
    for claim in open {
        let at = At::new(claim.span.offset, claim.span.offset + claim.span.length);
        problems.add(at, "a claim that names no clause, in a case of several clauses").help(
            "name the clause of the block (`clauses: [...]`) or of the claim (`clause: ...`); what the case only needs on \
             its way is a `precondition: true`",
        );
    }
}

/// A case of the same file by its name alone, any other by its whole id.
fn full(twin: &str, api: &str, operation: &str) -> Arc<str> {
    if twin.contains("::") { twin.into() } else { format!("{api}::{operation}::{twin}").into() }
}

/// Case names stand in file names, in test names and on command lines.
fn check_name(name: &str, at: At, problems: &mut Problems) {
    if !is_case_name(name) {
        let problem = problems.add(at, format!("{} is not the name of a case", quoted(name)));
        problem.help(CASE_NAMES);
    }
}

/// How a case may be called, in words.
pub const CASE_NAMES: &str =
    "a name is made of letters, digits, `-`, `_` and `.`, at most 100 of them: deletes-a-live-connection";

/// Whether a case may be called so.
pub fn is_case_name(name: &str) -> bool {
    let good = name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    good && name.len() <= 100
}

fn row_values(row: Row) -> Vec<(Arc<str>, TemplateValue)> {
    let cells = row.0.0.into_iter();
    cells.filter_map(|cell| Some((cell.name.into(), cell.value?.value))).collect()
}

/// All fixtures to make, in order; what they provide joins `known`.
fn fixtures(
    uses: &[Spanned<String>],
    api: &str,
    catalog: &Catalog,
    known: &mut Known<'_>,
    problems: &mut Problems,
) -> Vec<Arc<str>> {
    let resolved: Vec<_> = uses.iter().map(|name| catalog.resolve(api, name, problems)).collect();
    if resolved.iter().any(Option::is_none) {
        known.doubt();
    }
    let order = catalog.in_order(resolved.iter().flatten());
    for fixture in &order {
        match catalog.get(fixture).filter(|fixture| fixture.whole) {
            Some(fixture) => fixture.provides.iter().for_each(|name| known.add(name.clone())),
            None => known.doubt(),
        }
    }
    order
}

fn known_needs(needs: &[Need], known: &mut Known<'_>) {
    for need in needs {
        if let Need::Variable(name) = need {
            known.add(name.clone());
        }
    }
}

fn dedup(needs: &mut Vec<Need>) {
    let mut seen = Vec::with_capacity(needs.len());
    needs.retain(|need| {
        let fresh = !seen.contains(need);
        if fresh {
            seen.push(need.clone());
        }
        fresh
    });
}

/// One fixture. `None` after the reason was told.
pub fn fixture(
    entry: Named<FixtureEntry>,
    api: &ApiName,
    catalog: &Catalog,
    step_context: StepContext<'_>,
    problems: &mut Problems,
) -> Option<Fixture> {
    let Named { name, key, value, .. } = entry;
    let FixtureEntry { create, scope, needs: own_needs, uses, cost, ready, destroy, gone } = value?;
    let id = fixture_id(api, &name);
    let mut known = Known::new(catalog, api);
    let direct = uses.as_deref().unwrap_or_default();
    let order = fixtures(direct, api, catalog, &mut known, problems);
    let mut all_needs = needs(own_needs.as_ref());
    all_needs.extend(order.iter().filter_map(|id| catalog.get(id)).flat_map(|fixture| fixture.needs.clone()));
    known_needs(&all_needs, &mut known);
    let mut lower = |entry: Spanned<StepEntry>, part: Part<'_>| {
        step(entry.value, entry.key, part, step_context, &mut known, problems)
    };
    let make = Part::Make { fixture: &name };
    let create = lower(create, make);
    let ready = ready.map(|ready| lower(ready, make));
    let destroy = destroy.map(|destroy| lower(destroy, Part::Unmake));
    let gone = gone.map(|gone| lower(gone, Part::Unmake));
    let provides = catalog.get(&id).map(|known| known.provides.clone()).unwrap_or_default();
    Some(Fixture {
        name: name.into(),
        id: id.into(),
        api: api.clone(),
        scope: scope.unwrap_or(Scope::Case),
        uses: direct.iter().map(|name| fixture_id(api, &name.value).into()).collect(),
        create: create?,
        ready: ready.flatten(),
        destroy: destroy.flatten(),
        gone: gone.flatten(),
        provides,
        cost,
        span: step_context.source.span(key),
    })
}
