//! Smithy models (JSON AST, 1.0 and 2.0) of awsJson and restJson1 services as contracts.
//!
//! Names under `$defs` are the shapes' bare names, or what the service renames them to. Inputs and outputs share
//! their schemas: in both directions required members must be there, members nobody modelled may be, enums are
//! closed, and null is no value of anything (awsJson servers treat a null input member as absent, so an input is to
//! be judged without its null members). `answers` holds the success alone: an error is told by its name, not
//! by its status, and stands in `errors`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use indexmap::IndexMap;
use serde_json::{Map, Value};

use self::{
    ast::{Ast, Shape, bare},
    http::{Bound, Described},
    shapes::{Names, Schemas, UNIT},
};
use super::{
    ImportProblem, Imported,
    effect::{self, Created},
    examples::Given,
    files, refs,
};
use crate::model::contract::{
    Access, Contract, DocumentedResponse, Effect, EffectSource, ErrorShape, ListStyle, Member, Operation,
    Paging, ParameterLocation, Protocol,
};

pub(super) mod ast;
pub(super) mod http;
#[cfg(test)]
mod http_tests;
pub(super) mod shapes;
#[cfg(test)]
mod tests;
pub(super) mod traits;
mod waiters;

/// Makes the contract of the one service in a Smithy model, under the short name `api`.
///
/// Fails, with everything that is wrong, where the text is not a Smithy model, does not have exactly one service,
/// the service speaks neither awsJson nor restJson1, or a shape leads to one that is not there.
pub fn import(text: &str, api: &str) -> Result<Imported, Vec<ImportProblem>> {
    let ast = Ast::read(text)?;
    let service = only_service(&ast)?;
    let protocol = protocol(service)?;
    let (lifecycles, identifiers) = resources(&ast);
    let mut schemas = Schemas::new(&ast, renames(service), names(&protocol));
    traits::left_out(service, &mut schemas.left_out);
    let mut operations = BTreeMap::new();
    let mut examples = Vec::new();
    let mut waiters = BTreeMap::new();
    for id in operation_ids(&ast, service, &mut schemas.problems) {
        let Some(shape) = ast.shape(id).filter(|shape| shape.kind == "operation") else {
            schemas.problems.push(ImportProblem::new(ast::pointer(id), "the service needs this operation"));
            continue;
        };
        let known = effect(&ast, shape, &lifecycles);
        let mut operation = operation(&ast, service, shape, known, &mut schemas);
        let of_model = self::examples(shape);
        if protocol.is_rest() {
            let Some(bound) = bound(&ast, shape, &mut schemas) else { continue };
            let is_idempotent = shape.traits().has("smithy.api#idempotent");
            let again = if is_idempotent { Again::TheSame } else { Again::Unsaid };
            rest(&ast, &mut operation, bound, ["input", "output"].map(|side| shape.target(side)), again);
            examples.extend(of_model.into_iter().map(|given| on_the_wire(&ast, shape, given)));
        } else {
            examples.extend(of_model);
        }
        waiters::take(&ast, &protocol, shape, &mut waiters, &mut schemas.left_out);
        operations.insert(operation.name.clone(), operation);
    }
    let (defs, problems, left_out) = schemas.finish();
    if !problems.is_empty() {
        return Err(problems);
    }
    let title = service.traits().get("smithy.api#title").and_then(Value::as_str).unwrap_or(bare(service.id));
    let contract = Contract {
        derived: Default::default(),
        observed: Default::default(),
        resources: Default::default(),
        base_paths: Vec::new(),
        api: api.into(),
        title: title.to_owned(),
        version: service.text("version").unwrap_or_default().to_owned(),
        protocol,
        identifiers,
        operations,
        waiters,
        schemas: Arc::new(files::schema_document(title, defs)),
    };
    Imported::new(contract, examples, left_out)
}

fn only_service(ast: &Ast) -> Result<Shape<'_>, Vec<ImportProblem>> {
    let services: Vec<_> = ast.shapes().filter(|shape| shape.kind == "service").collect();
    match services[..] {
        [service] => Ok(service),
        [] => Err(vec![ImportProblem::new("/shapes", "no service among the shapes")]),
        _ => Err(services
            .iter()
            .map(|service| {
                ImportProblem::new(service.pointer(), "one of several services; a contract is of one")
            })
            .collect()),
    }
}

