//! Finds secrets that nobody has told us, by where they stand in headers, addresses and bodies.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{MASKED, is_secret_header, is_secret_name};
use crate::model::exchange::header_text;

/// In one exchange.
#[derive(Debug, Default)]
pub struct FoundSecrets {
    pub secrets: Vec<String>,
    /// Those that are worth looking for only because they are repeated.
    pub repeated: Vec<String>,
}

impl FoundSecrets {
    /// A shorter value is a word, and to mask it would make reports unreadable.
    pub const SHORTEST: usize = 6;

    /// In a header; `name` in lower case.
    pub fn in_header(&mut self, name: &str, value: &str) {
        match is_secret_header(name) {
            true => of_header(name, value, self),
            // Addresses have queries: `location`, `referer`, `link`.
            false => of_queries(value, self),
        }
    }

    /// In a URL: its query, its fragment and its password.
    pub fn in_url(&mut self, url: &str) {
        of_queries(url, self);
        if let Ok(url) = url::Url::parse(url) {
            add(self, url.password().unwrap_or_default());
        }
    }

    /// In a body: JSON, or a form. `sensitive` names members that hold secrets besides those with a secret's name.
    pub fn in_body(&mut self, body: &[u8], sensitive: &BTreeSet<String>) {
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => members(&value, sensitive, self),
            Err(_) if body.len() < 64 << 10 => pairs(body, self),
            Err(_) => {}
        }
    }
}

/// Secrets in the queries and fragments of addresses.
fn of_queries(text: &str, found: &mut FoundSecrets) {
    text.split(['?', '#']).skip(1).for_each(|query| {
        let end = query.find(['>', '"', ' ', ',']).unwrap_or(query.len());
        pairs(&query.as_bytes()[..end], found);
    });
}

fn of_header(name: &str, value: &str, found: &mut FoundSecrets) {
    match value.split_once(' ') {
        // A signature is good for one request that is over; the key's name is no secret.
        Some(("AWS4-HMAC-SHA256", _)) => {}
        Some(("Bearer" | "Basic" | "bearer" | "basic", secret)) => add(found, secret.trim()),
        _ if name.contains("cookie") => {
            // What follows the first pair of a `set-cookie` says how long and for whom.
            let most = if name.starts_with("set-") { 1 } else { usize::MAX };
            let values = value.split(';').take(most).filter_map(|pair| pair.split_once('='));
            values.for_each(|(_, value)| add(found, value.trim()));
        }
        _ => add(found, value),
    }
}

/// Of a form or a query: as it is, and decoded.
fn pairs(text: &[u8], found: &mut FoundSecrets) {
    for pair in text.split(|byte| *byte == b'&') {
        let Some(at) = pair.iter().position(|byte| *byte == b'=') else { continue };
        let decoded = |bytes: &[u8]| {
            let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
            header_text(&percent_encoding::percent_decode(&spaced).collect::<Vec<u8>>())
        };
        let name = decoded(&pair[..at]);
        // Of a signature that is sent once, see above.
        if is_secret_name(&name) && !name.to_ascii_lowercase().ends_with("signature") {
            let value = &pair[at + 1..];
            add(found, &header_text(value));
            add(found, &decoded(value));
        }
    }
}

fn members(value: &Value, sensitive: &BTreeSet<String>, found: &mut FoundSecrets) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let is_secret = is_secret_name(name) || is_secret_header(name) || sensitive.contains(name);
                match value {
                    Value::String(text) if is_secret => add(found, text),
                    Value::Array(items) if is_secret => {
                        items.iter().filter_map(Value::as_str).for_each(|text| add(found, text));
                        members(value, sensitive, found);
                    }
                    value => members(value, sensitive, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| members(item, sensitive, found)),
        _ => {}
    }
}

fn add(found: &mut FoundSecrets, secret: &str) {
    if secret.len() >= FoundSecrets::SHORTEST && !secret.contains(MASKED) {
        found.secrets.push(secret.to_owned());
    }
}
