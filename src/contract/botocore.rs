//! AWS services as botocore describes them (`service-2.json` and the files beside it), in the protocols `json` and
//! `rest-json`, as contracts. botocore's files are made from Smithy models, so shapes are translated back and the rest is shared with
//! `smithy`. What is lost on the way to botocore stays lost: most sparse collections, intEnums, some statuses of errors.

use std::{collections::BTreeMap, sync::Arc};

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{
    ImportProblem, Imported, effect,
    examples::Given,
    files, paging, refs,
    smithy::{
        self, Again,
        ast::{Ast, Shape},
        http::{self, Described},
        shapes::Schemas,
    },
};
use crate::model::contract::{
    Access, Contract, DocumentedResponse, Effect, EffectSource, ErrorShape, Operation, Protocol,
};

mod shapes;
mod siblings;
#[cfg(test)]
mod tests;

pub const PAGINATORS: &str = "paginators-1.json";
pub const WAITERS: &str = "waiters-2.json";
pub const EXAMPLES: &str = "examples-1.json";

/// The texts of one service.
#[derive(Debug, Clone, Copy, Default)]
pub struct Texts<'a> {
    /// `service-2.json`
    pub service: &'a str,
    pub paginators: Option<&'a str>,
    pub waiters: Option<&'a str>,
    pub examples: Option<&'a str>,
}

/// Makes the contract of a service, under the short name `api`. Problems in a file beside `service-2.json` have its
/// name and `#` before the pointer.
///
/// Fails, with everything that is wrong, where a text is not of botocore's form, the service speaks neither `json`
/// 1.0 or 1.1 nor `rest-json`, or a shape leads to one that is not there.
pub fn import(texts: Texts<'_>, api: &str) -> Result<Imported, Vec<ImportProblem>> {
    let service = read(texts.service, "")?;
    let protocol = protocol(&service["metadata"])?;
    let mut left_out = Vec::new();
    for key in service.as_object().into_iter().flatten().map(|(key, _)| key) {
        if ![
            "version",
            "metadata",
            "operations",
            "shapes",
            "documentation",
            "examples",
            "clientContextParams",
        ]
        .contains(&key.as_str())
        {
            left_out.push(unknown("", key));
        }
    }
    told_of_metadata(&service["metadata"], &mut left_out);
    let names = smithy::names(&protocol);
    let translated = shapes::translate(&service["shapes"], names, &mut left_out)?;
    let ast = Ast::of(translated).map_err(|problems| told_here(problems).collect::<Vec<_>>())?;
    let mut schemas = Schemas::new(&ast, BTreeMap::new(), names);
    let mut operations = BTreeMap::new();
    let Some(given) = service["operations"].as_object() else {
        return Err(vec![ImportProblem::new("/operations", "no object `operations`")]);
    };
    for (name, given) in given {
        let made = operation(&ast, &protocol, name, given, &mut schemas);
        operations.insert(made.name.clone(), made);
    }
    let (defs, problems, of_schemas) = schemas.finish();
    if !problems.is_empty() {
        return Err(told_here(problems).collect());
    }
    // A stream of events has another key here, which has been told.
    let is_told =
        |it: &ImportProblem| it.pointer.ends_with("/streaming") && service.pointer(&it.pointer).is_none();
    left_out.extend(told_here(of_schemas).filter(|problem| !is_told(problem)));
    let wire = Wire { ast: &ast, protocol: &protocol, operations: given };
    siblings::paginators(texts.paginators, &wire, &mut operations, &mut left_out)?;
    let waiters = siblings::waiters(texts.waiters, &wire, &operations, &mut left_out)?;
    let examples = siblings::examples(texts.examples, &mut left_out)?;
    let examples = examples.into_iter().map(|given| wire.example(given)).collect();
    let metadata = &service["metadata"];
    let title = metadata["serviceFullName"].as_str().unwrap_or(api);
    let mut contract = Contract {
        observed: Default::default(),
        resources: Default::default(),
        base_paths: Vec::new(),
        api: api.into(),
        title: title.to_owned(),
        version: metadata["apiVersion"].as_str().unwrap_or_default().to_owned(),
        protocol,
        identifiers: Default::default(),
        derived: Default::default(),
        operations,
        waiters,
        schemas: Arc::new(files::schema_document(title, defs)),
    };
    paging::propose(&mut contract);
    Imported::new(contract, examples, left_out)
}

/// Of what a service says of itself: what the contract holds, and what only clients heed.
const METADATA: &[&str] = &[
    "apiVersion",
    "auth",
    "endpointPrefix",
    "globalEndpoint",
    "jsonVersion",
    "protocol",
    "protocolSettings",
    "protocols",
    "ripServiceName",
    "serviceAbbreviation",
    "serviceFullName",
    "serviceId",
    "signatureVersion",
    "signingName",
    "targetPrefix",
    "timestampFormat",
    "uid",
    "xmlNamespace",
];

