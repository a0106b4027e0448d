//! The case that somebody begins with: an operation asked for what it is for, with the smallest input there is, and what
//! undoes it. It claims nothing; what it is to claim is for its author to say.

use serde_json::Value;

use super::{
    awsjson,
    case_builder::{CaseBuilder, CaseSpec, SpecKind},
    kinds::Kinds,
    rest,
    value::InputSize,
};
use crate::model::{
    case::{Auth, Case},
    clause::Clauses,
    contract::{Contract, Operation, ParameterLocation},
    span::Span,
};

/// Stands where a value is required and this program can think of none.
const YOURS: &str = "put-yours-here";

/// The case of one operation. Its names of things are well-formed, and nobody's.
pub fn first(contract: &Contract, operation: &Operation, clauses: &Clauses, seed: u64) -> Case {
    let span = Span { file: "".into(), line: 1, column: 1, offset: 0, length: 0 };
    let kinds = Kinds::of(contract);
    let builder = CaseBuilder::new(contract, &kinds, operation, clauses, seed, span);
    let (input, auth) = match contract.protocol.is_rest() {
        false => {
            let input = awsjson::input(&builder, InputSize::Minimal);
            (input.map(|input| input.into_iter().collect()), Auth::Target)
        }
        true => {
            let auth = if rest::ends_sessions(&builder) { Auth::OwnToken } else { Auth::Target };
            (rest::input(&builder, InputSize::Minimal), auth)
        }
    };
    let input = input.unwrap_or_else(|| as_far_as_it_goes(&builder));
    builder.case(CaseSpec::new("first", SpecKind::Valid, input).auth(auth))
}

fn as_far_as_it_goes(builder: &CaseBuilder<'_>) -> Vec<(String, Value)> {
    let mut maker = builder.maker(InputSize::Minimal);
    let required = builder
        .operation
        .members
        .iter()
        .filter(|(_, it)| it.required && it.place != ParameterLocation::Header);
    let value = |(name, member): (&String, &crate::model::contract::Member)| {
        (name.clone(), maker.value(name, &member.schema).unwrap_or_else(|| YOURS.into()))
    };
    required.map(value).collect()
}
