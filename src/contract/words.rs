//! The words of contracts: names and fixed values, which a secret may be by chance.

use serde_json::Value;

use super::Contracts;
use crate::redact::{LONGEST_WORD, Words};

/// The names of operations, and every name and fixed value that schemas have.
pub fn words(contracts: &Contracts) -> Words {
    let mut words = Words::new();
    for contract in contracts.iter() {
        words.extend(contract.operations.keys().map(|name| Box::from(&**name)));
        words_of(&contract.schemas, &mut words);
    }
    words
}

fn words_of(schema: &Value, words: &mut Words) {
    match schema {
        Value::Object(members) => members.iter().for_each(|(name, schema)| {
            add(name, words);
            words_of(schema, words);
        }),
        Value::Array(items) => items.iter().for_each(|item| words_of(item, words)),
        Value::String(text) if text.len() <= LONGEST_WORD => add(text, words),
        _ => {}
    }
}

/// Most are there already.
fn add(word: &str, words: &mut Words) {
    if !words.contains(word) {
        words.insert(word.into());
    }
}
