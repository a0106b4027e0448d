//! Operations: where members travel, what is answered, who may call.

use super::*;

#[test]
fn members_of_an_operation_by_where_they_travel() {
    let text = json!({ "type": "string" });
    let of_swagger = post(&posting(
        "2.0",
        json!({
            "consumes": [],
            "parameters": [
                { "name": "q", "in": "query", "type": "array", "items": text, "collectionFormat": "pipes" },
                { "name": "p", "in": "query", "type": "array", "items": text },
                { "name": "m", "in": "query", "type": "array", "items": text, "collectionFormat": "multi" },
                { "name": "v", "in": "header", "type": "string", "required": true, "default": "1" },
                { "name": "w", "in": "header", "type": "string", "default": "1" },
                { "name": "spec", "in": "body", "required": true, "schema": text },
                { "name": "q", "in": "header", "type": "string" },
            ],
        }),
    ));
    let of_openapi = post(&posting(
        "3.0.3",
        json!({
            "x-codegen-request-body-name": "spec",
            "parameters": [
                { "name": "q", "in": "query", "schema": { "type": "array", "items": text }, "style": "pipeDelimited" },
                { "name": "p", "in": "query", "schema": { "type": "array", "items": text }, "explode": false },
                { "name": "m", "in": "query", "schema": { "type": "array", "items": text } },
                { "name": "v", "in": "header", "required": true, "schema": { "type": "string", "default": "1" } },
                { "name": "w", "in": "header", "schema": { "type": "string", "default": "1" } },
                { "name": "q", "in": "header", "schema": text },
                { "name": "Authorization", "in": "header", "schema": text },
            ],
            "requestBody": { "required": true, "content": { "*/*": { "schema": text } } },
        }),
    ));
    assert_eq!(of_swagger, of_openapi);
    let members = &of_swagger.members;
    assert_eq!(
        ["q", "p", "m"].map(|name| members[name].list),
        [ListStyle::Pipes, ListStyle::Commas, ListStyle::Repeated]
    );
    assert_eq!((members["v"].default.as_ref(), members["w"].default.as_ref()), (Some(&json!("1")), None));
    let second = Member {
        place: ParameterLocation::Header,
        wire_name: Some("q".into()),
        required: false,
        default: None,
        list: ListStyle::Repeated,
        schema: text,
    };
    assert_eq!(members["header.q"], second);
    assert_eq!((members["spec"].place, members["spec"].required), (ParameterLocation::WholeBody, true));
    assert_eq!(of_swagger.consumes, ["application/json"]);
}

#[test]
fn parameters_of_a_path_give_way_to_the_operations_own() {
    let mut document =
        posting("2.0", json!({ "parameters": [{ "name": "a", "in": "query", "type": "integer" }] }));
    document["paths"]["/"]["parameters"] = json!([
        { "name": "a", "in": "query", "type": "string" }, { "name": "b", "in": "query", "type": "string" },
    ]);
    let members = post(&document).members;
    assert_eq!(members["a"].schema, json!({ "type": "integer" }));
    assert_eq!(members["b"].schema, json!({ "type": "string" }));
}

#[test]
fn forms_are_read_from_both_dialects() {
    let swagger = post(&posting(
        "2.0",
        json!({
            "consumes": ["multipart/form-data"],
            "parameters": [
                { "name": "file", "in": "formData", "type": "file", "required": true },
                { "name": "note", "in": "formData", "type": "string" },
            ],
        }),
    ));
    let openapi = post(&posting(
        "3.0.3",
        json!({ "requestBody": { "content": { "multipart/form-data": { "schema": {
        "type": "object", "required": ["file"],
        "properties": { "file": { "type": "string", "format": "binary" }, "note": { "type": "string" } },
    } } } } }),
    ));
    assert_eq!(swagger, openapi);
    assert_eq!(
        (swagger.members["file"].place, swagger.members["file"].required),
        (ParameterLocation::Form, true)
    );
    let silent =
        posting("2.0", json!({ "parameters": [{ "name": "a", "in": "formData", "type": "string" }] }));
    assert_eq!(post(&silent).consumes, ["application/x-www-form-urlencoded"]);
}

#[test]
fn answers_of_every_kind() {
    let binary = json!({ "schema": { "type": "string", "format": "binary" } });
    let thing = json!({ "schema": { "type": "object" } });
    let operation = post(&posting(
        "3.0.3",
        json!({ "responses": {
        "200": { "content": { "application/problem+json": thing, "application/json": thing } },
        "201": { "description": "nothing said" },
        "202": { "content": { "application/octet-stream": binary } },
        "203": { "content": { "text/plain": { "schema": { "type": "string" } } } },
        "204": { "content": { "application/json": thing } },
        "400": { "content": { "text/csv": thing } },
    } }),
    ));
    let answers: Vec<_> = operation
        .answers
        .iter()
        .map(|(status, answer)| (*status, answer.schema.as_deref(), answer.media_types.len()))
        .collect();
    assert_eq!(
        answers,
        [
            (200, Some("Post.200"), 2),
            (201, None, 0),
            (202, None, 1),
            (203, None, 1),
            (204, None, 0),
            (400, Some("Post.400"), 1),
        ]
    );
    assert_eq!(operation.answers[&200].media_types[0], "application/json");
    assert_eq!(operation.effect, Effect::Create);
}

