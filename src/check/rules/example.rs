//! For the tests of this room: two small contracts and exchanges that keep them, to be broken one line at a time.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{ExchangeContext, Rule};
use crate::{
    contract::{Contracts, openapi},
    model::{
        clause::Strength,
        contract::{Contract, Protocol},
        exchange::{Exchange, RequestKind, Response, Role, SentRequest},
        template::Variables,
    },
};

pub const ID: &str = "9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01";

/// Where the REST API lists.
const PAGE: &str = "/api/v1/amazonConnections";

pub static CONTRACTS: LazyLock<Contracts> = LazyLock::new(|| {
    let contract = |json: Value| serde_json::from_value::<Contract>(json).unwrap();
    let mut compared = contract(dms());
    compared.observed.compared = Some("2026-11-29".into());
    let mut imported = Contract { api: "imported".into(), ..contract(dms()) };
    if let Protocol::AwsJson { json_version, .. } = &mut imported.protocol {
        *json_version = "1.0".into();
    }
    Contracts::new(vec![compared, imported, contract(veeam()), shop(), contract(tools())]).unwrap()
});

/// Schemas as the importer writes them.
fn dms() -> Value {
    let errors = json!([{ "name": "ThingNotFound", "status": 400 }]);
    let operation = |name: &str, output: Value, errors: &Value| {
        json!({
            "name": name, "method": "POST", "path": "/", "access": "protected", "effect": "read",
            "answers": { "200": output }, "errors": errors,
        })
    };
    let mut listing = operation("ListThings", json!({ "schema": "ListThingsResponse" }), &errors);
    listing["paging"] = json!({ "inputToken": "Marker", "outputToken": "Marker" });
    json!({
        "api": "dms", "title": "Things", "version": "1",
        "protocol": {
            "name": "aws-json", "jsonVersion": "1.1", "targetPrefix": "AmazonDMSv20160101", "signingName": "dms",
        },
        "operations": {
            "DeleteThing": operation("DeleteThing", json!({ "schema": "DeleteThingResponse" }), &errors),
            "ListThings": listing,
            "DescribeConnections": operation("DescribeConnections", json!({ "schema": "Connections" }), &errors),
            "NoOutput": operation("NoOutput", json!({}), &json!([])),
            "Other": operation("Other", json!({}), &json!([{ "name": "ThingBusy", "status": 503 }])),
        },
        "schemas": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$defs": {
                "DeleteThingResponse": {
                    "type": "object", "properties": { "Thing": { "$ref": "#/$defs/Thing" } },
                },
                "ListThingsResponse": {
                    "type": "object",
                    "properties": {
                        "Marker": { "type": "string" },
                        "Things": { "type": "array", "items": { "$ref": "#/$defs/Thing" } },
                    },
                },
                "Thing": {
                    "type": "object",
                    "properties": {
                        "Name": { "type": "string" },
                        "Status": { "type": "string" },
                        "Short": { "type": "string", "maxLength": 10 },
                        "Size": { "type": "integer" },
                        "Ready": { "type": "boolean" },
                        "Tags": { "type": "array", "items": { "type": "string" } },
                        "Made": { "type": "number", "x-proofmark": "timestamp" },
                        "Kind": { "type": "string", "enum": ["source", "target"] },
                        "Inner": { "$ref": "#/$defs/Inner" },
                        "List": { "type": "array", "items": { "$ref": "#/$defs/Inner" } },
                    },
                },
                "Inner": {
                    "type": "object",
                    "properties": { "Id": { "type": "string" }, "Note": { "type": "string" } },
                    "required": ["Id"],
                },
                "ThingNotFound": {
                    "type": "object",
                    "properties": { "message": { "type": "string" }, "resourceArn": { "type": "string" } },
                },
                "Connections": {
                    "type": "object",
                    "properties": {
                        "Connection": { "$ref": "#/$defs/Connection" },
                        "Connections": { "type": "array", "items": { "$ref": "#/$defs/Connection" } },
                    },
                },
                "Connection": { "type": "object", "properties": { "Status": { "type": "string" } } },
                "ThingBusy": { "type": "object", "properties": { "message": { "type": "string" } } },
            },
        },
    })
}

