//! What can be the name of a thing: Amazon Resource Names of the API's own service, UUIDs, and whatever the contract
//! takes for a member that names.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::model::contract::{Contract, Protocol};

static ARN: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?i)\barn:[a-z0-9-]+:([a-z0-9-]*):[^\s"',;\]\[{}<>\\]*"#));
static UUID: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"));

#[expect(
    clippy::expect_used,
    reason = "both patterns are written above, and used by every test of the fence"
)]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

/// How names look in one API.
#[derive(Debug)]
pub(super) struct Shapes {
    /// The service in its ARNs.
    service: Option<String>,
}

impl Shapes {
    pub fn of(protocol: &Protocol) -> Shapes {
        let service = match protocol {
            Protocol::AwsJson { signing_name, .. } => Some(signing_name.to_ascii_lowercase()),
            Protocol::Rest => None,
        };
        Shapes { service }
    }

    /// Every ARN of the service, and every UUID outside of ARNs, in a text.
    pub fn tokens<'t>(&self, text: &'t str) -> Vec<&'t str> {
        let mut found = Vec::new();
        let mut inside_arns = Vec::new();
        if let Some(service) = &self.service {
            for arn in ARN.captures_iter(text) {
                let (Some(whole), Some(of)) = (arn.get(0), arn.get(1)) else { continue };
                inside_arns.push(whole.range());
                if of.as_str().eq_ignore_ascii_case(service) {
                    found.push(whole.as_str());
                }
            }
        }
        let outside = |uuid: &regex::Match<'_>| !inside_arns.iter().any(|arn| arn.contains(&uuid.start()));
        found.extend(UUID.find_iter(text).filter(outside).map(|uuid| uuid.as_str()));
        found
    }

    /// Whether the text is one of those as a whole.
    pub fn is_token(&self, text: &str) -> bool {
        self.tokens(text).contains(&text)
    }

    /// Whether a member called `member`, of this schema, would take the text for a name.
    pub fn fits(&self, text: &str, member: &str, schema: &Value, contract: &Contract) -> bool {
        let trimmed = text.trim();
        let declines = trimmed.len() > 4 && trimmed[..4].eq_ignore_ascii_case("not-");
        if trimmed.is_empty() || declines || !allows(schema, text, contract, 0) {
            return false;
        }
        let lower = trimmed.to_ascii_lowercase();
        match lower.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(1)) {
            // The ARN of another service names nothing here.
            Some(of) if is_arn_member(member) => self.service.as_deref().is_none_or(|service| service == of),
            _ => true,
        }
    }
}

fn is_arn_member(member: &str) -> bool {
    ["arn", "arns"].iter().any(|ending| member.to_ascii_lowercase().ends_with(ending))
}

/// Whether a member's name says that it names a thing.
pub(super) fn names_a_thing(member: &str) -> bool {
    const ENDINGS: [&str; 9] =
        ["Arn", "Arns", "Identifier", "Identifiers", "Id", "Ids", "Name", "Names", "ARN"];
    ENDINGS.iter().any(|ending| member.ends_with(ending)) || matches!(member, "id" | "ids" | "name" | "names")
}

/// The type of a schema, `$ref`s followed; empty where it says none.
pub(super) fn kind<'c>(schema: &'c Value, contract: &'c Contract) -> &'c str {
    let mut schema = schema;
    for _ in 0..8 {
        match schema["$ref"].as_str().and_then(|path| contract.schema(path.strip_prefix("#/$defs/")?)) {
            Some(named) => schema = named,
            None => break,
        }
    }
    schema["type"].as_str().unwrap_or_default()
}

/// Whether a schema takes this text; of lists, their elements. What cannot be told counts as taken.
fn allows(schema: &Value, text: &str, contract: &Contract, depth: usize) -> bool {
    if depth > 8 {
        return true;
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
        return contract.schema(name).is_none_or(|named| allows(named, text, contract, depth + 1));
    }
    if let Some(items) = schema.get("items") {
        return allows(items, text, contract, depth + 1);
    }
    let length = text.chars().count() as u64;
    let long = |key: &str| schema[key].as_u64();
    let matches = schema["pattern"].as_str().and_then(|text| Regex::new(text).ok());
    long("minLength").is_none_or(|least| length >= least)
        && long("maxLength").is_none_or(|most| length <= most)
        && matches.is_none_or(|pattern| pattern.is_match(text))
        // One of a few words is no name.
        && schema.get("enum").is_none()
        && (schema["format"] != "uuid" || uuid::Uuid::try_parse(text.trim()).is_ok())
}