fn protocol(service: Shape<'_>) -> Result<Protocol, Vec<ImportProblem>> {
    let version = if service.traits().has("aws.protocols#awsJson1_1") {
        "1.1"
    } else if service.traits().has("aws.protocols#awsJson1_0") {
        "1.0"
    } else if service.traits().has("aws.protocols#restJson1") {
        let signing = service.traits().get("aws.auth#sigv4").and_then(|sigv4| sigv4["name"].as_str());
        return Ok(Protocol::RestJson { signing_name: signing.map(str::to_owned) });
    } else {
        let message = "the service speaks neither awsJson1_1, awsJson1_0 nor restJson1";
        return Err(vec![ImportProblem::new(service.pointer() + "/traits", message)]);
    };
    let signing = service.traits().get("aws.auth#sigv4").and_then(|sigv4| sigv4["name"].as_str());
    Ok(Protocol::AwsJson {
        json_version: version.into(),
        target_prefix: bare(service.id).into(),
        signing_name: signing.unwrap_or_default().into(),
    })
}

pub(super) fn names(protocol: &Protocol) -> Names {
    if protocol.is_rest() { Names::Json } else { Names::Own }
}

/// What the model says of a request that is sent twice.
#[derive(Debug, Clone, Copy)]
pub(super) enum Again {
    /// It has the effect that one has (Smithy `idempotent`).
    TheSame,
    Unsaid,
}

/// The HTTP bindings of an operation; none, and a word about it, where it has none.
fn bound<'a>(ast: &'a Ast, shape: Shape<'a>, schemas: &mut Schemas<'a>) -> Option<Bound> {
    let http = shape.traits().get("smithy.api#http");
    let text = |name: &str| http.and_then(|http| http[name].as_str());
    let (Some(method), Some(uri)) = (text("method"), text("uri")) else {
        let message = "an operation without `http` is none of restJson1";
        schemas.left_out.push(ImportProblem::new(shape.pointer(), message));
        return None;
    };
    let code = http.and_then(|http| http["code"].as_u64()).and_then(|code| u16::try_from(code).ok());
    let at = shape.pointer();
    let of = |side: &str| shape.target(side).filter(|id| *id != UNIT).and_then(|id| ast.shape(id));
    let described = Described {
        name: bare(shape.id),
        at,
        method,
        uri,
        code: code.unwrap_or(200),
        input: of("input"),
        output: of("output"),
    };
    Some(http::bound(ast, described, schemas))
}

/// Puts what HTTP says of an operation, whose input and output these are, in the place of what RPC does. The effect that only
/// a name proposes is held against the method.
pub(super) fn rest(
    ast: &Ast,
    operation: &mut Operation,
    bound: Bound,
    sides: [Option<&str>; 2],
    again: Again,
) {
    let created = if bound.code == 201 { Created::Documented } else { Created::Undocumented };
    if operation.effect_source != EffectSource::Model {
        let known = effect::of_named_rest(&bound.method, &operation.name, created);
        let known = match again {
            Again::TheSame if !takes_token(ast, sides[0]) => effect::idempotent(known),
            Again::TheSame | Again::Unsaid => known,
        };
        (operation.effect, operation.effect_source) = known;
    }
    let [input, output] = sides.map(|id| id.and_then(|id| ast.shape(id)));
    if let Some(paging) = &mut operation.paging {
        let keys = input.map(http::keys).unwrap_or_default();
        let key = |name: &str| keys.iter().find(|(own, _)| own == name).map(|(_, key)| key.clone());
        paging.input_token = key(&paging.input_token).unwrap_or_else(|| paging.input_token.clone());
        paging.page_size = paging.page_size.take().map(|name| key(&name).unwrap_or(name));
        let token = http::path(ast, output, &paging.output_token);
        paging.output_token = token.unwrap_or_else(|| paging.output_token.clone());
    }
    operation.input = None;
    operation.method = bound.method;
    operation.path = bound.path;
    operation.members = bound.members;
    operation.consumes = bound.consumes;
    operation.answers = bound.answers;
    operation.ranges = bound.ranges;
}

