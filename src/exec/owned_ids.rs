//! What the run can call its own: the names of everything it has made, as the answers gave them.

use std::{
    collections::{HashMap, HashSet},
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use serde_json::{Map, Value};
use url::form_urlencoded;

use super::{guard, ledger::cleanup::Cleanup};
use crate::{
    contract::{
        multipart,
        router::{Base, Incoming, Router},
        subjects::{Place, is_unmistakable},
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
    made: Told,
    /// The names that accepted creating requests have given.
    named: HashSet<String>,
    /// What listings showed before the run made anything of their kind.
    there_before: Told,
}

/// What things of an API are called, and where they are addressed so.
#[derive(Debug, Clone)]
pub(super) struct Identifier {
    pub value: Value,
    pub places: Vec<Place>,
}

/// The identifiers of one kind of fact, with the APIs and places of each.
#[derive(Debug, Default)]
struct Told(HashMap<String, Vec<(String, Place)>>);

impl Told {
    fn add(&mut self, api: &str, text: String, places: &[Place]) {
        let known = self.0.entry(text).or_default();
        for place in places {
            if !known.iter().any(|(of, have)| of == api && have == place) {
                known.push((api.to_owned(), place.clone()));
            }
        }
    }

    /// Whether one is called so that may be meant in this place. A text that no two kinds share means the same everywhere.
    fn has(&self, api: &str, text: &str, asked: &Place) -> bool {
        let is_met = |(of, place): &(String, Place)| of == api && place.meets(asked);
        self.0.get(text).is_some_and(|known| is_unmistakable(text) || known.iter().any(is_met))
    }

    fn has_any(&self, api: &str, text: &str, places: &[Place]) -> bool {
        places.iter().any(|place| self.has(api, text, place))
    }
}

impl OwnedIds {
    /// Every text of these identifiers is a name of something this run has made. Texts that the creating request itself held,
    /// `asked`, are not, and what a listing showed before is not: what one names in a request was there before, and an answer
    /// may speak of a thing that was.
    pub fn add(&self, api: &str, identity: &[Identifier], asked: &[Asked]) {
        let mut named = Told::default();
        asked.iter().for_each(|it| named.add(api, it.text.to_lowercase(), std::slice::from_ref(&it.place)));
        let Names { made, there_before, .. } = &mut *self.write();
        for Identifier { value, places } in identity {
            for text in lower(value).filter(|text| !text.is_empty()) {
                let is_others = named.has_any(api, &text, places) || there_before.has_any(api, &text, places);
                if !is_others {
                    made.add(api, text, places);
                }
            }
        }
    }

    /// A listing shows these, and the run has made none of its kind without a name of its own; what it has made under a name
    /// is not among those that were there before.
    pub fn add_there_before(&self, api: &str, names: &[String], places: &[Place]) {
        let Names { made, there_before, .. } = &mut *self.write();
        for name in names.iter().map(|name| name.to_lowercase()) {
            if !made.has_any(api, &name, places) {
                there_before.add(api, name, places);
            }
        }
    }

    /// Whether what an answer calls so was there before; what its request `asked` for, the answer does not tell.
    pub fn was_there(&self, api: &str, name: &Identifier, asked: &[Asked]) -> bool {
        let names = self.read();
        let is_asked = |text: &str| asked.iter().any(|it| it.text.to_lowercase() == text);
        lower(&name.value)
            .any(|text| names.there_before.has_any(api, &text, &name.places) && !is_asked(&text))
    }

    /// A creating request that gives these names was accepted.
    pub fn name(&self, names: &[String]) {
        self.write().named.extend(names.iter().map(|name| name.to_lowercase()));
    }

    /// Whether one has given this name.
    pub fn has_named(&self, name: &str) -> bool {
        self.read().named.contains(&name.to_lowercase())
    }

    /// Whether the run has made what is called so in this place.
    pub fn has(&self, api: &str, text: &str, place: &Place) -> bool {
        let text = text.to_lowercase();
        let names = self.read();
        // Where nothing tells the kind, it may be one that was there before.
        let is_known = || matches!(place, Place::Anywhere) && names.there_before.has(api, &text, place);
        names.made.has(api, &text, place) && !is_known()
    }

    /// Whether the run has made anything that is called so.
    pub fn has_anywhere(&self, api: &str, text: &str) -> bool {
        self.read().made.has(api, &text.to_lowercase(), &Place::Anywhere)
    }

    fn read(&self) -> RwLockReadGuard<'_, Names> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Names> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where what a creating request made is addressed by each value of its `identity`: as the requests that destroy it, `undo`,
/// name it, and in the collection that the request was sent to, `below`. Anywhere, where none of that is known.
pub(super) fn placed(
    contract: &Contract,
    made: &Operation,
    below: Option<&Place>,
    undo: &[Cleanup],
    identity: &Map<String, Value>,
) -> Vec<Identifier> {
    let inputs = undo.iter().filter(|undo| undo.is_whole()).filter_map(|undo| {
        let operation = contract.operation(&undo.operation)?;
        Some(Place::of_input(contract, made, operation, &undo.input))
    });
    let inputs: Vec<(Value, Vec<Place>)> = inputs.flatten().collect();
    let of_value = |value: &Value| {
        let is_same = |have: &Value| lower(have).eq(lower(value));
        let named = inputs.iter().filter(|(have, _)| is_same(have)).flat_map(|(_, places)| places.clone());
        let collected = below.into_iter().flat_map(|below| [below.clone(), Place::naming(contract, made)]);
        let mut places: Vec<Place> = named.chain(collected).collect();
        if places.is_empty() {
            places.push(Place::Anywhere);
        }
        Identifier { value: value.clone(), places }
    };
    // What a whole answer says besides is no name of what was made.
    identity.values().filter(|value| value.is_string() || value.is_number()).map(of_value).collect()
}

/// The collection that a creating request is sent to.
pub(super) fn collection(
    contract: &Contract,
    operation: &Operation,
    request: &Incoming<'_>,
) -> Option<Place> {
    let readings = Router::new(contract).readings(request, Base::Anywhere);
    let own = readings.into_iter().find(|reading| reading.operation.name == operation.name)?;
    Place::below(contract, operation, &own.parameters)
}

/// A text by which a request may name something, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    text: String,
    place: Place,
}

/// Every text by which a request of this operation may name something: in its path, query, headers and body.
pub(super) fn asked(contract: &Contract, operation: &Operation, request: &Incoming<'_>) -> Vec<Asked> {
    let mut found = Vec::new();
    let readings = Router::new(contract).readings(request, Base::Anywhere);
    if readings.is_empty() {
        let segments = request.path().split('/').map(guard::decoded);
        found.extend(segments.map(|text| Asked { text, place: Place::Anywhere }));
    }
    for reading in &readings {
        for (name, value) in &reading.parameters {
            let place = Place::of_parameter(reading.operation, name, &reading.parameters);
            found.push(Asked { text: value.clone(), place });
        }
    }
    let mut add = |name: &str, value: &Value| {
        let mut all = Vec::new();
        texts(value, &mut all);
        let place = Place::of_member(operation, name);
        found.extend(all.into_iter().map(|text| Asked { text, place: place.clone() }));
    };
    for (name, value) in form_urlencoded::parse(request.query().as_bytes()) {
        add(&name, &value.into());
    }
    for (name, value) in request.headers {
        add(name, &value.trim().into());
    }
    match serde_json::from_slice(request.body) {
        Ok(value) => leaves(&value, "", &mut add),
        Err(_) => {
            let form = multipart::fields(request.body, request.headers_named("content-type").next());
            form.into_iter().for_each(|(name, value)| add(&name, &value.into()));
        }
    }
    found
}

/// Every value of a body that has no members or elements, with the name of the member in which it stands.
pub(super) fn leaves(value: &Value, name: &str, found: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| leaves(element, name, found)),
        Value::Object(members) => members.iter().for_each(|(name, value)| leaves(value, name, found)),
        _ => found(name, value),
    }
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

fn lower(value: &Value) -> impl Iterator<Item = String> + use<> {
    let mut found = Vec::new();
    texts(value, &mut found);
    found.into_iter().map(|text| text.to_lowercase())
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

    fn anywhere(values: &[Value]) -> Vec<Identifier> {
        let one = |value: &Value| Identifier { value: value.clone(), places: vec![Place::Anywhere] };
        values.iter().map(one).collect()
    }

    #[test]
    fn what_a_request_names_is_not_made_by_it() {
        let owned = OwnedIds::default();
        let answer = anywhere(&[json!("arn:made"), json!(17), json!("arn:THERE-before"), json!(null)]);
        let before = Asked { text: "arn:there-before".to_owned(), place: Place::Member(Vec::new()) };
        owned.add("shop", &answer, &[before]);
        let has = |text| owned.has("shop", text, &Place::Anywhere);
        assert!(has("ARN:made") && has("17"));
        assert!(!has("arn:there-before") && !has(""));
    }

    #[test]
    fn what_was_there_before_is_not_made_by_any_answer() {
        let owned = OwnedIds::default();
        owned.add("shop", &anywhere(&[json!("arn:mine")]), &[]);
        let before = ["arn:DEFAULT", "arn:mine", "7"].map(str::to_owned);
        owned.add_there_before("shop", &before, &[Place::Anywhere]);
        owned.add("shop", &anywhere(&[json!("arn:default"), json!(7), json!("arn:new")]), &[]);
        for (name, is_own, was_there) in [
            (json!("arn:mine"), true, false),
            (json!("arn:new"), true, false),
            (json!("arn:default"), false, true),
            (json!(7), false, true),
        ] {
            let text = name.as_str().map_or_else(|| name.to_string(), str::to_owned);
            let found = owned.has("shop", &text, &Place::Anywhere);
            let [identifier] = &anywhere(&[name])[..] else { unreachable!() };
            assert_eq!((found, owned.was_there("shop", identifier, &[])), (is_own, was_there), "{text}");
        }
    }

    #[test]
    fn a_number_is_own_in_the_collection_in_which_it_was_made() {
        const DOCUMENT: &str = r#"{"openapi":"3.0.3","info":{"title":"Shop","version":"1"},"paths":{
            "/projects/{id}/notes":{"post":{"operationId":"AddNote","responses":{"201":{"description":"made"}}}},
            "/projects/{id}/notes/{n}":{"delete":{"operationId":"DropNote","responses":{"204":{"description":"gone"}}}},
            "/nodes/delete":{"post":{"operationId":"DropNodes","responses":{"204":{"description":"gone"}}}}}}"#;
        let contract = openapi::import(DOCUMENT, "shop").unwrap().contract;
        let operation = |name| contract.operation(name).unwrap();
        let owned = OwnedIds::default();
        let request = Incoming::new("POST", "/api/projects/1/notes", &[], b"");
        let below = collection(&contract, operation("AddNote"), &request);
        let identity = json!({ "note.id": 7, "note.key": "0a1b2c3d-x" });
        let undo = Cleanup {
            operation: "DropNote".to_owned(),
            input: json!({ "id": "1", "n": 7 }).as_object().unwrap().clone(),
            look: None,
        };
        let identity = identity.as_object().unwrap();
        let made = placed(&contract, operation("AddNote"), below.as_ref(), &[undo], identity);
        let gadgets = Place::Collection("/gadgets/".to_owned());
        owned.add_there_before("shop", &["7".to_owned()], std::slice::from_ref(&gadgets));
        // How many there are is no name of one, and a project is another kind.
        let asked =
            |name: &str| Asked { text: "7".to_owned(), place: Place::of_member(operation("AddNote"), name) };
        owned.add("shop", &made, &[asked("id"), asked("noteId")]);
        assert!(!owned.has_anywhere("shop", "7"), "the request names it");
        owned.add("shop", &made, &[asked("size"), asked("projectId")]);
        let path = |operation: &str, project: &str| {
            let values = [("id", project.to_owned()), ("n", "7".to_owned())];
            Place::of_parameter(contract.operation(operation).unwrap(), "n", &values)
        };
        let member = |name| Place::of_member(operation("DropNodes"), name);
        for (text, place, is_own) in [
            ("7", path("DropNote", "1"), true),
            ("7", path("DropNote", "2"), false),
            ("7", gadgets.clone(), false),
            ("7", member("noteId"), true),
            ("7", member("target_note_ids"), true),
            ("7", member("nodeId"), false),
            ("7", member("id"), false),
            ("8", path("DropNote", "1"), false),
            // A gadget was there before.
            ("7", Place::Anywhere, false),
            ("0A1B2C3D-x", gadgets, true),
        ] {
            assert_eq!(owned.has("shop", text, &place), is_own, "{text} {place:?}");
            assert!(!is_own || is_unmistakable(text) || !owned.has("other", text, &place), "{text}");
        }
        assert!(owned.has_anywhere("shop", "7"));
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
            scope.spawn(|| {
                (0..10_000).for_each(|number| owned.add("shop", &anywhere(&[json!(number)]), &[]));
            });
            scope.spawn(|| {
                let one =
                    |number| owned.add_there_before("shop", &[format!("b{number}")], &[Place::Anywhere]);
                (0..10_000).for_each(one);
            });
        });
        assert!(owned.has_anywhere("shop", "9999"));
        assert!(owned.was_there("shop", &anywhere(&[json!("b9999")])[0], &[]));
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
            let operation = contract.operation("AddThing").unwrap();
            let found = asked(&contract, operation, &request("POST", target, body));
            assert!(found.iter().any(|it| it.text == named), "{target}: {found:?}");
            assert!(!found.iter().any(|it| it.text == "projects"), "{target}: {found:?}");
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
