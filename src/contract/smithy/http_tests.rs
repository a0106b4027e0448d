//! One small service, as botocore and as Smithy have it: where each member travels, what it is called, and what an answer has.

use serde_json::{Value, json};

use crate::{
    contract::{Imported, botocore, smithy},
    model::contract::{Access, Effect, EffectSource, ListStyle, ParameterLocation, Protocol},
};

fn of_botocore(service: &Value, paginators: Option<Value>) -> Imported {
    let paginators = paginators.map(|it| it.to_string());
    let texts = botocore::Texts {
        service: &service.to_string(),
        paginators: paginators.as_deref(),
        ..botocore::Texts::default()
    };
    botocore::import(texts, "t").unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn service() -> Value {
    let at = |place: &str, name: &str, shape: &str| json!({ "shape": shape, "location": place, "locationName": name });
    json!({
        "metadata": {
            "protocol": "rest-json", "endpointPrefix": "things", "signingName": "thing-svc", "signatureVersion": "v4",
        },
        "operations": {
            "PutThing": {
                "name": "PutThing",
                "http": { "method": "PUT", "requestUri": "/things/{thing_name}/{Path+}?mode=import&fast", "responseCode": 201 },
                "input": { "shape": "In" }, "output": { "shape": "Out" }, "errors": [{ "shape": "Gone" }],
            },
            "PutFile": {
                "name": "PutFile", "http": { "method": "POST", "requestUri": "/files" }, "input": { "shape": "File" },
                "output": { "shape": "Whole" }, "authtype": "none",
            },
            "ListThings": {
                "name": "ListThings", "http": { "method": "GET", "requestUri": "/things" },
                "input": { "shape": "ListIn" }, "output": { "shape": "ListOut" },
            },
            "StopThing": {
                "name": "StopThing", "http": { "method": "DELETE", "requestUri": "/things", "responseCode": 204 },
                "output": { "shape": "ListOut" },
            },
        },
        "shapes": {
            "In": { "type": "structure", "required": ["ThingName", "Path", "Since"], "members": {
                "ThingName": at("uri", "thing_name", "T"), "Path": at("uri", "Path", "T"),
                "Since": at("querystring", "since", "Time"), "Words": at("querystring", "words", "L"),
                "More": { "shape": "M", "location": "querystring" },
                "When": at("header", "x-when", "Time"), "Meta": at("headers", "x-meta-", "M"),
                "Data": at("header", "x-data", "Data"),
                "Name": { "shape": "T", "locationName": "name" }, "At": { "shape": "Time", "locationName": "at" },
                "since": { "shape": "T" },
            } },
            "Out": { "type": "structure", "required": ["Kept"], "members": {
                "Kept": { "shape": "T", "locationName": "kept" }, "Size": at("header", "X-Size", "N"),
                "Code": { "shape": "N", "location": "statusCode" }, "Meta": at("headers", "x-meta-", "M"),
            } },
            "File": { "type": "structure", "payload": "Bytes", "members": {
                "Bytes": { "shape": "B" }, "Kind": at("header", "Content-Type", "T"),
            } },
            "Whole": { "type": "structure", "payload": "Thing", "members": { "Thing": { "shape": "Gone" } } },
            "ListIn": { "type": "structure", "members": {
                "Token": at("querystring", "next_token", "T"), "Most": at("querystring", "most", "N"),
            } },
            "ListOut": { "type": "structure", "members": { "Token": { "shape": "T", "locationName": "nextToken" } } },
            "Gone": { "type": "structure", "exception": true, "error": { "httpStatusCode": 410 }, "members": {
                "message": { "shape": "T" }, "After": at("header", "Retry-After", "T"),
            } },
            "T": { "type": "string" }, "N": { "type": "integer" }, "Time": { "type": "timestamp" },
            "Data": { "type": "string" }, "B": { "type": "blob" },
            "L": { "type": "list", "member": { "shape": "Time" } },
            "M": { "type": "map", "key": { "shape": "T" }, "value": { "shape": "T" } },
        },
    })
}

#[test]
fn members_travel_where_they_are_bound() {
    use ParameterLocation::{Body, Header, Path, Query};
    let Imported { contract, left_out } = of_botocore(&service(), None);
    assert_eq!(contract.protocol, Protocol::RestJson { signing_name: Some("thing-svc".into()) });
    let told: Vec<_> = left_out.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["/shapes/Out/members/Meta: headers of any name are not judged"]);
    let put = contract.operation("PutThing").unwrap();
    assert_eq!((&*put.path, &*put.consumes[0]), ("/things/{ThingName}/{Path+}", "application/json"));
    let text = json!({ "type": "string" });
    let time = json!({ "type": "string", "format": "date-time", "x-proofmark": "timestamp" });
    let times = json!({ "type": "array", "items": time });
    let map = json!({ "type": "object", "additionalProperties": text });
    let seconds = json!({ "type": "number", "x-proofmark": "timestamp" });
    let (comma, repeated, entries) = (ListStyle::Commas, ListStyle::Repeated, ListStyle::Entries);
    for (name, place, wire, list, required, schema) in [
        ("ThingName", Path, None, repeated, true, Some(&text)),
        ("Path", Path, None, repeated, true, Some(&text)),
        ("since", Query, None, repeated, true, Some(&time)),
        ("words", Query, None, repeated, false, Some(&times)),
        ("More", Query, Some(""), entries, false, Some(&map)),
        ("When", Header, Some("x-when"), comma, false, None),
        ("Meta", Header, Some("x-meta-"), entries, false, Some(&map)),
        ("Data", Header, Some("x-data"), comma, false, Some(&text)),
        ("name", Body, None, repeated, false, Some(&text)),
        ("at", Body, None, repeated, false, Some(&seconds)),
        // The query has the name already.
        ("since.since", Body, Some("since"), repeated, false, Some(&text)),
        ("mode", Query, None, repeated, true, None),
        ("fast", Query, None, repeated, true, None),
    ] {
        let member = put.members.get(name).unwrap_or_else(|| panic!("{name} of {:?}", put.members.keys()));
        let found = (member.place, member.wire_name.as_deref(), member.list, member.required);
        assert_eq!(found, (place, wire, list, required), "{name}");
        assert_eq!(schema.unwrap_or(&member.schema), &member.schema, "{name}");
    }
    assert_eq!(put.members["When"].schema["pattern"].as_str().map(|it| &it[..8]), Some("^(?:Mon|"));
    assert_eq!(put.members["mode"].default, Some(json!("import")));
    assert_eq!(put.members["fast"].default, Some(json!("")));
    assert_eq!(put.members.len(), 13);
    let file = contract.operation("PutFile").unwrap();
    assert_eq!((file.access, &*file.consumes[0]), (Access::Public, "application/octet-stream"));
    assert_eq!(file.members["Bytes"].schema, json!({ "type": "string", "format": "binary" }));
}

