//! Cases from a contract: for every operation inputs that are right, and inputs with one thing wrong. The same contract
//! and seed always give the same cases; nothing here knows a target, and what a target must permit is said by each case.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    contract::shape::{Kind, Shape},
    model::{
        case::{Case, CaseId, GENERATED},
        clause::Clauses,
        contract::{Contract, Operation, ParameterLocation},
        span::Span,
        template::{Generator, Part, Placeholder, Template, TemplateValue},
    },
};

mod arn;
mod awsjson;
mod bound;
mod case_builder;
mod examples;
mod family;
mod fault;
mod first;
mod kinds;
mod lifecycle;
mod placeholders;
mod random;
mod relations;
mod rest;
mod soundness;
#[cfg(test)]
mod tests;
mod value;

use kinds::Kinds;

pub use first::first;

/// What cases are made from where nobody says anything else.
pub const SEED: u64 = 1;

/// Where the operations of a contract stand in its file, by name.
#[derive(Debug, Clone)]
pub struct Places {
    file: Arc<str>,
    by_operation: BTreeMap<Arc<str>, Span>,
}

impl Places {
    /// Finds the operations of `operations.json`, whose text this is; `file` is the path it is told by.
    pub fn of(contract: &Contract, file: Arc<str>, text: &str) -> Places {
        let mut by_operation = BTreeMap::new();
        let mut offset = 0;
        for (index, line) in text.split_inclusive('\n').enumerate() {
            // Operations stand two levels deep, as `contract::files` writes them.
            let name =
                line.strip_prefix("    \"").and_then(|rest| rest.split_once("\": {")).map(|(name, _)| name);
            if let Some((name, _)) = name.and_then(|name| contract.operations.get_key_value(name)) {
                let (file, line, length) = (Arc::clone(&file), index as u32 + 1, name.len() + 2);
                let span = Span { file, line, column: 5, offset: offset + 4, length };
                by_operation.entry(Arc::clone(name)).or_insert(span);
            }
            offset += line.len();
        }
        Places { file, by_operation }
    }

    fn of_operation(&self, name: &str) -> Span {
        let top = || Span { file: Arc::clone(&self.file), line: 1, column: 1, offset: 0, length: 0 };
        self.by_operation.get(name).cloned().unwrap_or_else(top)
    }
}

/// The cases of every operation, in the order of operations. Claims stand for those of `clauses` that are stated there.
pub fn cases(contract: &Contract, clauses: &Clauses, places: &Places, seed: u64) -> Vec<Case> {
    of(contract, contract.operations.values(), clauses, places, seed)
}

/// The cases of these operations, in their order.
pub fn of<'c>(
    contract: &'c Contract,
    operations: impl IntoIterator<Item = &'c Operation>,
    clauses: &Clauses,
    places: &Places,
    seed: u64,
) -> Vec<Case> {
    let kinds = Kinds::of(contract);
    let of = |operation| of_kinds(contract, &kinds, operation, clauses, places, seed);
    operations.into_iter().flat_map(of).collect()
}

/// What the variables of a target file that generated cases use hold where it does not set them: the name of nothing.
pub fn variables(contract: &Contract, cases: &[Case]) -> BTreeMap<Arc<str>, TemplateValue> {
    let mut names = BTreeSet::new();
    for step in cases.iter().flat_map(|case| case.steps.iter().chain(&case.finally)) {
        step.request.input.iter().for_each(|(_, value)| placeholders::of_target_in(value, &mut names));
    }
    let nothing = |variable: Arc<str>| {
        let name = variable.split_once('.').map_or("", |(_, name)| name);
        let in_path = contract.operations.values().filter_map(|operation| operation.members.get(name));
        let shape = { in_path }
            .find(|it| it.place == ParameterLocation::Path)
            .map(|it| Shape::of(contract, &it.schema));
        let generator = match shape {
            Some(shape) if shape.kind == Kind::Integer => Generator::AbsentNumber,
            Some(shape) if shape.text("format") != Some("uuid") => Generator::Absent,
            None if contract.protocol.is_smithy() => Generator::Absent,
            _ => Generator::AbsentUuid,
        };
        let parts = vec![Part::Placeholder(Placeholder::Generated(generator))];
        (variable, TemplateValue::Text(Template { parts }))
    };
    names.into_iter().map(nothing).collect()
}

fn of_kinds(
    contract: &Contract,
    kinds: &Kinds<'_>,
    operation: &Operation,
    clauses: &Clauses,
    places: &Places,
    seed: u64,
) -> Vec<Case> {
    let span = places.of_operation(&operation.name);
    let builder = case_builder::CaseBuilder::new(contract, kinds, operation, clauses, seed, span);
    let mut cases =
        if contract.protocol.is_rest() { rest::cases(&builder) } else { awsjson::cases(&builder) };
    cases.extend(lifecycle::cases(&builder));
    cases.extend(relations::cases(&builder));
    // Two parameters of one name, one in the query and one in a header, are tried alike.
    let mut taken: BTreeMap<CaseId, usize> = BTreeMap::new();
    for case in &mut cases {
        let times = taken.entry(Arc::clone(&case.id)).or_default();
        *times += 1;
        if *times > 1 {
            case.id = format!("{}-{times}", case.id).into();
        }
    }
    cases
}

/// `dms::ModifyEndpoint::generated::without-EndpointArn`. Names in case files hold no colon, so none is like it.
fn id(api: &str, operation: &str, name: &str) -> CaseId {
    format!("{api}::{operation}::{GENERATED}::{name}").into()
}