#[test]
fn each_json_media_type_of_an_answer_has_its_own_schema() {
    let (object, list) = (json!({ "type": "object" }), json!({ "type": "array", "items": {} }));
    let schema = |schema: &Value| json!({ "schema": schema });
    for (content, first, others) in [
        (
            json!({ "application/a+json": schema(&list), "application/json": schema(&object) }),
            Some("Post.200"),
            vec![("application/a+json", Some("Post.200.application.a+json"))],
        ),
        (
            json!({ "application/json": schema(&object), "application/a+json": schema(&object) }),
            Some("Post.200"),
            vec![],
        ),
        (
            json!({ "application/json": {}, "application/a+json": schema(&list) }),
            Some("Post.200"),
            vec![("application/json", None)],
        ),
        (json!({ "application/json": schema(&object), "text/xml": schema(&list) }), Some("Post.200"), vec![]),
        (json!({ "application/json": {}, "text/json": {} }), None, vec![]),
    ] {
        let document = posting("3.0.3", json!({ "responses": { "200": { "content": content } } }));
        let imported = imported(&document);
        assert_eq!(imported.left_out, [], "{document}");
        let answer = &imported.contract.operations["Post"].answers[&200];
        assert_eq!(answer.schema.as_deref(), first, "{document}");
        let found = answer.other_schemas.iter().map(|(kind, schema)| (kind.as_str(), schema.as_deref()));
        assert_eq!(found.collect::<Vec<_>>(), others, "{document}");
        assert!(answer.schemas().all(|name| imported.contract.schema(name).is_some()), "{document}");
    }
}

#[test]
fn who_may_call() {
    let key = json!([{ "key": [] }]);
    for (of_document, of_operation, access) in [
        (None, None, Access::Public),
        (Some(key.clone()), None, Access::Protected),
        (Some(key.clone()), Some(json!([])), Access::Public),
        (Some(key.clone()), Some(json!([{}, { "key": [] }])), Access::Public),
        (None, Some(key.clone()), Access::Protected),
        (Some(json!([])), Some(key), Access::Protected),
    ] {
        let mut document = posting("3.0.3", json!({}));
        if let Some(security) = of_document {
            document["security"] = security;
        }
        if let Some(security) = of_operation {
            document["paths"]["/"]["post"]["security"] = security;
        }
        assert_eq!(post(&document).access, access, "{document}");
    }
}

#[test]
fn paths_begin_where_the_document_says() {
    let path = |document: Value| imported(&document).contract.operations.into_values().next().unwrap().path;
    let mut swagger = swagger(json!({}), json!({}));
    swagger["basePath"] = json!("/v1/");
    assert_eq!(path(swagger), "/v1/");
    for (server, expected) in [
        (json!({ "url": "https://host:1/v2" }), "/v2/"),
        (json!({ "url": "/v3/" }), "/v3/"),
        (json!({ "url": "https://host" }), "/"),
        (
            json!({ "url": "https://{h}/{base}", "variables": { "h": { "default": "a" }, "base": { "default": "b" } } }),
            "/b/",
        ),
    ] {
        let mut document = openapi("3.0.3", json!({}), json!({}));
        document["servers"] = json!([server]);
        assert_eq!(path(document), expected);
    }
}

#[test]
fn every_server_of_a_document_is_known() {
    let servers = |urls: &[&str]| urls.iter().map(|url| json!({ "url": url })).collect::<Value>();
    for (urls, base_paths, told) in [
        (&["https://a/v1", "https://b/v1/"][..], &[][..], 0),
        (&["https://a/v1", "/v2"], &["/v1", "/v2"], 1),
        (&["/", "https://b/v2", "https://c"], &["", "/v2"], 1),
    ] {
        let mut document = openapi("3.0.3", json!({}), json!({}));
        document["servers"] = servers(urls);
        let imported = imported(&document);
        assert_eq!(imported.contract.base_paths, base_paths, "{urls:?}");
        assert_eq!(imported.left_out.len(), told, "{urls:?}");
    }
    let mut own = openapi("3.0.3", json!({}), json!({}));
    own["servers"] = servers(&["/v1"]);
    own["paths"]["/"]["servers"] = servers(&["/item"]);
    assert_eq!(imported(&own).contract.operation("Get").unwrap().path, "/item/");
    own["paths"]["/"]["get"]["servers"] = servers(&["/own"]);
    assert_eq!(imported(&own).contract.operation("Get").unwrap().path, "/own/");
}

