//! What a user writes, and what they are told. `wrong` takes the body of a case file that is about `DeleteThing`.

use std::fmt::Write;

use serde_json::json;

use super::*;
use crate::model::{
    case::{
        Auth, CaptureFrom, Case, Claim, HeaderClaim, Need, Presence, Profile, Scope, StatusPattern,
        ValueMatcher,
    },
    clause::Strength,
    contract::Contract,
    target::{Authentication, Credentials, Keys, KnownWhat, SecretRef, Verification},
    template::TemplateValue,
};

mod bounds;
mod cases;
mod good;
mod targets;

fn contract(api: &str, protocol: Value, path: &str, place: &str) -> Contract {
    let operation = |name: &str, effect: &str| {
        json!({ "name": name, "method": "POST", "path": path, "access": "protected", "effect": effect,
            "members": { "Id": { "in": place, "required": true, "schema": {} }, "Name": { "in": "body", "schema": {} } },
            "answers": { "200": { "schema": "Thing" } },
            "errors": [{ "name": "NotFoundFault", "status": 400 }] })
    };
    let operations: serde_json::Map<_, _> =
        [("CreateThing", "create"), ("DeleteThing", "destroy"), ("DescribeThings", "read")]
            .map(|(name, effect)| (name.to_owned(), operation(name, effect)))
            .into_iter()
            .collect();
    serde_json::from_value(json!({ "api": api, "title": "Things", "version": "1", "protocol": protocol,
        "operations": operations, "schemas": { "$defs": { "Thing": {}, "NotFoundFault": {} } } }))
    .unwrap()
}

/// `things` is awsJson, `rest` carries `Id` in its path.
fn contracts() -> Contracts {
    let json = json!({ "name": "aws-json", "jsonVersion": "1.1", "targetPrefix": "Things", "signingName": "things" });
    let rest = contract("rest", json!({ "name": "rest" }), "/things/{Id}", "path");
    Contracts::new(vec![contract("things", json, "/", "body"), rest]).unwrap()
}

fn clauses() -> Clauses {
    let clause = |text: &str| Clause {
        strength: Strength::Must,
        text: text.into(),
        document: "d".into(),
        section: "s".into(),
    };
    [("things.DeleteThing.success", "It is gone."), ("things.Thing.members", "It has members.")]
        .map(|(id, text)| (id.into(), clause(text)))
        .into()
}

fn source(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.into(), text: text.into() }
}

/// A suite of one fixture and one variable, to stand on.
const FIXTURES: &str = "api: things
variables: { absent.id: nobody }
fixtures:
  thing:
    create: { operation: CreateThing, send: { Name: \"${gen:suffix}\" }, capture: { id: $.Id } }
    destroy: { operation: DeleteThing, send: { Id: \"${thing.id}\" } }
";

fn load_text(text: &str) -> Result<Suite, Vec<Diagnostic>> {
    load(&[source("fixtures.yaml", FIXTURES), source("a.yaml", text)], &contracts(), &clauses())
}

/// `line:column message (help)`, one line each.
fn all_rendered(diagnostics: Vec<Diagnostic>) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        if let Some(span) = diagnostic.span() {
            write!(text, "{}:{} ", span.line, span.column).unwrap();
        }
        write!(text, "{}", diagnostic.message()).unwrap();
        if let Some(help) = diagnostic.help() {
            write!(text, " ({help})").unwrap();
        }
        text.push('\n');
    }
    text.trim_end().to_owned()
}

fn rendered(diagnostic: &Diagnostic) -> String {
    let mut text = String::new();
    let handler = miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor());
    handler.with_width(100).render_report(&mut text, diagnostic).unwrap();
    text
}

/// What is told of a file as it stands.
fn wrong_file(text: &str) -> String {
    all_rendered(load_text(text).err().unwrap_or_default())
}

/// What is told of cases; the first line of `text` is line 4 of the file.
fn wrong(text: &str) -> String {
    wrong_file(&format!("api: things\noperation: DeleteThing\ncases:\n{text}"))
}

/// What is told of one case; the first line of `text` is line 5 of the file, indented by four.
fn wrong_case(text: &str) -> String {
    let indented: String = text.lines().map(|line| format!("    {line}\n")).collect();
    wrong(&format!("  a-case:\n{indented}"))
}

/// The one case of a file that is about `operation`.
fn good_case_of(api: &str, text: &str) -> Case {
    let indented: String = text.lines().map(|line| format!("    {line}\n")).collect();
    let file = format!("api: {api}\noperation: DeleteThing\ncases:\n  a-case:\n{indented}");
    let suite = load_text(&file).unwrap_or_else(|diagnostics| panic!("{}", all_rendered(diagnostics)));
    let [case] = &suite.cases[..] else { panic!("{} cases", suite.cases.len()) };
    Case::clone(case)
}

fn good_case(text: &str) -> Case {
    good_case_of("things", text)
}
