//! What a document says where nothing here follows it. Schemas are looked after where they are translated.

use super::{document::Place, schemas::Schemas};

/// What the objects of a document may say: what is followed, and what only describes.
pub(super) const DOCUMENT: &[&str] = &[
    "openapi",
    "swagger",
    "info",
    "jsonSchemaDialect",
    "host",
    "basePath",
    "schemes",
    "servers",
    "consumes",
    "produces",
    "paths",
    "components",
    "definitions",
    "parameters",
    "responses",
    "securityDefinitions",
    "security",
    "tags",
    "externalDocs",
];
pub(super) const PATH_ITEM: &[&str] = &[
    "$ref",
    "summary",
    "description",
    "servers",
    "parameters",
    "get",
    "put",
    "post",
    "delete",
    "options",
    "head",
    "patch",
    "trace",
];
pub(super) const OPERATION: &[&str] = &[
    "tags",
    "summary",
    "description",
    "externalDocs",
    "operationId",
    "consumes",
    "produces",
    "parameters",
    "requestBody",
    "responses",
    "deprecated",
    "security",
    "servers",
];
pub(super) const PARAMETER: &[&str] = &[
    "name",
    "in",
    "description",
    "required",
    "deprecated",
    "allowEmptyValue",
    "style",
    "explode",
    "schema",
    "example",
    "examples",
    "content",
];
pub(super) const REQUEST_BODY: &[&str] = &["description", "content", "required"];
pub(super) const MEDIA_TYPE: &[&str] = &["schema", "example", "examples"];
pub(super) const RESPONSE: &[&str] = &["summary", "description", "schema", "examples", "content"];

/// Tells every member of `place` that is none of `known`.
pub(super) fn tell<'a>(schemas: &mut Schemas<'a>, place: &Place<'a>, known: &[&str]) {
    for (key, value) in place.members() {
        if !known.contains(&key) && !key.starts_with("x-") {
            schemas.left_out.push(value.problem(format!("`{key}` is not followed")));
        }
    }
}

/// Tells what stands beside the reference of a path: it does not count.
pub(super) fn beside_reference<'a>(schemas: &mut Schemas<'a>, place: &Place<'a>) {
    if place.text("$ref").is_some() {
        let beside = place.members().filter(|(key, _)| !matches!(*key, "$ref" | "summary" | "description"));
        let problems = beside.filter(|(key, _)| !key.starts_with("x-"));
        let problems =
            problems.map(|(key, value)| value.problem(format!("`{key}` beside a `$ref` does not count")));
        schemas.left_out.extend(problems);
    }
}
