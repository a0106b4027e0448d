//! One table of requests and the operations they are for, and one law: what is filled in is found again.
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::protocol::Protocol;

/// A contract of `METHOD path` lines; each operation is named after its line.
fn rest(operations: &[&str]) -> Contract {
    let operation = |line: &&str| {
        let (method, path) = line.split_once(' ').unwrap();
        let operation: Operation = serde_json::from_value(json!({
            "name": line, "method": method, "path": path, "access": "public", "effect": "read", "answers": {},
        }))
        .unwrap();
        (operation.name.clone(), operation)
    };
    let mut contract: Contract = serde_json::from_value(json!({
        "api": "t", "title": "", "version": "", "protocol": { "name": "rest" }, "operations": {},
        "schemas": { "$defs": {} },
    }))
    .unwrap();
    contract.operations = operations.iter().map(operation).collect();
    contract
}

fn aws_json() -> Contract {
    let protocol = Protocol::AwsJson {
        json_version: "1.1".into(),
        target_prefix: "Svc".into(),
        signing_name: "svc".into(),
    };
    let mut contract = rest(&["POST /"]);
    let mut only = contract.operations.remove("POST /").unwrap();
    only.name = "GetThing".into();
    contract.operations.insert("GetThing".into(), only);
    Contract { protocol, ..contract }
}

fn words(operation: &Operation, parameters: &[(&str, String)]) -> String {
    let values = parameters.iter().map(|(name, value)| format!(" {name}={value}"));
    values.fold(operation.name.to_string(), |all, one| all + &one)
}

fn found(contract: &Contract, method: &str, target: &str, base: Base<'_>) -> String {
    match Router::new(contract).find(&Incoming::new(method, target, &[], b""), base) {
        Ok(found) => {
            let below = if found.base.is_empty() { String::new() } else { format!(" below {}", found.base) };
            let slash = if found.slash == Slash::Differs { " slash" } else { "" };
            words(found.operation, &found.parameters) + &below + slash
        }
        Err(Miss::Method { allowed }) => format!("not {}", allowed.join(" ")),
        Err(Miss::Ambiguous(several)) => format!("one of {}", several.len()),
        Err(miss) => format!("{miss:?}"),
    }
}

#[test]
fn requests_are_for_the_most_concrete_operation() {
    let things = rest(&[
        "GET /things",
        "POST /things",
        "GET /things/{id}",
        "DELETE /things/{id}",
        "POST /things/{id}:wait",
        "GET /things/{id}.json",
        "GET /things/first",
        "GET /things/{a}-{b}/at",
        "GET /things/v{n}/x",
        "GET /Products({id})",
        "GET /a b/{x}",
        "GET /slash/",
        "GET /é",
    ]);
    let known = Base::Known("");
    for (method, target, expected) in [
        ("GET", "/things", "GET /things"),
        ("POST", "/things", "POST /things"),
        ("PUT", "/things", "not GET POST"),
        ("GET", "/things/", "GET /things slash"),
        ("GET", "/things?x=/things/1", "GET /things"),
        ("GET", "/things/1", "GET /things/{id} id=1"),
        ("GET", "/things/1/", "GET /things/{id} id=1 slash"),
        ("get", "/things/1", "not DELETE GET"),
        ("GET", "http://h:1/things/1?q=%2F", "GET /things/{id} id=1"),
        ("GET", "/things/a%20b", "GET /things/{id} id=a b"),
        ("GET", "/things/a%2Fb", "GET /things/{id} id=a/b"),
        ("GET", "/things/a%252Fb", "GET /things/{id} id=a%2Fb"),
        ("GET", "/things/100%", "GET /things/{id} id=100%"),
        ("GET", "/things/%zz", "GET /things/{id} id=%zz"),
        ("GET", "/things/..", "GET /things/{id} id=.."),
        ("GET", "/%74hings/1", "GET /things/{id} id=1"),
        ("GET", "/Things/1", "Path"),
        ("GET", "/things//1", "Path"),
        ("GET", "/things/1/2", "Path"),
        ("GET", "//", "Path"),
        ("POST", "/things/1:wait", "POST /things/{id}:wait id=1"),
        ("POST", "/things/a:b:wait", "POST /things/{id}:wait id=a:b"),
        ("GET", "/things/1:wait", "not POST"),
        ("DELETE", "/things/1%3Await", "DELETE /things/{id} id=1:wait"),
        ("POST", "/things/:wait", "not DELETE GET"),
        ("GET", "/things/1.json", "GET /things/{id}.json id=1"),
        ("GET", "/things/1%2Ejson", "GET /things/{id}.json id=1"),
        ("GET", "/things/.json", "GET /things/{id} id=.json"),
        ("DELETE", "/things/1.json", "not GET"),
        ("GET", "/things/first", "GET /things/first"),
        ("GET", "/things/f%69rst", "GET /things/first"),
        ("DELETE", "/things/first", "not GET"),
        ("GET", "/things/1-2/at", "GET /things/{a}-{b}/at a=1 b=2"),
        ("GET", "/things/1-2-3/at", "GET /things/{a}-{b}/at a=1 b=2-3"),
        ("GET", "/things/1%2D2-3/at", "GET /things/{a}-{b}/at a=1-2 b=3"),
        ("GET", "/things/1/at", "Path"),
        ("GET", "/things/v7/x", "GET /things/v{n}/x n=7"),
        ("GET", "/things/7/x", "Path"),
        ("GET", "/Products(7)", "GET /Products({id}) id=7"),
        ("GET", "/Products%287%29", "GET /Products({id}) id=7"),
        ("GET", "/Products(a)b)", "GET /Products({id}) id=a)b"),
        ("GET", "/a%20b/1", "GET /a b/{x} x=1"),
        ("GET", "/slash/", "GET /slash/"),
        ("GET", "/slash", "GET /slash/ slash"),
        ("GET", "/%C3%A9", "GET /é"),
        ("GET", "", "Path"),
    ] {
        assert_eq!(found(&things, method, target, known), expected, "{method} {target}");
    }
}