#[test]
fn answers_have_what_is_not_bound_elsewhere_in_their_bodies() {
    let Imported { contract, .. } = of_botocore(&service(), None);
    let put = contract.operation("PutThing").unwrap();
    let answer = &put.answers[&201];
    assert_eq!(answer.schema.as_deref(), Some("PutThing.201"));
    let body =
        json!({ "type": "object", "properties": { "kept": { "type": "string" } }, "required": ["kept"] });
    assert_eq!(contract.schema("PutThing.201"), Some(&body));
    let headers = contract.schema(answer.headers.as_deref().unwrap()).unwrap();
    assert_eq!(headers["properties"]["x-size"]["type"], "integer");
    assert!(put.answer(202).is_some() && put.answer(404).is_none());
    assert_eq!(put.errors[0].status, 410);
    let gone = contract.schema("Gone").unwrap();
    assert_eq!(gone["properties"], json!({ "message": { "type": "string" } }));
    let whole = &contract.operation("PutFile").unwrap().answers[&200];
    assert_eq!(
        (whole.schema.as_deref(), &*whole.media_types),
        (Some("Gone"), &["application/json".to_owned()][..])
    );
    let stopped = &contract.operation("StopThing").unwrap().answers[&204];
    assert_eq!((stopped.schema.as_deref(), stopped.media_types.len()), (None, 0));
}

#[test]
fn effects_follow_methods_and_names_and_pages_the_names_of_the_wire() {
    let pages = json!({ "pagination": { "ListThings": {
        "input_token": "Token", "output_token": "Token", "limit_key": "Most", "result_key": "Things",
    } } });
    let Imported { contract, .. } = of_botocore(&service(), Some(pages));
    for (name, effect, source) in [
        ("PutThing", Effect::Upsert, EffectSource::Verb),
        ("PutFile", Effect::Upsert, EffectSource::Verb),
        ("ListThings", Effect::Read, EffectSource::Method),
        ("StopThing", Effect::Destroy, EffectSource::Method),
    ] {
        let operation = contract.operation(name).unwrap();
        assert_eq!((operation.effect, operation.effect_source), (effect, source), "{name}");
    }
    let paging = contract.operation("ListThings").unwrap().paging.clone().unwrap();
    let found = (&*paging.input_token, &*paging.output_token, paging.page_size.as_deref());
    assert_eq!(found, ("Token", "nextToken", Some("most")));
}

#[test]
fn a_bearer_service_signs_nothing() {
    let mut service = service();
    service["metadata"]["signatureVersion"] = json!("bearer");
    assert_eq!(of_botocore(&service, None).contract.protocol.signing_name(), None);
}

#[test]
fn a_smithy_model_gives_the_same() {
    let model = json!({ "smithy": "2.0", "shapes": {
        "a#Things": {
            "type": "service", "version": "1", "operations": [{ "target": "a#GetThing" }, { "target": "a#Rpc" }],
            "traits": { "aws.protocols#restJson1": {}, "aws.auth#sigv4": { "name": "things" } },
        },
        "a#Rpc": { "type": "operation" },
        "a#GetThing": {
            "type": "operation", "input": { "target": "a#In" }, "output": { "target": "a#Out" },
            "traits": { "smithy.api#http": { "method": "GET", "uri": "/things/{Name}", "code": 200 } },
        },
        "a#In": { "type": "structure", "members": {
            "Name": { "target": "smithy.api#String", "traits": { "smithy.api#httpLabel": {}, "smithy.api#required": {} } },
            "Many": { "target": "smithy.api#Integer", "traits": { "smithy.api#httpQuery": "many" } },
        } },
        "a#Out": { "type": "structure", "members": {
            "Name": { "target": "smithy.api#String", "traits": { "smithy.api#jsonName": "name" } },
            "Tag": { "target": "smithy.api#String", "traits": { "smithy.api#httpHeader": "ETag" } },
        } },
    } });
    let Imported { contract, left_out } = smithy::import(&model.to_string(), "t").unwrap();
    assert_eq!(contract.protocol, Protocol::RestJson { signing_name: Some("things".into()) });
    assert_eq!(left_out.len(), 1, "{left_out:?}");
    let get = contract.operation("GetThing").unwrap();
    assert_eq!(get.members.keys().collect::<Vec<_>>(), ["Name", "many"]);
    assert_eq!(
        contract.schema("GetThing.200").unwrap()["properties"],
        json!({ "name": { "type": "string" } })
    );
    assert!(contract.schema("GetThing.200.headers").unwrap()["properties"].get("etag").is_some());
    assert!(contract.operation("Rpc").is_none());
}
