//! Values that satisfy a schema of a contract: out of nothing, or out of what is known. The same schema always gives
//! the same value, but for the time.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    catalogue::resolved,
    published,
    schema::{self, SchemaViolation},
};

/// Beyond so many objects and lists within each other, only required members are made.
const DEEP: usize = 5;
/// Beyond so many, nothing is made: a schema that demands itself has no value.
const TOO_DEEP: usize = 32;

/// Words in the names of optional members that tell of trouble, of an end, or of more pages: a healthy thing has none.
const TROUBLE: &[&str] = &[
    "Failure",
    "Error",
    "Reason",
    "Stop",
    "EndTime",
    "Checkpoint",
    "Marker",
    "NextToken",
    "Warning",
    "warning",
    "reason",
    "_embedded",
];

/// Endings of the names of texts that tell a time in a form that no schema gives.
const TIMES: &[&str] = &["Time", "Date", "DateTime", "Received"];

/// What members of these names hold.
const KNOWN: &[(&str, &str)] = &[
    ("AvailabilityZone", "us-east-1a"),
    ("CustomerAwsId", published::ACCOUNT),
    ("EngineName", "mysql"),
    ("EngineVersion", "3.5.4"),
    ("NetworkType", "IPV4"),
    ("ReplicationInstanceClass", "dms.t3.micro"),
    ("StorageType", "gp2"),
    ("SupportedNetworkTypes", "IPV4"),
    ("VpcId", "vpc-0a1b2c3d"),
    ("href", "https://proofmark.invalid/"),
    ("rel", "self"),
];

/// Makes values of the schemas of one contract.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ExampleValues<'a> {
    /// Holds the `$defs`.
    pub document: &'a Value,
    /// What every point in time is.
    pub now: Timestamp,
}

