//! Entries of `observed.yaml` go beside what an import has taken from a model.

use super::{
    Diagnostic, SourceFile,
    decode::{Named, Spanned},
    diagnostic::{Problems, quoted, suggestion},
    file::observed::{MemberEntry, ObservedFile, OperationEntry},
    load,
};
use crate::{
    contract::observed,
    model::contract::{Contract, DocumentedResponse, Form, ObservedMember, ObservedOperation},
};

/// Puts the entries of `file` into `contract`. Fails with every mistake of the file.
pub fn observe(file: &SourceFile, contract: &mut Contract) -> Result<(), Vec<Diagnostic>> {
    let (mut parsed, shape) = load::open::<ObservedFile>(file);
    if let Some(ObservedFile { compared, members, operations }) = shape {
        contract.observed.compared = compared;
        for entry in members.into_iter().flat_map(|it| it.0) {
            member(entry, contract, &mut parsed.problems);
        }
        for entry in operations.into_iter().flat_map(|it| it.0) {
            operation(entry, contract, &mut parsed.problems);
        }
    }
    load::finish((), vec![parsed])
}

fn member(entry: Named<MemberEntry>, contract: &mut Contract, problems: &mut Problems) {
    if !observed::leads(contract, &entry.name) {
        let problem = problems.add(entry.key, format!("the contract has no member {}", quoted(&entry.name)));
        problem.help("a schema comes first, then its members with dots between them: Endpoint.EndpointType");
        return;
    }
    let Some(MemberEntry { source, date, answers, nulls, absent }) = entry.value else { return };
    let form = |seen: Option<bool>| if seen == Some(true) { Form::Seen } else { Form::Unseen };
    let member = ObservedMember {
        answers: answers.unwrap_or_default(),
        null: form(nulls),
        absent: form(absent),
        source,
        date,
    };
    if member.answers.is_empty() && member.null == Form::Unseen && member.absent == Form::Unseen {
        problems.add(entry.key, "an observation of nothing: give `answers`, `nulls` or `absent`");
    }
    contract.observed.members.insert(entry.name, member);
}

fn operation(entry: Named<OperationEntry>, contract: &mut Contract, problems: &mut Problems) {
    let Some(found) = contract.operations.get_mut(&*entry.name) else {
        let problem = problems.add(entry.key, format!("unknown operation {}", quoted(&entry.name)));
        let names = contract.operations.keys().map(|name| &**name);
        if let Some(help) = suggestion(&entry.name, "there are", names) {
            problem.help(help);
        }
        return;
    };
    let Some(OperationEntry { statuses, empty, source, date }) = entry.value else { return };
    let mut seen = ObservedOperation { source, date, ..ObservedOperation::default() };
    for Spanned { value, at, .. } in statuses.into_iter().flatten() {
        match u16::try_from(value).ok().filter(|status| (100..600).contains(status)) {
            Some(status) if !found.answers.contains_key(&status) => {
                found.answers.insert(status, DocumentedResponse::default());
                seen.statuses.push(status);
            }
            Some(status) => drop(problems.add(at, format!("the model documents {status} already"))),
            None => drop(problems.add(at, format!("{value} is no status"))),
        }
    }
    for Spanned { value, at, .. } in empty.into_iter().flatten() {
        match u16::try_from(value).ok().filter(|status| found.answers.contains_key(status)) {
            Some(status) => seen.empty.push(status),
            None => drop(problems.add(at, format!("{value} is no documented status of {}", entry.name))),
        }
    }
    contract.observed.operations.insert(entry.name, seen);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn observed(text: &str) -> Result<Contract, usize> {
        let mut contract: Contract = serde_json::from_value(json!({
            "api": "t", "title": "", "version": "", "protocol": { "name": "rest" },
            "operations": { "Get": {
                "name": "Get", "method": "GET", "path": "/", "access": "public", "effect": "read",
                "answers": { "200": { "schema": "Thing" } },
            } },
            "schemas": { "$defs": { "Thing": { "type": "object", "properties": { "Id": { "type": "string" } } } } },
        }))
        .unwrap();
        let file = SourceFile { path: "observed.yaml".into(), text: text.into() };
        observe(&file, &mut contract).map(|()| contract).map_err(|problems| problems.len())
    }

    #[test]
    fn observations_are_of_members_and_answers_that_the_contract_has() {
        let at = |entry: &str| format!("{entry}, source: s, date: d }} }}");
        let contract =
            observed(&at("compared: x\noperations: { Get: { statuses: [204], empty: [200]")).unwrap();
        assert_eq!(contract.operation("Get").unwrap().answers.keys().collect::<Vec<_>>(), [&200, &204]);
        assert_eq!(contract.observed.operations["Get"].empty, [200]);
        let contract = observed(&at("members: { Thing.Id: { nulls: true, absent: false")).unwrap();
        let member = &contract.observed.members["Thing.Id"];
        assert_eq!((member.null, member.absent), (Form::Seen, Form::Unseen));
        assert_eq!(contract.observed.compared, None);
        assert!(observed("members: {}").is_ok());
        for wrong in [
            "members: { Thing.Name: { answers: [a]",
            "members: { Thing.Id: { answers: []",
            "operations: { Put: { empty: [200]",
            "operations: { Get: { empty: [201]",
            "operations: { Get: { statuses: [200]",
            "operations: { Get: { statuses: [999]",
        ] {
            assert_eq!(observed(&at(wrong)).unwrap_err(), 1, "{wrong}");
        }
        assert_eq!(observed("members: { Thing.Id: { answers: [a] } }").unwrap_err(), 2, "source and date");
    }
}
