//! `expect` blocks to expectations.

use std::collections::BTreeSet;

use crate::{
    model::{
        case::{Claim, Expectation, Messages, Purpose, SnapshotNeed, SnapshotRule},
        clause::{ClauseId, Clauses},
        contract::Contract,
        template::TemplateValue,
    },
    suite::{
        decode::{AtLeastOne, Spanned},
        diagnostic::{At, Problems, Source, closest, quoted, suggestion},
        file::{
            claim::{BodyEntry, ErrorEntry, ExpectEntry, SnapshotEntry},
            matcher::{AtPath, HeaderEntry},
            scalar::PathText,
        },
        lower::names::{Known, Use, clause},
        template::Templated,
    },
};

/// What the claims of a step are read with.
pub struct Claims<'a> {
    pub contract: Option<&'a Contract>,
    pub clauses: &'a Clauses,
    pub source: &'a Source,
    pub known: &'a Known<'a>,
    pub place: Place,
}

/// Which answers a block speaks of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Every answer of a step of a case.
    Case,
    /// Every answer of a step that makes, awaits or destroys a fixture, or cleans up; nothing is approved of it.
    Fixture,
    /// The one that ends a poll: nothing that needs more than the answer itself.
    Poll,
}

/// The claims of a block, in the order of this list of kinds.
pub fn expectations(
    block: Spanned<ExpectEntry>,
    cx: &Claims<'_>,
    problems: &mut Problems,
) -> Vec<Expectation> {
    let Spanned { value: block, at: whole, .. } = block;
    let stated = block.clauses.iter().flatten();
    let stated: Vec<ClauseId> = stated.filter_map(|name| clause(name, cx.clauses, problems)).collect();
    let purpose = block.precondition.as_ref().map_or(Purpose::Claim, |_| Purpose::Precondition);
    if let (Some(precondition), Place::Fixture) = (&block.precondition, cx.place) {
        let problem = problems.add(precondition.key, "`precondition` of a step that is no step of a case");
        problem.help("a fixture is a precondition of the cases that use it");
    }
    let mut made = Made { cx, stated: &stated, purpose, claims: Vec::new() };
    if let Some(status) = block.status {
        let at = status.whole();
        made.add(at, Claim::Status(status.value.0.into_iter().map(|status| status.0).collect()));
    }
    if let Some(error) = block.error {
        made.error(*error, problems);
    }
    for header in block.headers.into_iter().flat_map(|headers| headers.0) {
        let Some(entry) = header.value else { continue };
        if !is_token(&header.name) {
            problems.add(header.key, format!("{} is not the name of a header", quoted(&header.name)));
        }
        made.header(header.name.to_ascii_lowercase(), header.whole, entry, problems);
    }
    if let Some(schema) = block.schema {
        check_schema(&schema, cx.contract, problems);
        made.add(schema.whole(), Claim::Schema(schema.value));
    }
    if let Some(body) = block.body {
        let at = body.whole();
        made.add(
            at,
            match body.value {
                BodyEntry::Empty => Claim::BodyEmpty,
                BodyEntry::Subset(value) => Claim::BodySubset(cx.value(value, problems)),
            },
        );
    }
    if let Some(body) = block.body_exact {
        let at = body.whole();
        made.add(at, Claim::BodyExact(cx.value(body.value, problems)));
    }
    for AtPath { path, whole, claim: entry } in block.at.into_iter().flat_map(|at| at.0) {
        cx.known.check(&entry.placeholders, Use::Claim, problems);
        let own = entry.clause.and_then(|name| clause(&name, cx.clauses, problems));
        for matcher in entry.matchers {
            made.add_as(whole, Claim::At { path: path.clone(), matcher }, own.clone());
        }
    }
    if let Some(snapshot) = block.snapshot {
        made.snapshot(*snapshot, problems);
    }
    if let Some(latency) = block.latency {
        made.needs_more_than_the_answer("latency", latency.key, problems);
        made.add(latency.whole(), Claim::Latency { at_most: latency.value.0 });
    }
    if let Some(any_of) = block.any_of {
        let at = any_of.key;
        for snapshot in any_of.value.0.iter().filter_map(|block| block.value.snapshot.as_ref()) {
            let problem = problems.add(snapshot.key, "`snapshot` in one of several ways an answer may be");
            problem.help("write `snapshot` beside `any_of`: the answer is compared whatever it is");
        }
        for precondition in any_of.value.0.iter().filter_map(|block| block.value.precondition.as_ref()) {
            let problem =
                problems.add(precondition.key, "`precondition` in one of several ways an answer may be");
            problem.help("write `precondition` beside `any_of`");
        }
        let blocks = any_of.value.0.into_iter().map(|block| expectations(block, cx, problems)).collect();
        made.add(at, Claim::AnyOf(blocks));
    }
    if made.claims.is_empty() && problems.is_empty() {
        problems
            .add(whole, "a block without a claim")
            .help("say what the answer has to be: `status`, `body`, `at`, ...");
    }
    made.claims.shrink_to_fit();
    made.claims
}