#[test]
fn a_greedy_parameter_takes_further_segments_and_constants_tell_operations_apart() {
    let mut api = rest(&[
        "GET /tags/{arn+}",
        "GET /files/{path+}/at/{v}",
        "GET /tags/all",
        "POST /apis",
        "POST /apis ",
    ]);
    let constant = json!({
        "in": "query", "required": true, "default": "import", "schema": { "type": "string", "enum": ["import"] },
    });
    let import = api.operations.get_mut("POST /apis ").unwrap();
    import.path = "/apis".into();
    import.members.insert("mode".into(), serde_json::from_value(constant).unwrap());
    for (method, target, expected) in [
        ("GET", "/tags/arn:aws:x:y/z/1", "GET /tags/{arn+} arn=arn:aws:x:y/z/1"),
        ("GET", "/tags/arn%3Aaws%2Fx", "GET /tags/{arn+} arn=arn:aws/x"),
        ("GET", "/tags/all", "GET /tags/all"),
        ("GET", "/tags/all/1", "GET /tags/{arn+} arn=all/1"),
        ("GET", "/tags/", "Path"),
        ("GET", "/files/a/b/c/at/7", "GET /files/{path+}/at/{v} path=a/b/c v=7"),
        ("GET", "/files/a/at/7", "GET /files/{path+}/at/{v} path=a v=7"),
        ("GET", "/files/a/b/7", "Path"),
        ("POST", "/apis", "POST /apis"),
        ("POST", "/apis?mode=import", "POST /apis "),
        ("POST", "/apis?mode=other", "POST /apis"),
    ] {
        assert_eq!(found(&api, method, target, Base::Known("")), expected, "{method} {target}");
    }
    assert_eq!(found(&api, "GET", "/tags/a/b", Base::Anywhere), "GET /tags/{arn+} arn=a/b");
    assert_eq!(Router::new(&api).problems(), []);
    let read = |target: &str| {
        let incoming = Incoming::new("GET", target, &[], b"");
        let found = Router::new(&api).readings(&incoming, Base::Known(""));
        found.iter().map(|it| words(it.operation, &it.parameters)).collect::<Vec<_>>()
    };
    assert!(
        read("/tags/a%2Fb/c").contains(&"GET /tags/{arn+} arn=a/b/c".to_owned()),
        "{:?}",
        read("/tags/a%2Fb/c")
    );
    let reads = |target: &str| {
        let incoming = Incoming::new("POST", target, &[], b"");
        Router::new(&api).readings(&incoming, Base::Known("")).len()
    };
    assert_eq!([reads("/apis"), reads("/apis?Mode=x"), reads("/apis?mode=import")], [1, 2, 2]);
    let all = [("arn", "a:b/c d/..")];
    assert_eq!(fill("/tags/{arn+}", &all).as_deref(), Ok("/tags/a%3Ab/c%20d/%2E%2E"));
    assert!(may_meet("/tags/{arn+}", "/tags/{a}/{b}") && !may_meet("/tags/{arn+}", "/files/{a}/{b}"));
}

