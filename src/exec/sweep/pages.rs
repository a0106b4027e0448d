//! A list read to its last page. What is not on the pages that were read is not shown to be gone, so a list of which nothing
//! says how the rest is asked for tells nothing.

use std::collections::HashSet;

use serde_json::{Map, Value};
use url::form_urlencoded;

use super::search::Shown;
use crate::{
    contract::{
        family,
        paging::{self, ByNumber},
    },
    exec::{Session, drive::Failed, ledger::Unclear},
    model::{
        contract::{Contract, Member, Operation},
        exchange::{Response, TransportError},
    },
};

/// Pages that are read of one list.
const PAGES: usize = 1000;

/// What follows after a page.
enum Next {
    /// It is asked for with these members.
    Page(Vec<(String, Value)>),
    Nothing,
    /// There is more, and nothing says how it is asked for.
    Unknown,
}

/// What was read of one list.
#[derive(Default)]
struct Read {
    elements: Vec<Value>,
    seen: HashSet<String>,
    /// How many pages were read.
    pages: usize,
    /// How many elements of the last page were on none before.
    fresh: usize,
}

impl Read {
    fn add(&mut self, elements: Vec<Value>) {
        let known = self.elements.len();
        let is_new = |element: &Value| self.seen.insert(element.to_string());
        self.elements.extend(elements.into_iter().filter(is_new));
        self.pages += 1;
        self.fresh = self.elements.len() - known;
    }
}

impl Session {
    /// Every element of the lists of every page, and how many pages there are.
    pub(super) async fn walk(
        &self,
        api: &str,
        listing: &str,
        asking: &Map<String, Value>,
    ) -> Result<(Vec<Value>, usize), Shown> {
        let found = self.contract(api).and_then(|contract| Some((contract, contract.operation(listing)?)));
        let Some((contract, lister)) = found else {
            return Err(Shown::Never(format!("the API `{api}` has no {listing} any more")));
        };
        let list = family::list_of(contract, lister);
        let mut input = asking.clone();
        let mut read = Read::default();
        for _ in 0..PAGES {
            let answer = match self.ask(api, listing, &input).await {
                Err(Failed::Refused(why) | Failed::Unsendable(why)) => return Err(Shown::Never(why)),
                Ok(Err(broken @ TransportError::Timeout(_))) => {
                    return Err(Shown::Never(format!("{listing}: {broken}")));
                }
                Ok(Err(broken)) => return Err(Shown::NotNow(format!("{listing}: {broken}"), None)),
                Ok(Ok(answer)) => answer,
            };
            if answer.status != 200 {
                let why = format!("{listing} answered {}", self.status_in_words(api, &answer));
                let absent = self.has_no_parent(api, listing, asking, &answer);
                // Behind the last of numbered pages there may be nothing.
                let is_behind = answer.status == 404
                    && read.pages > 0
                    && paging::by_number(contract, lister).is_some_and(|_| lister.paging.is_none());
                return match answer.status {
                    _ if absent || is_behind => Ok((read.elements, read.pages)),
                    400..=499 | 501 => Err(Shown::Never(why)),
                    _ => Err(Shown::NotNow(why, Some(Unclear::of(&answer)))),
                };
            }
            let page = answer
                .json()
                .map_err(|error| Shown::Never(format!("{listing}: the answer is not JSON: {error}")))?;
            let elements = elements(page, list)
                .ok_or_else(|| Shown::Never(format!("the answer of {listing} holds no list")))?;
            read.add(elements);
            match next(contract, lister, &answer, page, &read) {
                Next::Page(members) if members.iter().any(|(name, value)| input.get(name) != Some(value)) => {
                    input.extend(members);
                }
                Next::Page(_) | Next::Nothing => return Ok((read.elements, read.pages)),
                Next::Unknown => {
                    let why = format!(
                        "{listing} shows a part of its list, and nothing says how to ask for the rest"
                    );
                    return Err(Shown::Never(why));
                }
            }
        }
        Err(Shown::Never(format!("{listing} does not come to an end")))
    }
}

