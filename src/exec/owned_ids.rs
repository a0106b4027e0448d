//! What the run can call its own: the names of everything it has made, as the answers gave them.

use std::{
    collections::HashSet,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use serde_json::Value;
use url::form_urlencoded;

use super::guard;
use crate::{
    contract::{
        multipart,
        router::{Base, Incoming, Router},
    },
    model::{
        contract::{Contract, Effect, Operation},
        exchange::Response,
    },
};

/// Grows with every accepted answer to a creating request. Compared without regard to case, as ids may be written either
/// way. One lock for all: what was there before and what was made are held against each other.
#[derive(Debug, Default)]
pub(super) struct OwnedIds(RwLock<Names>);

#[derive(Debug, Default)]
struct Names {
    made: HashSet<String>,
    /// The names that accepted creating requests have given.
    named: HashSet<String>,
    /// What listings showed before the run made anything of their kind.
    there_before: HashSet<String>,
}

impl OwnedIds {
    /// Every text in `identity` is a name of something this run has made. Texts that the creating request itself held,
    /// `asked`, are not, and what a listing showed before is not: what one names in a request was there before, and an answer
    /// may speak of a thing that was.
    pub fn add<'v>(&self, identity: impl IntoIterator<Item = &'v Value>, asked: &[String]) {
        let asked: HashSet<String> = asked.iter().map(|text| text.to_lowercase()).collect();
        let mut found = Vec::new();
        identity.into_iter().for_each(|value| texts(value, &mut found));
        let found = found.into_iter().map(|text| text.to_lowercase());
        let Names { made, there_before, .. } = &mut *self.write();
        made.extend(
            found.filter(|text| !text.is_empty() && !asked.contains(text) && !there_before.contains(text)),
        );
    }

    /// A listing shows these, and the run has made none of its kind without a name of its own; what it has made under a name
    /// is not among those that were there before.
    pub fn add_there_before(&self, names: &[String]) {
        let names = names.iter().map(|name| name.to_lowercase());
        let Names { made, there_before, .. } = &mut *self.write();
        there_before.extend(names.filter(|name| !made.contains(name)));
    }

    /// Whether what is called so was there before.
    pub fn was_there(&self, name: &Value) -> bool {
        let mut found = Vec::new();
        texts(name, &mut found);
        let names = self.read();
        found.iter().any(|text| names.there_before.contains(&text.to_lowercase()))
    }

    /// A creating request that gives these names was accepted.
    pub fn name(&self, names: &[String]) {
        self.write().named.extend(names.iter().map(|name| name.to_lowercase()));
    }

    /// Whether one has given this name.
    pub fn has_named(&self, name: &str) -> bool {
        self.read().named.contains(&name.to_lowercase())
    }

    pub fn has(&self, text: &str) -> bool {
        self.read().made.contains(&text.to_lowercase())
    }

    fn read(&self) -> RwLockReadGuard<'_, Names> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Names> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Every text by which a request may name something: in its path, query, headers and body.
pub(super) fn asked(contract: &Contract, request: &Incoming<'_>) -> Vec<String> {
    let readings = Router::new(contract).readings(request, Base::Anywhere);
    let mut texts: Vec<String> = match readings.is_empty() {
        true => request.path().split('/').map(guard::decoded).collect(),
        false => readings.into_iter().flat_map(|it| it.parameters).map(|(_, value)| value).collect(),
    };
    let fields = |form: &[u8]| -> Vec<String> {
        form_urlencoded::parse(form).map(|(_, value)| value.into_owned()).collect()
    };
    texts.extend(fields(request.query().as_bytes()));
    texts.extend(request.headers.iter().map(|(_, value)| value.trim().to_owned()));
    match serde_json::from_slice(request.body) {
        Ok(value) => self::texts(&value, &mut texts),
        Err(_) => {
            let form = multipart::fields(request.body, request.headers_named("content-type").next());
            texts.extend(form.into_iter().map(|(_, value)| value));
        }
    }
    texts
}

/// Whether what the answer names may have been made by the request: not where it only reads, by its method or as any
/// operation that a server may take it for.
pub(super) fn may_make(contract: &Contract, operation: &Operation, request: &Incoming<'_>) -> bool {
    let makes = |effect: Effect| !matches!(effect, Effect::Read | Effect::Destroy);
    let reads = ["GET", "HEAD", "OPTIONS", "TRACE"];
    let mut readings = Router::new(contract).readings(request, Base::Anywhere).into_iter();
    makes(operation.effect)
        && !request.methods().iter().any(|method| reads.contains(&method.as_str()))
        && readings.all(|reading| makes(reading.operation.effect))
}

/// The answer without the elements of its lists that bear the name of a run, this one or another: they go when that ends.
pub(super) fn without_runs(response: &Response) -> Response {
    fn pruned(value: &mut Value) {
        match value {
            Value::Array(elements) => elements.retain(|element| {
                let mut found = Vec::new();
                texts(element, &mut found);
                !found.iter().any(|text| names_a_run(text))
            }),
            Value::Object(members) => members.values_mut().for_each(pruned),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let Ok(body) = response.json() else { return response.clone() };
    let mut body = body.clone();
    pruned(&mut body);
    Response::new(response.status, response.headers.clone(), body.to_string().into(), response.stray)
}

/// Whether a text holds the name that a run begins the names of its own things with: `pm-` and eight hexadecimal digits.
fn names_a_run(text: &str) -> bool {
    let is_id = |rest: &str| rest.len() >= 8 && rest.bytes().take(8).all(|byte| byte.is_ascii_hexdigit());
    text.to_ascii_lowercase().split("pm-").skip(1).any(is_id)
}

/// Every text of a body, if it is JSON.
pub(super) fn texts_of(body: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    if let Ok(value) = serde_json::from_slice(body) {
        texts(&value, &mut found);
    }
    found
}

/// Every text of a value, numbers as they are written.
pub(super) fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Number(number) => found.push(number.to_string()),
        Value::Array(elements) => elements.iter().for_each(|element| texts(element, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contract::openapi;

    #[test]
    fn what_a_request_names_is_not_made_by_it() {
        let owned = OwnedIds::default();
        let answer = [json!("arn:made"), json!(17), json!("arn:THERE-before"), json!(null)];
        owned.add(&answer, &["arn:there-before".to_owned()]);
        assert!(owned.has("ARN:made") && owned.has("17"));
        assert!(!owned.has("arn:there-before") && !owned.has(""));
    }

    #[test]
    fn what_was_there_before_is_not_made_by_any_answer() {
        let owned = OwnedIds::default();
        owned.add(&[json!("arn:mine")], &[]);
        owned.add_there_before(&["arn:DEFAULT".to_owned(), "arn:mine".to_owned(), "7".to_owned()]);
        owned.add(&[json!("arn:default"), json!(7), json!("arn:new")], &[]);
        for (name, is_own, was_there) in [
            (json!("arn:mine"), true, false),
            (json!("arn:new"), true, false),
            (json!("arn:default"), false, true),
            (json!(7), false, true),
        ] {
            let text = name.as_str().map_or_else(|| name.to_string(), str::to_owned);
            assert_eq!((owned.has(&text), owned.was_there(&name)), (is_own, was_there), "{name}");
        }
    }

    #[test]
    fn what_runs_have_made_is_not_found() {
        for (body, found) in [
            (
                json!({ "results": [{ "id": 1, "name": "pm-0a1b2c3d-x" }, { "id": 2 }] }),
                json!({ "results": [{ "id": 2 }] }),
            ),
            (
                json!([{ "tags": ["of PM-0A1B2C3D"] }, { "a": { "b": "pm-north" } }]),
                json!([{ "a": { "b": "pm-north" } }]),
            ),
            (json!({ "a": [{ "b": ["pm-0a1b2c3d", "c"] }] }), json!({ "a": [] })),
            (json!({ "name": "pm-0a1b2c3d", "n": 1 }), json!({ "name": "pm-0a1b2c3d", "n": 1 })),
        ] {
            let response = Response::new(200, Vec::new(), body.to_string().into(), 0);
            assert_eq!(without_runs(&response).json().unwrap(), &found, "{body}");
        }
        let text = Response::new(200, Vec::new(), "[pm-0a1b2c3d".into(), 0);
        assert_eq!(without_runs(&text).body, text.body);
    }

    #[test]
    fn cases_on_several_threads_do_not_wait_for_each_other() {
        let owned = OwnedIds::default();
        std::thread::scope(|scope| {
            scope.spawn(|| (0..10_000).for_each(|number| owned.add(&[json!(number)], &[])));
            scope.spawn(|| (0..10_000).for_each(|number| owned.add_there_before(&[format!("b{number}")])));
        });
        assert!(owned.has("9999") && owned.was_there(&json!("b9999")));
    }

    #[test]
    fn every_part_of_a_request_names_what_was_there_before_and_what_reads_makes_nothing() {
        const DOCUMENT: &str = r#"{"openapi":"3.0.3","info":{"title":"Shop","version":"1"},"paths":{
            "/projects/{id}/things":{"get":{"operationId":"ListThings","responses":{"200":{"description":"ok"}}},
                "post":{"operationId":"AddThing","responses":{"201":{"description":"made"}}}}}}"#;
        let contract = openapi::import(DOCUMENT, "shop").unwrap().contract;
        let headers = [("x-team".to_owned(), " Ops ".to_owned())];
        let request = |method, target, body| Incoming::new(method, target, &headers, body);
        for (target, body, named) in [
            ("/projects/prod/things", &b""[..], "prod"),
            ("/base/projects/pr%6Fd/things?x=1", b"", "prod"),
            ("/elsewhere/prod", b"", "prod"),
            ("/projects/a/things?owner=me%21", b"", "me!"),
            ("/projects/a/things", b"", "Ops"),
            ("/projects/a/things", b"owner=you&x=1", "you"),
            ("/projects/a/things", br#"{"a":[{"b":17}]}"#, "17"),
        ] {
            let found = asked(&contract, &request("POST", target, body));
            assert!(found.iter().any(|text| text == named), "{target}: {found:?}");
            assert!(!found.iter().any(|text| text == "projects"), "{target}: {found:?}");
        }
        for (operation, method, makes) in [
            ("AddThing", "POST", true),
            ("AddThing", "GET", false),
            ("ListThings", "GET", false),
            ("ListThings", "POST", false),
        ] {
            let request = request(method, "/projects/a/things", b"");
            let operation = contract.operation(operation).unwrap();
            assert_eq!(may_make(&contract, operation, &request), makes, "{} {method}", operation.name);
        }
    }
}