/// The Smithy traits that botocore writes as a key of its own: what one importer leaves out the other does too.
fn trait_of(key: &str) -> Option<&'static str> {
    Some(match key {
        "awsQueryCompatible" => "aws.protocols#awsQueryCompatible",
        "endpoint" => "smithy.api#endpoint",
        "httpChecksum" => "aws.protocols#httpChecksum",
        "httpChecksumRequired" => "smithy.api#httpChecksumRequired",
        "streaming" => "smithy.api#streaming",
        "eventpayload" => "smithy.api#eventPayload",
        "eventheader" => "smithy.api#eventHeader",
        "eventstream" => "smithy.api#streaming",
        _ => return None,
    })
}

/// What the contract lacks for want of a key.
fn lacking(at: &str, key: &str) -> ImportProblem {
    match trait_of(key).and_then(smithy::traits::lacking) {
        Some(message) => ImportProblem::new(refs::join(at, key), message),
        None => unknown(at, key),
    }
}

fn told_of_metadata(metadata: &Value, left_out: &mut Vec<ImportProblem>) {
    let keys = metadata.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    left_out.extend(keys.filter(|key| !METADATA.contains(key)).map(|key| lacking("/metadata", key)));
}

fn read(text: &str, file: &str) -> Result<Value, Vec<ImportProblem>> {
    super::bounded(text)?;
    serde_json::from_str(text).map_err(|error| vec![ImportProblem::new(file, format!("not JSON: {error}"))])
}

fn unknown(pointer: &str, key: &str) -> ImportProblem {
    ImportProblem::new(refs::join(pointer, key), "this is not known; what it asks for is not judged")
}

/// Problems of translated shapes, with pointers into botocore's file.
fn told_here(problems: Vec<ImportProblem>) -> impl Iterator<Item = ImportProblem> {
    problems.into_iter().map(|ImportProblem { pointer, message }| ImportProblem {
        pointer: shapes::untranslated(&pointer),
        message,
    })
}

fn protocol(metadata: &Value) -> Result<Protocol, Vec<ImportProblem>> {
    let wrong = |key: &str, message: &str| Err(vec![ImportProblem::new(format!("/metadata{key}"), message)]);
    let text = |key: &str| metadata[key].as_str().map(str::to_owned);
    let speaks = |wanted: &str| {
        let all = metadata["protocols"].as_array().into_iter().flatten();
        all.chain([&metadata["protocol"]]).any(|protocol| protocol == wanted)
    };
    let signing_name = text("signingName").or_else(|| text("endpointPrefix")).unwrap_or_default();
    if !speaks("json") && speaks("rest-json") {
        // The others are called with a bearer token.
        let is_signed = metadata["signatureVersion"].as_str().is_none_or(|version| version.contains("v4"));
        return Ok(Protocol::RestJson { signing_name: is_signed.then_some(signing_name) });
    }
    if !speaks("json") {
        let spoken = text("protocol").unwrap_or_else(|| "nothing".to_owned());
        let message = format!("the service speaks `{spoken}`; only `json` and `rest-json` are understood");
        return wrong("/protocol", &message);
    }
    let Some(json_version) = text("jsonVersion").filter(|version| matches!(version.as_str(), "1.0" | "1.1"))
    else {
        return wrong("/jsonVersion", "neither 1.0 nor 1.1");
    };
    let Some(target_prefix) = text("targetPrefix") else {
        return wrong("/targetPrefix", "the service has no prefix for its targets");
    };
    Ok(Protocol::AwsJson { json_version, target_prefix, signing_name })
}