/// The elements of the lists of a page, of the one `list` where the contract says which; none where it has no list.
fn elements(page: &Value, list: Option<&str>) -> Option<Vec<Value>> {
    let lists: Vec<&Vec<Value>> = match page {
        Value::Object(members) => {
            let of_kind = |name: &String| list.is_none_or(|list| list == name);
            let lists = members.iter().filter(|(name, _)| of_kind(name));
            lists.filter_map(|(_, value)| value.as_array()).collect()
        }
        Value::Array(elements) => vec![elements],
        _ => Vec::new(),
    };
    let may_be_elsewhere = || page.as_object().is_none_or(|members| members.values().any(Value::is_object));
    if lists.is_empty() && may_be_elsewhere() {
        return None;
    }
    let tells = |element: &&Value| element.is_object() || element.is_string();
    Some(lists.into_iter().flatten().filter(tells).cloned().collect())
}

fn next(contract: &Contract, lister: &Operation, answer: &Response, page: &Value, read: &Read) -> Next {
    let one = |name: &str, value: Value| Next::Page(vec![(name.to_owned(), value)]);
    if let Some(paging) = &lister.paging {
        match paging.next(page) {
            Some(token) => return one(&paging.input_token, token.clone()),
            None if !paging.proposed => return Next::Nothing,
            None => {}
        }
    }
    if let Some((name, token)) = undescribed_next(lister, page) {
        return one(&name, token);
    }
    if let Some(members) = linked(answer, page).map(|link| members_of(lister, &link)) {
        return if members.is_empty() { Next::Unknown } else { Next::Page(members) };
    }
    match paging::by_number(contract, lister) {
        _ if paging::says_all(page, read.elements.len()) => Next::Nothing,
        // Without a number comes the first page, which may be called 0 or 1.
        Some(ByNumber::Page(_)) if read.fresh == 0 && read.pages != 2 => Next::Nothing,
        Some(ByNumber::Page(name)) => one(name, read.pages.into()),
        Some(ByNumber::Offset(_)) if read.fresh == 0 => Next::Nothing,
        Some(ByNumber::Offset(name)) => one(name, read.elements.len().into()),
        None if paging::says_more(page, read.elements.len()) => Next::Unknown,
        None => Next::Nothing,
    }
}

/// Where the answer says that the next page is: by its `Link` header (RFC 8288), or by a member `next`.
fn linked(answer: &Response, page: &Value) -> Option<String> {
    let headers = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("link"));
    let links = headers.flat_map(|(_, value)| value.split(",<").flat_map(|link| link.split(", <")));
    let is_next = |parameters: &str| {
        parameters.split(';').any(|it| {
            let plain: String = it.chars().filter(|c| !c.is_whitespace() && *c != '"').collect();
            plain.eq_ignore_ascii_case("rel=next")
        })
    };
    let target = |link: &str| {
        let (target, parameters) = link.trim_start_matches(['<', ' ']).split_once('>')?;
        is_next(parameters).then(|| target.to_owned())
    };
    let of_member = || {
        let links = [Some(page), page.get("links"), page.get("_links"), page.get("meta")];
        let mut next = links.into_iter().flatten().filter_map(|links| links.get("next"));
        let next = next.find_map(|next| next.as_str().or_else(|| next.get("href")?.as_str()))?;
        (next.contains('?') || next.contains('/')).then(|| next.to_owned())
    };
    links.filter_map(target).next().or_else(of_member)
}

/// The members of the operation that stand in the query of this link.
fn members_of(lister: &Operation, link: &str) -> Vec<(String, Value)> {
    let query = link.split_once('?').map_or("", |(_, query)| query);
    let query = query.split('#').next().unwrap_or(query);
    let named = form_urlencoded::parse(query.as_bytes()).filter_map(|(wire, value)| {
        let is_it = |(name, member): &(&String, &Member)| member.wire_name.as_deref().unwrap_or(name) == wire;
        let (name, _) = lister.members.iter().find(is_it)?;
        Some((name.clone(), Value::from(value.into_owned())))
    });
    named.collect()
}

