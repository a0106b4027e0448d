//! What JSON itself asks of a body, whatever the API (RFC 8259).

use super::{About, Rule};
use crate::model::{
    clause::Strength,
    verdict::{Location, Mismatch},
};

/// Which of two members of one name a client sees is the client's own business; all other rules see the last.
pub(super) const UNIQUE_NAMES: Rule = Rule {
    name: "unique-names",
    clause: "http.json.unique-names",
    strength: Strength::Should,
    about: About::Every,
    judge: |seen| {
        let Some(pointer) = seen.response.parsed().ok().and_then(|parsed| parsed.twice.clone()) else {
            return Vec::new();
        };
        let expected = "each name once in an object".to_owned();
        let actual = "it is there more than once; the last one is judged".to_owned();
        vec![Mismatch { at: Location::Pointer(pointer), expected, actual }]
    },
};

#[cfg(test)]
mod tests {
    use crate::check::rules::example::{ID, aws, rest};

    #[test]
    fn a_name_is_in_an_object_once() {
        let clause = "http.json.unique-names";
        aws().body(r#"{"Thing":{"Name":"a","Name":"b"}}"#).warns(clause);
        rest("GetThing").body(&format!(r#"{{"id":1,"id":"{ID}"}}"#)).warns(clause);
        aws().body(r#"{"Thing":{"Name":"a","Tags":["Name"],"Inner":{"Id":"Name"}}}"#).breaks_nothing();
    }
}
