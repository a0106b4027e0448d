//! The clauses of an imported API: one for each operation, in the words of its model, and for an API that speaks REST those
//! that every document makes.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    model::{
        clause::{Clause, Clauses, Strength},
        contract::Contract,
    },
    suite,
    workspace::{
        Error,
        bundled::{self, Kind},
    },
};

/// What begins the names of clauses that a document of any REST API makes; the bundled ones of Veeam have their texts.
const OF_DOCUMENTS: [&str; 9] = [
    "answer.",
    "auth.garbage",
    "auth.public",
    "auth.required",
    "input.",
    "life.",
    "path.",
    "request.",
    "response.",
];
/// Characters of a sentence of a model.
const LONGEST: usize = 300;

/// The text of `clauses.yaml`.
///
/// Fails if the bundled clauses cannot be read.
pub fn file(contract: &Contract, documented: &BTreeMap<String, String>) -> Result<String, Error> {
    let Contract { title, version, api, .. } = contract;
    let mut text = format!(
        "# Clauses of {}, made by `proofmark import` from its model. Edit them: an import does not overwrite this file.\n",
        one_line(title)
    );
    let document = format!("{} {}", one_line(title), one_line(version));
    if contract.protocol.clauses().is_none() {
        for (name, clause) in of_documents()? {
            entry(&mut text, &format!("{api}.{name}"), &restated(clause, &document));
        }
    }
    for operation in contract.operations.values().filter(|it| is_id(&it.name)) {
        let said = documented.get(&*operation.name).map_or(String::new(), |said| format!(" {said}"));
        let clause = Clause {
            strength: Strength::Must,
            text: format!("A valid request has a documented success response.{said}"),
            document: document.clone(),
            section: operation.name.to_string(),
        };
        entry(&mut text, &format!("{api}.{}.success", operation.name), &clause);
    }
    Ok(text)
}

/// The bundled clauses that every REST document makes, without the name of the API.
fn of_documents() -> Result<Vec<(String, Clause)>, Error> {
    let files = bundled::read(Kind::Schemas, None, |name| name == "veeam/clauses.yaml")?;
    let clauses: Clauses = suite::load_clauses(&files).map_err(Error::Diagnostics)?;
    let named = clauses.into_iter().filter_map(|(id, clause)| {
        let name = id.strip_prefix("veeam.")?.to_owned();
        OF_DOCUMENTS.iter().any(|it| name.starts_with(it)).then_some((name, clause))
    });
    Ok(named.collect())
}

/// The same clause of another document; what an RFC says stays.
fn restated(clause: Clause, document: &str) -> Clause {
    if clause.document.starts_with("RFC ") {
        return clause;
    }
    // A place in the document that is named by a keyword of OpenAPI is in every one.
    let section = match clause.section.starts_with(|c: char| c.is_ascii_lowercase()) {
        true => clause.section,
        false => "paths, responses".to_owned(),
    };
    Clause { document: document.to_owned(), section, ..clause }
}

fn entry(text: &mut String, id: &str, clause: &Clause) {
    let Clause { strength, text: said, document, section } = clause;
    let quoted = |text: &str| Value::from(text).to_string();
    *text += &format!(
        "\n{id}:\n  strength: {strength}\n  text: {}\n  document: {}\n  section: {}\n",
        quoted(said),
        quoted(document),
        quoted(section)
    );
}

/// Whether a clause can be named after this.
fn is_id(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// What a model says of its operations, a sentence each, by their names.
pub fn documented(model: &str) -> BTreeMap<String, String> {
    let read = serde_json::from_str::<Value>(model).ok().or_else(|| serde_saphyr::from_str(model).ok());
    let Some(model) = read else { return BTreeMap::new() };
    let mut found = BTreeMap::new();
    let mut add = |name: &str, said: &Value| {
        if let Some(said) = said.as_str().map(sentence).filter(|it| !it.is_empty()) {
            found.insert(name.to_owned(), said);
        }
    };
    for (name, operation) in model["operations"].as_object().into_iter().flatten() {
        add(name, &operation["documentation"]);
    }
    for (name, shape) in model["shapes"].as_object().into_iter().flatten() {
        if shape["type"] == "operation" {
            let name = name.split_once('#').map_or(&**name, |(_, name)| name);
            add(name, &shape["traits"]["smithy.api#documentation"]);
        }
    }
    for path in model["paths"].as_object().into_iter().flat_map(|paths| paths.values()) {
        for operation in path.as_object().into_iter().flat_map(|path| path.values()) {
            if let Some(name) = operation["operationId"].as_str() {
                let said = ["summary", "description"].into_iter().find(|it| operation[*it].is_string());
                add(name, &operation[said.unwrap_or("summary")]);
            }
        }
    }
    found
}

/// The first sentence, without markup, on one line.
fn sentence(text: &str) -> String {
    let mut plain = String::new();
    let mut inside = 0;
    for c in text.chars() {
        match c {
            '<' => inside += 1,
            '>' if inside > 0 => inside -= 1,
            _ if inside > 0 => {}
            _ => plain.push(c),
        }
    }
    let plain = one_line(&plain);
    let first = plain.split_once(". ").map_or(&*plain, |(first, _)| first).trim_end_matches('.');
    let first: String = first.chars().take(LONGEST).collect();
    if first.is_empty() { first } else { format!("{first}.") }
}

fn one_line(text: &str) -> String {
    let printable = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    printable.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_plain_and_the_first() {
        for (text, expected) in [
            ("<p>Creates a <i>secret</i>. It can be\n a password.</p>", "Creates a secret."),
            ("Lists shops", "Lists shops."),
            ("<p></p>", ""),
            ("a < b. c", "a."),
        ] {
            assert_eq!(sentence(text), expected, "{text}");
        }
    }

    #[test]
    fn operations_are_found_in_models_of_each_kind() {
        for model in [
            r#"{ "operations": { "GetShop": { "documentation": "<p>Gets.</p>" } } }"#,
            r#"{ "shapes": { "a.b#GetShop": { "type": "operation", "traits": { "smithy.api#documentation": "Gets." } } } }"#,
            r#"{ "paths": { "/shops": { "get": { "operationId": "GetShop", "description": "Gets." }, "parameters": [] } } }"#,
            "paths: { /shops: { get: { operationId: GetShop, summary: Gets } } }",
        ] {
            assert_eq!(documented(model), BTreeMap::from([("GetShop".into(), "Gets.".into())]), "{model}");
        }
        assert_eq!(documented("{"), BTreeMap::new());
    }

    #[test]
    fn every_clause_that_a_document_makes_has_a_text() {
        let names = of_documents().unwrap();
        for wanted in OF_DOCUMENTS {
            assert!(names.iter().any(|(name, _)| name.starts_with(wanted)), "{wanted}");
        }
        assert!(names.iter().all(|(_, clause)| !clause.text.contains("Veeam")));
    }
}
