//! What goes over the wire for an operation, its input and the raw changes.

use serde_json::json;

use super::*;
use crate::model::{
    contract::{Access, DocumentedResponse, Effect},
    template::{Template, TemplateValue},
};

fn member(place: ParameterLocation, default: Option<Value>) -> Member {
    Member {
        place,
        wire_name: None,
        required: false,
        default,
        list: ListStyle::default(),
        schema: Value::Bool(true),
    }
}

fn operation(method: &str, path: &str, members: &[(&str, Member)]) -> Operation {
    Operation {
        name: "DoIt".into(),
        method: method.into(),
        path: path.into(),
        access: Access::Protected,
        effect: Effect::Read,
        effect_source: Default::default(),
        touches: Default::default(),
        input: None,
        members: members.iter().map(|(name, member)| ((*name).to_owned(), member.clone())).collect(),
        consumes: Vec::new(),
        answers: Default::default(),
        errors: Vec::new(),
        paging: None,
        ranges: Default::default(),
        examples: Vec::new(),
    }
}

fn awsjson() -> Protocol {
    Protocol::AwsJson {
        json_version: "1.1".into(),
        target_prefix: "AmazonDMSv20160101".into(),
        signing_name: "dms".into(),
    }
}

fn text(text: &str) -> Template {
    Template { parts: vec![Part::Text(text.into())] }
}

fn request(input: Value, raw: Raw) -> Request {
    let Value::Object(members) = input else { panic!("an object") };
    let input = members.into_iter().map(|(name, value)| (name, TemplateValue::Fixed(value))).collect();
    Request { input, auth: Auth::Target, raw }
}

fn sent(request: &Request, operation: &Operation, protocol: &Protocol, base: &str) -> PreparedRequest {
    let mut nothing = |placeholder: &Placeholder| Err(Unfilled(fill::key(placeholder).into_owned()));
    build(request, operation, protocol, &Url::parse(base).unwrap(), &mut nothing).unwrap()
}

fn header<'a>(prepared: &'a PreparedRequest, name: &str) -> Option<&'a str> {
    prepared.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
}