fn operation<'a>(
    ast: &'a Ast,
    protocol: &Protocol,
    name: &'a str,
    given: &'a Value,
    schemas: &mut Schemas<'a>,
) -> Operation {
    let at = refs::join("/operations", name);
    let shape = |side: &str| given[side]["shape"].as_str();
    let [input, output] = ["input", "output"].map(shape);
    let members = match input.and_then(|id| ast.shape(id)) {
        Some(input) if !protocol.is_rest() => smithy::body_members(input, schemas),
        _ => IndexMap::new(),
    };
    left_out(given, protocol, &at, schemas);
    let (effect, effect_source) = match &given["readonly"] {
        Value::Bool(true) => (Effect::Read, EffectSource::Model),
        _ if given["idempotent"] == true && !smithy::takes_token(ast, input) => {
            effect::idempotent(effect::of_rpc(name))
        }
        _ => effect::of_rpc(name),
    };
    let public = given["authtype"] == "none"
        || given["auth"]
            .as_array()
            .is_some_and(|auth| auth.iter().all(|scheme| scheme == "smithy.api#noAuth"));
    let schema = |id: Option<&'a str>, schemas: &mut Schemas<'a>| {
        id.filter(|_| !protocol.is_rest()).and_then(|id| schemas.name(id, &at))
    };
    let mut made = Operation {
        name: given["name"].as_str().unwrap_or(name).into(),
        method: "POST".into(),
        path: "/".into(),
        access: if public { Access::Public } else { Access::Protected },
        effect,
        effect_source,
        touches: Default::default(),
        input: schema(input, schemas),
        members,
        consumes: Vec::new(),
        answers: BTreeMap::from([(
            200,
            DocumentedResponse { schema: schema(output, schemas), ..DocumentedResponse::default() },
        )]),
        errors: errors(ast, given, &at, schemas),
        paging: None,
        ranges: Default::default(),
        examples: Vec::new(),
    };
    if protocol.is_rest() {
        let again = if given["idempotent"] == true { Again::TheSame } else { Again::Unsaid };
        let http = &given["http"];
        let described = Described {
            name,
            at,
            method: http["method"].as_str().unwrap_or("POST"),
            uri: http["requestUri"].as_str().unwrap_or("/"),
            code: http["responseCode"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(200),
            input: input.and_then(|id| ast.shape(id)),
            output: output.and_then(|id| ast.shape(id)),
        };
        let bound = http::bound(ast, described, schemas);
        smithy::rest(ast, &mut made, bound, [input, output], again);
    }
    made
}

/// The names of the model as they are on the wire.
struct Wire<'a> {
    ast: &'a Ast,
    protocol: &'a Protocol,
    /// As botocore has them.
    operations: &'a Map<String, Value>,
}

impl<'a> Wire<'a> {
    fn shape(&self, operation: &str, side: &str) -> Option<Shape<'a>> {
        self.ast.shape(self.operations.get(operation)?[side]["shape"].as_str()?)
    }

    /// A member of the input.
    fn member(&self, operation: &str, name: &str) -> String {
        let keys = self.shape(operation, "input").filter(|_| self.protocol.is_rest()).map(http::keys);
        let found = keys.into_iter().flatten().find(|(own, _)| own == name);
        found.map_or_else(|| name.to_owned(), |(_, key)| key)
    }

    /// A path into the output, if it can be followed there.
    fn path(&self, operation: &str, path: &str) -> Option<String> {
        match self.protocol.is_rest() {
            true => http::path(self.ast, self.shape(operation, "output"), path),
            false => Some(path.to_owned()),
        }
    }

    fn example(&self, given: Given) -> Given {
        if !self.protocol.is_rest() {
            return given;
        }
        let of = |side: &str| self.shape(&given.operation, side);
        let (input, output) =
            http::example(self.ast, of("input"), of("output"), (given.input.clone(), given.output.clone()));
        Given { input, output, ..given }
    }
}

/// Of what an operation may say: what the contract holds, and what only clients or other protocols heed.
const HELD: &[&str] = &[
    "alias",
    "auth",
    "authtype",
    "deprecated",
    "deprecatedMessage",
    "deprecatedSince",
    "documentation",
    "documentationUrl",
    "endpointdiscovery",
    "endpointoperation",
    "errors",
    "http",
    "idempotent",
    "input",
    "name",
    "operationContextParams",
    "output",
    "readonly",
    "requestcompression",
    "staticContextParams",
    "unsignedPayload",
];

fn left_out(given: &Value, protocol: &Protocol, at: &str, schemas: &mut Schemas<'_>) {
    for key in given.as_object().into_iter().flatten().map(|(key, _)| key) {
        if HELD.contains(&key.as_str()) {
            continue;
        }
        let problem = lacking(at, key);
        schemas.left_out.push(problem);
    }
    let http = &given["http"];
    let (method, path) = (http["method"].as_str(), http["requestUri"].as_str());
    if !protocol.is_rest() && !matches!((method, path), (None | Some("POST"), None | Some("/"))) {
        let message = "in the protocol `json` every call is POST /";
        schemas.left_out.push(ImportProblem::new(refs::join(at, "http"), message));
    }
}

/// The status is 400 unless the error says otherwise, or that it is the server's fault.
fn errors<'a>(ast: &'a Ast, given: &'a Value, at: &str, schemas: &mut Schemas<'a>) -> Vec<ErrorShape> {
    let mut errors: Vec<ErrorShape> = Vec::new();
    for id in given["errors"].as_array().into_iter().flatten().filter_map(|error| error["shape"].as_str()) {
        let Some(name) = schemas.name(id, at) else { continue };
        let Some(shape) = ast.shape(id) else { continue };
        match smithy::error_status(shape) {
            Some(status) if errors.iter().all(|known| known.name != name) => {
                errors.push(ErrorShape { name, status });
            }
            Some(_) => {}
            None => {
                let message = "listed as an error, but is no `exception`";
                schemas.problems.push(ImportProblem::new(shape.pointer(), message));
            }
        }
    }
    errors
}

type Members = Map<String, Value>;