impl ExampleValues<'_> {
    /// A value of `schema`, optional members included; `name` is what holds it, and hints at what it means.
    pub fn invented(&self, name: &str, schema: &Value) -> Value {
        self.made(name, schema, 0)
    }

    /// A value of `schema` that says what `known` says, as far as the schema has a place for it; required members
    /// that are not known are invented.
    pub fn shaped(&self, name: &str, schema: &Value, known: &Value) -> Value {
        self.fitted(name, schema, known, 0)
    }

    /// Those members of a structure that are not among `but`, invented, troubles left out.
    pub fn members_but(&self, schema: &Value, but: impl Fn(&str) -> bool) -> Map<String, Value> {
        let wanted =
            properties(resolved(self.document, schema)).filter(|(name, _)| !but(name) && !troubled(name));
        wanted.map(|(name, schema)| (name.clone(), self.made(name, schema, 1))).collect()
    }

    fn violations(&self, schema: &Value, value: &Value) -> Vec<SchemaViolation> {
        schema::violations(self.document, schema, value)
    }

    fn made(&self, name: &str, schema: &Value, depth: usize) -> Value {
        let schema = resolved(self.document, schema);
        if depth > TOO_DEEP {
            return Value::Null;
        }
        if let Some(first) = schema["enum"].as_array().and_then(|choices| choices.first()) {
            return first.clone();
        }
        if let Some(first) = schema["anyOf"].as_array().and_then(|branches| branches.first()) {
            return self.made(name, first, depth);
        }
        match type_of(schema) {
            "object" => self.object(schema, depth),
            "array" => self.array(name, schema, depth),
            "string" => json!(self.text(name, schema)),
            "integer" | "number" if is_time(schema) => json!(self.now.as_second()),
            "integer" => json!(bounded(schema) as i64),
            "number" => json!(bounded(schema)),
            "boolean" => json!(false),
            "null" => Value::Null,
            _ => json!({}),
        }
    }

    fn object(&self, schema: &Value, depth: usize) -> Value {
        let mut members = Map::new();
        for (name, property) in properties(schema) {
            let wanted = is_required(schema, name) || depth < DEEP && !troubled(name) && name != "__type";
            if wanted {
                members.insert(name.clone(), self.made(name, property, depth + 1));
                if is_union(schema) {
                    break;
                }
            }
        }
        if members.is_empty() && is_union(schema) {
            let first = properties(schema).next();
            members
                .extend(first.map(|(name, property)| (name.clone(), self.made(name, property, depth + 1))));
        }
        Value::Object(members)
    }

    fn array(&self, name: &str, schema: &Value, depth: usize) -> Value {
        let least = schema["minItems"].as_u64().unwrap_or(0);
        let count = least.max(u64::from(depth < DEEP));
        (0..count).map(|_| self.made(name, &schema["items"], depth + 1)).collect()
    }

    fn text(&self, name: &str, schema: &Value) -> String {
        if schema["contentEncoding"] == "base64" {
            return "cHJvb2ZtYXJr".to_owned();
        }
        let text = match schema["format"].as_str() {
            Some("uuid") => id_of(name).to_string(),
            Some("date-time") => self.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            Some("uri") => "https://proofmark.invalid/".to_owned(),
            _ if TIMES.iter().any(|ending| name.ends_with(ending)) => {
                self.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
            }
            _ => meant(name),
        };
        let bound = |name: &str| schema[name].as_u64().and_then(|bound| usize::try_from(bound).ok());
        let most = bound("maxLength").unwrap_or(usize::MAX);
        let mut text: String = text.chars().take(most).collect();
        while text.chars().count() < bound("minLength").unwrap_or(0) {
            text.push('x');
        }
        text
    }

    fn fitted(&self, name: &str, schema: &Value, known: &Value, depth: usize) -> Value {
        let schema = resolved(self.document, schema);
        if depth > TOO_DEEP {
            return Value::Null;
        }
        if let Some(first) = schema["anyOf"].as_array().and_then(|branches| branches.first()) {
            return self.fitted(name, first, known, depth);
        }
        match (type_of(schema), known) {
            ("object", Value::Object(known)) => self.fitted_object(schema, known, depth),
            // A list of names where whole things are shown.
            ("object", Value::String(text)) => {
                let mut made = self.object(schema, depth);
                let named = properties(schema).map(|(name, _)| name);
                if let Some(name) =
                    { named }.find(|name| name.ends_with("Identifier") || name.ends_with("Id"))
                {
                    made[name] = json!(text);
                }
                made
            }
            ("array", Value::Array(known)) => {
                known.iter().map(|known| self.fitted(name, &schema["items"], known, depth + 1)).collect()
            }
            _ if self.violations(schema, known).is_empty() => known.clone(),
            _ => self.made(name, schema, depth),
        }
    }

    fn fitted_object(&self, schema: &Value, known: &Map<String, Value>, depth: usize) -> Value {
        let mut members = Map::new();
        for (name, property) in properties(schema) {
            match known.get(name).filter(|known| !known.is_null()) {
                Some(known) => {
                    members.insert(name.clone(), self.fitted(name, property, known, depth + 1));
                }
                None if is_required(schema, name) => {
                    members.insert(name.clone(), self.made(name, property, depth + 1));
                }
                None => {}
            }
        }
        if let Some(schema) =
            schema.get("additionalProperties").filter(|_| properties(schema).next().is_none())
        {
            let all = known.iter();
            return all
                .map(|(name, known)| (name.clone(), self.fitted(name, schema, known, depth + 1)))
                .collect();
        }
        if is_union(schema) && members.len() != 1 {
            return self.object(schema, depth);
        }
        Value::Object(members)
    }
}

/// The members of a structure, in the model's order.
pub(crate) fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

fn is_required(schema: &Value, name: &str) -> bool {
    schema["required"].as_array().is_some_and(|required| required.iter().any(|required| required == name))
}

fn is_union(schema: &Value) -> bool {
    schema["x-proofmark"] == "union"
}

fn is_time(schema: &Value) -> bool {
    schema["x-proofmark"] == "timestamp"
}

