//! The tags of what is followed.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Contradiction, Followed, Seen, clause};
use crate::{
    contract::resources,
    matcher,
    model::{
        resource::{Resource, Standing, TagOperations},
        verdict::{Location, Mismatch},
    },
};

/// The tags that a request to create a resource has.
pub(super) fn sent(resource: &Resource, input: &Map<String, Value>) -> BTreeMap<String, Option<Value>> {
    let tags = resource.tags.as_ref();
    let pairs = tags.and_then(|tags| Some((input.get(&tags.set_by)?, tags.operations.as_ref()?)));
    pairs.map(|(list, operations)| read(list, operations)).unwrap_or_default()
}

fn read(list: &Value, operations: &TagOperations) -> BTreeMap<String, Option<Value>> {
    let pairs = list.as_array().into_iter().flatten().filter_map(|tag| {
        let key = tag.get(&operations.key)?.as_str()?.to_owned();
        Some((key, Some(tag.get(&operations.value).cloned().unwrap_or_default())))
    });
    pairs.collect()
}

impl Followed {
    /// Whether an operation adds, shows or removes tags of the resource, and what its answer contradicts.
    pub(super) fn tagged(&mut self, resource: &Resource, seen: &Seen<'_>) -> (bool, Vec<Contradiction>) {
        let none = || (false, Vec::new());
        let Some(operations) = resource.tags.as_ref().and_then(|it| it.operations.as_ref()) else {
            return none();
        };
        let name = &seen.operation.name;
        if ![&operations.add, &operations.list, &operations.remove].contains(&name) {
            return none();
        }
        let Some(named) = seen.input.get(&operations.named_by).and_then(Value::as_str) else { return none() };
        let of_name = self.things.iter_mut().find(|((api, kind, identity), _)| {
            *api == seen.contract.api
                && *kind == resource.name
                && identity.first().is_some_and(|it| it == named)
        });
        let Some((_, thing)) = of_name else { return (true, Vec::new()) };
        if thing.known.is_some_and(|known| seen.span.0 < known) {
            return (true, Vec::new());
        }
        if *name != operations.list {
            thing.known = Some(seen.span.1);
        }
        if *name == operations.add {
            let added = seen.input.get(&operations.added);
            thing.tags.extend(added.map(|list| read(list, operations)).unwrap_or_default());
        }
        if *name == operations.remove {
            let keys = seen.input.get(&operations.removed).and_then(Value::as_array).into_iter().flatten();
            let keys = keys.filter_map(Value::as_str).map(str::to_owned);
            thing.tags.extend(keys.map(|key| (key, None)));
        }
        let lists = *name == operations.list;
        let Some((place, list)) = resources::value(seen.body, &operations.shown).filter(|_| lists) else {
            return (true, Vec::new());
        };
        let shown = read(list, operations);
        let told = |key: &str, expected: String, actual: String| Contradiction {
            rule: "tags",
            clause: clause("resource.tags", Standing::Proposed),
            mismatch: Mismatch {
                at: Location::Pointer(place.clone()),
                expected: format!("{expected} as the tag {key}"),
                actual,
            },
        };
        let mut found = Vec::new();
        thing.tags.retain(|key, value| {
            let actual = shown.get(key).and_then(Option::as_ref);
            if actual == value.as_ref() {
                return true;
            }
            let render = |value: Option<&Value>| value.map_or("nothing".to_owned(), matcher::shown);
            found.push(told(key, render(value.as_ref()), render(actual)));
            false
        });
        (true, found)
    }
}
