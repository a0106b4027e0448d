//! Entries of `resources.yaml` are held to the contract: every operation and every member that one names is there.

use std::{collections::BTreeSet, sync::Arc};

use indexmap::IndexMap;

mod states;
mod tags;

use super::{
    Diagnostic, SourceFile,
    decode::{Entries, Named, Spanned},
    diagnostic::{At, Problems, quoted, suggestion},
    file::resource::{PagingEntry, ParentEntry, PropertyEntry, ResourceEntry, ResourceFile, UseEntry},
    load,
};
use crate::{
    contract::{
        family::answer_schema,
        resources::{self, Number},
    },
    model::{
        contract::{Contract, Operation},
        resource::{
            Class, Pages, Parent, Property, PropertyReview, Resource, Resources, Review, Steadiness, Unique,
            Use,
        },
    },
};

/// Puts the resources of `file` into `contract`. Fails with every mistake of the file.
pub fn describe(file: &SourceFile, contract: &mut Contract) -> Result<(), Vec<Diagnostic>> {
    let (mut parsed, shape) = load::open::<ResourceFile>(file);
    let entries = shape.map(|shape| shape.0).unwrap_or_default();
    let names: BTreeSet<String> = entries.iter().map(|entry| entry.name.clone()).collect();
    let mut described = Resources::new();
    for Named { name, key, value, .. } in entries {
        let Some(entry) = value else { continue };
        let mut reading = Reading { contract, names: &names, problems: &mut parsed.problems };
        if let Some(resource) = reading.resource(&name, key, entry) {
            described.insert(Arc::clone(&resource.name), resource);
        }
    }
    contract.resources = described;
    load::finish((), vec![parsed])
}

struct Reading<'a> {
    contract: &'a Contract,
    names: &'a BTreeSet<String>,
    problems: &'a mut Problems,
}

