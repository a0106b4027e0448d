//! What a document holds that a contract does not, and what makes it useless.

use super::*;

#[test]
fn what_a_contract_does_not_hold_is_told_with_its_place() {
    let at = "/paths/~1/get/responses/200/content/application~1json/schema";
    let told = |version: &str, schema: Value| {
        let schemas = json!({ "A": { "type": "string" } });
        left_out(&openapi(version, schema, schemas))
            .into_iter()
            .map(|(pointer, _)| pointer)
            .collect::<Vec<_>>()
    };
    for (version, schema, keyword) in [
        ("3.0.3", json!({ "type": "array", "minLength": 1 }), "/minLength"),
        ("3.0.3", json!({ "type": "string", "pattern": "(" }), "/pattern"),
        ("3.0.3", json!({ "const": 1 }), "/const"),
        ("3.0.3", json!({ "type": "text" }), "/type"),
        ("3.0.3", json!({ "type": ["string"] }), "/type"),
        ("3.0.3", json!({ "type": "string", "minLength": -1 }), "/minLength"),
        ("3.0.3", json!({ "type": "object", "properties": [] }), "/properties"),
        ("3.0.3", json!({ "type": "object", "required": true }), "/required"),
        (
            "3.0.3",
            json!({ "type": "object", "required": ["resutls"], "properties": { "results": {} } }),
            "/required",
        ),
        ("3.0.3", json!({ "allOf": [] }), "/allOf"),
        ("3.0.3", json!({ "type": "object", "discriminator": { "propertyName": "a" } }), "/discriminator"),
        ("3.0.3", json!({ REF: "#/components/schemas/A", "nullable": true }), "/nullable"),
        ("3.1.0", json!({ "nullable": true }), "/nullable"),
        ("3.1.0", json!({ "$dynamicRef": "#a" }), "/$dynamicRef"),
    ] {
        assert_eq!(told(version, schema.clone()), [format!("{at}{keyword}")], "{schema}");
    }
    let document = posting(
        "3.1.0",
        json!({
            "callbacks": {}, "mood": "good",
            "requestBody": { "content": { "application/json": { "schema": {}, "encoding": {} } } },
            "parameters": [
                { "name": "c", "in": "cookie", "schema": {} },
                { "name": "d", "in": "query", "style": "deepObject", "schema": { "type": "object" } },
                { "name": "e", "in": "query", "content": { "application/json": { "schema": { "type": "object" } } } },
                { "name": "f", "in": "query" },
            ],
            "responses": { "4X": {}, "777": {}, "200": { "headers": { "a": {} }, "links": {} } },
        }),
    );
    let at = "/paths/~1/post";
    let places: Vec<_> = left_out(&document).into_iter().map(|(pointer, _)| pointer).collect();
    let expected = [
        "/callbacks",
        "/mood",
        "/parameters/0",
        "/parameters/1/style",
        "/parameters/2/content/application~1json",
        "/parameters/3",
        "/requestBody/content/application~1json/encoding",
        "/responses/4X",
        "/responses/777",
        "/responses/200/headers",
        "/responses/200/links",
    ];
    assert_eq!(places, expected.map(|place| format!("{at}{place}")));
    let item = json!({ "$ref": "#/x-item", "get": {}, "summary": "", "x-mood": "good" });
    let elsewhere = json!({ "openapi": "3.1.0", "mood": "good", "paths": { "/": item },
        "x-item": { "put": { "responses": {} }, "trailers": [] } });
    let places: Vec<_> = left_out(&elsewhere).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(places, ["/mood", "/paths/~1/get", "/x-item/trailers"]);
}

