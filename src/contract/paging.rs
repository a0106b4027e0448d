//! How a list comes page by page, where its model does not say it: proposed from the names of members. A list of which only
//! the first page is read shows neither that something is there nor that it is gone.

use serde_json::Value;

use super::{
    family,
    shape::{Kind, Shape},
};
use crate::model::contract::{Contract, Effect, Member, Operation, Paging, ParameterLocation};

/// What members are called that lead to a next page, in lower-case letters and digits.
const TOKENS: [&str; 8] = [
    "cursor",
    "pagecursor",
    "pagetoken",
    "nexttoken",
    "nextpagetoken",
    "continuationtoken",
    "startingtoken",
    "marker",
];

/// What members are called that say how large a page is.
const SIZES: [&str; 7] = ["limit", "pagesize", "perpage", "maxresults", "maxitems", "maxrecords", "top"];

/// Gives every list of the contract the paging that the names of its members propose.
pub(super) fn propose(contract: &mut Contract) {
    let read = contract.operations.values().filter(|it| it.effect == Effect::Read && it.paging.is_none());
    let found: Vec<_> =
        read.filter_map(|operation| Some((operation.name.clone(), proposed(contract, operation)?))).collect();
    for (name, paging) in found {
        if let Some(operation) = contract.operations.get_mut(&name) {
            operation.paging = Some(paging);
        }
    }
}

fn proposed(contract: &Contract, operation: &Operation) -> Option<Paging> {
    let input = operation.members.keys().find(|name| is_token(operation, name))?;
    let answer = Shape::of(contract, family::answer_schema(contract, operation)?);
    let mut outputs = Vec::new();
    for property in answer.properties(contract) {
        let inner = Shape::of(contract, property.schema);
        match inner.kind {
            Kind::Text => outputs.push(property.name.to_owned()),
            // `meta`, `pagination`: what stands beside the list.
            Kind::Structure => outputs.extend(
                inner
                    .properties(contract)
                    .into_iter()
                    .filter(|inside| Shape::of(contract, inside.schema).kind == Kind::Text)
                    .map(|inside| format!("{}.{}", property.name, inside.name)),
            ),
            _ => {}
        }
    }
    let asked = plain(input);
    let last = |output: &str| plain(output.rsplit('.').next().unwrap_or(output));
    let is_same_word = |output: &str| {
        ["token", "cursor", "marker"].iter().any(|word| asked.ends_with(word) && output.ends_with(word))
    };
    let rank = |output: &String| match last(output) {
        name if name == format!("next{asked}") => Some(0),
        name if name == asked => Some(1),
        name if name.starts_with("next") && is_same_word(&name) => Some(2),
        name if name == "endcursor" && asked.ends_with("cursor") => Some(3),
        _ => None,
    };
    let (_, output_token) = outputs.into_iter().filter_map(|output| Some((rank(&output)?, output))).min()?;
    Some(Paging {
        input_token: input.clone(),
        output_token,
        page_size: size(contract, operation).map(str::to_owned),
        proposed: true,
    })
}

/// Whether a member that may be left out is called as the tokens are that lead to a next page, and is a text.
pub(super) fn is_token(operation: &Operation, name: &str) -> bool {
    let member = operation.members.get(name).filter(|it| !it.required && it.schema["type"] != "integer");
    operation.effect == Effect::Read && member.is_some() && TOKENS.contains(&&*plain(name))
}

/// The member of a list's input that says how large a page is: the one that the model says, else one that is called so.
pub(super) fn size<'a>(contract: &Contract, list: &'a Operation) -> Option<&'a str> {
    if let Some(paging) = &list.paging {
        return paging.page_size.as_deref().filter(|size| list.members.contains_key(*size));
    }
    let is_size = |(name, member): &(&String, &Member)| {
        (member.place == ParameterLocation::Query || contract.protocol.is_smithy())
            && SIZES.contains(&&*plain(name))
            && Shape::of(contract, &member.schema).kind == Kind::Integer
    };
    list.members.iter().find(is_size).map(|(name, _)| name.as_str())
}

/// How further pages of a list are asked for by numbers, where its input has a member for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ByNumber<'a> {
    /// How many elements to leave out.
    Offset(&'a str),
    Page(&'a str),
}

/// The optional number by which an operation is asked for what is behind the first page.
pub(crate) fn by_number<'a>(contract: &Contract, list: &'a Operation) -> Option<ByNumber<'a>> {
    let numbers = list.members.iter().filter(|(_, member)| {
        !member.required
            && member.place == ParameterLocation::Query
            && matches!(Shape::of(contract, &member.schema).kind, Kind::Integer | Kind::Number)
    });
    let mut found = numbers.filter_map(|(name, _)| match &*plain(name) {
        "offset" | "skip" | "start" | "startindex" | "startat" | "from" => Some(ByNumber::Offset(name)),
        "page" | "pagenumber" | "pageindex" | "pageno" => Some(ByNumber::Page(name)),
        _ => None,
    });
    found.next()
}