#[test]
fn operations_are_found_below_a_base() {
    let api = rest(&["GET /v1/things", "GET /v1/things/{id}", "GET /{a}/x"]);
    let root = rest(&["GET /", "GET /{id}"]);
    let crossed = rest(&["GET /{a}/x", "GET /y/{b}", "GET /y/{c}"]);
    let mut servers = rest(&["GET /v1/things/{id}", "GET /own/things"]);
    servers.base_paths = vec!["/v1".into(), "/eu/v2".into(), String::new()];
    let known = Base::Known;
    for (contract, target, base, expected) in [
        (&api, "/gate/v1/things", known("/gate"), "GET /v1/things below /gate"),
        (&api, "/gate/v1/things", known("/gate/"), "GET /v1/things below /gate"),
        (&api, "/gateway/v1/things", known("/gate"), "Path"),
        (&api, "/v1/things", known("/gate"), "Path"),
        (&api, "/gate/v1/things", known(""), "Path"),
        (&api, "/gate/v1/things", Base::Anywhere, "GET /v1/things below /gate"),
        (&api, "/v1/things/1", Base::Anywhere, "GET /v1/things/{id} id=1"),
        (&api, "/b/q/x", Base::Anywhere, "GET /{a}/x a=q below /b"),
        (&api, "/b/", Base::Anywhere, "Path"),
        (&root, "/", known(""), "GET /"),
        (&root, "", known(""), "GET /"),
        (&root, "/7", known(""), "GET /{id} id=7"),
        (&root, "/b/7", known("/b"), "GET /{id} id=7 below /b"),
        (&root, "/b/", known("/b"), "GET / below /b"),
        (&root, "/", Base::Anywhere, "GET /"),
        (&root, "/7", Base::Anywhere, "GET /{id} id=7"),
        (&root, "/b/7", Base::Anywhere, "Path"),
        (&crossed, "/y/x", known(""), "one of 3"),
        (&crossed, "/z/x", known(""), "GET /{a}/x a=z"),
        (&crossed, "/y/z", known(""), "one of 2"),
        (&servers, "/v1/things/1", known(""), "GET /v1/things/{id} id=1"),
        (&servers, "/eu/v2/things/1", known(""), "GET /v1/things/{id} id=1"),
        (&servers, "/things/1", known(""), "GET /v1/things/{id} id=1"),
        (&servers, "/eu/v2/own/things", known(""), "Path"),
    ] {
        assert_eq!(found(contract, "GET", target, base), expected, "{target} {base:?}");
    }
}

#[test]
fn a_target_names_the_operation() {
    let contract = aws_json();
    for (method, path, target, base, expected) in [
        ("POST", "/", Some("Svc.GetThing"), Base::Known(""), "GetThing"),
        ("POST", "/b/", Some(" Svc.GetThing "), Base::Known("/b"), "GetThing below /b"),
        ("POST", "/b", Some("Svc.GetThing"), Base::Anywhere, "GetThing below /b"),
        ("POST", "/b", Some("Svc.GetThing"), Base::Known(""), "Path"),
        ("GET", "/", Some("Svc.GetThing"), Base::Known(""), "not POST"),
        ("POST", "/", Some("Svc.getThing"), Base::Known(""), "Operation"),
        ("POST", "/", Some("Other.GetThing"), Base::Known(""), "Target"),
        ("POST", "/", Some("GetThing"), Base::Known(""), "Target"),
        ("POST", "/", None, Base::Known(""), "Target"),
    ] {
        let headers: Vec<_> =
            target.map(|it| ("X-Amz-Target".to_owned(), it.to_owned())).into_iter().collect();
        let found = match Router::new(&contract).find(&Incoming::new(method, path, &headers, b""), base) {
            Ok(found) if found.base.is_empty() => found.operation.name.to_string(),
            Ok(found) => format!("{} below {}", found.operation.name, found.base),
            Err(Miss::Method { allowed }) => format!("not {}", allowed.join(" ")),
            Err(miss) => format!("{miss:?}"),
        };
        assert_eq!(found, expected, "{method} {path} {target:?}");
    }
}