fn on_the_wire(ast: &Ast, shape: Shape<'_>, given: Given) -> Given {
    let of = |side: &str| shape.target(side).and_then(|id| ast.shape(id));
    let (input, output) = http::example(ast, of("input"), of("output"), (given.input, given.output));
    Given { input, output, ..given }
}

fn renames<'a>(service: Shape<'a>) -> BTreeMap<&'a str, &'a str> {
    let rename = service.property("rename").and_then(Value::as_object).into_iter().flatten();
    rename.filter_map(|(id, name)| Some((id.as_str(), name.as_str()?))).collect()
}

const LIFECYCLE: [&str; 6] = ["create", "put", "read", "update", "delete", "list"];

/// The operations of a service and of the resources it has, however deep.
fn operation_ids<'a>(ast: &'a Ast, service: Shape<'a>, problems: &mut Vec<ImportProblem>) -> Vec<&'a str> {
    let mut operations: Vec<_> = service.targets("operations").collect();
    let mut waiting: Vec<_> = service.targets("resources").collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        let Some(resource) = ast.shape(id) else {
            problems.push(ImportProblem::new(ast::pointer(id), "the service needs this resource"));
            continue;
        };
        operations.extend(LIFECYCLE.iter().filter_map(|step| resource.target(step)));
        operations.extend(resource.targets("operations").chain(resource.targets("collectionOperations")));
        waiting.extend(resource.targets("resources"));
    }
    operations
}

/// What each operation is in the lifecycle of a resource, and the members by which resources are identified.
fn resources(ast: &Ast) -> (BTreeMap<&str, effect::Known>, BTreeSet<String>) {
    let (mut lifecycles, mut identifiers) = (BTreeMap::new(), BTreeSet::new());
    for resource in ast.shapes().filter(|shape| shape.kind == "resource") {
        for step in LIFECYCLE {
            lifecycles.extend(resource.target(step).zip(effect::of_lifecycle(step)));
        }
        let named = resource.property("identifiers").and_then(Value::as_object).into_iter().flatten();
        identifiers.extend(named.map(|(name, _)| name.clone()));
    }
    (lifecycles, identifiers)
}

fn effect(ast: &Ast, shape: Shape<'_>, lifecycles: &BTreeMap<&str, effect::Known>) -> effect::Known {
    let by_name = effect::of_rpc(bare(shape.id));
    match lifecycles.get(shape.id) {
        _ if shape.traits().has("smithy.api#readonly") => (Effect::Read, EffectSource::Model),
        Some(known) => *known,
        None if shape.traits().has("smithy.api#idempotent") && !takes_token(ast, shape.target("input")) => {
            effect::idempotent(by_name)
        }
        None => by_name,
    }
}

/// Whether the second of two equal requests is known by a token, and not by what it makes.
pub(super) fn takes_token(ast: &Ast, input: Option<&str>) -> bool {
    let mut members = input.and_then(|id| ast.shape(id)).into_iter().flat_map(|shape| shape.members());
    members.any(|member| member.traits.has("smithy.api#idempotencyToken"))
}

fn operation<'a>(
    ast: &'a Ast,
    service: Shape<'a>,
    shape: Shape<'a>,
    (effect, effect_source): effect::Known,
    schemas: &mut Schemas<'a>,
) -> Operation {
    let name = bare(shape.id);
    let input = shape.target("input").filter(|id| *id != UNIT);
    let output = shape.target("output").filter(|id| *id != UNIT);
    let members = match input.and_then(|id| ast.shape(id)) {
        Some(input) => body_members(input, schemas),
        None => IndexMap::new(),
    };
    traits::left_out(shape, &mut schemas.left_out);
    Operation {
        name: name.into(),
        method: "POST".into(),
        path: "/".into(),
        access: access(service, shape),
        effect,
        effect_source,
        touches: Default::default(),
        input: input.and_then(|id| schemas.name(id, &shape.pointer())),
        members,
        consumes: Vec::new(),
        answers: BTreeMap::from([(
            200,
            DocumentedResponse {
                schema: output.and_then(|id| schemas.name(id, &shape.pointer())),
                ..DocumentedResponse::default()
            },
        )]),
        errors: errors(ast, service, shape, schemas),
        paging: paging(service, shape),
        ranges: Default::default(),
        examples: Vec::new(),
    }
}

