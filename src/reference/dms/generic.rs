//! Operations that nobody wrote by hand: the contract says what they take and give, the families what they do.

mod forgetting;
mod lists;
mod nulls;

use http::StatusCode;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use self::{
    forgetting::put,
    nulls::{strip_nulls, strip_nulls_within},
};
use super::{
    Cx,
    families::{self, Family, Role},
    fault::Fault,
    records::{Named, Record},
    store::{Store, new_arn},
    tags,
};
use crate::{
    model::contract::{Effect, ErrorShape, Operation},
    reference::{
        Deviation, Variation,
        catalogue::{self, reference, resolved},
        example_values::{ExampleValues, properties},
        schema::{self, Kind, SchemaViolation},
    },
};

/// One call of such an operation.
pub(crate) struct Call<'a> {
    pub cx: &'a Cx<'a>,
    pub operation: &'static Operation,
    /// Holds the schemas.
    pub document: &'static Value,
}

impl Call<'_> {
    /// Answers; null is an empty body.
    pub fn answer(&self, store: &mut Store, mut input: Map<String, Value>) -> Result<Value, Fault> {
        let had_null = strip_nulls(&mut input);
        if had_null && self.cx.deviates(Deviation::GenericNullIsServerError) {
            return Err(Fault::internal());
        }
        if let Err(fault) = self.check(&input) {
            if self.cx.deviates(Deviation::GenericRefusedCreates)
                && let Role::Create(family) = families::role(&self.operation.name)
            {
                let _ = self.create(store, family, input);
            } else if self.cx.deviates(Deviation::RefusedChangeTakesEffect)
                && self.operation.effect == Effect::Change
            {
                let _ = self.other(store, &self.right_members(input));
            }
            return Err(fault);
        }
        if self.cx.deviates(Deviation::GenericServerError) {
            return Err(Fault::internal());
        }
        if input.is_empty() && self.cx.deviates(Deviation::GenericNothingServed) {
            return Err(Fault::invalid_value("Something has to be asked for."));
        }
        let output = match families::role(&self.operation.name) {
            Role::Create(family) => self.create(store, family, input),
            Role::List(family, shape) => self.list(store, family, shape, &input),
            Role::Delete(family) => self.delete(store, family, &input),
            Role::Other => self.other(store, &input),
        };
        output.map(|output| self.deviated(output))
    }

    /// Whether the input is one of the operation's.
    fn check(&self, input: &Map<String, Value>) -> Result<(), Fault> {
        let Some(schema) = &self.operation.input else { return Ok(()) };
        let schema = &self.document["$defs"][schema.as_str()];
        let input = Value::Object(input.clone());
        let mut violations = schema::violations(self.document, schema, &input);
        if self.cx.deviates(Deviation::GenericConverted) {
            let converts =
                |at: &str| input.pointer(at).is_some_and(|value| !value.is_array() && !value.is_object());
            violations.retain(|violation| violation.kind != Kind::Type || !converts(&violation.at));
        }
        judged(self.cx, violations)
    }

    /// The members of an input that are right by themselves.
    fn right_members(&self, mut input: Map<String, Value>) -> Map<String, Value> {
        input.retain(|name, value| {
            let member = self.operation.members.get(name);
            member.is_some_and(|it| schema::violations(self.document, &it.schema, value).is_empty())
        });
        input
    }

    /// Deletes what an input names, whoever asks.
    pub fn delete_although_refused(&self, store: &mut Store, input: &Map<String, Value>) {
        if let Role::Delete(family) = families::role(&self.operation.name) {
            let _ = self.delete(store, family, input);
        }
    }

    fn example_values(&self) -> ExampleValues<'static> {
        ExampleValues { document: self.document, now: self.cx.now.wall }
    }

    /// The schema of the output, where there is one.
    fn output(&self) -> Option<&'static Value> {
        let name = self.operation.answers.get(&200)?.schema.as_deref()?;
        self.document["$defs"].get(name)
    }

    fn create(
        &self,
        store: &mut Store,
        family: &'static Family,
        mut input: Map<String, Value>,
    ) -> Result<Value, Fault> {
        let named = self.named(store, &input, Some(family))?;
        let tags = match input.remove("Tags") {
            Some(Value::Array(tags)) => tags.into_iter().filter_map(as_object).collect(),
            _ => Vec::new(),
        };
        let tags = tags::read(self.cx, Some(tags))?;
        let wished =
            input.get("ResourceIdentifier").and_then(Value::as_str).filter(|wished| !wished.is_empty());
        let arn = new_arn(family.kind, wished);
        let mut facts = self.born(family);
        for (name, mut value) in input {
            self.name_within(store, &mut value)?;
            let optional = self.operation.members.get(&name).is_some_and(|member| !member.required);
            let shown = family.shown_name(&name);
            if optional && shown != family.name && self.cx.deviates(Deviation::ForgetSent) {
                value = self.invented_of(family, shown).unwrap_or(value);
            }
            put(&mut facts, shown, value);
        }
        for record in named.iter().filter_map(|named| named.record(store)) {
            facts.extend(record.names());
        }
        let name = match facts.get(family.name).and_then(Value::as_str) {
            Some(name) => name.to_owned(),
            None => Uuid::new_v4().to_string(),
        };
        let taken = store.records.iter().find(|(taken, record)| {
            record.family.create == family.create && (**taken == arn || record.name() == name)
        });
        let taken = taken.map(|(taken, _)| taken.clone());
        if let Some(taken) = taken.filter(|_| !self.cx.deviates(Deviation::DuplicateNameAccepted)) {
            if self.cx.deviates(Deviation::RefusedCreateChanges)
                && let Some(record) = store.records.get_mut(&taken)
            {
                self.scramble(family, &mut record.facts, |_| false);
            }
            return Err(self.already_exists(&name, &taken));
        }
        if self.cx.deviates(Deviation::OldSettingsAfterRecreate)
            && let Some(old) = store.buried.get(&name)
        {
            let sent = facts.clone();
            facts.extend(
                old.iter()
                    .filter(|(name, _)| !self.sends(family, name, &sent))
                    .map(|(name, value)| (name.clone(), value.clone())),
            );
        }
        facts.insert(family.name.to_owned(), json!(name));
        facts.insert(family.arn.to_owned(), json!(arn));
        let output = self.shown(family, &facts);
        store.tags.insert(arn.clone(), tags);
        if self.cx.deviates(Deviation::LoseSent) {
            let optional = |shown: &String| {
                let mut members = self.operation.members.iter();
                shown != family.name
                    && members.any(|(name, member)| !member.required && family.shown_name(name) == shown)
            };
            facts.retain(|name, _| !optional(name));
        }
        let coming = if self.cx.varies(Variation::MoreStates) { family.before } else { &[] };
        store
            .records
            .insert(arn, Record { family, facts, said: Map::new(), coming, made: self.cx.now.instant });
        Ok(output)
    }

    /// What a new thing has that its maker cannot say.
    fn born(&self, family: &Family) -> Map<String, Value> {
        let schema = &self.document["$defs"][family.shape()];
        let said = |member: &str| {
            member == family.name
                || self.operation.members.keys().any(|input| family.shown_name(input) == member)
        };
        let mut facts = self.example_values().members_but(schema, said);
        let (status, settled) = family.status;
        let first = family.before.first().filter(|_| self.cx.varies(Variation::MoreStates));
        facts.insert(status.to_owned(), json!(first.unwrap_or(&settled)));
        facts
    }

    fn delete(&self, store: &mut Store, family: &Family, input: &Map<String, Value>) -> Result<Value, Fault> {
        let named = self.named(store, input, None)?;
        let arn = named.into_iter().find_map(|named| named.into_record_of(store, family));
        let stays =
            self.cx.deviates(Deviation::GenericStays) || self.cx.deviates(Deviation::GhostAfterDelete);
        let facts = arn.and_then(|arn| match stays {
            true => store.records.get(&arn).map(|record| record.facts.clone()),
            false => store.records.remove(&arn).map(|record| record.facts),
        });
        let Some(mut facts) = facts else {
            return Err(self.not_found("It is not found."));
        };
        if let Some(name) = facts.get(family.name).and_then(Value::as_str) {
            store.buried.insert(name.to_owned(), facts.clone());
        }
        facts.insert(family.status.0.to_owned(), json!("deleting"));
        Ok(self.shown(family, &facts))
    }

    /// Changes what the operation names, where its output shows it; tells something sensible otherwise.
    fn other(&self, store: &mut Store, input: &Map<String, Value>) -> Result<Value, Fault> {
        let named = self.named(store, input, None)?;
        let shows = |family: &Family| {
            let shown = self.output().into_iter().flat_map(properties);
            { shown }.any(|(_, schema)| reference(schema).is_some_and(|shape| family.is_shown_as(shape)))
        };
        let changed = named.iter().filter_map(|named| named.record(store));
        let Some(family) = { changed }.map(|record| record.family).find(|family| shows(family)) else {
            return Ok(self.told(store, &named, input));
        };
        let arn = named.into_iter().find_map(|named| named.into_record_of(store, family)).unwrap_or_default();
        self.check_new_name(store, family, &arn, input)?;
        let mut changes = input.clone();
        changes.shift_remove(family.named_by);
        for value in changes.values_mut() {
            self.name_within(store, value)?;
        }
        let Some(record) = store.records.get_mut(&arn) else {
            return Err(self.not_found("It is not found."));
        };
        let before = record.facts.clone();
        if self.cx.deviates(Deviation::UpdateLeaks) {
            self.scramble(family, &mut record.facts, |_| false);
        }
        for (name, value) in changes {
            put(&mut record.facts, family.shown_name(&name), value);
        }
        if let Some(state) = families::state_after(&self.operation.name) {
            record.coming = &[];
            record.facts.insert(family.status.0.to_owned(), json!(state));
        }
        let output = self.shown(family, &record.facts);
        if self.cx.deviates(Deviation::StaleUpdate) {
            record.facts = before;
        }
        if self.cx.deviates(Deviation::ChangesNeighbour) {
            let others = store.records.iter_mut();
            let of_kind = others.filter(|(other, it)| **other != arn && it.family.create == family.create);
            of_kind.for_each(|(_, other)| self.scramble(family, &mut other.facts, |_| false));
        }
        Ok(output)
    }

    fn check_new_name(
        &self,
        store: &Store,
        family: &Family,
        arn: &str,
        input: &Map<String, Value>,
    ) -> Result<(), Fault> {
        let Some(name) = input.get(family.name).and_then(Value::as_str) else { return Ok(()) };
        let taken = store.records.iter().find(|(other, record)| {
            *other != arn && record.family.create == family.create && record.name() == name
        });
        taken.map_or(Ok(()), |(taken, _)| Err(self.already_exists(name, taken)))
    }

    /// The output that shows one thing, whole where the output has a member for it, by its members otherwise.
    fn shown(&self, family: &Family, facts: &Map<String, Value>) -> Value {
        let Some(schema) = self.output() else { return Value::Null };
        let mut known = facts.clone();
        for (name, property) in properties(schema) {
            if reference(property).is_some_and(|shape| family.is_shown_as(shape)) {
                known.insert(name.clone(), Value::Object(facts.clone()));
            }
        }
        self.example_values().shaped(&self.operation.name, schema, &Value::Object(known))
    }

    /// The output of an operation that shows no thing: what the input says, or was said before of what it names, and
    /// the rest invented.
    fn told(&self, store: &mut Store, named: &[Named], input: &Map<String, Value>) -> Value {
        let Some(schema) = self.output() else { return Value::Null };
        let mut known = Map::new();
        for named in named {
            let Some(record) = named.record_mut(store) else { continue };
            if matches!(self.operation.effect, Effect::Change | Effect::Unknown) {
                record.said.extend(input.clone());
            }
            known.extend(record.said.clone());
        }
        known.extend(input.clone());
        let example_values = self.example_values();
        let mut output = example_values.members_but(schema, |_| false);
        for (name, property) in properties(schema) {
            match (output.get_mut(name), known.get(name)) {
                (Some(told), Some(said)) => *told = example_values.shaped(name, property, said),
                (Some(Value::Object(told)), None) => self.name_as_in(input, property, told),
                _ => {}
            }
        }
        Value::Object(output)
    }

    /// A structure that tells of what the input names, such as the state of a refresh, names the same.
    fn name_as_in(&self, input: &Map<String, Value>, schema: &Value, told: &mut Map<String, Value>) {
        for (name, property) in properties(resolved(self.document, schema)) {
            if let (Some(told), Some(said @ Value::String(_))) = (told.get_mut(name), input.get(name)) {
                *told = self.example_values().shaped(name, property, said);
            }
        }
    }

    /// Everything the input names, its own name excepted where something is made. Fails where it is not there and
    /// the model has an error that says so.
    fn named(
        &self,
        store: &Store,
        input: &Map<String, Value>,
        making: Option<&Family>,
    ) -> Result<Vec<Named>, Fault> {
        let mut all = Vec::new();
        for (member, value) in input {
            let own = making
                .is_some_and(|family| [family.name, family.named_by].contains(&family.shown_name(member)));
            if own || making.is_some_and(|family| family.named_by == member) {
                continue;
            }
            let texts: Vec<&str> = match value {
                Value::String(text) => vec![text],
                Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
                _ => continue,
            };
            for text in texts {
                let Some(named) = Named::by(store, member, text) else { continue };
                if named.is_absent() && self.absence().is_some() {
                    return Err(self.not_found(format!("{member} {text} not found.")));
                }
                all.push(named);
            }
        }
        Ok(all)
    }

    /// Adds the names of what structures within `value` name. Fails where that is not there.
    fn name_within(&self, store: &Store, value: &mut Value) -> Result<(), Fault> {
        match value {
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.name_within(store, item)),
            Value::Object(members) => {
                let named = self.named(store, members, None)?;
                for record in named.iter().filter_map(|named| named.record(store)) {
                    members.extend(record.names());
                }
                members.values_mut().try_for_each(|member| self.name_within(store, member))
            }
            _ => Ok(()),
        }
    }

    fn models(&self, error: &str) -> Option<&'static ErrorShape> {
        self.operation.errors.iter().find(|known| known.name == error)
    }

    /// The modelled error for what is not there.
    fn absence(&self) -> Option<&'static ErrorShape> {
        self.models("ResourceNotFoundFault").or_else(|| self.models("CollectorNotFoundFault"))
    }

    fn not_found(&self, message: impl Into<String>) -> Fault {
        let mut fault = Fault::not_found(message);
        if self.cx.deviates(Deviation::GenericErrorUnmodelled) {
            fault.name = "NotFoundException";
        } else if let Some(error) = self.absence() {
            fault.name = &error.name;
            fault.status = StatusCode::from_u16(error.status).unwrap_or(fault.status);
        }
        fault
    }

    fn already_exists(&self, name: &str, arn: &str) -> Fault {
        let message = format!("{name} already exists.");
        match self.models("ResourceAlreadyExistsFault") {
            Some(_) => Fault::already_exists(message, arn),
            None => Fault::invalid_value(message),
        }
    }

    fn deviated(&self, mut output: Value) -> Value {
        if self.cx.deviates(Deviation::GenericWrongType)
            && let Value::Object(members) = &mut output
        {
            members.values_mut().for_each(|member| *member = json!([{ "value": member.take() }]));
        }
        output
    }
}

