//! Things of the families, as they are kept, and the ways in which inputs mean them.

use std::time::Instant;

use serde_json::{Map, Value};

use super::{
    families::{FAMILIES, Family},
    store::Store,
};

/// A thing: all that was said of it, by the names of what shows it.
#[derive(Debug)]
pub(crate) struct Record {
    pub family: &'static Family,
    pub facts: Map<String, Value>,
    /// What was said of it that it does not show itself, such as the configuration of a conversion.
    pub said: Map<String, Value>,
    /// The states that it will be in yet before it is settled, the next one first.
    pub coming: &'static [&'static str],
    pub made: Instant,
}

impl Record {
    /// Goes to the next state.
    pub fn goes_on(&mut self) {
        let Some((_, coming)) = self.coming.split_first() else { return };
        let (member, settled) = self.family.status;
        self.coming = coming;
        self.facts.insert(member.to_owned(), coming.first().copied().unwrap_or(settled).into());
    }

    pub fn name(&self) -> &str {
        self.fact(self.family.name)
    }

    /// By which others know it, as members of theirs.
    pub fn names(&self) -> impl Iterator<Item = (String, Value)> {
        let names = [self.family.name, self.family.arn].map(|name| (name.to_owned(), self.fact(name).into()));
        names.into_iter()
    }

    pub fn arn(&self) -> &str {
        self.fact(self.family.arn)
    }

    fn fact(&self, name: &str) -> &str {
        self.facts.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether one of `values` is what a filter's name asks for: `replication-task-id`, `instance-profile-identifier`.
    pub fn passes(&self, filter: &str, values: &[&str]) -> bool {
        let asked = folded(filter);
        let kind = self.family.create.trim_start_matches("Create");
        let names = [self.family.named_by, self.family.name, &format!("{kind}Id")];
        if names.into_iter().any(|name| asked == folded(name)) {
            return values.contains(&self.name()) || values.contains(&self.arn());
        }
        let fact = self.facts.iter().find(|(name, _)| folded(name) == asked).map(|(_, value)| value);
        match fact {
            Some(Value::String(text)) => values.contains(&text.as_str()),
            Some(value) => values.contains(&value.to_string().as_str()),
            None => false,
        }
    }
}

/// One spelling of a member's and of a filter's name.
fn folded(name: &str) -> String {
    let letters: String = name.chars().filter(|letter| *letter != '-').collect::<String>().to_lowercase();
    letters.replace("identifier", "id")
}

/// What one member of an input means.
#[derive(Debug)]
pub(crate) enum Named {
    /// One of the things written by hand, and there.
    Written {
        member: String,
        arn: String,
    },
    /// One of the families, by its ARN.
    Record(String),
    Absent,
}

/// Ids of what is always there and never made.
const INVENTED: &[(&str, &str)] = &[("DatabaseId", "database-id"), ("DatabaseIds", "database-id")];

impl Named {
    /// What `text` in the input member `member` means; none where such a member names nothing.
    pub fn by(store: &Store, member: &str, text: &str) -> Option<Named> {
        let found = |there: bool| {
            let written = Named::Written { member: member.to_owned(), arn: text.to_owned() };
            Some(if there { written } else { Named::Absent })
        };
        if member.ends_with("EndpointArn") {
            return found(store.endpoints.contains_key(text));
        }
        if member.ends_with("ReplicationInstanceArn") {
            return found(store.instances.contains_key(text));
        }
        if let Some((_, known)) = INVENTED.iter().find(|(name, _)| *name == member) {
            return found(text == *known);
        }
        if !FAMILIES.iter().any(|family| family.named_by == member) {
            return None;
        }
        let record = store.records.iter().find(|(arn, record)| {
            record.family.named_by == member && (*arn == text || record.name() == text)
        });
        Some(record.map_or(Named::Absent, |(arn, _)| Named::Record(arn.clone())))
    }

    pub fn is_absent(&self) -> bool {
        matches!(self, Named::Absent)
    }

    pub fn record<'a>(&self, store: &'a Store) -> Option<&'a Record> {
        match self {
            Named::Record(arn) => store.records.get(arn),
            Named::Written { .. } | Named::Absent => None,
        }
    }

    pub fn record_mut<'a>(&self, store: &'a mut Store) -> Option<&'a mut Record> {
        match self {
            Named::Record(arn) => store.records.get_mut(arn),
            Named::Written { .. } | Named::Absent => None,
        }
    }

    /// The ARN of a thing of `family`.
    pub fn into_record_of(self, store: &Store, family: &Family) -> Option<String> {
        let same = self.record(store)?.family.create == family.create;
        match self {
            Named::Record(arn) if same => Some(arn),
            _ => None,
        }
    }

    /// Whether `record` is what is meant, or says that it belongs to it.
    pub fn concerns(&self, store: &Store, record: &Record) -> bool {
        match self {
            Named::Written { member, arn } => record.fact(member) == arn,
            Named::Record(arn) => {
                let Some(meant) = store.records.get(arn) else { return false };
                record.fact(meant.family.arn) == arn
            }
            Named::Absent => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_and_members_have_one_spelling() {
        for (filter, member) in [
            ("replication-task-id", "ReplicationTaskIdentifier"),
            ("replication-task-arn", "ReplicationTaskArn"),
            ("data-provider-identifier", "DataProviderIdentifier"),
        ] {
            assert_eq!(folded(filter), folded(member));
        }
    }
}