fn veeam() -> Value {
    let types = json!(["application/json", "application/problem+json"]);
    let error = json!({ "schema": "Error", "mediaTypes": types });
    let operation = |name: &str, method: &str, status: &str, answer: Value| {
        json!({
            "name": name, "method": method, "path": "/api/v1/things/{id}", "access": "protected", "effect": "read",
            "answers": { (status): answer, "400": error, "401": error, "404": error, "500": error },
        })
    };
    json!({
        "api": "veeam", "title": "Things", "version": "1", "protocol": { "name": "rest" },
        "operations": {
            "GetThing": operation("GetThing", "GET", "200", json!({ "schema": "Thing", "mediaTypes": types })),
            "DeleteThing": operation("DeleteThing", "DELETE", "204", json!({})),
            "GetAllAmazonConnections": {
                "name": "GetAllAmazonConnections", "method": "GET", "path": PAGE, "access": "protected",
                "effect": "read", "answers": { "200": { "mediaTypes": types }, "400": error },
            },
        },
        "schemas": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$defs": {
                "Thing": {
                    "type": "object",
                    "properties": {
                        "id": { "type": "string", "format": "uuid" }, "_links": { "type": "array" },
                        "at": { "type": "string", "format": "date-time", "x-proofmark": "timestamp" },
                    },
                    "required": ["id"],
                },
                "Error": {
                    "type": "object",
                    "properties": {
                        "type": { "type": "string", "format": "uri" },
                        "title": { "type": "string" },
                        "status": { "type": "integer", "minimum": 400, "exclusiveMaximum": 600 },
                        "errorCode": { "type": "string", "enum": ["NotFound", "AccessDenied", "NotImplemented"] },
                        "details": { "type": "string" },
                        "instance": { "type": "string", "format": "uri" },
                        "data": { "type": "object" },
                    },
                    "required": ["type", "title", "status", "errorCode"],
                },
            },
        },
    })
}

/// A service that speaks restJson1, as the importer writes it.
fn tools() -> Value {
    let text = json!({ "type": "string" });
    let operation = |name: &str, method: &str, path: &str, status: &str, answer: Value| {
        json!({
            "name": name, "method": method, "path": path, "access": "protected", "effect": "read",
            "answers": { (status): answer }, "errors": [{ "name": "ToolNotFound", "status": 404 }],
        })
    };
    let json_of = |schema: &str| json!({ "schema": schema, "mediaTypes": ["application/json"] });
    let mut found = json_of("Tool");
    found["headers"] = json!("GetTool.200.headers");
    json!({
        "api": "tools", "title": "Tools", "version": "1", "protocol": { "name": "rest-json", "signingName": "tools" },
        "operations": {
            "GetTool": operation("GetTool", "GET", "/tools/{Name}", "200", found),
            "ListTools": operation("ListTools", "GET", "/tools", "200", json_of("Tools")),
            "GetFile": operation("GetFile", "GET", "/files", "200", json!({})),
            "DeleteTool": operation("DeleteTool", "DELETE", "/tools/{Name}", "204", json!({})),
        },
        "schemas": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$defs": {
                "Tool": {
                    "type": "object", "required": ["name"],
                    "properties": { "name": text, "made": { "type": "number", "x-proofmark": "timestamp" } },
                },
                "Tools": { "type": "object", "properties": { "tools": { "type": "array", "items": { "$ref": "#/$defs/Tool" } } } },
                "GetTool.200.headers": { "type": "object", "properties": {
                    "x-size": { "type": "integer" }, "x-whole": { "type": "boolean" },
                    "x-sizes": { "type": "array", "items": { "type": "integer" } },
                    "x-kind": { "type": "string", "enum": ["a"] },
                    "x-made": { "type": "string", "pattern": "^[A-Z][a-z]{2}, .* GMT$", "x-proofmark": "timestamp" },
                    "x-times": { "type": "array", "items": {
                        "type": "string", "pattern": "^[A-Z][a-z]{2}, .* GMT$", "x-proofmark": "timestamp",
                    } },
                } },
                "ToolNotFound": {
                    "type": "object", "required": ["Message"],
                    "properties": { "Message": text, "code": { "type": "string" } },
                },
            },
        },
    })
}

