//! Claims about headers. Names are lower case by now; values are compared as text after trimming, except media types.

use crate::model::{
    case::HeaderClaim,
    exchange::Response,
    verdict::{Location, Mismatch},
};

use super::{Context, cut, fill, filled, format};

pub(super) fn mismatches(
    name: &str,
    claim: &HeaderClaim,
    response: &Response,
    cx: &Context<'_>,
) -> Vec<Mismatch> {
    let at = || Location::Header(name.to_owned());
    let mut values = response.headers_named(name).map(str::trim).peekable();
    if let HeaderClaim::Absent = claim {
        return values
            .map(|value| Mismatch { at: at(), expected: "absent".into(), actual: cut(value) })
            .collect();
    }
    let mut wanted = Vec::new();
    if let HeaderClaim::OneOf(templates) = claim {
        for template in templates {
            match filled(template, cx.variables) {
                Ok(text) => wanted.push(text),
                Err(mismatch) => return vec![Mismatch { at: at(), ..mismatch }],
            }
        }
    }
    let expected = || if wanted.is_empty() { describe(claim) } else { wanted.join(" or ") };
    if values.peek().is_none() {
        return vec![Mismatch { at: at(), expected: expected(), actual: "absent".into() }];
    }
    let holds = |value: &str| match claim {
        HeaderClaim::OneOf(_) => wanted.iter().any(|wanted| same(name, wanted.trim(), value)),
        HeaderClaim::Matches(pattern) => pattern.is_match(value),
        HeaderClaim::Format(wanted) => format::text(*wanted, value),
        HeaderClaim::Present | HeaderClaim::Unique | HeaderClaim::Absent => true,
    };
    values
        .filter(|value| !holds(value))
        .map(|value| Mismatch { at: at(), expected: expected(), actual: cut(value) })
        .collect()
}

/// A header claim in a few words.
pub(super) fn describe(claim: &HeaderClaim) -> String {
    match claim {
        HeaderClaim::OneOf(values) => values.iter().map(fill::spelled_text).collect::<Vec<_>>().join(" or "),
        HeaderClaim::Matches(pattern) => format!("matching /{pattern}/"),
        HeaderClaim::Format(wanted) => format::describe(*wanted).into(),
        HeaderClaim::Present => "present".into(),
        HeaderClaim::Absent => "absent".into(),
        HeaderClaim::Unique => "present, and not twice the same".into(),
    }
}

fn same(name: &str, wanted: &str, value: &str) -> bool {
    if name != "content-type" {
        return wanted == value;
    }
    let (wanted, value) = (media_type(wanted), media_type(value));
    wanted.0 == value.0 && (wanted.1.is_empty() || wanted.1 == value.1)
}

/// A media type (RFC 9110, section 8.3.1) as `type/subtype` in lower case and its parameters: names in lower case,
/// values unquoted and in lower case (the only parameter in use, `charset`, is case-insensitive), sorted.
pub fn media_type(text: &str) -> (String, Vec<(String, String)>) {
    let mut parts = text.split(';');
    let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let mut parameters: Vec<_> = parts
        .filter_map(|part| part.split_once('='))
        .map(|(name, value)| {
            (name.trim().to_ascii_lowercase(), value.trim().trim_matches('"').to_ascii_lowercase())
        })
        .collect();
    parameters.sort();
    (essence, parameters)
}
