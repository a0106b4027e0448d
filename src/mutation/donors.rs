//! Texts that other answers of the run have at the same place: what a target gives that mixes its things up.

use std::collections::HashMap;

use serde_json::Value;

use super::{Subject, place::pattern};

/// So many are kept of each place: one that is another than the answer's own is enough.
const KEPT: usize = 3;

/// By operation and place.
#[derive(Debug, Default)]
pub struct Donors(HashMap<String, HashMap<String, Vec<String>>>);

impl Donors {
    pub fn of(subjects: &[Subject<'_>], mask: &str) -> Donors {
        let mut donors = Donors::default();
        for exchange in subjects.iter().flat_map(|subject| &subject.trace.exchanges) {
            let Ok(response) = &exchange.answer else { continue };
            if let (200..300, Ok(body)) = (response.status, response.json()) {
                let places = donors.0.entry(exchange.operation.to_string()).or_default();
                texts(body, "", mask, places);
            }
        }
        donors
    }

    /// Another text than `own`, of the same length, at this place of an answer of this operation.
    pub fn other(&self, operation: &str, pointer: &str, own: &str) -> Option<&str> {
        let texts = self.0.get(operation)?.get(&pattern(pointer))?;
        texts.iter().map(String::as_str).find(|text| *text != own)
    }
}

fn texts(value: &Value, at: &str, mask: &str, found: &mut HashMap<String, Vec<String>>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let below = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                texts(value, &below, mask, found);
            }
        }
        Value::Array(elements) => {
            // The elements of one list are enough to have some others.
            elements.iter().take(KEPT).for_each(|value| texts(value, &format!("{at}/*"), mask, found));
        }
        Value::String(text) if !text.contains(mask) => {
            let have = found.entry(pattern(at)).or_default();
            if have.len() < KEPT && !have.contains(text) {
                have.push(text.clone());
            }
        }
        _ => {}
    }
}