/// Whether an answer says that it is not all there is, by a member beside its lists: `nextPage`, `hasMore`, `truncated`, or
/// a total that is more than `seen`.
pub(crate) fn says_more(body: &Value, seen: usize) -> bool {
    let Some(members) = body.as_object() else { return false };
    members.iter().any(|(name, value)| {
        let name = plain(name);
        match value {
            Value::Bool(more) => {
                *more && (name.contains("more") || name.contains("truncated") || name == "hasnext")
            }
            Value::String(text) => !text.is_empty() && (name.starts_with("next") || TOKENS.contains(&&*name)),
            Value::Number(number) if name.starts_with("next") => number.as_u64() != Some(0),
            Value::Number(number) => TOTALS.contains(&&*name) && number.as_u64() > Some(seen as u64),
            Value::Object(_) => {
                ["meta", "metadata", "pagination", "paging", "page", "links", "pageinfo"].contains(&&*name)
                    && says_more(value, seen)
                    || name == "next" && value.get("href").is_some()
            }
            _ => false,
        }
    })
}

/// Whether an answer counts all that there is, and no more than was `seen`.
pub(crate) fn says_all(body: &Value, seen: usize) -> bool {
    let Some(members) = body.as_object() else { return false };
    members.iter().any(|(name, value)| {
        TOTALS.contains(&&*plain(name)) && value.as_u64().is_some_and(|total| total == seen as u64)
            || value.is_object() && says_all(value, seen)
    })
}

const TOTALS: [&str; 5] = ["total", "totalcount", "totalresults", "totalitems", "totalelements"];

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contract::openapi;

    #[test]
    fn pages_are_proposed_by_the_names_of_members_and_no_others() {
        let text = || json!({ "type": "string" });
        for (inputs, outputs, proposed) in [
            (&["cursor", "limit"][..], json!({ "nextCursor": text() }), Some(("cursor", "nextCursor"))),
            (
                &["cursor"],
                json!({ "prev_cursor": text(), "next_cursor": text() }),
                Some(("cursor", "next_cursor")),
            ),
            (&["pageToken"], json!({ "nextPageToken": text() }), Some(("pageToken", "nextPageToken"))),
            (&["page_token"], json!({ "next_token": text() }), Some(("page_token", "next_token"))),
            (&["nextToken"], json!({ "nextToken": text() }), Some(("nextToken", "nextToken"))),
            (&["marker"], json!({ "marker": text(), "nextMarker": text() }), Some(("marker", "nextMarker"))),
            (
                &["cursor"],
                json!({ "meta": { "type": "object", "properties": { "next_cursor": text() } } }),
                Some(("cursor", "meta.next_cursor")),
            ),
            (&["cursor"], json!({ "token": text(), "name": text() }), None),
            (&["name"], json!({ "nextCursor": text() }), None),
            (&["cursor"], json!({ "nextCursor": { "type": "integer" } }), None),
        ] {
            let member = |name: &&str| json!({ "name": name, "in": "query", "schema": text() });
            let document = json!({
                "openapi": "3.0.3",
                "info": { "title": "Shop", "version": "1" },
                "paths": { "/things": { "get": {
                    "operationId": "ListThings",
                    "parameters": inputs.iter().map(member).collect::<Vec<_>>(),
                    "responses": { "200": { "description": "ok", "content": { "application/json": { "schema": {
                        "type": "object", "properties": outputs,
                    } } } } },
                } } },
            });
            let contract = openapi::import(&document.to_string(), "shop").unwrap().contract;
            let paging = contract.operation("ListThings").unwrap().paging.clone();
            let found = paging.as_ref().map(|it| (&*it.input_token, &*it.output_token));
            assert_eq!(found, proposed, "{inputs:?} {outputs}");
        }
    }

    #[test]
    fn an_answer_says_whether_it_is_all() {
        for (body, more, all) in [
            (json!({ "items": [1, 2], "total": 2 }), false, true),
            (json!({ "items": [1, 2], "totalCount": 3 }), true, false),
            (json!({ "items": [1, 2], "hasMore": true }), true, false),
            (json!({ "items": [1, 2], "hasMore": false }), false, false),
            (json!({ "items": [1, 2], "next": "https://shop/things?page=2" }), true, false),
            (json!({ "items": [1, 2], "next": null }), false, false),
            (json!({ "items": [1, 2], "nextCursor": "" }), false, false),
            (json!({ "items": [1, 2], "_links": { "next": { "href": "/things?page=2" } } }), true, false),
            (json!({ "items": [1, 2], "pagination": { "total": 2 } }), false, true),
            (json!({ "items": [1, 2], "meta": { "next_page": 2 } }), true, false),
            (json!({ "items": [1, 2], "nextMaintenance": { "at": "now" } }), false, false),
            (json!([1, 2]), false, false),
        ] {
            assert_eq!((says_more(&body, 2), says_all(&body, 2)), (more, all), "{body}");
        }
    }
}