/// The claims of one block, as they are made.
struct Made<'a, 'b> {
    cx: &'a Claims<'b>,
    /// The clauses that the block names for its claims.
    stated: &'a [ClauseId],
    purpose: Purpose,
    claims: Vec<Expectation>,
}

impl Made<'_, '_> {
    fn add(&mut self, at: At, claim: Claim) {
        self.add_as(at, claim, None);
    }

    /// With a clause of its own in place of the block's.
    fn add_as(&mut self, at: At, claim: Claim, own: Option<ClauseId>) {
        let clauses = own.map_or_else(|| self.stated.to_vec(), |own| vec![own]);
        let span = self.cx.source.span(at);
        self.claims.push(Expectation { claim, clauses, purpose: self.purpose, span });
    }

    fn error(&mut self, error: Spanned<ErrorEntry>, problems: &mut Problems) {
        let at = error.whole();
        let (names, own) = match error.value {
            ErrorEntry::Names(names) => (names.0, None),
            ErrorEntry::Claim(claim) => (claim.one_of.0, claim.clause),
        };
        if let Some(contract) = self.cx.contract {
            names.iter().for_each(|name| check_error(name, contract, problems));
        }
        let own = own.and_then(|name| clause(&name, self.cx.clauses, problems));
        self.add_as(at, Claim::Error(names.into_iter().map(|name| name.value).collect()), own);
    }

    fn header(&mut self, name: String, at: At, entry: HeaderEntry, problems: &mut Problems) {
        self.cx.known.check(&entry.placeholders, Use::Claim, problems);
        if let Some(unique) = entry.unique {
            self.needs_more_than_the_answer("unique", unique, problems);
        }
        let own = entry.clause.and_then(|name| clause(&name, self.cx.clauses, problems));
        for claim in entry.claims {
            self.add_as(at, Claim::Header { name: name.clone(), claim }, own.clone());
        }
    }

    fn snapshot(&mut self, snapshot: Spanned<SnapshotEntry>, problems: &mut Problems) {
        self.needs_more_than_the_answer("snapshot", snapshot.key, problems);
        if self.cx.place == Place::Fixture {
            let problem = problems.add(snapshot.key, "`snapshot` of a step that is no step of a case");
            problem.help("the answers of fixtures and of `finally` are not compared");
        }
        let at = snapshot.whole();
        let rule = match snapshot.value {
            SnapshotEntry::Yes(_) => SnapshotRule { need: SnapshotNeed::Always, ..SnapshotRule::default() },
            SnapshotEntry::Rule(entry) => {
                let skip = entry.skip.inspect(|why| {
                    if why.value.trim().is_empty() || why.value.contains('\n') {
                        problems.add(why.at, "a reason is one line of text");
                    }
                });
                let paths = |paths: Option<AtLeastOne<PathText>>| {
                    paths.into_iter().flat_map(|paths| paths.0).map(|path| path.0).collect()
                };
                let messages = entry.exact.map_or(Messages::Free, |_| Messages::Exact);
                let (redact, ordered) = (paths(entry.redact), paths(entry.ordered));
                let skip = skip.map(|why| why.value);
                SnapshotRule { skip, redact, ordered, messages, ..SnapshotRule::default() }
            }
        };
        self.add(at, Claim::Snapshot(rule));
    }