/// An API whose document speaks of many statuses at once.
fn shop() -> Contract {
    let body = |schema: &str| {
        let reference = json!({ "$ref": format!("#/components/schemas/{schema}") });
        json!({ "description": "", "content": { "application/json": { "schema": reference }, "text/xml": {} } })
    };
    let object = |name: &str| json!({ "type": "object", "required": [name], "properties": { (name): { "type": "integer" } } });
    let operation = |name: &str, responses: Value| {
        let id = json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } });
        json!({ "get": { "operationId": name, "parameters": [id], "responses": responses } })
    };
    let document = json!({
        "openapi": "3.0.3", "info": { "title": "Shop", "version": "1" },
        "paths": {
            "/ranges/{id}": operation("Ranges", json!({
                "200": body("Found"), "404": body("Absent"), "4XX": body("Refused"), "default": body("Other"),
            })),
            "/classes/{id}": operation("Classes", json!({ "2XX": body("Found"), "4XX": body("Refused") })),
            "/typed/{id}": operation("Typed", json!({ "200": { "description": "", "content": {
                "application/json": { "schema": { "$ref": "#/components/schemas/Found" } },
                "application/vnd.star+json": { "schema": { "$ref": "#/components/schemas/Other" } },
                "text/json": {},
                "text/xml": {},
            } } })),
            "/listed/{id}": operation("Listed", json!({ "200": body("Found") })),
        },
        "components": { "schemas": {
            "Found": object("found"), "Absent": object("absent"), "Refused": object("refused"), "Other": object("other"),
        } },
    });
    openapi::import(&document.to_string(), "shop").unwrap().contract
}

/// An exchange in the making.
#[derive(Clone)]
pub struct Example {
    api: &'static str,
    operation: String,
    request: SentRequest,
    base: String,
    path: String,
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
    stray: usize,
    pub role: Role,
    pub variables: Variables,
    pub elapsed: Duration,
}

/// A success of an awsJson operation with one optional member in its output.
pub fn aws() -> Example {
    aws_op("DeleteThing").body(r#"{"Thing":{"Name":"a"}}"#)
}

pub fn aws_op(operation: &str) -> Example {
    let headers = [
        ("x-amzn-requestid", "0a1b2c3d-0000-4000-8000-000000000001"),
        ("content-type", "application/x-amz-json-1.1"),
        ("content-length", "22"),
        ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ];
    let request =
        [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "AmazonDMSv20160101.DeleteThing")];
    Example::new("dms", operation, "POST", "/", &request, &headers)
}

