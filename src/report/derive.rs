//! What of an answer will be so again: settings and words as they are; of ids, names, times and tokens their form; of
//! lists that they are lists; of what counts or moves on, its type.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use crate::{
    matcher::format,
    model::case::Format,
    redact::{is_secret_name, looks_secret},
};

/// Claims that are made of one answer.
const MOST: usize = 60;

/// Claims about a body.
#[derive(Debug, Default, PartialEq)]
pub struct Derived {
    /// What it has at least.
    pub body: Map<String, Value>,
    /// Matchers by JSONPath.
    pub at: Vec<(String, String)>,
}

/// The claims about `body`, which was the answer to `sent`. `mask` knows the secrets of the run.
pub fn derive(body: &Value, sent: &Map<String, Value>, mask: &dyn Fn(&str) -> String) -> Derived {
    let mut echoes = Vec::new();
    texts(&Value::Object(sent.clone()), &mut echoes);
    let mut walk = Walk { echoes, mask, at: Vec::new() };
    let literal = walk.value("", "$".to_owned(), body);
    let body = match literal {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    };
    Derived { body, at: walk.at }
}

struct Walk<'a> {
    /// What was sent comes back as it was.
    echoes: Vec<String>,
    mask: &'a dyn Fn(&str) -> String,
    at: Vec<(String, String)>,
}

impl Walk<'_> {
    /// What of the value is claimed as it is; what is claimed otherwise goes to the matchers.
    fn value(&mut self, name: &str, path: String, value: &Value) -> Option<Value> {
        match value {
            Value::Object(members) => {
                let mut literal = Map::new();
                for (name, value) in members {
                    // A target may echo a secret as a name too.
                    if moves_on(name) || (self.mask)(name) != *name {
                        continue;
                    }
                    if let Some(value) = self.value(name, below(&path, name), value) {
                        literal.insert(name.clone(), value);
                    }
                }
                (!literal.is_empty() || members.is_empty()).then_some(Value::Object(literal))
            }
            Value::Array(_) => self.matcher(path, "{ type: array }"),
            Value::String(text) => match self.form(name, text) {
                Some(matcher) => self.matcher(path, matcher),
                None => Some(value.clone()),
            },
            Value::Number(number) => {
                let varies = is_secret_name(name)
                    || counts(name)
                    || number.as_f64().is_some_and(|number| number.abs() >= 1e9);
                if varies { self.matcher(path, "{ type: number }") } else { Some(value.clone()) }
            }
            Value::Bool(_) | Value::Null => Some(value.clone()),
        }
    }

    fn matcher(&mut self, path: String, matcher: &str) -> Option<Value> {
        if self.at.len() < MOST {
            self.at.push((path, matcher.to_owned()));
        }
        None
    }

    /// The form of a text that will be another next time; none of one that will be the same.
    fn form(&self, name: &str, text: &str) -> Option<&'static str> {
        let any = Some("{ type: string }");
        if is_secret_name(name) || looks_secret(text) || (self.mask)(text) != text {
            return any;
        }
        if self.echoes.iter().any(|echo| echo == text) {
            return None;
        }
        const FORMS: [(Format, &str); 5] = [
            (Format::Uuid, "{ format: uuid }"),
            (Format::Arn, "{ format: arn }"),
            (Format::DateTime, "{ format: date-time }"),
            (Format::HttpDate, "{ format: http-date }"),
            (Format::Uri, "{ format: uri }"),
        ];
        let of_form = FORMS.iter().find(|(form, _)| format::text(*form, text));
        of_form.map(|(_, matcher)| *matcher).or(if varies(name, text) { any } else { None })
    }
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        // What stands for something else is not what comes back.
        Value::String(text) if !text.contains("${") && text.len() > 1 => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

/// Members that have a value for this one answer alone.
fn moves_on(name: &str) -> bool {
    static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new("(?i)^(marker|.*next_?token|.*cursor|request_?id|_links|etag|expires.*|.*expires_?in)$")
            .ok()
    });
    NAMES.as_ref().is_some_and(|names| names.is_match(name))
}

fn counts(name: &str) -> bool {
    static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            "(?i)(count|total|size|bytes|used|free|percent|seconds|duration|elapsed|age|time|date|progress)",
        )
        .ok()
    });
    NAMES.as_ref().is_some_and(|names| names.is_match(name))
}