/// The text by which the next page is asked for, where the contract does not describe how: a member of the answer that is a
/// member of the input too.
fn undescribed_next(operation: &Operation, page: &Value) -> Option<(String, Value)> {
    let texts = page.as_object()?.iter().filter(|(_, value)| value.as_str().is_some_and(|it| !it.is_empty()));
    let mut both = texts.filter(|(name, _)| {
        operation
            .members
            .get(*name)
            .is_some_and(|member| !member.required && name.to_lowercase().contains("token"))
    });
    both.next().map(|(name, value)| (name.clone(), value.clone()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contract::openapi;

    /// What an operation with these query parameters is asked for after its first page, `-` for nothing and `?` for what
    /// nobody says.
    fn after(parameters: &Value, link: Option<&str>, page: &Value) -> String {
        let document = json!({
            "openapi": "3.0.3", "info": { "title": "Shop", "version": "1" },
            "paths": { "/things": { "get": {
                "operationId": "ListThings", "parameters": parameters,
                "responses": { "200": { "description": "ok", "content": { "application/json": { "schema": {
                    "type": "object", "properties": { "nextCursor": { "type": "string" } },
                } } } } },
            } } },
        });
        let contract = openapi::import(&document.to_string(), "shop").unwrap().contract;
        let headers = link.map(|link| ("Link".to_owned(), link.to_owned()));
        let answer = Response::new(200, headers.into_iter().collect(), page.to_string().into(), 0);
        let mut read = Read::default();
        read.add(elements(page, None).unwrap());
        match next(&contract, contract.operation("ListThings").unwrap(), &answer, page, &read) {
            Next::Nothing => "-".to_owned(),
            Next::Unknown => "?".to_owned(),
            Next::Page(members) => {
                let told = members.iter().map(|(name, value)| format!("{name}={value}"));
                told.collect::<Vec<_>>().join("&")
            }
        }
    }

    #[test]
    fn a_list_is_read_on_where_it_says_how_and_tells_nothing_where_it_says_not() {
        let query =
            |name: &str, kind: &str| json!([{ "name": name, "in": "query", "schema": { "type": kind } }]);
        let one = || json!({ "items": [{ "id": 1 }] });
        let with = |name: &str, value: Value| json!({ "items": [{ "id": 1 }], name: value });
        for (parameters, link, page, asked) in [
            (json!([]), None, one(), "-"),
            (json!([]), None, with("total", json!(1)), "-"),
            (json!([]), None, with("hasMore", json!(true)), "?"),
            (json!([]), None, with("total", json!(2)), "?"),
            (query("cursor", "string"), None, with("nextCursor", json!("a")), "cursor=\"a\""),
            (query("cursor", "string"), None, with("nextCursor", json!("")), "-"),
            (query("page", "integer"), Some("</things?page=2>; rel=\"next\""), one(), "page=\"2\""),
            (
                query("page", "integer"),
                Some("</x?page=9>; rel=last, </x?page=3>; rel=next"),
                one(),
                "page=\"3\"",
            ),
            (json!([]), Some("</things?after=a>; rel=next"), one(), "?"),
            (query("after", "string"), None, with("next", json!("/things?after=a")), "after=\"a\""),
            (query("page", "integer"), None, one(), "page=1"),
            (query("offset", "integer"), None, one(), "offset=1"),
            (query("offset", "integer"), None, with("total", json!(1)), "-"),
            (query("offset", "integer"), None, json!({ "items": [] }), "-"),
        ] {
            assert_eq!(after(&parameters, link, &page), asked, "{parameters} {link:?} {page}");
        }
    }
}