#[test]
fn what_cannot_be_used_is_refused_with_its_place() {
    let at = "/paths/~1/get/responses/200/content/application~1json/schema";
    let refer = |to: &str| {
        openapi(
            "3.0.3",
            json!({ REF: to }),
            json!({
                "Loop": { REF: "#/components/schemas/Loop" },
                "All": { "allOf": [{ "type": "object" }, { REF: "#/components/schemas/All" }] },
            }),
        )
    };
    let mut twice = posting("3.0.3", json!({}));
    twice["paths"]["/other"] = twice["paths"]["/"].clone();
    let mut circle = posting("3.0.3", json!({ "parameters": [{ REF: "#/components/parameters/a" }] }));
    circle["components"]["parameters"] =
        json!({ "a": { REF: "#/components/parameters/b" }, "b": { REF: "#/components/parameters/a" } });
    for (document, pointers) in [
        (json!([]), vec![String::new()]),
        (json!({ "swagger": "1.2" }), vec!["/swagger".into()]),
        (json!({ "openapi": "4.0.0" }), vec!["/openapi".into()]),
        (refer("#/components/schemas/Nowhere"), vec![at.into()]),
        (refer("other.yaml#/Thing"), vec![at.into()]),
        (refer("https://example.com/thing"), vec![at.into()]),
        (refer("#/components/schemas/Loop"), vec![String::new()]),
        (refer("#/components/schemas/All"), vec![String::new()]),
        (openapi("3.0.3", json!({ "type": "array", "items": 7 }), json!({})), vec![format!("{at}/items")]),
        (twice, vec!["/paths/~1other/post".into()]),
        (circle, vec!["/paths/~1/post/parameters/0".into()]),
    ] {
        assert_eq!(refused(&document), pointers, "{document}");
    }
}

#[test]
fn yaml_means_what_its_writer_meant() {
    let text = "
swagger: 2.0
info: { title: T, version: 1.0 }
paths:
  /:
    get:
      operationId: Get
      produces: [application/json]
      responses:
        200:
          description: yes
          schema:
            type: string
            enum: [no, off, 2024-01-01, '007', 12_34, 0b11, +1_0.5, 1_a, 'x', 12, 0x1f]
";
    let contract = import(text, "t").unwrap().contract;
    assert_eq!(contract.version, "1.0");
    let expected = json!(["no", "off", "2024-01-01", "007", "12_34", "0b11", "+1_0.5", "1_a", "x", 12, 31]);
    assert_eq!(contract.schema("Get.200").unwrap()["enum"], expected);
}

#[test]
fn harmful_documents_are_refused_in_bounds() {
    let bomb: String = std::iter::once("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned())
        .chain((1..12).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(","))))
        .collect();
    let deep_yaml = format!("swagger: '2.0'\nx: {}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_json = format!(r#"{{"swagger":"2.0","x":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for text in [
        bomb.as_str(),
        &deep_yaml,
        &deep_json,
        "\u{0}",
        "swagger: [",
        "a: 1\na: 2\nswagger: '2.0'",
        "--- 1\n--- 2",
    ] {
        assert!(import(text, "t").is_err(), "{}", &text[..text.len().min(60)]);
    }
    // A long chain of schemas is only long.
    let chain: serde_json::Map<String, Value> = (0..3000)
        .map(|n| (format!("S{n}"), json!({ "type": "object", "properties": { "next": { REF: format!("#/definitions/S{}", n + 1) } } })))
        .chain([("S3000".to_owned(), json!({ "type": "string" }))])
        .collect();
    let long = swagger(json!({ REF: "#/definitions/S0" }), Value::Object(chain));
    assert_eq!(judged(&long, json!({ "next": { "next": 7 } })), [("/next/next".into(), Keyword::Type)]);
}

#[test]
fn long_inheritance_is_refused_before_it_hurts() {
    let subtype = |n: usize| {
        let parent = json!([{ REF: format!("#/definitions/S{}", n.saturating_sub(1)) }]);
        let all_of = if n == 0 { json!([]) } else { parent };
        (format!("S{n}"), json!({ "type": "object", "discriminator": "kind", "allOf": all_of }))
    };
    let last = json!({ REF: "#/definitions/S0" });
    let document = |length: usize| swagger(last.clone(), Value::Object((0..length).map(subtype).collect()));
    assert_eq!(refused(&document(5000)), ["/definitions"]);
    assert_eq!(judged(&document(40), json!({ "kind": "S39" })), []);
    assert_eq!(judged(&document(40), json!({ "kind": "S40" })), [("/kind".into(), Keyword::Enum)]);
}