/// Texts that are made up by the target, or move on with what they are about.
fn varies(name: &str, text: &str) -> bool {
    static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new("(?i)(id|identifier|token|arn|version|status|state|message|detail|description|address|time|date|url|uri|host|name)$")
            .ok()
    });
    let made_up = text.len() >= 16
        && !text.contains(' ')
        && text.chars().any(|c| c.is_ascii_digit())
        && text.chars().any(|c| c.is_ascii_alphabetic());
    let numbered = text.split('.').count() == 4 && text.split('.').all(|part| part.parse::<u8>().is_ok());
    made_up || numbered || text.contains("pm-") || NAMES.as_ref().is_some_and(|names| names.is_match(name))
}

/// The path of a member.
fn below(path: &str, name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match plain {
        true => format!("{path}.{name}"),
        false => {
            let escaped: String = name
                .chars()
                .flat_map(|c| match c {
                    '\'' | '\\' => vec!['\\', c],
                    _ if c.is_control() => format!("\\u{:04x}", c as u32).chars().collect(),
                    _ => vec![c],
                })
                .collect();
            format!("{path}['{escaped}']")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(body: Value, sent: Value) -> (Value, Vec<(String, String)>) {
        let mask = |text: &str| text.replace("hunter2", "***");
        let derived = derive(&body, sent.as_object().unwrap(), &mask);
        (Value::Object(derived.body), derived.at)
    }

    #[test]
    fn what_will_be_so_again_is_claimed_as_it_is() {
        let body = json!({ "Engine": { "Kind": "mysql", "Port": 3306, "Public": false, "Note": null }, "Empty": {} });
        assert_eq!(of(body.clone(), json!({})), (body, vec![]));
    }

    #[test]
    fn a_secret_is_claimed_neither_as_a_value_nor_as_a_name() {
        let (body, at) = of(json!({ "ByKey": { "a hunter2": { "ok": 1 } }, "Kind": "x" }), json!({}));
        assert!(!format!("{body} {at:?}").contains("hunter2"), "{body} {at:?}");
        assert_eq!(body["Kind"], "x");
    }

    #[test]
    fn what_will_be_otherwise_is_claimed_by_its_form() {
        let form = |name: &str, value: Value| {
            let (body, at) = of(json!({ name: value }), json!({ "Sent": "sent-by-me" }));
            assert!(body.as_object().unwrap().is_empty() || at.is_empty());
            at.first().map(|(_, matcher)| matcher.clone())
        };
        for (name, value, expected) in [
            ("Ref", json!("6f1c2b9e-5d3a-4e8f-9a70-1b2c3d4e5f60"), "{ format: uuid }"),
            ("Ref", json!("arn:aws:dms:us-east-1:123456789012:rep:X"), "{ format: arn }"),
            ("At", json!("2026-01-31T12:00:00Z"), "{ format: date-time }"),
            ("Where", json!("https://h/a"), "{ format: uri }"),
            ("CreateTime", json!(1_767_225_600), "{ type: number }"),
            ("Total", json!(3), "{ type: number }"),
            ("Items", json!([1]), "{ type: array }"),
            ("Status", json!("creating"), "{ type: string }"),
            ("access_token", json!("abc"), "{ type: string }"),
            ("login_token", json!(1234), "{ type: number }"),
            ("Word", json!("say hunter2"), "{ type: string }"),
            ("Word", json!("Host=h;Password=abc"), "{ type: string }"),
            ("Word", json!("-----BEGIN PRIVATE KEY-----\nabc"), "{ type: string }"),
            ("Opaque", json!("AbCdEf0123456789xyz"), "{ type: string }"),
        ] {
            assert_eq!(form(name, value.clone()).as_deref(), Some(expected), "{name} {value}");
        }
        for (name, value) in
            [("Identifier", json!("sent-by-me")), ("Kind", json!("mysql")), ("Marker", json!("abc"))]
        {
            assert_eq!(form(name, value.clone()), None, "{name} {value}");
        }
    }

    #[test]
    fn odd_names_are_reached_too() {
        let (_, at) = of(json!({ "a b": { "it's": [] } }), json!({}));
        assert_eq!(at[0].0, r"$['a b']['it\'s']");
        assert!(serde_json_path::JsonPath::parse(&at[0].0).is_ok());
    }
}
