//! The loading of case files: each is read by itself, then all names are gathered, then each is lowered with all names
//! known. Files are spread over the processors; what is told comes in the order of the files.

use std::{
    collections::{BTreeMap, HashMap},
    num::NonZero,
    sync::Arc,
    thread,
};

use super::{
    SourceFile,
    decode::Decode,
    diagnostic::{Diagnostic, Problems, Source, quoted, suggestion},
    file::case::SuiteFile,
    lower::{
        case::{self, CaseContext},
        catalog::Catalog,
        step::{StepContext, resolve_operation},
    },
    matrix::Claims,
    yaml,
};
use crate::{
    contract::Contracts,
    model::{
        case::{Case, Fixture, Suite, Twin},
        clause::Clauses,
        contract::{ApiName, Contract},
        span::Span,
    },
};

/// A file in the course of loading.
#[derive(Debug)]
pub struct ParsedFile {
    pub source: Source,
    pub problems: Problems,
}

/// Reads one file into its shape. `None` after the reason was told.
pub fn open<T: Decode>(file: &SourceFile) -> (ParsedFile, Option<T>) {
    let source = Source::new(file);
    let mut problems = Problems::default();
    let shape = yaml::read(&file.text, &mut problems).and_then(|node| T::decode(node, &mut problems));
    (ParsedFile { source, problems }, shape)
}

/// Every diagnostic of these files, in their order; the values if there is none.
pub fn finish<T>(value: T, parsed: Vec<ParsedFile>) -> Result<T, Vec<Diagnostic>> {
    let told: Vec<_> =
        parsed.into_iter().flat_map(|file| file.problems.into_diagnostics(&file.source)).collect();
    if told.is_empty() { Ok(value) } else { Err(told) }
}

/// Loads case files; see [`super::load`].
pub fn suite(
    files: &[SourceFile],
    contracts: &Contracts,
    clauses: &Clauses,
) -> Result<Suite, Vec<Diagnostic>> {
    let (mut parsed, shapes): (Vec<_>, Vec<Option<SuiteFile>>) =
        each(files.iter().collect(), open).into_iter().unzip();
    let rows: usize =
        shapes.iter().flatten().filter_map(|shape| shape.cases.as_ref()).map(|cases| cases.0.len()).sum();
    let catalog = Catalog::gather(&shapes, &mut parsed);
    let names = Names { contracts, clauses, catalog: &catalog };
    let resolved = each(parsed.into_iter().zip(shapes).collect(), |(mut file, shape): (ParsedFile, _)| {
        let resolved = shape.map(|shape| lower(shape, &names, &mut file)).unwrap_or_default();
        (file, resolved)
    });
    let (mut parsed, resolved): (Vec<_>, Vec<_>) = resolved.into_iter().unzip();
    let suite = gather(resolved, &mut parsed, catalog);
    match finish(suite, parsed)? {
        suite if suite.cases.len() == rows => Ok(suite),
        // A case that is lost without a word would be a violation that nobody sees.
        suite => {
            let message = format!(
                "{rows} cases were read and {} understood: a mistake of proofmark's",
                suite.cases.len()
            );
            Err(vec![Diagnostic::general(message)])
        }
    }
}

struct Names<'a> {
    contracts: &'a Contracts,
    clauses: &'a Clauses,
    catalog: &'a Catalog,
}

/// What one file comes to.
#[derive(Default)]
struct Resolved {
    cases: Vec<Case>,
    fixtures: Vec<Fixture>,
}

fn lower(shape: SuiteFile, names: &Names<'_>, parsed: &mut ParsedFile) -> Resolved {
    let ParsedFile { source, problems } = parsed;
    let contract = contract(&shape, names.contracts, problems);
    let api: ApiName =
        contract.map_or_else(|| shape.api.value.as_str().into(), |contract| contract.api.clone());
    let step_context =
        StepContext { contract, clauses: names.clauses, source, operation: shape.operation.as_ref() };
    let mut resolved = Resolved::default();
    let defines_something = shape.fixtures.is_some() || shape.variables.is_some();
    for entry in shape.fixtures.into_iter().flat_map(|fixtures| fixtures.0) {
        resolved.fixtures.extend(case::fixture(entry, &api, names.catalog, step_context, problems));
    }
    let Some(cases) = shape.cases else {
        if !defines_something && problems.is_empty() {
            let problem = problems.add(shape.api.whole(), "a file without cases, fixtures or variables");
            problem.help("cases stand under `cases`, by name");
        }
        return resolved;
    };
    let Some(operation) = &shape.operation else {
        let problem = problems.add(shape.api.whole(), "cases without an operation");
        problem.label("`operation` is missing").help("name the operation that the cases are about");
        return resolved;
    };
    let known = contract.and_then(|contract| resolve_operation(operation, contract, problems));
    let name: Arc<str> = known.map_or_else(|| operation.value.as_str().into(), |(name, _)| name);
    let context = CaseContext {
        api: &api,
        operation: &name,
        source: shape.source.as_ref(),
        needs: shape.needs.as_ref(),
        catalog: names.catalog,
        step_context,
    };
    let mut first_row = None;
    for row in cases.0 {
        let owns_its_claims = row.claims == Claims::Own;
        let first = first_row.and_then(|index: usize| resolved.cases.get(index));
        let case = case::case(row, first, context, problems);
        if owns_its_claims {
            first_row = case.is_some().then_some(resolved.cases.len());
        }
        resolved.cases.extend(case);
    }
    resolved
}