#[test]
fn awsjson_requests_are_as_the_documents_sample_has_them() {
    let prepared = sent(
        &request(json!({ "EndpointArn": "a", "Nobody": null }), Raw::default()),
        &operation("POST", "/", &[]),
        &awsjson(),
        "http://127.0.0.1:7400",
    );
    assert_eq!((prepared.method.as_str(), prepared.target.as_str()), ("POST", "/"));
    assert_eq!(header(&prepared, "content-type"), Some("application/x-amz-json-1.1"));
    assert_eq!(header(&prepared, "x-amz-target"), Some("AmazonDMSv20160101.DoIt"));
    assert_eq!(header(&prepared, "host"), Some("127.0.0.1:7400"));
    assert_eq!(prepared.body, r#"{"EndpointArn":"a","Nobody":null}"#);
    assert_eq!(prepared.intent, RequestKind::Valid);
}

#[test]
fn rest_members_travel_where_the_contract_says() {
    let operation = operation(
        "POST",
        "/api/v1/things/{id}/parts/{part}",
        &[
            ("id", member(ParameterLocation::Path, None)),
            ("part", member(ParameterLocation::Path, None)),
            ("limit", member(ParameterLocation::Query, Some(json!(50)))),
            ("state", Member { wire_name: Some("State".into()), ..member(ParameterLocation::Query, None) }),
            ("x-api-version", member(ParameterLocation::Header, Some(json!("1.0-rev0")))),
            ("sort", Member { list: ListStyle::Commas, ..member(ParameterLocation::Query, None) }),
            ("spec", member(ParameterLocation::WholeBody, None)),
        ],
    );
    let input = json!({ "id": "a b/ü%", "part": 7, "state": ["on", "off & on"], "sort": ["a", "b"], "spec": { "Name": "x" } });
    let prepared =
        sent(&request(input, Raw::default()), &operation, &Protocol::Rest, "https://host:11005/veeam");
    assert_eq!(
        prepared.url.as_str(),
        "https://host:11005/veeam/api/v1/things/a%20b%2F%C3%BC%25/parts/7?State=on&State=off+%26+on&sort=a%2Cb"
    );
    assert_eq!(header(&prepared, "x-api-version"), Some("1.0-rev0"), "the default of a header is sent");
    assert_eq!(header(&prepared, "accept"), Some("application/json"));
    assert_eq!(header(&prepared, "content-type"), Some("application/json"));
    assert_eq!(header(&prepared, "host"), Some("host:11005"));
    assert_eq!(prepared.body, r#"{"Name":"x"}"#);
}

#[test]
fn forms_are_encoded_and_null_takes_a_default_header_away() {
    let operation = operation(
        "POST",
        "/api/v1/token",
        &[
            ("grant_type", member(ParameterLocation::Form, None)),
            ("password", member(ParameterLocation::Form, None)),
            ("x-api-version", member(ParameterLocation::Header, Some(json!("1.0-rev0")))),
        ],
    );
    let input = json!({ "grant_type": "password", "password": "a&b=ü", "x-api-version": null });
    let prepared = sent(&request(input, Raw::default()), &operation, &Protocol::Rest, "http://h");
    assert_eq!(prepared.body, "grant_type=password&password=a%26b%3D%C3%BC");
    assert_eq!(header(&prepared, "content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(header(&prepared, "x-api-version"), None);
}

#[test]
fn a_form_is_written_as_the_contract_says() {
    const PARTS: &str = "multipart/form-data";
    const PAIRS: &str = "application/x-www-form-urlencoded";
    let file = || Member {
        schema: json!({ "type": "string", "format": "binary" }),
        ..member(ParameterLocation::Form, None)
    };
    for (consumes, input, media_type, body) in [
        (&[][..], json!({ "note": "a b" }), PAIRS, "note=a+b"),
        (&[PAIRS], json!({ "note": "a b" }), PAIRS, "note=a+b"),
        (&[PARTS, PAIRS], json!({ "note": "a b" }), PAIRS, "note=a+b"),
        (
            &[PARTS],
            json!({ "note": ["a b", 7] }),
            "multipart/form-data; boundary=proofmark-00000000",
            "--proofmark-00000000\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\na b\r\n\
             --proofmark-00000000\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n7\r\n\
             --proofmark-00000000--\r\n",
        ),
        (
            &[PAIRS, "Multipart/Form-Data"],
            json!({ "file": "bytes of proofmark-00000000", "note": { "a": 1 } }),
            "multipart/form-data; boundary=proofmark-00000001",
            "--proofmark-00000001\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n\
             Content-Type: application/octet-stream\r\n\r\nbytes of proofmark-00000000\r\n\
             --proofmark-00000001\r\nContent-Disposition: form-data; name=\"note\"\r\n\
             Content-Type: application/json\r\n\r\n{\"a\":1}\r\n--proofmark-00000001--\r\n",
        ),
    ] {
        let mut operation =
            operation("POST", "/files", &[("file", file()), ("note", member(ParameterLocation::Form, None))]);
        operation.consumes = consumes.iter().map(|kind| (*kind).to_owned()).collect();
        let prepared = sent(&request(input, Raw::default()), &operation, &Protocol::Rest, "http://h");
        assert_eq!(header(&prepared, "content-type"), Some(media_type), "{consumes:?}");
        assert_eq!(prepared.body, body, "{consumes:?}");
    }
}

#[test]
fn raw_changes_come_last() {
    let raw = Raw {
        method: Some("GET".into()),
        path: Some(text("/../{odd}?x=1")),
        headers: vec![
            ("content-type".into(), None),
            ("x-amz-target".into(), Some(text("other"))),
            ("host".into(), None),
            ("authorization".into(), Some(text("Basic x"))),
        ],
        body: Some(RawBody::Bytes(vec![0xff])),
    };
    let prepared =
        sent(&request(json!({ "A": 1 }), raw), &operation("POST", "/", &[]), &awsjson(), "http://h:1");
    assert_eq!((prepared.method.as_str(), prepared.target.as_str()), ("GET", "/../{odd}?x=1"));
    let headers =
        ["content-type", "x-amz-target", "host", "authorization"].map(|name| header(&prepared, name));
    assert_eq!(headers, [None, Some("other"), None, None]);
    assert_eq!(prepared.identity, [("authorization".to_owned(), Some("Basic x".to_owned()))]);
    assert_eq!(&prepared.body[..], [0xff]);
    assert_eq!(prepared.intent, RequestKind::Malformed);
}

#[test]
fn an_operation_that_documents_a_204_travels_alone() {
    for (documented, route) in [
        ("200", Route::Pooled),
        ("204", Route::Alone),
        ("4XX", Route::Pooled),
        ("2XX", Route::Alone),
        ("default", Route::Alone),
    ] {
        let mut operation = operation("DELETE", "/x", &[]);
        match documented.parse() {
            Ok(status) => operation.answers.insert(status, DocumentedResponse::default()),
            Err(_) => operation.ranges.insert(documented.parse().unwrap(), DocumentedResponse::default()),
        };
        let plain = request(json!({}), Raw::default());
        assert_eq!(sent(&plain, &operation, &Protocol::Rest, "http://h").route, route, "{documented}");
    }
}

#[test]
fn what_a_success_is_documented_in_is_accepted() {
    for (documented, accept) in [
        (&[][..], "application/json"),
        (&["image/*"], "image/*"),
        (&["image/png", "image/svg+xml"], "image/png, image/svg+xml"),
        (&["application/x-ndjson"], "application/x-ndjson"),
        (&["text/csv", "application/hal+json"], "application/json"),
        (&["*/*"], "application/json"),
    ] {
        let mut operation = operation("GET", "/x", &[]);
        let media_types = documented.iter().map(|kind| (*kind).to_owned()).collect();
        operation.answers.insert(200, DocumentedResponse { media_types, ..DocumentedResponse::default() });
        let plain = request(json!({}), Raw::default());
        let prepared = sent(&plain, &operation, &Protocol::Rest, "http://h");
        assert_eq!(header(&prepared, "accept"), Some(accept), "{documented:?}");
    }
}

#[test]
fn a_path_without_its_member_is_not_sent() {
    let operation = operation("GET", "/things/{id}", &[("id", member(ParameterLocation::Path, None))]);
    let mut nothing = |placeholder: &Placeholder| Err(Unfilled(fill::key(placeholder).into_owned()));
    let base = Url::parse("http://h").unwrap();
    let plain = request(json!({}), Raw::default());
    let refused = build(&plain, &operation, &Protocol::Rest, &base, &mut nothing).unwrap_err();
    assert_eq!(refused.to_string(), "the path of DoIt needs a value for `id`");
}

#[test]
fn only_a_token_somebody_issued_is_a_true_identity() {
    let issued = Template { parts: vec![Part::Placeholder(Placeholder::Variable("token".into()))] };
    for (auth, proper) in [
        (Auth::Target, RequestKind::Valid),
        (Auth::Credentials, RequestKind::Valid),
        (Auth::OwnToken, RequestKind::Valid),
        (Auth::Token(issued), RequestKind::Valid),
        (Auth::Token(text("garbage")), RequestKind::Malformed),
        (Auth::Absent, RequestKind::Malformed),
        (Auth::StaleDate, RequestKind::Malformed),
    ] {
        let request = Request { input: Vec::new(), auth, raw: Raw::default() };
        assert_eq!(intent(&request), proper, "{:?}", request.auth);
    }
}