/// The members of an input, all of which travel in the body.
pub(super) fn body_members<'a>(input: Shape<'a>, schemas: &mut Schemas<'a>) -> IndexMap<String, Member> {
    let member = |member: ast::Member<'a>| {
        let described = Member {
            place: ParameterLocation::Body,
            wire_name: None,
            required: member.traits.has("smithy.api#required"),
            default: None,
            list: ListStyle::default(),
            schema: schemas.member(input, member),
        };
        (member.name.to_owned(), described)
    };
    input.members().map(member).collect()
}

/// Public where the operation, or the service for it, takes no authentication or may do without.
fn access(service: Shape<'_>, shape: Shape<'_>) -> Access {
    let auth = shape.traits().over(service.traits());
    let none = auth.get("smithy.api#auth").and_then(Value::as_array).is_some_and(Vec::is_empty);
    if none || shape.traits().has("smithy.api#optionalAuth") { Access::Public } else { Access::Protected }
}

/// The operation's errors, then those of the whole service, in model order, each once.
fn errors<'a>(
    ast: &'a Ast,
    service: Shape<'a>,
    shape: Shape<'a>,
    schemas: &mut Schemas<'a>,
) -> Vec<ErrorShape> {
    let mut errors: Vec<ErrorShape> = Vec::new();
    for id in shape.targets("errors").chain(service.targets("errors")) {
        let Some(name) = schemas.name(id, &shape.pointer()) else { continue };
        let Some(error) = ast.shape(id) else { continue };
        let Some(status) = error_status(error) else {
            let message = "listed as an error, but has no `error` trait";
            schemas.problems.push(ImportProblem::new(error.pointer(), message));
            continue;
        };
        if errors.iter().all(|known| known.name != name) {
            errors.push(ErrorShape { name, status });
        }
    }
    errors
}

/// The status an error travels with: its own, or that of whose fault it is; none if it is no error.
pub(super) fn error_status(error: Shape<'_>) -> Option<u16> {
    let traits = error.traits();
    let own = traits.get("smithy.api#httpError").and_then(Value::as_u64);
    Some(match (own, traits.get("smithy.api#error")?) {
        (Some(status), _) => u16::try_from(status).unwrap_or(400),
        (None, Value::String(fault)) if fault == "server" => 500,
        _ => 400,
    })
}

/// `paginated` on the operation, completed by the service's.
fn paging(service: Shape<'_>, shape: Shape<'_>) -> Option<Paging> {
    let own = shape.traits().get("smithy.api#paginated")?;
    let all = service.traits().get("smithy.api#paginated");
    let text = |name: &str| {
        own.get(name).or_else(|| all.and_then(|all| all.get(name))).and_then(Value::as_str).map(str::to_owned)
    };
    Some(Paging {
        proposed: false,
        input_token: text("inputToken")?,
        output_token: text("outputToken")?,
        page_size: text("pageSize"),
    })
}

/// The examples of an operation but for those that show what is wrong (`allowInvalidInput`).
fn examples(shape: Shape<'_>) -> Vec<Given> {
    let at = refs::join(&(shape.pointer() + "/traits"), "smithy.api#examples");
    let given = shape.traits().get("smithy.api#examples").and_then(Value::as_array).into_iter().flatten();
    let right = given.enumerate().filter(|(_, example)| example["allowInvalidInput"] != true);
    right
        .map(|(index, example)| Given {
            operation: bare(shape.id).to_owned(),
            pointer: format!("{at}/{index}"),
            input: example.get("input").cloned().unwrap_or_else(|| Value::Object(Map::new())),
            output: example.get("output").cloned(),
        })
        .collect()
}