fn contract<'a>(
    shape: &SuiteFile,
    contracts: &'a Contracts,
    problems: &mut Problems,
) -> Option<&'a Contract> {
    let found = contracts.get(&shape.api.value);
    if found.is_none() {
        let problem = problems.add(shape.api.at, format!("unknown api {}", quoted(&shape.api.value)));
        if let Some(help) =
            suggestion(&shape.api.value, "there are", contracts.iter().map(|contract| &*contract.api))
        {
            problem.help(help);
        }
    }
    found
}

/// All files together: names that have to be unique are, and everything is in order.
fn gather(resolved: Vec<Resolved>, parsed: &mut [ParsedFile], catalog: Catalog) -> Suite {
    let mut places: HashMap<String, Arc<Case>> = HashMap::new();
    let mut suite = Suite { variables: catalog.variables, ..Suite::default() };
    for (index, file) in resolved.into_iter().enumerate() {
        let problems = &mut parsed[index].problems;
        for case in file.cases.into_iter().map(Arc::new) {
            // What is named after cases are files too, and letter case does not tell those apart everywhere.
            let first = places.entry(case.id.to_lowercase()).or_insert_with(|| Arc::clone(&case));
            if first.id != case.id {
                let message = format!("{} is another case by its letter case only", quoted(&case.id));
                let problem = problems.add(at(&case.span), message);
                problem.help(format!("{} is defined at {}", quoted(&first.id), first.span));
            } else if first.span != case.span {
                let problem =
                    problems.add(at(&case.span), format!("the case {} is defined twice", quoted(&case.id)));
                problem.help(format!("it is also defined at {}", first.span));
            }
            suite.cases.push(case);
        }
        let fixtures = file.fixtures.into_iter().map(|fixture| (fixture.id.clone(), Arc::new(fixture)));
        suite.fixtures.extend(fixtures.collect::<BTreeMap<_, _>>());
    }
    suite.cases.sort_by(|one, other| one.id.cmp(&other.id));
    pair(&mut suite.cases, parsed);
    suite
}

/// Looks up what cases call their twins: of a matrix, its first row. A twin has to send a right input.
fn pair(cases: &mut [Arc<Case>], parsed: &mut [ParsedFile]) {
    let named = |case: &Case, twin: &str| {
        *case.id == *twin || case.id.strip_prefix(twin).is_some_and(|row| row.starts_with('['))
    };
    for index in 0..cases.len() {
        let case = &cases[index];
        let Twin::Case(twin) = &case.twin else { continue };
        let Some(file) = parsed.iter_mut().find(|file| file.source.path == case.span.file) else { continue };
        let found = cases.iter().find(|other| named(other, twin));
        let is_right = |other: &Arc<Case>| other.steps.iter().any(|step| other.is_right_input(step));
        match found {
            Some(other) if is_right(other) && other.id != case.id => {
                let id = Arc::clone(&other.id);
                Arc::make_mut(&mut cases[index]).twin = Twin::Case(id);
            }
            Some(_) => {
                let problem = file
                    .problems
                    .add(at(&case.span), format!("the twin {} sends no right input", quoted(twin)));
                problem.help("a twin asks the operation for what is right, and claims a success");
            }
            None => {
                let problem =
                    file.problems.add(at(&case.span), format!("no case is called {}", quoted(twin)));
                problem.help("`twin` names a case of this file, or another by its whole id");
            }
        }
    }
}

fn at(span: &Span) -> super::diagnostic::At {
    super::diagnostic::At::new(span.offset, span.offset + span.length)
}

/// `work` on every item, in order, on as many processors as there are.
fn each<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(items.len() / 4);
    if workers < 2 {
        return items.into_iter().map(work).collect();
    }
    let share = items.len().div_ceil(workers);
    let mut items = items.into_iter();
    let work = &work;
    thread::scope(|scope| {
        let shares: Vec<_> = (0..workers)
            .map(|_| {
                let share: Vec<T> = items.by_ref().take(share).collect();
                scope.spawn(move || share.into_iter().map(work).collect::<Vec<R>>())
            })
            .collect();
        shares
            .into_iter()
            .flat_map(|share| share.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}
