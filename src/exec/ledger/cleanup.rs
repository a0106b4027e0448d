//! How something is destroyed, written down so that it can be done on another day by another process without the case
//! files: operation names and inputs, with `${name}` where only the answer to the creating request can fill in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    matcher::fill::{self, Unfilled},
    model::{
        case::{CaptureFrom, Step},
        template::Placeholder,
    },
    redact::MASKED,
};

/// A request that destroys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cleanup {
    pub operation: String,
    /// By member name.
    pub input: Map<String, Value>,
    /// A request that shows whether it is gone: the answer is that there is no such thing, or speaks of it no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<GoneCheck>,
}

/// A request that reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GoneCheck {
    pub operation: String,
    pub input: Map<String, Value>,
}

impl Cleanup {
    /// From the steps of a case or fixture, filled in as far as `source` goes.
    pub fn of(
        destroy: &Step,
        look: Option<&Step>,
        source: &mut dyn FnMut(&Placeholder) -> Result<Value, Unfilled>,
    ) -> Cleanup {
        let look = look.map(|step| GoneCheck {
            operation: step.operation.to_string(),
            input: input(step, &mut *source),
        });
        Cleanup { operation: destroy.operation.to_string(), input: input(destroy, source), look }
    }

    /// With what the answer, or a listing, has told.
    pub fn filled(&self, identity: &Map<String, Value>) -> Cleanup {
        let look = self.look.as_ref().map(|look| look.filled(identity));
        Cleanup { operation: self.operation.clone(), input: members_filled(&self.input, identity), look }
    }

    /// Whether nothing is left to be filled in, and no secret is missing.
    pub fn is_whole(&self) -> bool {
        self.input.values().all(is_whole)
    }
}

impl GoneCheck {
    /// With what is known of the thing.
    pub fn filled(&self, identity: &Map<String, Value>) -> GoneCheck {
        GoneCheck { operation: self.operation.clone(), input: members_filled(&self.input, identity) }
    }
}

fn members_filled(input: &Map<String, Value>, identity: &Map<String, Value>) -> Map<String, Value> {
    input.iter().map(|(name, value)| (name.clone(), filled(value, identity))).collect()
}

fn input(step: &Step, source: &mut dyn FnMut(&Placeholder) -> Result<Value, Unfilled>) -> Map<String, Value> {
    let mut lenient = |placeholder: &Placeholder| {
        source(placeholder)
            .or_else(|_| Ok::<Value, Unfilled>(format!("${{{}}}", fill::key(placeholder)).into()))
    };
    let members = step.request.input.iter();
    members.filter_map(|(name, value)| Some((name.clone(), fill::value(value, &mut lenient).ok()?))).collect()
}

fn filled(value: &Value, identity: &Map<String, Value>) -> Value {
    match value {
        Value::String(text) => {
            let whole = text.strip_prefix("${").and_then(|text| text.strip_suffix('}'));
            if let Some(value) = whole.and_then(|name| identity.get(name)) {
                return value.clone();
            }
            let mut text = text.clone();
            for (name, value) in identity {
                if let Value::String(value) = value {
                    text = text.replace(&format!("${{{name}}}"), value);
                }
            }
            text.into()
        }
        Value::Array(elements) => elements.iter().map(|element| filled(element, identity)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), filled(member, identity))).collect()
        }
        other => other.clone(),
    }
}

/// Whether a value has no hole left, and misses no secret.
pub fn is_whole(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.contains("${") && !text.contains(MASKED),
        Value::Array(elements) => elements.iter().all(is_whole),
        Value::Object(members) => members.values().all(is_whole),
        _ => true,
    }
}

/// Under which member names a listing would show what a creating step captures: `EndpointArn` for
/// `$.Endpoint.EndpointArn`.
pub fn members(step: &Step) -> BTreeMap<String, String> {
    let member = |from: &CaptureFrom| match from {
        CaptureFrom::Body(path) => {
            let path = path.to_string();
            let last = path.rsplit(['.', '[']).next()?;
            let last = last.trim_matches([']', '\'', '"']);
            (!last.is_empty() && last != "$").then(|| last.to_owned())
        }
        _ => None,
    };
    step.captures
        .iter()
        .filter_map(|capture| Some((capture.name.to_string(), member(&capture.from)?)))
        .collect()
}

/// The text of the first member called `name`, looked for at the top, then inside.
pub fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let Value::Object(members) = value else { return None };
    let named = members.get(name).filter(|value| value.is_string() || value.is_number());
    named.or_else(|| members.values().find_map(|inner| member(inner, name)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_is_told_later_is_filled_in() {
        let look = GoneCheck {
            operation: "Get".into(),
            input: object(json!({ "Filters": [{ "Values": ["${a.id}"] }] })),
        };
        let undo = Cleanup {
            operation: "Delete".into(),
            input: object(json!({ "Id": "${a.id}", "Path": "x/${a.name}", "N": 1 })),
            look: Some(look),
        };
        assert!(!undo.is_whole());
        let filled = undo.filled(&object(json!({ "a.id": "1", "a.name": "n" })));
        assert!(filled.is_whole());
        assert_eq!(Value::Object(filled.input), json!({ "Id": "1", "Path": "x/n", "N": 1 }));
        assert_eq!(Value::Object(filled.look.unwrap().input), json!({ "Filters": [{ "Values": ["1"] }] }));
        assert!(
            !undo.filled(&object(json!({ "a.id": "***", "a.name": "n" }))).is_whole(),
            "a secret is lost"
        );
    }

    #[test]
    fn members_are_found_at_any_depth_that_is_an_object() {
        let answer = json!({ "Endpoint": { "EndpointArn": "arn" }, "Marker": "m", "id": 7 });
        assert_eq!(member(&answer, "EndpointArn"), Some(&json!("arn")));
        assert_eq!(member(&answer, "id"), Some(&json!(7)));
        assert_eq!(member(&answer, "Endpoint"), None);
    }
}
