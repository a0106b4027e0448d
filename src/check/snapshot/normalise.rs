//! What differs from run to run becomes a placeholder, the same value the same one over all steps of a case:
//! `[endpoint.arn]` where a variable of the case has the value, else `[arn-1]`, `[uuid-1]`, `[name-1]`, `[token-1]`.
//! Times are `[time]`, `[epoch]` and `[date]` without a number, for two things are often made in one second. Keys are
//! sorted, and so are lists, unless the case says that their order counts; elements of lists that tell of other cases'
//! things are left out.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, LazyLock},
};

use regex::{Captures, Regex};
use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use super::section::Body;
use crate::{
    model::{
        case::{Messages, SnapshotRule},
        exchange::Response,
        template::{Generator, Variables},
    },
    redact::MASKED,
};

/// Members of an error body whose text is free.
const MESSAGES: [&str; 8] =
    ["message", "Message", "errorMessage", "title", "detail", "details", "error_description", "reason"];

/// Values shorter than this are too likely to be met by chance.
const SHORTEST_WHOLE: usize = 4;
/// The same within a longer text.
const SHORTEST_WITHIN: usize = 8;
/// Longer values are no identifiers.
const LONGEST: usize = 512;

/// `arn:partition:service:region:account:resource`, UUIDs, RFC 3339 times (zone or none), dates of HTTP, names given by a
/// run; and what would be read as a placeholder.
const VALUES: &str = concat!(
    r"(?<arn>arn:[a-z][a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:\d*:[^\s\x22',;()<>]*[A-Za-z0-9_/*-])",
    r"|(?<uuid>\b[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b)",
    r"|(?<time>\b\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)?)",
    r"|(?<date>\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\b)",
    r"|(?<name>\bpm-[A-Za-z0-9][A-Za-z0-9-]*)",
    r"|(?<literal>\[[A-Za-z_][\w.:-]*\])",
);

const NUMBERED: [&str; 2] = ["arn", "uuid"];
/// The kind of a name that another case, or another run, has given.
const NAME: &str = "name";

/// Around the kind and the value of a placeholder that has no number yet; bodies do not have these characters.
const OPEN: char = '\u{e000}';
const THEN: char = '\u{e001}';
const CLOSE: char = '\u{e002}';
/// In front of a text that holds a secret, until its placeholders have their numbers: they count like those of any other.
const SECRET: char = '\u{e003}';
/// What stands where a text has the address of the target, until all else in it has a name.
const TARGET: &str = "\u{e000}\u{e002}";

static UNNUMBERED: LazyLock<Regex> =
    LazyLock::new(|| pattern("\u{e000}([a-z]+)\u{e001}([^\u{e002}]*)\u{e002}"));

fn pattern(source: &str) -> Regex {
    Regex::new(source).expect("patterns of this file are tested")
}

/// What the answers of one case are made comparable with.
pub struct Normaliser<'a> {
    /// Names of variables by the values they have.
    named: HashMap<String, &'a str>,
    values: Regex,
    /// The id of the run, and what was drawn for this case alone.
    run: &'a str,
    suffix: &'a str,
    given: HashMap<(String, String), usize>,
    counted: HashMap<String, usize>,
    /// Whether a text holds a secret, and is left out as a whole: a part of it could look like an identifier.
    is_secret: &'a dyn Fn(&str) -> bool,
}

/// What is particular about the answer of one step.
pub struct Particular<'a> {
    pub rule: Option<&'a SnapshotRule>,
    /// Where values are captured that name things.
    pub captured: &'a [(&'a str, &'a JsonPath)],
    /// Where the request went, without a path: links to it stand as `[target]`.
    pub origin: &'a str,
}

