//! One documented answer, and by which schema a body of each media type is judged.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One documented answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentedResponse {
    /// A name under `$defs`; none where no body is documented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Documented media types; empty where the protocol fixes it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media_types: Vec<String>,
    /// JSON media types whose bodies have another schema than `schema`, as documented; none where any body will do.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other_schemas: BTreeMap<String, Option<String>>,
    /// The schema of the headers that hold members of the output: an object of them by their names in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<String>,
}

impl DocumentedResponse {
    /// The schema of a body with this `content-type`: that of its own media type, of a range that covers it (RFC 9110,
    /// 12.5.1), else the first.
    pub fn schema_of(&self, content_type: Option<&str>) -> Option<&str> {
        let given = plain(content_type.unwrap_or_default());
        let fits: [&dyn Fn(&str) -> bool; 3] = [
            &|documented| plain(documented) == given,
            &|documented| essence(&plain(documented)) == essence(&given),
            &|documented| {
                let documented = plain(documented);
                let range = essence(&documented).strip_suffix('*');
                range.is_some_and(|of| of == "*/" || given.starts_with(of))
            },
        ];
        for fit in fits {
            let first = |kind: &&String| !self.other_schemas.contains_key(*kind) && fit(kind);
            if self.media_types.iter().any(|kind| first(&kind)) {
                break;
            }
            if let Some((_, other)) = self.other_schemas.iter().find(|(kind, _)| fit(kind)) {
                return other.as_deref();
            }
        }
        self.schema.as_deref()
    }

    /// Every schema that bodies are judged by.
    pub fn schemas(&self) -> impl Iterator<Item = &str> {
        self.schema.as_deref().into_iter().chain(self.other_schemas.values().filter_map(Option::as_deref))
    }
}

/// In lower case and without white space, neither of which tells one media type from another.
fn plain(media_type: &str) -> String {
    media_type.to_ascii_lowercase().split_whitespace().collect()
}

/// Whether a media type is one JSON text: itself, or by its suffix (RFC 6839, 3.1); a sequence of them is none.
pub fn is_json(media_type: &str) -> bool {
    let plain = plain(media_type);
    matches!(essence(&plain), "application/json" | "text/json") || essence(&plain).ends_with("+json")
}

fn essence(plain: &str) -> &str {
    plain.split(';').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_the_schema_of_its_own_media_type() {
        let main = ["application/json", "application/vnd.same+json", "text/xml"];
        let others = [
            ("application/vnd.Star+json", Some("Star")),
            ("application/json;profile=long", Some("Long")),
            ("application/hal+json; charset=utf-8", Some("Hal")),
            ("text/json", None),
            ("image/*", Some("Image")),
        ];
        let documented = main.into_iter().chain(others.iter().map(|(kind, _)| *kind));
        let answer = DocumentedResponse {
            schema: Some("First".into()),
            media_types: documented.map(str::to_owned).collect(),
            other_schemas: others.map(|(kind, name)| (kind.to_owned(), name.map(str::to_owned))).into(),
            headers: None,
        };
        for (given, schema) in [
            (Some("application/json"), Some("First")),
            (Some("application/json; charset=utf-8"), Some("First")),
            (Some("APPLICATION/JSON ; Profile=long"), Some("Long")),
            (Some("application/vnd.same+json"), Some("First")),
            (Some("application/vnd.star+json"), Some("Star")),
            (Some("application/VND.star+json;v=1"), Some("Star")),
            (Some("application/hal+json"), Some("Hal")),
            (Some("text/json"), None),
            (Some("image/svg+json"), Some("Image")),
            (Some("application/problem+json"), Some("First")),
            (Some(""), Some("First")),
            (None, Some("First")),
        ] {
            assert_eq!(answer.schema_of(given), schema, "{given:?}");
        }
    }

    #[test]
    fn a_range_stands_for_what_nothing_else_documents() {
        let answer = |main: &str, other: &str| DocumentedResponse {
            schema: Some("First".into()),
            media_types: vec![main.into(), other.into()],
            other_schemas: [(other.to_owned(), Some("Other".to_owned()))].into(),
            headers: None,
        };
        for (main, other, given, schema) in [
            ("application/json", "*/*", "application/json", "First"),
            ("application/json", "*/*", "application/a+json", "Other"),
            ("application/json", "application/*", "application/a+json", "Other"),
            ("application/json", "application/*", "text/json", "First"),
            ("application/*", "application/a+json", "application/a+json", "Other"),
            ("application/*", "application/a+json", "application/b+json", "First"),
        ] {
            assert_eq!(answer(main, other).schema_of(Some(given)), Some(schema), "{main} {other} {given}");
        }
    }
}
