//! Which traits a contract holds or need not hold, and what it lacks without the others.

use super::ast::Shape;
use crate::contract::{ImportProblem, refs};

/// Traits of `smithy.api` that are taken into the contract, that awsJson gives no meaning (`http...`, `jsonName`) or neither
/// protocol does (`xml...`), or that concern documents, tools and clients alone.
const HELD: &[&str] = &[
    "addedDefault",
    "auth",
    "authDefinition",
    "box",
    "clientOptional",
    "cors",
    "default",
    "deprecated",
    "documentation",
    "enum",
    "enumValue",
    "error",
    "examples",
    "externalDocumentation",
    "hostLabel",
    "httpApiKeyAuth",
    "httpBasicAuth",
    "httpBearerAuth",
    "httpDigestAuth",
    "idempotencyToken",
    "idempotent",
    "input",
    "internal",
    "length",
    "mediaType",
    "mixin",
    "nestedProperties",
    "noReplace",
    "notProperty",
    "optionalAuth",
    "output",
    "paginated",
    "pattern",
    "private",
    "property",
    "protocolDefinition",
    "range",
    "readonly",
    "recommended",
    "references",
    "requestCompression",
    "required",
    "requiresLength",
    "resourceIdentifier",
    "retryable",
    "sensitive",
    "since",
    "sparse",
    "suppress",
    "tags",
    "timestampFormat",
    "title",
    "trait",
    "traitValidators",
    "uniqueItems",
    "unstable",
];

/// Namespaces none of whose traits changes what travels.
const ASIDE: &[&str] = &[
    "aws.api#",
    "aws.auth#",
    "aws.cloudformation#",
    "aws.customizations#",
    "aws.endpoints#",
    "aws.iam#",
    "aws.tagging#",
    "smithy.openapi#",
    "smithy.rules#",
    "smithy.test#",
    "smithy.waiters#",
];

/// What a contract lacks for want of a trait; none where it lacks nothing.
pub(in crate::contract) fn lacking(name: &str) -> Option<&'static str> {
    match name {
        "smithy.api#endpoint" => return Some("the prefix it puts before the host is not followed"),
        "smithy.api#httpChecksumRequired" | "aws.protocols#httpChecksum" => {
            return Some("requests are sent without the checksum it wants");
        }
        "smithy.api#streaming" | "smithy.api#eventPayload" | "smithy.api#eventHeader" => {
            return Some("what is streamed is not judged");
        }
        "aws.protocols#awsQueryCompatible" => {
            return Some("the header x-amzn-query-error of its errors is not judged");
        }
        "aws.protocols#awsJson1_0"
        | "aws.protocols#awsJson1_1"
        | "aws.protocols#restJson1"
        | "aws.protocols#awsQueryError" => {
            return None;
        }
        _ => {}
    }
    let other_protocol =
        ["aws.protocols#", "smithy.protocols#"].iter().any(|namespace| name.starts_with(namespace));
    if other_protocol {
        return Some("of the protocols of a service only awsJson and restJson1 are spoken");
    }
    let held = match name.strip_prefix("smithy.api#") {
        Some(name) => HELD.contains(&name) || ["http", "json", "xml"].iter().any(|it| name.starts_with(it)),
        None => ASIDE.iter().any(|namespace| name.starts_with(namespace)),
    };
    (!held).then_some("this trait is not known; what it asks for is not judged")
}

/// Tells the traits on a shape and on its members that a contract has no place for.
pub(super) fn left_out(shape: Shape<'_>, left_out: &mut Vec<ImportProblem>) {
    let mut tell = |at: &str, names: &mut dyn Iterator<Item = &str>| {
        for name in names {
            if let Some(message) = lacking(name) {
                left_out.push(ImportProblem::new(refs::join(&format!("{at}/traits"), name), message));
            }
        }
    };
    tell(&shape.pointer(), &mut shape.traits().names());
    for member in shape.members() {
        tell(&refs::join(&(shape.pointer() + "/members"), member.name), &mut member.traits.names());
    }
    for member in ["member", "key", "value"].into_iter().filter_map(|part| shape.part(part)) {
        tell(&refs::join(&shape.pointer(), member.name), &mut member.traits.names());
    }
}