impl<'a> Normaliser<'a> {
    /// `bound` are the names of those `variables` whose values differ from run to run.
    pub fn new(
        variables: &'a Variables,
        bound: &BTreeSet<Arc<str>>,
        is_secret: &'a dyn Fn(&str) -> bool,
    ) -> Normaliser<'a> {
        let mut named: HashMap<String, &str> = HashMap::new();
        // A name that somebody has chosen says more than that of a generator.
        let generated = |name: &str| name.contains(':');
        let mut names: Vec<_> = variables.iter().filter(|(name, _)| bound.contains(*name)).collect();
        names.sort_by_key(|(name, _)| (generated(name), Arc::clone(name)));
        for (name, value) in names {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => continue,
            };
            if (SHORTEST_WHOLE..=LONGEST).contains(&text.len()) {
                named.entry(text).or_insert(name);
            }
        }
        let drawn = |generator| {
            let drawn = variables.get(Generator::key(generator)).and_then(Value::as_str);
            drawn.unwrap_or_default()
        };
        let (run, suffix) = (drawn(Generator::Run), drawn(Generator::Suffix));
        // Names of things begin with the run's id; they are read as a whole.
        let long = |text: &&String| text.len() >= SHORTEST_WITHIN && *text != run;
        let mut within: Vec<&String> = named.keys().filter(long).collect();
        within.sort_by_key(|text| (std::cmp::Reverse(text.len()), *text));
        let alternatives: Vec<String> = within.into_iter().map(|text| regex::escape(text)).collect();
        let values = match alternatives.is_empty() {
            true => pattern(VALUES),
            // Variables that are too much for a pattern are named where they stand alone.
            false => Regex::new(&format!("(?<own>{})|{VALUES}", alternatives.join("|")))
                .unwrap_or_else(|_| pattern(VALUES)),
        };
        Normaliser { named, values, run, suffix, given: HashMap::new(), counted: HashMap::new(), is_secret }
    }

    /// The body of an answer made comparable.
    pub fn body(&mut self, response: &Response, particular: &Particular<'_>) -> Body {
        if response.body.is_empty() {
            return Body::Empty;
        }
        let Ok(json) = response.json() else {
            let text = String::from_utf8_lossy(&response.body);
            let named = self.text(&text, particular.origin);
            return Body::Text(self.numbered(&named));
        };
        let rule = particular.rule;
        let mut places: BTreeMap<String, String> = BTreeMap::new();
        let at =
            |path: &JsonPath| path.query_located(json).locations().map(|it| it.to_json_pointer()).collect();
        for (name, path) in particular.captured {
            let pointers: Vec<String> = at(path);
            places.extend(pointers.into_iter().map(|pointer| (pointer, format!("[{name}]"))));
        }
        for path in rule.into_iter().flat_map(|rule| &rule.redact) {
            let pointers: Vec<String> = at(path);
            places.extend(pointers.into_iter().map(|pointer| (pointer, "[redacted]".to_owned())));
        }
        let ordered = rule.into_iter().flat_map(|rule| &rule.ordered);
        let ordered: BTreeSet<String> = ordered
            .flat_map(|path| {
                let pointers: Vec<String> = at(path);
                pointers
            })
            .collect();
        let exact = rule.is_some_and(|rule| rule.messages == Messages::Exact);
        let walk = Walk {
            places,
            ordered,
            origin: particular.origin,
            free_messages: response.status >= 400 && !exact,
        };
        let named = self.value(json, "", &walk);
        Body::Json(self.number(named))
    }

    fn value(&self, value: &Value, pointer: &str, walk: &Walk<'_>) -> Value {
        if let Some(placeholder) = walk.places.get(pointer) {
            return placeholder.as_str().into();
        }
        match value {
            Value::Object(members) => self.object(members, pointer, walk),
            Value::Array(elements) => {
                let element = |(index, element)| self.value(element, &format!("{pointer}/{index}"), walk);
                let mut elements: Vec<Value> = elements.iter().enumerate().map(element).collect();
                elements.retain(|element| !element.to_string().contains(&of_others()));
                if !walk.ordered.contains(pointer) {
                    elements.sort_by_cached_key(|element| sort_key(&element.to_string()));
                }
                Value::Array(elements)
            }
            Value::String(text) => Value::String(self.text(text, walk.origin)),
            Value::Number(number) => match self.named.get(&number.to_string()) {
                Some(name) => format!("[{name}]").into(),
                None if number.as_f64().is_some_and(is_epoch) => "[epoch]".into(),
                None => value.clone(),
            },
            Value::Bool(_) | Value::Null => value.clone(),
        }
    }

    fn object(&self, members: &Map<String, Value>, pointer: &str, walk: &Walk<'_>) -> Value {
        let mut taken: Vec<(String, Value)> = Vec::with_capacity(members.len());
        for (name, value) in members {
            let below = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
            let value = match value {
                value if walk.places.contains_key(&below) => self.value(value, &below, walk),
                Value::String(text) if text.is_empty() => value.clone(),
                Value::String(_) if walk.free_messages && MESSAGES.contains(&&**name) => "[message]".into(),
                Value::String(text) if is_token(name) && !self.named.contains_key(text) => {
                    unnumbered("token", text).into()
                }
                value => self.value(value, &below, walk),
            };
            taken.push((self.text(name, walk.origin), value));
        }
        taken.sort_by_cached_key(|(name, _)| sort_key(name));
        Value::Object(taken.into_iter().collect())
    }

    /// A text with placeholders that have no numbers yet.
    fn text(&self, text: &str, origin: &str) -> String {
        let named = self.named_text(text, origin);
        if (self.is_secret)(text) { format!("{SECRET}{named}") } else { named }
    }

    fn named_text(&self, text: &str, origin: &str) -> String {
        if let Some(name) = self.named.get(text) {
            return format!("[{name}]");
        }
        let mut text = text.replace([OPEN, THEN, CLOSE, SECRET], "\u{fffd}");
        if !origin.is_empty() {
            text = text.replace(origin, TARGET);
        }
        let replaced = self.values.replace_all(&text, |found: &Captures<'_>| {
            if let Some(own) = found.name("own") {
                return format!("[{}]", self.named.get(own.as_str()).copied().unwrap_or_default());
            }
            if found.name("literal").is_some() {
                return format!("[{}", &found[0]);
            }
            if let Some(name) = found.name("name") {
                return self.name(name.as_str());
            }
            match NUMBERED.into_iter().find(|kind| found.name(kind).is_some()) {
                Some(kind) => unnumbered(kind, &found[0]),
                None if found.name("time").is_some() => "[time]".to_owned(),
                None => "[date]".to_owned(),
            }
        });
        replaced.replace(TARGET, "[target]")
    }

    /// A name that a run has given: of this case's things, or of those of another one.
    fn name(&self, name: &str) -> String {
        if name == self.run {
            return format!("[{}]", Generator::Run.key());
        }
        match !self.suffix.is_empty() && name.contains(self.suffix) {
            true => name.replace(self.run, "[gen:run]").replace(self.suffix, "[gen:suffix]"),
            false => unnumbered(NAME, name),
        }
    }

    /// Gives placeholders their numbers, in the order in which they are met.
    fn number(&mut self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.numbered(&text)),
            Value::Array(elements) => elements.into_iter().map(|element| self.number(element)).collect(),
            Value::Object(members) => {
                let member = |(name, value): (String, Value)| (self.numbered(&name), self.number(value));
                Value::Object(members.into_iter().map(member).collect())
            }
            plain => plain,
        }
    }

    fn numbered(&mut self, text: &str) -> String {
        let number = |found: &Captures<'_>| {
            let kind = found[1].to_owned();
            let next = self.counted.entry(kind.clone()).or_default();
            let number = *self.given.entry((kind, found[2].to_owned())).or_insert_with(|| {
                *next += 1;
                *next
            });
            format!("[{}-{number}]", &found[1])
        };
        let numbered = UNNUMBERED.replace_all(text, number);
        if text.starts_with(SECRET) { MASKED.to_owned() } else { numbered.into_owned() }
    }
}

