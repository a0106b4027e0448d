//! The rules for answers of restJson1: what breaks each, and what does not.

use super::{
    RULES,
    example::{CONTRACTS, tool_error, tool_op},
};

#[test]
fn clauses_are_those_of_the_protocol() {
    let contract = CONTRACTS.get("tools").unwrap();
    let about: Vec<String> = RULES
        .iter()
        .filter(|rule| rule.is_about(contract))
        .map(|rule| rule.clause_of(contract).to_string())
        .filter(|clause| !clause.starts_with("http."))
        .collect();
    assert!(about.iter().all(|clause| clause.starts_with("restjson.")), "{about:?}");
    for clause in ["answer.status", "response.json", "output.types", "output.headers", "error.type-in-header"]
    {
        assert!(about.contains(&format!("restjson.{clause}")), "{clause}");
    }
    for clause in ["error.type-in-body", "response.success-200", "answer.schema", "answer.status-documented"]
    {
        assert!(!about.contains(&format!("restjson.{clause}")), "{clause}");
    }
}

#[test]
fn a_success_has_the_status_and_the_media_type_of_its_operation() {
    tool_op("GetTool").breaks_nothing();
    tool_op("GetTool").with("content-type", "application/json; charset=utf-8").breaks_nothing();
    for status in [201, 202, 204, 301] {
        tool_op("GetTool").status(status).breaks("status-documented");
    }
    for wrong in ["text/html", "application/x-amz-json-1.1", ""] {
        tool_op("GetTool").with("content-type", wrong).breaks_only("content-type");
    }
    tool_op("GetTool").without("content-type").breaks_only("content-type");
    tool_op("DeleteTool").status(204).body("").without("content-type").breaks_nothing();
    tool_op("GetTool").with("content-length", "x").breaks_only("content-length");
    // A payload is of any media type.
    tool_op("GetFile").with("content-type", "image/png").body("\u{1}").breaks_nothing();
}

#[test]
fn a_body_with_members_is_an_object() {
    for wrong in ["[]", "null", "{", "<html>"] {
        tool_op("GetTool").body(wrong).breaks_only("json");
        tool_error().body(wrong).breaks_only("json");
    }
    tool_op("GetTool").body("").breaks_only("json");
    tool_op("ListTools").body("").breaks_nothing();
    tool_op("ListTools").body("{}").breaks_nothing();
    tool_op("ListTools").body(r#"{"tools":[{"name":7}]}"#).breaks_only("output-type");
    tool_op("ListTools").body(r#"{"Tools":[]}"#).breaks_only("output-member-names");
    tool_op("ListTools").body(r#"{"tools":null}"#).breaks_only("output-null");
    tool_op("ListTools").body(r#"{"tools":[{"name":"a","made":"1970"}]}"#).breaks_only("output-timestamp");
    // A service may have outgrown its model.
    tool_op("ListTools").body(r#"{"tools":[{}]}"#).warns_only("output-required");
}

#[test]
fn a_header_is_written_as_its_type_is() {
    let with = |name: &str, value: &str| tool_op("GetTool").with(name, value);
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (name, value) in [
        ("x-size", "7"),
        ("x-whole", "false"),
        ("x-sizes", "1, 2,3"),
        ("x-kind", "b"),
        ("x-made", date),
        ("x-times", &format!("{date}, {date}")),
        ("x-other", "[]"),
    ] {
        with(name, value).breaks_nothing();
    }
    for (name, value) in [
        ("x-size", "many"),
        ("x-size", "\"7\""),
        ("x-size", "7.5"),
        ("x-whole", "yes"),
        ("x-whole", "1"),
        ("x-sizes", "1,two"),
        ("x-made", "1970-01-01T00:00:00Z"),
        ("x-times", "784111777"),
    ] {
        with(name, value).breaks_only("output-headers");
    }
    with("x-size", "many").status(404).body("{}").breaks("error-type");
}

#[test]
fn an_error_says_which_one_it_is_in_the_header_at_best() {
    tool_error().breaks_nothing();
    let named = |body: &str| tool_error().without("x-amzn-errortype").body(body);
    named(r#"{"__type":"ToolNotFound","Message":"no"}"#).warns_only("error-type-in-header");
    named(r#"{"code":"ToolNotFound","Message":"no"}"#).warns_only("error-type-in-header");
    named(r#"{"Message":"no"}"#).breaks_only("error-type");
    named("").breaks("error-type");
    tool_error().with("x-amzn-errortype", "ToolNotFound:http://x/").warns_only("error-type-bare");
    tool_error().body(r#"{"__type":"Other","Message":"no"}"#).breaks_only("error-types-agree");
    // The model gives this error a member that is called so.
    tool_error().body(r#"{"code":"E7","Message":"no"}"#).breaks_nothing();
    tool_error().status(400).breaks_only("error-status");
    tool_error().body(r#"{"Message":7}"#).breaks_only("error-shape");
    tool_error().body("{}").warns_only("error-shape");
    tool_error().body(r#"{"message":"no"}"#).breaks_only("error-member-names");
    tool_error().with("x-amzn-errortype", "SomethingNew").warns_only("error-modelled");
    tool_error().with("x-amzn-errortype", "ValidationException").status(400).breaks_nothing();
    tool_op("GetTool").with("x-amzn-errortype", "ToolNotFound").breaks_only("error-in-success");
}

#[test]
fn what_answers_a_path_that_the_model_does_not_have_may_be_a_gateway() {
    let page =
        tool_error().without("x-amzn-errortype").with("content-type", "text/html").body("<h1>404</h1>");
    page.clone().broken_request().path("/elsewhere").has_no_violation();
    page.clone().broken_request().method("PATCH").has_no_violation();
    page.breaks("json");
}
