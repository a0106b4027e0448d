//! botocore's shapes as the Smithy shapes they were made from: constraints become traits, a structure's `required`
//! goes to its members, and whatever is not known here is told.

use serde_json::{Map, Value, json};

use super::{Members, unknown};
use crate::contract::{ImportProblem, refs, smithy::shapes::Names};

/// Of what a shape or a member may say: what is translated below, and what only clients or other protocols heed.
const HELD: &[&str] = &[
    "box",
    "contextParam",
    "deprecated",
    "deprecatedMessage",
    "deprecatedSince",
    "document",
    "documentation",
    "enum",
    "error",
    "exception",
    "fault",
    "flattened",
    "hostLabel",
    "idempotencyToken",
    "jsonvalue",
    "key",
    "max",
    "member",
    "members",
    "min",
    "pattern",
    "payload",
    "required",
    "retryable",
    "sensitive",
    "shape",
    "sparse",
    "synthetic",
    "timestampFormat",
    "type",
    "union",
    "value",
    "wrapper",
    "xmlAttribute",
    "xmlNamespace",
    "xmlOrder",
];

/// The shapes by name, in the form of Smithy's JSON AST.
pub(super) fn translate(
    shapes: &Value,
    names: Names,
    left_out: &mut Vec<ImportProblem>,
) -> Result<Members, Vec<ImportProblem>> {
    let Some(shapes) = shapes.as_object() else {
        return Err(vec![ImportProblem::new("/shapes", "no object `shapes`")]);
    };
    let mut problems = Vec::new();
    let mut translated = Map::new();
    for (name, given) in shapes {
        let at = refs::join("/shapes", name);
        match shape(&Given { shapes, names, given }, &at, left_out) {
            Ok(made) => {
                translated.insert(name.clone(), made);
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(translated) } else { Err(problems) }
}

/// One shape among the others.
struct Given<'g> {
    shapes: &'g Members,
    names: Names,
    given: &'g Value,
}

fn shape(of: &Given<'_>, at: &str, left_out: &mut Vec<ImportProblem>) -> Result<Value, ImportProblem> {
    let given = of.given;
    let Some(kind) = given["type"].as_str() else {
        return Err(ImportProblem::new(at, "a shape without `type`"));
    };
    told(given, at, left_out);
    let mut made = json!({ "type": smithy_kind(kind, given), "traits": traits(kind, given, at, left_out) });
    for part in ["member", "key", "value"] {
        if let Some(given) = given.get(part) {
            made[part] = member(of, given, &refs::join(at, part), left_out)?;
        }
    }
    if let Some(given) = given["members"].as_object() {
        let within = refs::join(at, "members");
        let made_members: Result<Map<_, _>, _> = given
            .iter()
            .map(|(name, given)| Ok((name.clone(), member(of, given, &refs::join(&within, name), left_out)?)))
            .collect();
        made["members"] = Value::Object(made_members?);
    }
    if let Some(payload) = given["payload"].as_str().filter(|_| of.names == Names::Json)
        && let Some(member) = made["members"].get_mut(payload)
    {
        member["traits"]["smithy.api#httpPayload"] = json!({});
    }
    let required = given["required"].as_array().into_iter().flatten();
    for (index, name) in required.enumerate() {
        let name = name.as_str().unwrap_or_default();
        match made["members"].get_mut(name) {
            Some(member) => member["traits"]["smithy.api#required"] = json!({}),
            None => left_out.push(ImportProblem::new(
                format!("{at}/required/{index}"),
                format!("`{name}` is none of the members; it is not required"),
            )),
        }
    }
    if let Some(values) = given["enum"].as_array().filter(|_| kind == "string") {
        let value = |value: &Value| json!({ "target": "smithy.api#Unit", "traits": { "smithy.api#enumValue": value } });
        let members = values.iter().enumerate().map(|(index, given)| (index.to_string(), value(given)));
        made["members"] = Value::Object(members.collect());
    }
    Ok(made)
}

fn smithy_kind<'a>(kind: &'a str, given: &Value) -> &'a str {
    match kind {
        "structure" if given["union"] == true => "union",
        "structure" if given["document"] == true => "document",
        "string" if given["enum"].is_array() => "enum",
        "character" => "string",
        kind => kind,
    }
}

