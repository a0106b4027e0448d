//! The forms of a score: 80 columns, masked, escaped, and what its JSON Schema says.

use super::*;
use crate::{mutation::Survivor, redact::Redactor, report::Names};

/// A score with a survivor whose names and values are as long and as hostile as a target can make them.
fn score() -> Score {
    let long = "<b>x</b>|`$(rm)`".repeat(20);
    let key = |operator: &str| Key {
        api: "dms".into(),
        operation: "DescribeApplicableIndividualAssessmentsOfAVeryLongName".into(),
        operator: OPERATORS.iter().position(|row| row.name == operator).unwrap_or_default(),
        place: format!("body /{long}"),
        clause: Some("dms.AVeryLongOperationName.a-very-long-clause-that-goes-on-and-on".into()),
    };
    let survivor = Survivor {
        case: format!("dms::X::{long}"),
        exchange: 0,
        at: format!("body /{long}"),
        before: "\"before\"".into(),
        after: long.clone(),
    };
    let passed = Tally { survived: 123_456_789, noticed: 1, ..Tally::default() };
    let left = Tally { left: 7, left_noticed: 2, ..Tally::default() };
    let kinds = [
        (key("echo-changed"), Kind { tally: passed, survivor: Some(survivor), ..Kind::default() }),
        (key("text-changed"), Kind { tally: left, left: Some(Left::Time), ..Kind::default() }),
    ];
    Score { kinds: kinds.into(), entries: 2, not_judged: 1 }
}

fn measured() -> Measured {
    super::measured(&score(), &Of { target: "acme", record: "0", sample: None, not_passed: 3 })
}

#[test]
fn text_has_80_columns_and_says_what_a_survivor_is() {
    let mask = str::to_owned;
    for names in [Names::Few, Names::All] {
        let text = text(&measured(), names, &Redactor::new(&mask));
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(CAVEAT) && words.contains(PASSES), "{text}");
    }
}

#[test]
fn what_a_target_says_becomes_no_markup() {
    let mask = str::to_owned;
    let redactor = Redactor::new(&mask);
    let (html, markdown) = (html(&measured(), &redactor), markdown(&measured(), &redactor));
    assert!(!html.contains("<b>") && html.contains("&lt;b&gt;"));
    assert!(!markdown.contains("<b>") && !markdown.contains("`$"));
}

#[test]
fn the_document_is_what_its_schema_says() {
    let mask = str::to_owned;
    let json: serde_json::Value = serde_json::from_str(&json(&measured(), &Redactor::new(&mask))).unwrap();
    let validator = jsonschema::options().build(&schema()).unwrap();
    assert_eq!(validator.iter_errors(&json).map(|error| error.to_string()).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(json["total"]["survived"], 123_456_789);
    assert_eq!(json["total"]["score"], 0.0);
    assert_eq!(json["left"]["time"], 7);
}

#[test]
fn a_statement_is_held_to_its_score() {
    let said = sensitivity(&score());
    assert!(differences(&said, &score()).is_empty());
    let mut more = said.clone();
    more.classes.values_mut().for_each(|share| share.noticed += 1);
    let version = Sensitivity { operators: VERSION + 1, ..said.clone() };
    let none = Sensitivity { classes: BTreeMap::new(), ..said };
    for forged in [more, version, none] {
        assert_eq!(differences(&forged, &score()).len(), 1, "{forged:?}");
    }
}