/// Judges those of `members` that the operation has and whoever wrote it by hand does not look into.
pub(crate) fn check_members(cx: &Cx<'_>, operation: &str, members: &Map<String, Value>) -> Result<(), Fault> {
    for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
        let Some((operation, document)) = catalogue::dms(operation) else { continue };
        let Some(member) = operation.members.get(name) else { continue };
        let mut value = value.clone();
        strip_nulls_within(&mut value);
        judged(cx, schema::violations(document, &member.schema, &value))?;
    }
    Ok(())
}

/// Types first, as a server that reads before it judges.
fn judged(cx: &Cx<'_>, mut violations: Vec<SchemaViolation>) -> Result<(), Fault> {
    violations.retain(|violation| !cx.deviates(tolerated_by(violation.kind)));
    if let Some(violation) = violations.iter().find(|violation| violation.kind == Kind::Type) {
        return Err(Fault::serialization(told(violation)));
    }
    violations.first().map_or(Ok(()), |violation| Err(Fault::invalid_value(told(violation))))
}

/// The deviation that does not mind a flaw.
fn tolerated_by(kind: Kind) -> Deviation {
    match kind {
        Kind::Type => Deviation::GenericTypeAccepted,
        Kind::Missing => Deviation::GenericMissingAccepted,
        Kind::Enum => Deviation::GenericEnumAccepted,
        Kind::Range => Deviation::GenericRangeAccepted,
        Kind::Length => Deviation::GenericLengthAccepted,
        Kind::Pattern | Kind::Format => Deviation::GenericPatternAccepted,
        Kind::Choice => Deviation::GenericUnionAccepted,
    }
}

fn told(violation: &SchemaViolation) -> String {
    let member = violation.at.trim_start_matches('/').replace('/', ".");
    format!("The parameter {member} {}.", violation.says)
}

fn as_object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}
