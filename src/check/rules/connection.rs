//! The Status of a DMS connection is one of four words (DMS API Reference, API_Connection). The model calls it a string
//! and no more, so that the schema cannot tell.

use serde_json::Value;

use super::{About, Rule};
use crate::{
    matcher::shown,
    model::{
        clause::Strength,
        verdict::{Location, Mismatch},
    },
};

const WORDS: [&str; 4] = ["successful", "testing", "failed", "deleting"];

const OPERATIONS: [&str; 3] = ["DeleteConnection", "DescribeConnections", "TestConnection"];

pub(super) const STATUS: Rule = Rule {
    name: "connection-status",
    clause: "dms.Connection.status-values",
    strength: Strength::Must,
    about: About::Api("dms"),
    judge: |seen| {
        let about_connections =
            seen.operation.is_some_and(|operation| OPERATIONS.contains(&&*operation.name));
        let Some(body) = seen.object().filter(|_| about_connections && !seen.is_error()) else {
            return Vec::new();
        };
        let one = body.get("Connection").map(|one| ("/Connection".to_owned(), one));
        let many = body.get("Connections").and_then(Value::as_array).into_iter().flatten().enumerate();
        many.map(|(index, one)| (format!("/Connections/{index}"), one))
            .chain(one)
            // A status that is no string is for the schema to tell.
            .filter_map(|(at, connection)| {
                Some((at, connection.get("Status").filter(|status| status.is_string())?))
            })
            .filter(|(_, status)| !WORDS.iter().any(|word| *status == word))
            .map(|(at, status)| Mismatch {
                at: Location::Pointer(format!("{at}/Status")),
                expected: WORDS.join(", "),
                actual: shown(status),
            })
            .collect()
    },
};

#[cfg(test)]
mod tests {
    use crate::check::rules::example::{aws, aws_error, aws_op};

    #[test]
    fn a_status_is_one_of_four_words() {
        let clause = "dms.Connection.status-values";
        let described = |body: &str| aws_op("DescribeConnections").body(body);
        for word in super::WORDS {
            described(&format!(r#"{{"Connections":[{{"Status":"{word}"}}]}}"#)).breaks_nothing();
            described(&format!(r#"{{"Connection":{{"Status":"{word}"}}}}"#)).breaks_nothing();
        }
        for wrong in ["", "Successful", "deleted", "active"] {
            described(&format!(r#"{{"Connections":[{{}},{{"Status":"{wrong}"}}]}}"#)).breaks_only(clause);
            described(&format!(r#"{{"Connection":{{"Status":"{wrong}"}}}}"#)).breaks_only(clause);
        }
        described(r#"{"Connections":[]}"#).breaks_nothing();
        described("{}").breaks_nothing();
        aws().body(r#"{"Thing":{"Status":"active"}}"#).breaks_nothing();
        aws_error().breaks_nothing();
    }
}