#[test]
fn readings_are_what_some_server_may_make_of_it() {
    let contract = rest(&["GET /things", "GET /things/{id}", "DELETE /things/{id}", "GET /p/{a}-{b}"]);
    let header = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    let none = Vec::new;
    for (method, target, headers, body, expected) in [
        ("DELETE", "/things/1", none(), "", "DELETE /things/{id} id=1"),
        ("delete", "/THINGS/1", none(), "", "DELETE /things/{id} id=1"),
        ("DELETE", "/things//1/", none(), "", "DELETE /things/{id} id=1"),
        ("DELETE", "/./things/x/../1", none(), "", "DELETE /things/{id} id=1"),
        ("DELETE", "/things/x/%2e%2e/1", none(), "", "DELETE /things/{id} id=1"),
        ("DELETE", "/things/x/%252e%252e/1", none(), "", "DELETE /things/{id} id=1"),
        ("DELETE", "\\things\\1", none(), "", "DELETE /things/{id} id=1"),
        ("DELETE", "/things;v=1/1", none(), "", "DELETE /things/{id} id=1"),
        ("DELETE", "/thing%2573/1", none(), "", "DELETE /things/{id} id=1"),
        ("DELETE", "/things%2F1", none(), "", "DELETE /things/{id} id=1"),
        ("DELETE", "/things/a%252Fb", none(), "", "DELETE /things/{id} id=a%2Fb; DELETE /things/{id} id=a/b"),
        ("DELETE", "/things/1;v=2", none(), "", "DELETE /things/{id} id=1; DELETE /things/{id} id=1;v=2"),
        ("DELETE", "/things/1/2", none(), "", ""),
        ("DELETE", "/things", none(), "", ""),
        ("HEAD", "/things", none(), "", "GET /things"),
        ("POST", "/things/1", header("X-HTTP-Method-Override", " delete"), "", "DELETE /things/{id} id=1"),
        ("POST", "/things/1?_method=DELETE", none(), "", "DELETE /things/{id} id=1"),
        ("POST", "/things/1", none(), "x=1&_method=delete", "DELETE /things/{id} id=1"),
        ("POST", "/things/1", none(), "{\"_method\":\"delete\"}", ""),
        ("GET", "/p/1-2-3", none(), "", "GET /p/{a}-{b} a=1 b=2-3; GET /p/{a}-{b} a=1-2 b=3"),
    ] {
        let incoming = Incoming::new(method, target, &headers, body.as_bytes());
        let readings = Router::new(&contract).readings(&incoming, Base::Known(""));
        let mut words: Vec<_> = readings.iter().map(|it| words(it.operation, &it.parameters)).collect();
        words.sort();
        assert_eq!(words.join("; "), expected, "{method} {target}");
    }
    for (base, target, expected) in [
        (Base::Known("/b"), "/b/things/1", 1),
        (Base::Known("/b"), "/B/things/1", 1),
        (Base::Known("/b"), "/b/../b/things/1", 1),
        (Base::Known("/b"), "/c/things/1", 0),
        (Base::Anywhere, "/c/things/1", 1),
    ] {
        let incoming = Incoming::new("DELETE", target, &[], b"");
        assert_eq!(Router::new(&contract).readings(&incoming, base).len(), expected, "{base:?} {target}");
    }
    let contract = aws_json();
    for (method, target, headers, body, expected) in [
        ("POST", "/", header("x-amz-target", "Svc.GetThing"), "{}", 1),
        ("GET", "/any", header("x-amz-target", "Other_2.getthing "), "", 1),
        ("POST", "/", header("x-amz-target", "Svc%2EGetThing"), "", 1),
        ("POST", "/?Action=GetThing", none(), "", 1),
        ("POST", "/", none(), "Action=GetThing&Version=1", 1),
        ("POST", "/", none(), "", 0),
        ("POST", "/", header("x-amz-target", "Svc.GetThings"), "", 0),
    ] {
        let incoming = Incoming::new(method, target, &headers, body.as_bytes());
        let readings = Router::new(&contract).readings(&incoming, Base::Known(""));
        assert_eq!(readings.len(), expected, "{method} {target} {headers:?}");
    }
}

