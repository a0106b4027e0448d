//! The tags of a resource: which members of which operations hold them is read from the schemas.

use std::sync::Arc;

use super::Reading;
use crate::{
    contract::{
        family::answer_schema,
        resources,
        shape::{Kind, Shape},
    },
    model::{
        contract::{Contract, Operation},
        resource::{Resource, TagOperations, Tags},
    },
    suite::{decode::Spanned, diagnostic::quoted, file::resource::TagsEntry},
};

impl Reading<'_> {
    pub(super) fn tags(&mut self, resource: &Resource, entry: TagsEntry) -> Tags {
        self.is_set(&resource.create, &entry.set_by.value, entry.set_by.at);
        let operations = match (entry.named_by, entry.add, entry.list, entry.remove) {
            (Some(named_by), Some(add), Some(list), Some(remove)) => {
                self.operations(named_by, [add, list, remove])
            }
            (None, None, None, None) => None,
            _ => {
                let problem = self.problems.add(entry.set_by.at, "tags are changed and listed, or neither");
                problem.help("give `named_by`, `add`, `list` and `remove`, or none of them");
                None
            }
        };
        Tags { set_by: entry.set_by.value, operations }
    }

    fn operations(
        &mut self,
        named_by: Spanned<String>,
        [add, list, remove]: [Spanned<String>; 3],
    ) -> Option<TagOperations> {
        let contract = self.contract;
        let mut found = Vec::new();
        for name in [&add, &list, &remove] {
            let operation = contract.operation(&name.value);
            let Some(operation) = operation else {
                self.unknown("operation", name, contract.operations.keys().map(|name| &**name));
                return None;
            };
            if !operation.members.contains_key(&named_by.value) {
                let message = format!("{} takes no {}", name.value, quoted(&named_by.value));
                self.problems.add(named_by.at, message);
                return None;
            }
            found.push(operation);
        }
        let [adds, lists, removes] = found[..] else { return None };
        let added = adds.members.iter().find_map(|(member, it)| {
            resources::tag(contract, &it.schema).map(|(key, value)| (member, key, value))
        });
        let Some((added, key, value)) = added else {
            self.problems.add(add.at, format!("{} takes no list of tags", add.value));
            return None;
        };
        let Some(shown) = shown(contract, lists, key) else {
            self.problems.add(list.at, format!("{} shows no list of tags", list.value));
            return None;
        };
        let keys = |(member, it): (&'_ String, &crate::model::contract::Member)| {
            let shape = Shape::of(contract, &it.schema);
            let text = |schema| Shape::of(contract, schema).kind == Kind::Text;
            let holds = shape.kind == Kind::List && shape.inside().is_some_and(text);
            (holds && *member != named_by.value).then(|| member.clone())
        };
        let Some(removed) = removes.members.iter().find_map(keys) else {
            self.problems.add(remove.at, format!("{} takes no list of keys", remove.value));
            return None;
        };
        let name = |operation: &Operation| Arc::clone(&operation.name);
        Some(TagOperations {
            named_by: named_by.value,
            add: name(adds),
            added: added.clone(),
            list: name(lists),
            shown,
            remove: name(removes),
            removed,
            key: key.to_owned(),
            value: value.to_owned(),
        })
    }
}

/// The member of an answer that holds tags with this key.
fn shown(contract: &Contract, list: &Operation, key: &str) -> Option<String> {
    let members = Shape::of(contract, answer_schema(contract, list)?).properties(contract);
    let holds = |schema| resources::tag(contract, schema).is_some_and(|(it, _)| it == key);
    members.into_iter().find(|member| holds(member.schema)).map(|member| member.name.to_owned())
}