/// What the way through one body needs.
struct Walk<'a> {
    /// What stands at these JSON Pointers.
    places: BTreeMap<String, String>,
    ordered: BTreeSet<String>,
    origin: &'a str,
    free_messages: bool,
}

/// By what lists and members are sorted: nothing that differs from run to run.
fn sort_key(text: &str) -> String {
    UNNUMBERED.replace_all(text, "$1").replace(SECRET, "")
}

/// What stands in an element of a list that tells of another case's thing. Such elements are left out: what other cases
/// make on the target meanwhile is no part of this one.
fn of_others() -> String {
    format!("{OPEN}{NAME}{THEN}")
}

fn unnumbered(kind: &str, value: &str) -> String {
    format!("{OPEN}{kind}{THEN}{}{CLOSE}", value.replace([OPEN, THEN, CLOSE, SECRET], "\u{fffd}"))
}

/// Seconds or milliseconds since 1970, from 2001 to 2100.
fn is_epoch(number: f64) -> bool {
    (1e9..4.1e9).contains(&number) || (1e12..4.1e12).contains(&number)
}

fn is_token(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["token", "password", "secret", "secretkey"].iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MINE: &str = "arn:aws:dms:us-east-1:123456789012:endpoint:MINE";

    fn normal(status: u16, body: &Value, rule: &SnapshotRule) -> Value {
        let variables: Variables = [
            (Arc::from("endpoint.arn"), json!(MINE)),
            (Arc::from("connection.id"), json!("9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01")),
            (Arc::from("order.id"), json!(4711)),
            (Arc::from("region"), json!("us-east-1")),
            (Arc::from("short"), json!("abcde")),
            (Arc::from("gen:run"), json!("pm-0a1b2c3d")),
            (Arc::from("gen:suffix"), json!("suffix77")),
        ]
        .into();
        let bound = ["endpoint.arn", "connection.id", "order.id", "short", "gen:run", "gen:suffix"]
            .map(Arc::from)
            .into();
        let is_secret = |text: &str| text.contains("hunter2");
        let mut normaliser = Normaliser::new(&variables, &bound, &is_secret);
        let response = Response::new(status, Vec::new(), body.to_string().into(), 0);
        let id = JsonPath::parse("$.captured").unwrap();
        let captured = [("thing.id", &id)];
        let particular =
            Particular { rule: Some(rule), captured: &captured, origin: "http://127.0.0.1:1234" };
        match normaliser.body(&response, &particular) {
            Body::Json(body) => body,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_differs_from_run_to_run_gets_a_name() {
        let (one, two) = ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002");
        for (given, normalised) in [
            (json!({"b": 1, "a": 2}), json!({"a": 2, "b": 1})),
            (json!("deleting"), json!("deleting")),
            (json!("us-east-1"), json!("us-east-1")),
            (json!(MINE), json!("[endpoint.arn]")),
            (json!(MINE.replace("MINE", "OTHER")), json!("[arn-1]")),
            (json!("see arn:aws:dms:us-east-1:1:rep:X."), json!("see [arn-1].")),
            (json!("/x/9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01/y"), json!("/x/[connection.id]/y")),
            (json!("abcde"), json!("[short]")),
            (json!("abcdef"), json!("abcdef")),
            (json!(4711), json!("[order.id]")),
            (json!(one), json!("[uuid-1]")),
            (json!("2024-01-01T00:00:00.5Z"), json!("[time]")),
            (json!("2024-01-01T00:00:00"), json!("[time]")),
            (json!("Sun, 06 Nov 1994 08:49:37 GMT"), json!("[date]")),
            (json!(1_700_000_000.25), json!("[epoch]")),
            (json!(1_700_000_000_123_i64), json!("[epoch]")),
            (json!(3306), json!(3306)),
            (json!("http://127.0.0.1:1234/api/v1/x"), json!("[target]/api/v1/x")),
            (json!("https://elsewhere/api/v1/x"), json!("https://elsewhere/api/v1/x")),
            (json!("pm-0a1b2c3d"), json!("[gen:run]")),
            (json!("pm-0a1b2c3d-suffix77-other"), json!("[gen:run]-[gen:suffix]-other")),
            (json!("pm-0a1b2c3d-xyz"), json!("[name-1]")),
            (json!("pm-11112222-xyz"), json!("[name-1]")),
            (json!([{"a": "pm-11112222-xyz"}, {"a": "b"}, ["pm-0a1b2c3d-xyz"]]), json!([[], {"a": "b"}])),
            (json!({"captured": 7, "b": 7}), json!({"b": 7, "captured": "[thing.id]"})),
            (json!("[endpoint.arn]"), json!("[[endpoint.arn]")),
            (json!({one: 1}), json!({"[uuid-1]": 1})),
            (json!({"token": ""}), json!({"token": ""})),
            (json!({"a": format!("{one}-hunter2"), "b": two}), json!({"a": "***", "b": "[uuid-2]"})),
            (
                json!({"access_token": "abc", "NextToken": "abc"}),
                json!({"NextToken": "[token-1]", "access_token": "[token-1]"}),
            ),
            (json!([[2], [1]]), json!([[1], [2]])),
            (
                json!([{"b": one, "n": 2}, {"b": two, "n": 1}, {"b": one, "n": 3}]),
                json!([{"b": "[uuid-1]", "n": 1}, {"b": "[uuid-2]", "n": 2}, {"b": "[uuid-2]", "n": 3}]),
            ),
        ] {
            assert_eq!(
                normal(200, &given, &SnapshotRule::default()).to_string(),
                normalised.to_string(),
                "{given}"
            );
        }
    }

    #[test]
    fn the_case_says_what_else_is_free_and_what_is_not() {
        let path = |path: &str| vec![Arc::new(JsonPath::parse(path).unwrap())];
        let error = json!({"message": "No such thing", "__type": "ThingNotFound"});
        let free = SnapshotRule::default();
        let exact = SnapshotRule { messages: Messages::Exact, ..SnapshotRule::default() };
        let redacted = SnapshotRule { redact: path("$..x"), ..SnapshotRule::default() };
        let ordered = SnapshotRule { ordered: path("$.a"), ..SnapshotRule::default() };
        for (status, given, rule, normalised) in [
            (400, &error, &free, json!({"__type": "ThingNotFound", "message": "[message]"})),
            (200, &error, &free, json!({"__type": "ThingNotFound", "message": "No such thing"})),
            (400, &error, &exact, json!({"__type": "ThingNotFound", "message": "No such thing"})),
            (
                200,
                &json!([{"x": 1}, {"x": [2]}]),
                &redacted,
                json!([{"x": "[redacted]"}, {"x": "[redacted]"}]),
            ),
            (200, &json!({"a": [2, 1], "b": [2, 1]}), &ordered, json!({"a": [2, 1], "b": [1, 2]})),
        ] {
            assert_eq!(normal(status, given, rule).to_string(), normalised.to_string(), "{given}");
        }
    }
}
