//! Errors of a service that speaks a protocol of Smithy: that they say which one they are, in one voice, with the status and the members their
//! model gives them, and never inside a success (Smithy 2.0, AWS JSON 1.1 and restJson1 protocols, "Operation error
//! serialization").

use serde_json::Value;

use super::{
    About, ExchangeContext, Rule, at_body, at_header, at_status, awsjson_output::misspelled, pointed,
};
use crate::{
    contract::{Keyword, SchemaMismatch},
    matcher::{
        cut,
        error_reading::{Discriminator, Source},
        throttle,
    },
    model::{
        clause::Strength,
        verdict::{Location, Mismatch},
    },
};

/// Errors that any action may answer with (DMS API Reference, Common Errors), and those that real services answer
/// authentication, parsing and validation with; that an operation does not list them is no reproach.
const COMMON: &[&str] = &[
    "AccessDenied",
    "ExpiredToken",
    "IncompleteSignature",
    "InternalFailure",
    "InternalServerError",
    "InternalServiceError",
    "InvalidAction",
    "InvalidClientTokenId",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "InvalidQueryParameter",
    "InvalidSignature",
    "MalformedHttpRequest",
    "MalformedQueryString",
    "MissingAction",
    "MissingAuthenticationToken",
    "MissingParameter",
    "NotAuthorized",
    "OptInRequired",
    "RequestAborted",
    "RequestEntityTooLarge",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "RequestTimeout",
    "Serialization",
    "ServiceUnavailable",
    "SignatureDoesNotMatch",
    "Throttling",
    "ThrottlingException",
    "UnknownOperation",
    "UnrecognizedClient",
    "UnsupportedMediaType",
    "Validation",
    "ValidationError",
];

pub(super) const DISCRIMINATOR: Rule = Rule {
    name: "error-type",
    clause: "awsjson.error.discriminator",
    strength: Strength::Must,
    about: About::SmithyRequests,
    judge: |seen| {
        // A body that is no JSON is one breach of another rule; what it would have had inside is not told apart.
        let readable = seen.response.body.is_empty() || seen.object().is_some();
        if seen.is_error() && readable && seen.names().found.is_empty() {
            at_body("an error type in __type, code or X-Amzn-Errortype", "an error without a type")
        } else {
            Vec::new()
        }
    },
};

pub(super) const DISCRIMINATORS_AGREE: Rule = Rule {
    name: "error-types-agree",
    clause: "awsjson.error.discriminators-agree",
    strength: Strength::Must,
    about: About::Smithy,
    judge: |seen| match &seen.names().found[..] {
        [first, rest @ ..] if seen.is_error() => rest
            .iter()
            .filter(|other| other.name() != first.name() && !is_member(seen, other))
            .map(|other| Mismatch {
                at: place(other.source),
                expected: format!("{}, as {} says", cut(first.name()), place(first.source)),
                actual: cut(other.name()),
            })
            .collect(),
        _ => Vec::new(),
    },
};

pub(super) const BARE_TYPE: Rule = Rule {
    name: "error-type-bare",
    clause: "awsjson.error.bare-type",
    strength: Strength::Should,
    about: About::Smithy,
    judge: |seen| {
        // In AWS JSON 1.0 `__type` is the whole shape id (Smithy 2.0, AWS JSON 1.0 protocol, error serialization).
        let bare = seen.contract.protocol.media_type().is_none_or(|kind| !kind.ends_with("json-1.0"));
        let dressed = |found: &&Discriminator<'_>| bare && found.name() != found.raw;
        seen.names()
            .found
            .iter()
            .filter(|found| seen.is_error() && dressed(found))
            .map(|found| Mismatch {
                at: place(found.source),
                expected: cut(found.name()),
                actual: cut(found.raw),
            })
            .collect()
    },
};

pub(super) const TYPE_IN_BODY: Rule = Rule {
    name: "error-type-in-body",
    clause: "awsjson.error.type-in-body",
    strength: Strength::Should,
    about: About::AwsJson,
    judge: |seen| match seen.names().resolved() {
        Some(name) if seen.is_error() && seen.names().from(Source::Type).is_none() => vec![Mismatch {
            at: place(Source::Type),
            expected: cut(name),
            actual: "absent; clients that read nothing else do not know the error".into(),
        }],
        _ => Vec::new(),
    },
};

pub(super) const TYPE_IN_HEADER: Rule = Rule {
    name: "error-type-in-header",
    clause: "restjson.error.type-in-header",
    strength: Strength::Should,
    about: About::RestJson,
    judge: |seen| match seen.names().resolved() {
        Some(name) if seen.is_error() && seen.names().from(Source::Header).is_none() => {
            at_header("x-amzn-errortype", cut(name), "absent")
        }
        _ => Vec::new(),
    },
};

pub(super) const STATUS: Rule = Rule {
    name: "error-status",
    clause: "awsjson.error.status",
    strength: Strength::Must,
    about: About::Smithy,
    judge: |seen| {
        let Some(name) = seen.names().resolved() else { return Vec::new() };
        match seen.modelled(name) {
            Some(status) if seen.is_error() && status != seen.status() => {
                at_status(format!("{status}, the status of {name}"), seen.status().to_string())
            }
            _ => Vec::new(),
        }
    },
};

