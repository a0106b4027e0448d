//! Entries of `effects.yaml` go over what an import has proposed.

use std::sync::Arc;

use super::{
    Diagnostic, SourceFile,
    decode::{Named, Spanned},
    diagnostic::{Problems, quoted, suggestion},
    file::effect::{EffectEntry, EffectFile},
    load,
};
use crate::{
    contract::shape,
    model::contract::{Contract, EffectSource, Operation, Touches},
};

/// Puts the entries of `file` into `contract`. Fails with every mistake of the file.
pub fn review(file: &SourceFile, contract: &mut Contract) -> Result<(), Vec<Diagnostic>> {
    let (mut parsed, shape) = load::open::<EffectFile>(file);
    contract.derived = Default::default();
    for entry in shape.into_iter().flat_map(|shape| shape.0) {
        apply(entry, contract, &mut parsed.problems);
    }
    load::finish((), vec![parsed])
}

fn apply(entry: Named<EffectEntry>, contract: &mut Contract, problems: &mut Problems) {
    let Some(operation) = contract.operations.get(&*entry.name) else {
        let problem = problems.add(entry.key, format!("unknown operation {}", quoted(&entry.name)));
        let names = contract.operations.keys().map(|name| &**name);
        if let Some(help) = suggestion(&entry.name, "there are", names) {
            problem.help(help);
        }
        return;
    };
    let Some(entry) = entry.value else { return };
    let EffectEntry { effect, document, section, touches, not_identifiers } = entry;
    let name = Arc::clone(&operation.name);
    let mut members = |listed: Option<Vec<Spanned<String>>>| {
        listed.map(|listed| {
            listed.into_iter().map(|name| member(name, operation, contract, problems)).collect()
        })
    };
    let source = Some(format!("{document}, {section}"));
    let touches = Touches {
        source,
        members: members(touches),
        not_identifiers: members(not_identifiers).unwrap_or_default(),
    };
    if let Some(operation) = contract.operations.get_mut(&name) {
        operation.effect = effect;
        operation.effect_source = EffectSource::Reviewed;
        operation.touches = touches;
    }
}

/// The name as it is written, which is one of a member, or of a member inside one.
fn member(
    name: Spanned<String>,
    operation: &Operation,
    contract: &Contract,
    problems: &mut Problems,
) -> String {
    let (first, inside) = name.value.split_once('.').unwrap_or((&name.value, ""));
    let known = operation.members.get(first);
    let leads =
        known.is_some_and(|member| inside.is_empty() || shape::leads(contract, &member.schema, inside));
    if !leads {
        let message = format!("{} has no member {}", operation.name, quoted(&name.value));
        let problem = problems.add(name.at, message);
        if known.is_none()
            && let Some(help) = suggestion(first, "there are", operation.members.keys().map(String::as_str))
        {
            problem.help(help);
        }
    }
    name.value
}