/// One member: where it leads, and its own traits.
fn member(
    of: &Given<'_>,
    given: &Value,
    at: &str,
    left_out: &mut Vec<ImportProblem>,
) -> Result<Value, ImportProblem> {
    let Some(target) = given["shape"].as_str() else {
        return Err(ImportProblem::new(at, "a member without `shape`"));
    };
    told(given, at, left_out);
    if of.names == Names::Json {
        let mut traits = traits("", given, at, left_out);
        traits.extend(bindings(of, given, target, at, left_out));
        return Ok(json!({ "target": target, "traits": traits }));
    }
    if given.get("location").is_some() {
        left_out
            .push(ImportProblem::new(refs::join(at, "location"), "in the protocol `json` it is in the body"));
    }
    let name = given["locationName"].as_str();
    if name.is_some_and(|name| !at.ends_with(&format!("/{}", refs::escape(name)))) {
        left_out.push(ImportProblem::new(
            refs::join(at, "locationName"),
            "this name on the wire is not followed",
        ));
    }
    Ok(json!({ "target": target, "traits": traits("", given, at, left_out) }))
}

/// Where a member travels, as Smithy's traits say it. botocore calls a label as the path does.
fn bindings(
    of: &Given<'_>,
    given: &Value,
    target: &str,
    at: &str,
    left_out: &mut Vec<ImportProblem>,
) -> Members {
    let name = given["locationName"].as_str();
    let is_map = of.shapes.get(target).is_some_and(|shape| shape["type"] == "map");
    let bound = match given["location"].as_str() {
        None => name.map(|name| ("jsonName", json!(name))),
        Some("uri") => Some(("httpLabel", json!(name))),
        Some("querystring") if is_map => Some(("httpQueryParams", json!({}))),
        Some("querystring") => Some(("httpQuery", json!(name))),
        Some("header") => Some(("httpHeader", json!(name))),
        Some("headers") => Some(("httpPrefixHeaders", json!(name.unwrap_or_default()))),
        Some("statusCode") => Some(("httpResponseCode", json!({}))),
        Some(_) => {
            left_out.push(ImportProblem::new(
                refs::join(at, "location"),
                "this place is not known; it is in the body",
            ));
            None
        }
    };
    // Such a text holds JSON, which a header has in base64.
    let media_type = (given["jsonvalue"] == true).then(|| ("mediaType", json!("application/json")));
    let all = bound.into_iter().chain(media_type);
    all.map(|(name, value)| (format!("smithy.api#{name}"), value)).collect()
}

/// Tells what nobody here knows.
fn told(given: &Value, at: &str, left_out: &mut Vec<ImportProblem>) {
    for key in given.as_object().into_iter().flatten().map(|(key, _)| key.as_str()) {
        match key {
            "streaming" | "eventstream" | "event" | "eventpayload" | "eventheader" => {
                left_out.push(ImportProblem::new(refs::join(at, key), "what is streamed is not judged"));
            }
            "location" | "locationName" => {}
            key if HELD.contains(&key) => {}
            key => left_out.push(unknown(at, key)),
        }
    }
}

fn traits(kind: &str, given: &Value, at: &str, left_out: &mut Vec<ImportProblem>) -> Members {
    let mut traits = Map::new();
    let mut put = |name: &str, value: Value| {
        traits.insert(format!("smithy.api#{name}"), value);
    };
    let bounds: Map<String, Value> = ["min", "max"]
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), given.get(key)?.clone())))
        .collect();
    if !bounds.is_empty() {
        let of_numbers = matches!(kind, "integer" | "long" | "float" | "double" | "short" | "byte");
        put(if of_numbers { "range" } else { "length" }, Value::Object(bounds));
    }
    if let Some(pattern) = given.get("pattern") {
        put("pattern", pattern.clone());
    }
    if given["eventstream"] == true {
        put("streaming", json!({}));
    }
    for name in ["sensitive", "idempotencyToken", "streaming", "sparse"] {
        if given[name] == true {
            put(name, json!({}));
        }
    }
    match given["timestampFormat"].as_str() {
        None => {}
        Some("iso8601") => put("timestampFormat", json!("date-time")),
        Some("rfc822") => put("timestampFormat", json!("http-date")),
        Some("unixTimestamp") => put("timestampFormat", json!("epoch-seconds")),
        Some(other) => left_out.push(ImportProblem::new(
            refs::join(at, "timestampFormat"),
            format!("the format {other} is not known; seconds since 1970 are assumed"),
        )),
    }
    if given["exception"] == true || given["fault"] == true || given.get("error").is_some() {
        let server = given["fault"] == true;
        put("error", json!(if server { "server" } else { "client" }));
        if let Some(status) = given["error"].get("httpStatusCode") {
            put("httpError", status.clone());
        }
    }
    traits
}

/// A pointer into the translated shapes as one into botocore's file.
pub(super) fn untranslated(pointer: &str) -> String {
    pointer.replace("/traits/smithy.api#", "/")
}