#[test]
fn paths_that_no_request_has_and_paths_that_say_too_little_are_told() {
    let told = |paths: &[&str]| {
        let item = |path: &&str| {
            let names = path.split('{').skip(1).filter_map(|it| it.split_once('}')).map(|(name, _)| name);
            let parameters: Vec<_> = names
                .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
                .collect();
            ((*path).to_owned(), json!({ "get": { "responses": {}, "parameters": parameters } }))
        };
        let paths: serde_json::Map<_, _> = paths.iter().map(item).collect();
        let found = imported(&json!({ "openapi": "3.0.3", "paths": paths }));
        (found.contract.operations.len(), found.left_out.into_iter().map(|it| it.pointer).collect::<Vec<_>>())
    };
    for (paths, operations, places) in [
        (&["/a", "/a/{x}", "/a/{x}:go", "/a/b"][..], 4, &[][..]),
        (&["/a?kind=b", "/a"], 1, &["/paths/~1a?kind=b"]),
        (&["/a#X-Amz-Target=B"], 0, &["/paths/~1a#X-Amz-Target=B"]),
        (&["/a/{x}", "/a/{y}"], 2, &["/paths/~1a~1{y}/get"]),
        (&["/{a}/x", "/y/{b}"], 2, &["/paths/~1y~1{b}/get"]),
        (&["/{a}{b}"], 1, &["/paths/~1{a}{b}/get"]),
    ] {
        assert_eq!(
            told(paths),
            (operations, places.iter().map(|it| (*it).to_owned()).collect()),
            "{paths:?}"
        );
    }
}

#[test]
fn a_slip_in_one_place_costs_that_place() {
    for (path, parameter, at) in [
        ("/{id}", json!([]), "/paths/~1{id}/get"),
        ("/{id}/{of}", json!([{ "name": "of", "in": "path" }]), "/paths/~1{id}~1{of}/get"),
        (
            "/{id}",
            json!([{ "name": "id", "in": "path", "schema": { "type": "int" } }]),
            "/paths/~1{id}/get/parameters/0/schema/type",
        ),
    ] {
        let mut parameter = parameter;
        for one in parameter.as_array_mut().unwrap().iter_mut().filter(|it| it.get("schema").is_none()) {
            one["schema"] = json!({ "type": "string" });
        }
        let get = json!({ "operationId": "Get", "parameters": parameter, "responses": {} });
        let found = imported(&json!({ "openapi": "3.0.3", "paths": { (path): { "get": get } } }));
        let places: Vec<_> = found.left_out.iter().map(|it| it.pointer.as_str()).collect();
        assert_eq!(places, [at], "{path}");
        let member = &found.contract.operation("Get").unwrap().members["id"];
        assert_eq!((member.place, member.required), (ParameterLocation::Path, true), "{path}");
    }
}

#[test]
fn operations_without_a_name_are_called_after_their_path() {
    let document = json!({ "openapi": "3.0.0", "paths": { "/users/{id}/api-keys": { "get": { "responses": {},
        "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }] } } } });
    assert!(imported(&document).contract.operation("GetUsersByIdApiKeys").is_some());
}

#[test]
fn answers_for_many_statuses_at_once_are_taken_and_written_down() {
    let content = |schema: Value| json!({ "content": { "application/json": { "schema": schema } } });
    let object = json!({ "type": "object" });
    let responses = json!({
        "200": content(object.clone()), "4xx": content(object.clone()), "5XX": { "$ref": "#/x-bad" },
        "default": content(object.clone()), "1XX": content(object.clone()),
    });
    let mut document = posting("3.0.3", json!({ "responses": responses }));
    document["x-bad"] = json!({ "description": "bad" });
    let Imported { contract, left_out } = imported(&document);
    let places: Vec<_> = left_out.iter().map(|problem| problem.pointer.rsplit('/').next().unwrap()).collect();
    assert_eq!(places, ["1XX"], "an answer without content has no schema");
    let post = contract.operation("Post").unwrap();
    let schema = |status: u16| post.answer(status).map(|answer| answer.schema.clone());
    let named = |name: &str| Some(Some(name.to_owned()));
    assert_eq!(schema(200), named("Post.200"));
    assert_eq!((schema(404), schema(499)), (named("Post.4XX"), named("Post.4XX")));
    assert_eq!((schema(500), schema(302)), (Some(None), named("Post.default")));
    let [(_, operations), (_, schemas)] = &files::write(&contract)[..] else { panic!() };
    let read = files::read(operations, schemas).unwrap();
    assert_eq!(read, contract);
    assert!(files::read(&operations.replace("\"5XX\"", "\"6XX\""), schemas).is_err());
    let plain = imported(&posting("3.0.3", json!({ "responses": { "200": {} } }))).contract;
    assert!(!files::write(&plain)[0].1.contains("ranges"));
    let swagger = imported(&posting("2.0", json!({ "responses": { "default": {}, "4XX": {} } })));
    assert_eq!(swagger.contract.operation("Post").unwrap().documented().collect::<Vec<_>>(), ["default"]);
    assert_eq!(swagger.left_out.len(), 1, "Swagger 2.0 has no such ranges");
}