#[test]
fn paths_are_filled_in() {
    for (path, values, expected) in [
        ("/", &[][..], "/"),
        ("/things/{id}", &[("id", "1")][..], "/things/1"),
        ("/things/{id}", &[("id", "a/b c?#%ü")], "/things/a%2Fb%20c%3F%23%25%C3%BC"),
        ("/things/{id}", &[("id", "..")], "/things/%2E%2E"),
        ("/things/{id}", &[("id", "")], "/things/"),
        ("/{id}/{id}", &[("id", "1")], "/1/1"),
        ("/a b/{id}.json/", &[("id", "x.y")], "/a%20b/x.y.json/"),
        ("/{a}-{b}", &[("a", "1-2"), ("b", "3")], "/1%2D2-3"),
        ("/P({id})", &[("id", "a)b")], "/P(a%29b)"),
        ("/{id}:wait", &[("id", "a:wait")], "/a%3Await:wait"),
        ("/%41%2F/{open", &[], "/%41%2F/%7Bopen"),
    ] {
        assert_eq!(fill(path, values).as_deref(), Ok(expected), "{path} {values:?}");
    }
    assert_eq!(fill("/{a}/{b}", &[("a", "1")]), Err(MissingParameter("b".into())));
}

#[test]
fn paths_that_say_too_little_are_problems() {
    for (operations, problems) in [
        (&["GET /a/{x}", "POST /a/{y}", "GET /a/b", "GET /a/{x}:v", "GET /{x}/b/c"][..], 0),
        (&["GET /a/{x}", "GET /a/{y}"], 1),
        (&["GET /{a}/x", "GET /y/{b}"], 1),
        (&["GET /{a}/x", "GET /{a}/y"], 0),
        (&["GET /v{a}", "GET /w{b}"], 0),
        (&["GET /{a}.x", "GET /{b}.y"], 0),
        (&["GET /{a}{b}"], 1),
    ] {
        assert_eq!(Router::new(&rest(operations)).problems().len(), problems, "{operations:?}");
    }
}

/// Templates of every kind, of which no two fit one path but where one is more concrete.
const TEMPLATES: &[&str] = &[
    "GET /things/{a}",
    "GET /things/{a}/parts/{b}",
    "GET /things/{a}:wait",
    "GET /ranges/{a}-{b}",
    "GET /files/{a}.{b}.json/x",
    "GET /Products({a})",
    "GET /v{a}/e%20é/{b}/",
    "GET /{a}",
];

proptest! {
    #[test]
    fn what_is_filled_in_is_found_again(
        which in 0..TEMPLATES.len(),
        a in "[a-z.:%/ é)(-]{1,12}|\\PC{1,12}",
        b in "[a-z.:%/ é)(-]{1,12}|\\PC{1,12}",
    ) {
        let contract = rest(TEMPLATES);
        let operation = &contract.operations[TEMPLATES[which]];
        let values = [("a", a.as_str()), ("b", b.as_str())];
        let filled = fill(&operation.path, &values).unwrap();
        let router = Router::new(&contract);
        let incoming = Incoming::new("GET", &filled, &[], b"");
        let found = router.find(&incoming, Base::Known("")).unwrap();
        prop_assert_eq!(&found.operation.name, &operation.name, "{}", filled);
        for (name, value) in found.parameters {
            prop_assert_eq!(value.as_str(), if name == "a" { &a } else { &b }, "{}", filled);
        }
        let readings = router.readings(&incoming, Base::Known(""));
        prop_assert!(readings.iter().any(|it| it.operation.name == operation.name), "{}", filled);
    }
}
