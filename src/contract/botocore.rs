//! AWS services as botocore describes them (`service-2.json` and the files beside it), in the protocol `json`, as
//! contracts. botocore's files are made from Smithy models, so shapes are translated back and the rest is shared with
//! `smithy`. What is lost on the way to botocore stays lost: sparse collections, intEnums, some statuses of errors.

use std::{collections::BTreeMap, sync::Arc};

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{
    ImportProblem, Imported, effect, files, refs,
    smithy::{self, ast::Ast, shapes::Schemas},
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
/// Fails, with everything that is wrong, where a text is not of botocore's form, the service does not speak `json`
/// 1.0 or 1.1, or a shape leads to one that is not there.
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
    let translated = shapes::translate(&service["shapes"], &mut left_out)?;
    let ast = Ast::of(translated).map_err(|problems| told_here(problems).collect::<Vec<_>>())?;
    let mut schemas = Schemas::new(&ast, BTreeMap::new());
    let mut operations = BTreeMap::new();
    let Some(given) = service["operations"].as_object() else {
        return Err(vec![ImportProblem::new("/operations", "no object `operations`")]);
    };
    for (name, given) in given {
        let made = operation(&ast, name, given, &mut schemas);
        operations.insert(made.name.clone(), made);
    }
    let (defs, problems, of_schemas) = schemas.finish();
    if !problems.is_empty() {
        return Err(told_here(problems).collect());
    }
    left_out.extend(told_here(of_schemas));
    siblings::paginators(texts.paginators, &mut operations, &mut left_out)?;
    let waiters = siblings::waiters(texts.waiters, &operations, &mut left_out)?;
    let examples = siblings::examples(texts.examples, &mut left_out)?;
    let metadata = &service["metadata"];
    let title = metadata["serviceFullName"].as_str().unwrap_or(api);
    let contract = Contract {
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
    let all = metadata["protocols"].as_array().into_iter().flatten();
    if !all.chain([&metadata["protocol"]]).any(|protocol| protocol == "json") {
        return wrong("/protocol", "the service does not speak `json`");
    }
    let Some(json_version) = text("jsonVersion").filter(|version| matches!(version.as_str(), "1.0" | "1.1"))
    else {
        return wrong("/jsonVersion", "neither 1.0 nor 1.1");
    };
    let Some(target_prefix) = text("targetPrefix") else {
        return wrong("/targetPrefix", "the service has no prefix for its targets");
    };
    let signing_name = text("signingName").or_else(|| text("endpointPrefix")).unwrap_or_default();
    Ok(Protocol::AwsJson { json_version, target_prefix, signing_name })
}

fn operation<'a>(ast: &'a Ast, name: &'a str, given: &'a Value, schemas: &mut Schemas<'a>) -> Operation {
    let at = refs::join("/operations", name);
    let shape = |side: &str| given[side]["shape"].as_str();
    let [input, output] = ["input", "output"].map(shape);
    let members = match input.and_then(|id| ast.shape(id)) {
        Some(input) => smithy::body_members(input, schemas),
        None => IndexMap::new(),
    };
    left_out(given, &at, schemas);
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
    Operation {
        name: given["name"].as_str().unwrap_or(name).into(),
        method: "POST".into(),
        path: "/".into(),
        access: if public { Access::Public } else { Access::Protected },
        effect,
        effect_source,
        touches: Default::default(),
        input: input.and_then(|id| schemas.name(id, &at)),
        members,
        consumes: Vec::new(),
        answers: BTreeMap::from([(
            200,
            DocumentedResponse {
                schema: output.and_then(|id| schemas.name(id, &at)),
                ..DocumentedResponse::default()
            },
        )]),
        errors: errors(ast, given, &at, schemas),
        paging: None,
        ranges: Default::default(),
        examples: Vec::new(),
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

fn left_out(given: &Value, at: &str, schemas: &mut Schemas<'_>) {
    for key in given.as_object().into_iter().flatten().map(|(key, _)| key) {
        if HELD.contains(&key.as_str()) {
            continue;
        }
        let problem = lacking(at, key);
        schemas.left_out.push(problem);
    }
    let http = &given["http"];
    let (method, path) = (http["method"].as_str(), http["requestUri"].as_str());
    if !matches!((method, path), (None | Some("POST"), None | Some("/"))) {
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