pub(super) const MODELLED: Rule = Rule {
    name: "error-modelled",
    clause: "awsjson.error.modelled",
    strength: Strength::Should,
    about: About::Smithy,
    judge: |seen| {
        let (Some(name), Some(operation)) = (seen.names().resolved(), seen.operation) else {
            return Vec::new();
        };
        let listed = operation.errors.iter().any(|error| error.name == name);
        let client_error = (400..500).contains(&seen.status());
        if listed || is_common(name) || !client_error || !seen.is_proper() {
            return Vec::new();
        }
        let listed: Vec<&str> = operation.errors.iter().map(|error| error.name.as_str()).collect();
        at_body(format!("an error that {} lists: {}", operation.name, cut(&listed.join(", "))), cut(name))
    },
};

pub(super) const SHAPE: Rule = Rule {
    name: "error-shape",
    clause: "awsjson.error.shape",
    strength: Strength::Must,
    about: About::Smithy,
    judge: |seen| {
        if !seen.is_error() {
            return Vec::new();
        }
        // What is there under another name is for MESSAGE_MEMBER to say.
        let misspelled: Vec<String> = { seen.schema().into_iter() }
            .flat_map(|schema| misspelled(seen, schema))
            .map(|mismatch| mismatch.at.to_string().to_lowercase())
            .collect();
        let is_there = |found: &SchemaMismatch| {
            let place = pointed(found).at.to_string().to_lowercase();
            found.keyword == Keyword::Required && misspelled.contains(&place)
        };
        seen.schema_mismatches().iter().filter(|found| !is_there(found)).map(pointed).collect()
    },
};

pub(super) const MESSAGE_MEMBER: Rule = Rule {
    name: "error-member-names",
    clause: "awsjson.error.message-member",
    strength: Strength::Must,
    about: About::Smithy,
    judge: |seen| match seen.schema() {
        Some(schema) if seen.is_error() => misspelled(seen, schema),
        _ => Vec::new(),
    },
};

pub(super) const NOT_IN_SUCCESS: Rule = Rule {
    name: "error-in-success",
    clause: "awsjson.error.not-in-success",
    strength: Strength::Must,
    about: About::Smithy,
    judge: |seen| {
        if !(200..300).contains(&seen.status()) {
            return Vec::new();
        }
        let mut found = Vec::new();
        if let Some(header) = seen.names().from(Source::Header) {
            found.extend(at_header("x-amzn-errortype", "absent from a success", cut(header.raw)));
        }
        if let Some(named) = seen.names().from(Source::Type)
            && is_error_name(seen, named.name())
        {
            found.push(Mismatch {
                at: place(Source::Type),
                expected: "no error in a success".into(),
                actual: cut(named.raw),
            });
        }
        let wrapped =
            seen.object().and_then(|body| body.get("Output")).and_then(|output| output.get("__type"));
        if let Some(raw) = wrapped.and_then(Value::as_str) {
            found.push(Mismatch {
                at: Location::Pointer("/Output/__type".into()),
                expected: "no error in a success".into(),
                actual: cut(raw),
            });
        }
        found
    },
};

/// Whether the model of the error has a member `code`, which says something else.
fn is_member(seen: &ExchangeContext<'_>, found: &Discriminator<'_>) -> bool {
    let shape = seen.schema().and_then(|name| seen.contract.schema(name));
    found.source == Source::Code && shape.is_some_and(|shape| shape["properties"].get("code").is_some())
}

/// A `__type` in a success may name the output's own shape; it is an error where it names one.
fn is_error_name(seen: &ExchangeContext<'_>, name: &str) -> bool {
    ["Exception", "Fault", "Error", "Failure"].iter().any(|ending| name.ends_with(ending))
        || seen.modelled(name).is_some()
        || is_common(name)
}

fn is_common(name: &str) -> bool {
    throttle::is_name(name)
        || COMMON.contains(&name)
        || name.strip_suffix("Exception").is_some_and(|stem| COMMON.contains(&stem))
}

fn place(source: Source) -> Location {
    match source {
        Source::Header => Location::Header("x-amzn-errortype".into()),
        Source::Type => Location::Pointer("/__type".into()),
        Source::Code => Location::Pointer("/code".into()),
        Source::ErrorCode => Location::Pointer("/errorCode".into()),
    }
}

#[cfg(test)]
mod tests {
    use crate::check::rules::example::{aws, aws_error};

    #[test]
    fn a_whole_shape_id_is_right_in_1_0() {
        let body = r#"{"__type":"com.example#ThingNotFound","message":"no such thing"}"#;
        aws_error().imported().body(body).breaks_nothing();
        aws_error().body(body).warns_only("awsjson.error.bare-type");
    }