fn type_of(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(name) => name,
        Value::Array(names) => names.first().and_then(Value::as_str).unwrap_or_default(),
        _ => "",
    }
}

fn troubled(name: &str) -> bool {
    TROUBLE.iter().any(|word| name.contains(word))
}

/// One, or what is nearest to it.
fn bounded(schema: &Value) -> f64 {
    let least = schema["minimum"].as_f64().unwrap_or(f64::MIN);
    let most = schema["maximum"].as_f64().unwrap_or(f64::MAX);
    1.0_f64.max(least).min(most)
}

/// The id that everything of this name has.
pub(crate) fn id_of(name: &str) -> Uuid {
    let digest = Sha256::digest(name);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// A text that a member of this name may have.
fn meant(name: &str) -> String {
    if let Some((_, text)) = KNOWN.iter().find(|(known, _)| *known == name) {
        return (*text).to_owned();
    }
    if name.ends_with("Arn") {
        let kind = name.trim_end_matches("Arn").to_lowercase();
        return format!("arn:aws:dms:{}:{}:{kind}:PROOFMARK", published::REGION, published::ACCOUNT);
    }
    if name.ends_with("Status") || name == "status" {
        return "active".to_owned();
    }
    if name.to_lowercase().ends_with("url") {
        return "https://proofmark.invalid/".to_owned();
    }
    // ReplicationTaskIdentifier: replication-task-identifier
    let mut text = String::with_capacity(name.len() + 4);
    let mut after_lower = false;
    for letter in name.chars().filter(char::is_ascii_alphanumeric) {
        if letter.is_ascii_uppercase() && after_lower {
            text.push('-');
        }
        after_lower = letter.is_ascii_lowercase();
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::catalogue;

    #[test]
    fn what_is_invented_satisfies_every_schema_of_both_contracts() {
        let dms = catalogue::dms("DeleteConnection").unwrap().1;
        for document in [dms, catalogue::veeam_schemas()] {
            let example_values = ExampleValues { document, now: Timestamp::UNIX_EPOCH };
            for (name, schema) in document["$defs"].as_object().unwrap() {
                for value in
                    [example_values.invented(name, schema), example_values.shaped(name, schema, &json!({}))]
                {
                    assert_eq!(example_values.violations(schema, &value), [], "{name}: {value}");
                }
            }
        }
    }

    #[test]
    fn what_is_known_is_said() {
        let document = json!({ "$defs": {
            "Thing": {
                "type": "object", "required": ["Id", "Kind"],
                "properties": {
                    "Id": { "type": "string" }, "Kind": { "enum": ["a", "b"] }, "Size": { "type": "integer" },
                    "Parts": { "type": "array", "items": { "$ref": "#/$defs/Part" } },
                },
            },
            "Part": { "type": "object", "properties": { "PartIdentifier": { "type": "string" } } },
        }});
        let example_values = ExampleValues { document: &document, now: Timestamp::UNIX_EPOCH };
        let thing = json!({ "$ref": "#/$defs/Thing" });
        for (known, value) in [
            (json!({ "Id": "x", "Other": 1 }), json!({ "Id": "x", "Kind": "a" })),
            (json!({ "Id": "x", "Kind": "b", "Size": "no" }), json!({ "Id": "x", "Kind": "b", "Size": 1 })),
            (
                json!({ "Id": "x", "Parts": ["p"] }),
                json!({ "Id": "x", "Kind": "a", "Parts": [{ "PartIdentifier": "p" }] }),
            ),
        ] {
            assert_eq!(example_values.shaped("Thing", &thing, &known), value, "{known}");
        }
    }

    #[test]
    fn names_hint_at_texts() {
        for (name, text) in [
            ("ReplicationTaskIdentifier", "replication-task-identifier"),
            ("DatabaseUrl", "https://proofmark.invalid/"),
            ("Status", "active"),
            ("VPCId", "vpcid"),
        ] {
            assert_eq!(meant(name), text);
        }
    }
}