impl Reading<'_> {
    fn resource(&mut self, name: &str, key: At, entry: ResourceEntry) -> Option<Resource> {
        let review = match (entry.document, entry.section) {
            (Some(document), Some(section)) => Review::Reviewed { document, section },
            (None, None) => Review::Proposed,
            _ => {
                let problem = self.problems.add(key, format!("{} has half a source", quoted(name)));
                problem.help("give `document` and `section`, or neither for a proposal");
                return None;
            }
        };
        let create = self.usage(entry.create, Shows::One)?;
        let mut optional = |usage: Option<Spanned<UseEntry>>, shows| self.usage(usage?, shows);
        let read = optional(entry.read, Shows::Either);
        let list = optional(entry.list, Shows::Many);
        let update = optional(entry.update, Shows::One);
        let delete = optional(entry.delete, Shows::One);
        let mut resource = Resource {
            name: name.into(),
            review,
            identifiers: IndexMap::new(),
            unique: None,
            create,
            read,
            list,
            update,
            delete,
            status: None,
            properties: IndexMap::new(),
            parents: IndexMap::new(),
            filters: IndexMap::new(),
            paging: None,
            tags: None,
        };
        for entry in entry.identifiers.into_iter().flat_map(|it| it.0) {
            let Some(shown) = &entry.value else { continue };
            self.is_asked_for(&resource, &entry.name, entry.key);
            self.is_shown(&resource, &shown.value, shown.at);
            resource.identifiers.insert(entry.name, shown.value.clone());
        }
        resource.status = entry.status.map(|status| self.status(&resource, status));
        for entry in entry.properties.into_iter().flat_map(|it| it.0) {
            let (name, key) = (entry.name, entry.key);
            let Some(entry) = entry.value else { continue };
            if let Some(property) = self.property(&resource, &name, key, entry) {
                resource.properties.insert(name, property);
            }
        }
        if let Some(unique) = entry.unique {
            if !resource.properties.contains_key(&unique.value) {
                self.unknown("property", &unique, resource.properties.keys().map(String::as_str));
            }
            let review = reviewed(entry.unique_proposed);
            resource.unique = Some(Unique { property: unique.value, review });
        }
        resource.parents = self.parents(&resource, entry.parents);
        for entry in entry.filters.into_iter().flat_map(|it| it.0) {
            let Some(member) = entry.value else { continue };
            self.is_shown(&resource, &member.value, member.at);
            resource.filters.insert(entry.name, member.value);
        }
        resource.paging = entry.paging.map(|paging| self.paging(&resource, paging));
        resource.tags = entry.tags.map(|tags| self.tags(&resource, tags));
        Some(resource)
    }

    /// An operation of the contract, whose answer shows what it is said to show.
    fn usage(&mut self, entry: Spanned<UseEntry>, shows: Shows) -> Option<Use> {
        let UseEntry { operation, shows: place, send, unnamed } = entry.value;
        let found = self.contract.operations.get_key_value(&*operation.value);
        let Some((name, _)) = found else {
            self.unknown("operation", &operation, self.contract.operations.keys().map(|name| &**name));
            return None;
        };
        let usage = Use {
            operation: Arc::clone(name),
            shows: place.as_ref().map(|place| place.value.clone()),
            send: send.map(|send| send.0).unwrap_or_default(),
            unnamed: unnamed.unwrap_or_default(),
        };
        if let Some(place) = place {
            let number = resources::shown(self.contract, &usage).map(|shown| shown.number);
            if !number.is_some_and(|number| shows.takes(number)) {
                let message =
                    format!("the answer of {name} has no {} at {}", shows.noun(), quoted(&place.value));
                let problem = self.problems.add(place.at, message);
                problem.help("names of members with dots between them, or `.` for the whole answer");
            }
        }
        Some(usage)
    }

    fn paging(&mut self, resource: &Resource, entry: PagingEntry) -> Pages {
        let list = resource.list.as_ref().and_then(|list| self.contract.operation(&list.operation));
        for member in [Some(&entry.size), entry.offset.as_ref()].into_iter().flatten() {
            if !list.is_some_and(|list| list.members.contains_key(&member.value)) {
                self.problems.add(member.at, format!("the list takes no {}", quoted(&member.value)));
            }
        }
        if let Some(total) = &entry.total {
            let answer = list.and_then(|list| answer_schema(self.contract, list));
            if answer.and_then(|answer| resources::at(self.contract, answer, &total.value)).is_none() {
                self.problems.add(total.at, format!("the list shows no {}", quoted(&total.value)));
            }
        }
        Pages {
            size: entry.size.value,
            smallest: entry.smallest,
            largest: entry.largest,
            offset: entry.offset.map(|it| it.value),
            total: entry.total.map(|it| it.value),
            review: reviewed(entry.proposed),
        }
    }

    fn property(
        &mut self,
        resource: &Resource,
        name: &str,
        key: At,
        entry: PropertyEntry,
    ) -> Option<Property> {
        let set_by = self.setting(Some(&resource.create), name, entry.set_by);
        let own = set_by.as_deref().unwrap_or(name).to_owned();
        let updated_by = self.setting(resource.update.as_ref(), &own, entry.updated_by);
        // The member by which an update names the resource changes nothing.
        let is_identifier = resource.identifiers.values().any(|shown| shown == name);
        let names_it = |member: &String| {
            is_identifier
                && (set_by.is_none() || resource.identifiers.get(member).is_some_and(|it| it == name))
        };
        let updated_by = updated_by.filter(|member| !names_it(member));
        let class = entry.class.unwrap_or(match (&set_by, &updated_by) {
            (_, Some(_)) => Class::ReadWrite,
            (Some(_), None) => Class::CreateOnly,
            (None, None) => Class::ReadOnly,
        });
        if class != Class::WriteOnly {
            self.is_shown(resource, name, key);
        }
        let wrong = match class {
            Class::ReadOnly => None,
            _ if set_by.is_none() && updated_by.is_none() => Some("nothing sets it"),
            Class::ReadWrite if updated_by.is_none() => Some("no update changes it"),
            _ => None,
        };
        if let Some(wrong) = wrong {
            let problem = self.problems.add(key, format!("{} is no such property: {wrong}", quoted(name)));
            problem.help("name the members in `set_by` and `updated_by`, or give another `class`");
            return None;
        }
        if let Some(pending) = &entry.pending {
            self.is_shown(resource, &pending.value, pending.at);
        }
        let settable = class != Class::ReadOnly;
        let with = entry.with.map(|with| with.0).unwrap_or_default();
        for (member, _) in with.iter().filter(|_| settable) {
            self.is_set(&resource.create, member, key);
        }
        Some(Property {
            class,
            set_by: set_by.filter(|_| settable),
            updated_by: updated_by.filter(|_| matches!(class, Class::ReadWrite | Class::WriteOnly)),
            shown_as: (class != Class::WriteOnly).then(|| name.to_owned()),
            pending: entry.pending.map(|pending| pending.value),
            ignoring: entry.ignoring.unwrap_or_default(),
            values: entry.values.into_iter().flatten().map(|value| value.0).collect(),
            with,
            review: reviewed(entry.proposed),
            steadiness: match entry.volatile {
                Some(true) => Steadiness::Volatile,
                _ => Steadiness::Steady,
            },
        })
    }

    /// The path that sets a property: the one that is given, which has to be there, or the one of its own name if it is.
    fn setting(&mut self, usage: Option<&Use>, name: &str, given: Option<Spanned<String>>) -> Option<String> {
        let operation = usage.and_then(|usage| self.contract.operation(&usage.operation));
        let takes =
            |operation: &Operation, path: &str| resources::input(self.contract, operation, path).is_some();
        match given {
            None => operation.is_some_and(|operation| takes(operation, name)).then(|| name.to_owned()),
            Some(path) if operation.is_some_and(|operation| takes(operation, &path.value)) => {
                Some(path.value)
            }
            Some(path) => {
                let of = usage.map_or("no operation", |usage| &usage.operation);
                self.problems.add(path.at, format!("{of} takes no {}", quoted(&path.value)));
                None
            }
        }
    }

    fn parents(
        &mut self,
        resource: &Resource,
        entries: Option<Entries<ParentEntry>>,
    ) -> IndexMap<String, Parent> {
        let mut parents = IndexMap::new();
        for entry in entries.into_iter().flat_map(|it| it.0) {
            let Some(ParentEntry { resource: of, identifier, send }) = entry.value else { continue };
            self.is_set(&resource.create, &entry.name, entry.key);
            if !self.names.contains(&of.value) {
                self.unknown("resource", &of, self.names.iter().map(String::as_str));
            }
            let identifier = identifier.map(|it| it.value).unwrap_or_default();
            let send = send.map(|send| send.0).unwrap_or_default();
            parents.insert(entry.name, Parent { resource: of.value, identifier, send });
        }
        parents
    }

    fn is_shown(&mut self, resource: &Resource, path: &str, at: At) {
        let schema = resources::schema(self.contract, resource);
        if schema.and_then(|schema| resources::at(self.contract, schema, path)).is_none() {
            self.problems.add(at, format!("nothing shows {} of {}", quoted(path), resource.name));
        }
    }

    fn is_set(&mut self, usage: &Use, path: &str, at: At) {
        let operation = self.contract.operation(&usage.operation);
        if operation.is_none_or(|operation| resources::input(self.contract, operation, path).is_none()) {
            self.problems.add(at, format!("{} takes no {}", usage.operation, quoted(path)));
        }
    }

    /// Whether an operation on one of the resource takes this member.
    fn is_asked_for(&mut self, resource: &Resource, member: &str, at: At) {
        let uses = [&resource.read, &resource.update, &resource.delete].into_iter().flatten();
        let mut operations = uses.filter_map(|usage| self.contract.operation(&usage.operation));
        if !operations.any(|operation| operation.members.contains_key(member)) {
            let message = format!("no operation on one of {} takes {}", resource.name, quoted(member));
            self.problems.add(at, message);
        }
    }

    fn unknown<'n>(&mut self, what: &str, name: &Spanned<String>, known: impl Iterator<Item = &'n str>) {
        let problem = self.problems.add(name.at, format!("unknown {what} {}", quoted(&name.value)));
        if let Some(help) = suggestion(&name.value, "there are", known) {
            problem.help(help);
        }
    }
}