/// An error that the operation lists.
pub fn aws_error() -> Example {
    aws().status(400).body(r#"{"__type":"ThingNotFound","message":"no such thing"}"#)
}

/// An error that no operation lists and any may have.
pub fn aws_failure() -> Example {
    aws().status(500).body(r#"{"__type":"InternalFailure","message":"sorry"}"#)
}

/// A success of a REST operation.
pub fn rest(operation: &str) -> Example {
    let headers = [
        ("content-type", "application/json"),
        ("content-length", "45"),
        ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ];
    let method = if operation == "DeleteThing" { "DELETE" } else { "GET" };
    let path = if operation == "GetAllAmazonConnections" { PAGE } else { "/api/v1/things/7" };
    Example::new("veeam", operation, method, path, &[], &headers).body(&format!(r#"{{"id":"{ID}"}}"#))
}

/// An answer of the API with ranges.
pub fn shop_op(operation: &str) -> Example {
    let headers = [("content-type", "application/json"), ("date", "Sun, 06 Nov 1994 08:49:37 GMT")];
    Example::new("shop", operation, "GET", "/ranges/7", &[], &headers)
}

/// A success of the service that speaks restJson1.
pub fn tool_op(operation: &str) -> Example {
    let headers = [("content-type", "application/json"), ("date", "Sun, 06 Nov 1994 08:49:37 GMT")];
    let (method, path) = match operation {
        "GetTool" => ("GET", "/tools/a"),
        "DeleteTool" => ("DELETE", "/tools/a"),
        "GetFile" => ("GET", "/files"),
        _ => ("GET", "/tools"),
    };
    Example::new("tools", operation, method, path, &[], &headers).body(r#"{"name":"a"}"#)
}

/// An error that its operations list.
pub fn tool_error() -> Example {
    let error = tool_op("GetTool").status(404).with("x-amzn-errortype", "ToolNotFound");
    error.body(r#"{"Message":"no such tool"}"#)
}

/// A problem that says all it has to.
pub fn rest_error(status: u16) -> Example {
    let code = if status == 401 { "AccessDenied" } else { "NotFound" };
    let body = json!({ "type": "about:blank", "title": "no", "status": status, "errorCode": code });
    let problem = rest("GetThing").status(status).with("content-type", "application/problem+json");
    let problem = match status {
        401 => problem.with("www-authenticate", "Bearer"),
        405 => problem.with("allow", "GET"),
        _ => problem,
    };
    problem.body(&body.to_string())
}

impl Example {
    fn new(
        api: &'static str,
        operation: &str,
        method: &str,
        path: &str,
        request: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Example {
        let owned = |pairs: &[(&str, &str)]| pairs.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
        Example {
            api,
            operation: operation.into(),
            request: SentRequest {
                method: method.into(),
                url: String::new(),
                headers: owned(request),
                body: Bytes::new(),
                intent: RequestKind::Valid,
            },
            base: "http://127.0.0.1:1".into(),
            path: path.into(),
            status: 200,
            headers: owned(headers),
            body: Bytes::new(),
            stray: 0,
            role: Role::Step { index: 0, attempt: 1 },
            variables: Variables::new(),
            elapsed: Duration::from_millis(1),
        }
    }

    /// The same of a service that speaks AWS JSON 1.0 and that nobody has compared with its model.
    pub fn imported(mut self) -> Self {
        self.api = "imported";
        self.with("content-type", "application/x-amz-json-1.0")
    }

    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub fn body(self, body: &str) -> Self {
        self.bytes(body.as_bytes())
    }

    pub fn bytes(mut self, body: &[u8]) -> Self {
        self.body = Bytes::copy_from_slice(body);
        self
    }

    pub fn stray(mut self, bytes: usize) -> Self {
        self.stray = bytes;
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(have, _)| have != name);
        self
    }

    /// Sets a header.
    pub fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// Adds a header, perhaps for the second time.
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn broken_request(mut self) -> Self {
        self.request.intent = RequestKind::Malformed;
        self
    }

    pub fn method(mut self, method: &str) -> Self {
        self.request.method = method.into();
        self
    }

    pub fn base(mut self, base: &str) -> Self {
        self.base = base.into();
        self
    }

    pub fn path(mut self, path: &str) -> Self {
        self.path = path.into();
        self
    }

    pub fn request_header(mut self, name: &str, value: &str) -> Self {
        self.request.headers.retain(|(have, _)| have != name);
        self.request.headers.push((name.into(), value.into()));
        self
    }

    pub fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    pub fn elapsed(mut self, elapsed: Duration) -> Self {
        self.elapsed = elapsed;
        self
    }

    pub fn response(&self) -> Response {
        Response::new(self.status, self.headers.clone(), self.body.clone(), self.stray)
    }

    pub fn exchange(&self) -> Exchange {
        let mut request = self.request.clone();
        request.url = format!("{}{}", self.base, self.path);
        Exchange {
            role: self.role.clone(),
            operation: self.operation.as_str().into(),
            request,
            answer: Ok(self.response()),
            variables: Arc::new(self.variables.clone()),
            started: Timestamp::UNIX_EPOCH,
            elapsed: self.elapsed,
        }
    }

    fn found(&self) -> Vec<(Strength, &'static str)> {
        let exchange = self.exchange();
        let Ok(response) = &exchange.answer else { unreachable!() };
        let contract = CONTRACTS.get(self.api).unwrap();
        let seen = ExchangeContext::new(&exchange, response, &CONTRACTS, contract, "/");
        let clause =
            |rule: &'static Rule| if ["shop", "tools"].contains(&self.api) { rule.name } else { rule.clause };
        let mut found: Vec<_> = seen.breaches().map(|(rule, strength, _)| (strength, clause(rule))).collect();
        found.dedup();
        found
    }

    fn of(&self, strength: Strength) -> Vec<&'static str> {
        self.found().into_iter().filter(|(of, _)| *of == strength).map(|(_, clause)| clause).collect()
    }

    /// The broken MUST clauses, in the order of rules.
    pub fn broken(&self) -> Vec<&'static str> {
        self.of(Strength::Must)
    }

    fn rendered(&self) -> String {
        format!("{} {:?} {}", self.status, self.headers, String::from_utf8_lossy(&self.body))
    }

    #[track_caller]
    pub fn breaks_nothing(self) {
        assert_eq!(self.found(), [], "{}", self.rendered());
    }

    #[track_caller]
    pub fn has_no_violation(self) {
        assert_eq!(self.broken(), [""; 0], "{}", self.rendered());
    }

    #[track_caller]
    pub fn breaks(self, clause: &str) {
        assert!(self.broken().contains(&clause), "{:?} in {}", self.found(), self.rendered());
    }

    #[track_caller]
    pub fn breaks_only(self, clause: &str) {
        assert_eq!(self.broken(), [clause], "{}", self.rendered());
    }

    #[track_caller]
    pub fn warns(self, clause: &str) {
        assert!(self.of(Strength::Should).contains(&clause), "{:?} in {}", self.found(), self.rendered());
        assert!(!self.broken().contains(&clause), "{:?} in {}", self.found(), self.rendered());
    }

    #[track_caller]
    pub fn warns_only(self, clause: &str) {
        assert_eq!(self.found(), [(Strength::Should, clause)], "{}", self.rendered());
    }
}