    /// A poll that waits for such a claim would be satisfied at once.
    fn needs_more_than_the_answer(&self, what: &str, at: At, problems: &mut Problems) {
        if let Place::Poll = self.cx.place {
            let problem = problems.add(at, format!("`{what}` as something to wait for"));
            problem.help(format!("write `{what}` under the step's `expect`"));
        }
    }
}

impl Claims<'_> {
    fn value(&self, value: Templated<TemplateValue>, problems: &mut Problems) -> TemplateValue {
        self.known.check(&value.placeholders, Use::Claim, problems);
        value.value
    }
}

fn check_schema(name: &Spanned<String>, contract: Option<&Contract>, problems: &mut Problems) {
    let Some(contract) = contract.filter(|contract| contract.schema(&name.value).is_none()) else { return };
    let problem = problems.add(name.at, format!("unknown schema {}", quoted(&name.value)));
    problem.label(format!("not under `$defs` of schemas/{}/schema.json", contract.api));
    if let Some(help) = suggestion(&name.value, "there are", contract.schema_names()) {
        problem.help(help);
    }
}

/// As many letters apart a name is at most that was meant to be another.
const SLIP: usize = 2;

/// Only slips are told: services answer with errors that no model names, and cases may claim those.
fn check_error(name: &Spanned<String>, contract: &Contract, problems: &mut Problems) {
    let known = contract.derived.errors(|| error_names(contract));
    if known.is_empty() || known.contains(&name.value) {
        return;
    }
    // The distance is expensive.
    let near = known.iter().map(String::as_str).filter(|known| could_be_a_slip(&name.value, known));
    let slip = closest(&name.value, near).filter(|meant| {
        strsim::damerau_levenshtein(&name.value.to_lowercase(), &meant.to_lowercase()) <= SLIP
    });
    if let Some(meant) = slip {
        let problem = problems.add(name.at, format!("unknown error {}", quoted(&name.value)));
        problem.help(format!("did you mean `{meant}`?"));
    }
}

/// The names of the errors that a contract documents.
fn error_names(contract: &Contract) -> BTreeSet<String> {
    match contract.protocol.is_smithy() {
        true => {
            let errors = contract.operations.values().flat_map(|operation| &operation.errors);
            errors.map(|error| error.name.clone()).collect()
        }
        false => {
            let codes = contract.schema("Error").map(|schema| &schema["properties"]["errorCode"]["enum"]);
            let codes = codes.and_then(|codes| codes.as_array()).into_iter().flatten();
            codes.filter_map(|code| code.as_str()).map(str::to_owned).collect()
        }
    }
}

/// Whether two texts could be no more than [`SLIP`] edits apart: each of them adds, takes away or replaces one letter.
fn could_be_a_slip(one: &str, other: &str) -> bool {
    if one.len().abs_diff(other.len()) > SLIP {
        return false;
    }
    if !one.is_ascii() || !other.is_ascii() {
        return true;
    }
    let mut counts = [0_i32; 256];
    one.bytes().for_each(|byte| counts[usize::from(byte.to_ascii_lowercase())] += 1);
    other.bytes().for_each(|byte| counts[usize::from(byte.to_ascii_lowercase())] -= 1);
    counts.iter().map(|count| count.unsigned_abs() as usize).sum::<usize>() <= 2 * SLIP
}

/// A field name of RFC 9110, section 5.1.
pub fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