fn reviewed(proposed: Option<bool>) -> PropertyReview {
    match proposed {
        Some(true) => PropertyReview::Proposed,
        _ => PropertyReview::AsResource,
    }
}

/// What an answer has to show.
#[derive(Clone, Copy)]
enum Shows {
    One,
    Many,
    Either,
}

impl Shows {
    fn takes(self, number: Number) -> bool {
        match self {
            Shows::One => number == Number::One,
            Shows::Many => number == Number::Many,
            Shows::Either => true,
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Shows::One => "structure",
            Shows::Many => "list",
            Shows::Either => "structure or list",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A contract in which things are made, listed, changed and destroyed.
    fn contract() -> Contract {
        let text = || json!({ "type": "string" });
        let body = |name: &str| json!({ name: { "in": "body", "schema": text() }, "Size": { "in": "body", "schema": text() } });
        let operation = |name: &str, effect: &str, members: serde_json::Value, schema: &str| {
            json!({
                "name": name, "method": "POST", "path": "/", "access": "public", "effect": effect, "members": members,
                "answers": { "200": { "schema": schema } },
            })
        };
        serde_json::from_value(json!({
            "api": "t", "title": "", "version": "", "protocol": { "name": "rest" },
            "operations": {
                "Make": operation("Make", "create", body("Name"), "One"),
                "List": operation("List", "read", json!({ "Limit": { "in": "query", "schema": text() } }), "Many"),
                "Change": operation("Change", "change", body("Id"), "One"),
                "Destroy": operation("Destroy", "destroy", body("Id"), "One"),
            },
            "schemas": { "$defs": {
                "Thing": { "type": "object", "properties": { "Id": text(), "Name": text(), "Size": text() } },
                "One": { "type": "object", "properties": { "Thing": { "$ref": "#/$defs/Thing" } } },
                "Many": { "type": "object", "properties":
                    { "Things": { "type": "array", "items": { "$ref": "#/$defs/Thing" } } } },
            } },
        }))
        .unwrap()
    }

    fn described(text: &str) -> Result<Contract, Vec<String>> {
        let mut contract = contract();
        let file = SourceFile { path: "resources.yaml".into(), text: text.into() };
        let told = |problem: Diagnostic| {
            let place = problem.span().map(|span| format!("{}:{} ", span.line, span.column));
            format!("{}{}", place.unwrap_or_default(), problem.message())
        };
        describe(&file, &mut contract)
            .map(|()| contract)
            .map_err(|problems| problems.into_iter().map(told).collect())
    }

    const USES: &str = "create: { operation: Make, shows: Thing }, list: { operation: List, shows: Things }, \
                        update: { operation: Change, shows: Thing }, delete: { operation: Destroy }";

    #[test]
    fn a_property_is_what_its_operations_make_of_it() {
        let entries = "properties: { Id: {}, Name: {}, Size: {} }, identifiers: { Id: Id }, unique: Name";
        let contract = described(&format!("Thing: {{ {USES}, {entries} }}")).unwrap();
        let thing = &contract.resources["Thing"];
        let classes: Vec<_> = thing.properties.iter().map(|(name, it)| (name.as_str(), it.class)).collect();
        assert_eq!(
            classes,
            [("Id", Class::ReadOnly), ("Name", Class::CreateOnly), ("Size", Class::ReadWrite)]
        );
        assert!(!thing.is_reviewed());
        let reviewed = described(&format!("Thing: {{ {USES}, document: d, section: s }}")).unwrap();
        assert!(reviewed.resources["Thing"].is_reviewed());
    }

    #[test]
    fn what_the_contract_does_not_have_is_told_with_its_place() {
        for (entries, told) in [
            ("create: { operation: Mke }", "1:31 unknown operation `Mke`"),
            (
                "create: { operation: Make, shows: Think }",
                "1:44 the answer of Make has no structure at `Think`",
            ),
            (
                "create: { operation: Make, shows: Thing }, list: { operation: List, shows: . }",
                "1:85 the answer of List has no list at `.`",
            ),
            ("create: { operation: Make }, document: d", "1:1 `Thing` has half a source"),
            ("@, identifiers: { Ide: Id }", "no operation on one of Thing takes `Ide`"),
            ("@, identifiers: { Id: Ide }", "nothing shows `Ide` of Thing"),
            ("@, properties: { Ide: {} }", "nothing shows `Ide` of Thing"),
            (
                "@, identifiers: { Id: Id }, properties: { Id: { class: read-write } }",
                "`Id` is no such property: nothing sets it",
            ),
            ("@, properties: { Id: { set_by: Ide } }", "Make takes no `Ide`"),
            ("@, properties: { Size: { pending: P } }", "nothing shows `P` of Thing"),
            ("@, properties: { Size: { with: { P: 1 } } }", "Make takes no `P`"),
            ("@, unique: Name", "unknown property `Name`"),
            ("@, status: { member: S, settled: [a] }", "nothing shows `S` of Thing"),
            (
                "@, status: { member: Id, settled: [a], transitions: { source: c, next: { a: [b] } } }",
                "`b` is none of the states",
            ),
            ("@, parents: { Name: { resource: Other } }", "unknown resource `Other`"),
            ("@, parents: { P: { resource: Thing } }", "Make takes no `P`"),
            ("@, filters: { f: S }", "nothing shows `S` of Thing"),
            ("@, paging: { size: Size }", "the list takes no `Size`"),
            ("@, paging: { size: Limit, offset: Skip }", "the list takes no `Skip`"),
            ("@, paging: { size: Limit, total: Count }", "the list shows no `Count`"),
            ("@, tags: { set_by: Tags }", "Make takes no `Tags`"),
            (
                "@, tags: { set_by: Name, named_by: Id, add: Tag, list: List, remove: Destroy }",
                "unknown operation `Tag`",
            ),
            (
                "@, tags: { set_by: Name, named_by: Id, add: Change, list: Change, remove: Destroy }",
                "Change takes no list of tags",
            ),
            ("@, tags: { set_by: Name, add: Change }", "tags are changed and listed, or neither"),
            ("@, filter: {}", "unknown key `filter`"),
        ] {
            let problems = described(&format!("Thing: {{ {} }}", entries.replace('@', USES))).unwrap_err();
            assert!(problems.len() == 1 && problems[0].ends_with(told), "{entries}: {problems:?}");
        }
    }
}