    #[test]
    fn an_error_says_which_one_it_is() {
        let clause = "awsjson.error.discriminator";
        for untyped in [
            "{}",
            r#"{"message":"no"}"#,
            r#"{"__type":""}"#,
            r#"{"__type":7}"#,
            r#"{"Error":{"__type":"ThingNotFound"}}"#,
            r#"{"__Type":"ThingNotFound"}"#,
            r#"{"Code":"ThingNotFound"}"#,
        ] {
            aws_error().body(untyped).breaks_only(clause);
            aws_error().status(500).body(untyped).breaks_only(clause);
            aws_error().broken_request().body(untyped).breaks_only(clause);
            aws_error()
                .body(untyped)
                .with("x-amzn-errortype", "ThingNotFound")
                .warns_only("awsjson.error.type-in-body");
        }
        aws_error().body(r#"{"code":"ThingNotFound"}"#).warns_only("awsjson.error.type-in-body");
        aws_error().body(r#"{"__type":"ThingNotFound"}"#).breaks_nothing();
    }

    #[test]
    fn all_discriminators_mean_one_error() {
        let clause = "awsjson.error.discriminators-agree";
        aws_error().with("x-amzn-errortype", "ThingNotFound").breaks_nothing();
        aws_error().with("x-amzn-errortype", "com.amazonaws#ThingNotFound:http://x/#y").has_no_violation();
        aws_error().with("x-amzn-errortype", "Other").breaks_only(clause);
        aws_error().with("x-amzn-errortype", "thingnotfound").breaks_only(clause);
        aws_error().body(r#"{"__type":"ThingNotFound","code":"Other"}"#).breaks_only(clause);
        aws_error().body(r#"{"__type":"ThingNotFound","code":400}"#).breaks_nothing();
        aws_error().body(r#"{"__type":"ThingNotFound","code":"a#ThingNotFound"}"#).has_no_violation();
    }

    #[test]
    fn a_dressed_type_is_only_a_warning() {
        for dressed in ["com.amazonaws.dms#ThingNotFound", "ThingNotFound:http://x", "a#ThingNotFound:b#c"] {
            aws_error()
                .body(&format!(r#"{{"__type":"{dressed}","message":"no"}}"#))
                .warns_only("awsjson.error.bare-type");
        }
    }

    #[test]
    fn a_modelled_error_has_the_status_of_its_model() {
        for status in [401, 404, 409, 500, 503] {
            aws_error()
                .status(status)
                .body(r#"{"__type":"ThingNotFound"}"#)
                .breaks_only("awsjson.error.status");
        }
        aws_error().status(503).body(r#"{"__type":"ThingBusy"}"#).breaks_nothing();
        aws_error().body(r#"{"__type":"ThingBusy"}"#).breaks_only("awsjson.error.status");
        aws_error().status(404).body(r#"{"__type":"UnknownOperationException"}"#).breaks_nothing();
    }

    #[test]
    fn errors_that_no_model_lists_are_warned_about_unless_they_are_common() {
        let error = |name: &str| aws_error().body(&format!(r#"{{"__type":"{name}"}}"#));
        error("SomethingNew").warns_only("awsjson.error.modelled");
        error("SomethingNew").broken_request().breaks_nothing();
        error("SomethingNew").status(500).breaks_nothing();
        for common in [
            "InvalidParameterValueException",
            "ThrottlingException",
            "AccessDenied",
            "SerializationException",
        ] {
            error(common).breaks_nothing();
        }
    }

    #[test]
    fn the_body_of_an_error_satisfies_its_shape() {
        let clause = "awsjson.error.shape";
        let error = |rest: &str| aws_error().body(&format!(r#"{{"__type":"ThingNotFound",{rest}}}"#));
        for wrong in [r#""message":1"#, r#""message":{}"#, r#""message":null"#, r#""resourceArn":[]"#] {
            error(wrong).breaks_only(clause);
        }
        error(r#""message":"any words""#).breaks_nothing();
        error(r#""extra":null"#).breaks_nothing();
        error(r#""Message":"no""#).breaks_only("awsjson.error.message-member");
        error(r#""Message":"no","message":"no""#).breaks_nothing();
        aws_error().body(r#"{"__type":"AccessDeniedException","Message":"no"}"#).breaks_nothing();
    }

    #[test]
    fn a_success_is_no_error_in_disguise() {
        let clause = "awsjson.error.not-in-success";
        for disguised in [
            r#"{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}"#,
            r#"{"__type":"ThingNotFound"}"#,
            r#"{"__type":"a.b#ThingNotFound:c"}"#,
            r#"{"__type":"InternalFailure"}"#,
            r#"{"__type":"NobodyKnowsThisException","Thing":{}}"#,
        ] {
            aws().body(disguised).breaks_only(clause);
        }
        aws().with("x-amzn-errortype", "ThingNotFound").breaks_only(clause);
        aws().body(r#"{"__type":"DeleteThingResponse","Thing":{}}"#).breaks_nothing();
        aws().body(r#"{"code":"green","Thing":{}}"#).breaks_nothing();
        aws().body(r#"{"Thing":{"__type":"ThingNotFound"}}"#).breaks_nothing();
    }
}
