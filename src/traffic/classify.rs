//! What a request that somebody saw asks for: which operation of which contract, below which base URL, and whether it is a
//! request that the contract describes at all. Where that cannot be told for sure, the answer gets the benefit of it.

use serde_json::Value;
use url::Url;

use crate::{
    contract::{
        Contracts, multipart,
        router::{Base, Incoming, Router},
    },
    matcher::media_type,
    model::{
        contract::{Access, Contract, Member, Operation, ParameterLocation},
        exchange::RequestKind,
    },
    traffic::{CapturedExchange, base_path::BasePaths},
};

/// An operation that was asked for.
#[derive(Debug)]
pub struct Asked<'a> {
    pub contract: &'a Contract,
    pub operation: &'a Operation,
    /// What stands before the operation's own path.
    pub base: Url,
}

/// Finds the operation: by `X-Amz-Target`, or by method and path; below the base paths that are known, or else whatever
/// stands before the path.
pub fn asked<'a>(
    captured: &CapturedExchange,
    contracts: &[&'a Contract],
    base_paths: Option<&BasePaths>,
) -> Option<Asked<'a>> {
    let url = Url::parse(&captured.url).ok()?;
    let targeted = header(captured, "x-amz-target").is_some();
    let incoming = Incoming::new(&captured.method, url.path(), &captured.headers, &captured.body);
    contracts.iter().find_map(|&contract| {
        if targeted == contract.protocol.is_rest() {
            return None;
        }
        let base = match base_paths.and_then(|base_paths| base_paths.path(contract)) {
            Some(base) if !targeted => Base::Known(base),
            _ => Base::Anywhere,
        };
        let found = Router::new(contract).find(&incoming, base).ok()?;
        let base = at(&url, found.base);
        let holds = base_paths.is_none_or(|base_paths| base_paths.hold(contract, &base))
            && !is_elsewhere(captured, &url);
        holds.then_some(Asked { contract, operation: found.operation, base })
    })
}

/// Whether a path has more slashes than that of the operation, and was answered as one that nobody has.
fn is_elsewhere(captured: &CapturedExchange, url: &Url) -> bool {
    let status = captured.answer.as_ref().map_or(200, |answer| answer.status);
    url.path().len() > 1 && url.path().ends_with('/') && matches!(status, 300..=399 | 404 | 405)
}

/// How a request is called that no contract knows; ids in its path are not told apart.
pub fn unmatched(captured: &CapturedExchange) -> String {
    let path = Url::parse(&captured.url).map_or(String::new(), |url| {
        let id = |part: &str| part.len() >= 8 && part.chars().any(|c| c.is_ascii_digit());
        let parts = url.path().split('/').map(|part| if id(part) { "*" } else { part });
        parts.collect::<Vec<_>>().join("/")
    });
    let method: String = captured.method.chars().take(20).collect();
    let path: String = path.chars().take(200).collect();
    match header(captured, "x-amz-target") {
        Some(target) => format!("{method} {path} ({})", target.chars().take(100).collect::<String>()),
        None => format!("{method} {path}"),
    }
}

fn at(url: &Url, path: &str) -> Url {
    let mut base = url.clone();
    base.set_path(path);
    base.set_query(None);
    base.set_fragment(None);
    // Fails only for URLs that have no user information.
    let _ = base.set_password(None);
    let _ = base.set_username("");
    base
}

/// Whether the contract describes the request. What a client did wrong is not held against the target: of such a
/// request, only what every answer owes is asked.
pub fn intent(
    captured: &CapturedExchange,
    contract: &Contract,
    operation: &Operation,
    contracts: &Contracts,
) -> RequestKind {
    let proven = operation.access == Access::Public || header(captured, "authorization").is_some();
    let fits = match contract.protocol.is_rest() {
        false => {
            let typed = header(captured, "content-type").map(|value| media_type(value).0);
            captured.method == "POST"
                && typed == contract.protocol.media_type()
                && body_fits(captured, operation.input.as_deref(), contract, contracts)
        }
        true => operation.members.iter().all(|(name, member)| {
            let wire = member.wire_name.as_deref().unwrap_or(name);
            match member.place {
                ParameterLocation::Body => {
                    let value = in_body(captured, wire);
                    let fits = |value: Value| {
                        let found = contracts.member_mismatches(&contract.api, &operation.name, name, &value);
                        found.is_empty()
                    };
                    value.is_ok_and(|value| value.map_or(!member.required, fits))
                }
                _ => member_fits(captured, wire, member, contract, contracts),
            }
        }),
    };
    if proven && fits { RequestKind::Valid } else { RequestKind::Malformed }
}

fn body_fits(
    captured: &CapturedExchange,
    schema: Option<&str>,
    contract: &Contract,
    contracts: &Contracts,
) -> bool {
    let Ok(body) = serde_json::from_slice(&captured.body) else { return false };
    schema.is_none_or(|schema| contracts.schema_mismatches(&contract.api, schema, &body).is_empty())
}

/// A member of the JSON object that a body is; null is none. No body is an object without members.
fn in_body(captured: &CapturedExchange, wire: &str) -> Result<Option<Value>, NoObject> {
    if captured.body.is_empty() {
        return Ok(None);
    }
    match serde_json::from_slice::<Value>(&captured.body) {
        Ok(Value::Object(mut members)) => Ok(members.shift_remove(wire).filter(|value| !value.is_null())),
        _ => Err(NoObject),
    }
}

struct NoObject;

fn member_fits(
    captured: &CapturedExchange,
    wire: &str,
    member: &Member,
    contract: &Contract,
    contracts: &Contracts,
) -> bool {
    match member.place {
        ParameterLocation::Path | ParameterLocation::Body => true,
        ParameterLocation::Query => !member.required || in_query(captured, wire),
        ParameterLocation::Header => !member.required || header(captured, &wire.to_lowercase()).is_some(),
        ParameterLocation::Form => {
            let fields = || multipart::fields(&captured.body, header(captured, "content-type"));
            !member.required || fields().iter().any(|(name, _)| name == wire)
        }
        ParameterLocation::WholeBody if captured.body.is_empty() => !member.required,
        ParameterLocation::WholeBody if member.schema["format"] == "binary" => true,
        ParameterLocation::WholeBody => {
            let named = member.schema["$ref"].as_str().and_then(|it| it.strip_prefix("#/$defs/"));
            body_fits(captured, named, contract, contracts)
        }
    }
}

fn in_query(captured: &CapturedExchange, wire: &str) -> bool {
    Url::parse(&captured.url).is_ok_and(|url| url.query_pairs().any(|(name, _)| name == *wire))
}

fn header<'a>(captured: &'a CapturedExchange, wanted: &str) -> Option<&'a str> {
    captured.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::model::exchange::{Response, TransportError};
    use crate::traffic::{HttpVersion, RequestBody, ResponseBody};
    use crate::workspace::{self, Layout};

    pub fn captured(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> CapturedExchange {
        CapturedExchange {
            method: method.into(),
            url: url.into(),
            headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            body: body.to_owned().into(),
            answer: Err(TransportError::CutOff("x".into())),
            started: jiff::Timestamp::UNIX_EPOCH,
            elapsed: std::time::Duration::ZERO,
            http_version: HttpVersion::One,
            whole: ResponseBody::Complete,
            intent: None,
            sent: RequestBody::Complete,
            number: None,
        }
    }

    #[test]
    fn requests_find_their_operations_below_any_base() {
        let workspace = workspace::open_contracts(&Layout::default()).unwrap();
        let contracts: Vec<&Contract> = workspace.contracts.iter().collect();
        let id = "6f1c2b9e-5d3a-4e8f-9a70-1b2c3d4e5f60";
        for (method, url, target, expected) in [
            ("POST", "http://h/", Some("AmazonDMSv20160101.DeleteConnection"), "DeleteConnection http://h/"),
            (
                "POST",
                "http://h/a/b/",
                Some("AmazonDMSv20160101.DeleteConnection"),
                "DeleteConnection http://h/a/b",
            ),
            ("POST", "http://h/", Some("AmazonDMSv20160101.Nothing"), ""),
            ("GET", "http://h/", Some("AmazonDMSv20160101.DeleteConnection"), ""),
            ("HEAD", "http://h/api/v1/amazonConnections", None, ""),
            ("OPTIONS", "http://h/api/v1/amazonConnections", None, ""),
            ("POST", "http://h/", Some("Other.DeleteConnection"), ""),
            ("POST", "http://h/", None, ""),
            ("GET", "http://h/api/v1/amazonConnections", None, "GetAllAmazonConnections http://h/"),
            (
                "GET",
                "https://h/gate/way/api/v1/amazonConnections/?x=1",
                None,
                "GetAllAmazonConnections https://h/gate/way",
            ),
            (
                "DELETE",
                &format!("http://h/api/v1/amazonConnections/{id}"),
                None,
                "DeleteAmazonConnection http://h/",
            ),
            ("PROPFIND", "http://h/api/v1/amazonConnections", None, ""),
            ("GET", "http://h/api/v1/elsewhere/of/it", None, ""),
        ] {
            let headers: Vec<(&str, &str)> = target.map(|it| ("x-amz-target", it)).into_iter().collect();
            let found = asked(&captured(method, url, &headers, ""), &contracts, None);
            let found = found.map(|it| format!("{} {}", it.operation.name, it.base)).unwrap_or_default();
            assert_eq!(found, expected, "{method} {url}");
        }
    }

    #[test]
    fn a_request_below_another_path_asks_for_nothing_that_a_contract_has() {
        let workspace = workspace::open_contracts(&Layout::default()).unwrap();
        let contracts: Vec<&Contract> = workspace.contracts.iter().collect();
        let answered = |url: &str, status: u16, typed: &str, body: &'static str| {
            let headers = vec![("content-type".to_owned(), typed.to_owned())];
            let answer = Ok(Response::new(status, headers, body.into(), 0));
            CapturedExchange { answer, ..captured("GET", url, &[], "") }
        };
        let list = "api/v1/amazonConnections";
        let ok = |base: &str| answered(&format!("{base}{list}"), 200, "application/json", "{}");
        let lost =
            |base: &str| answered(&format!("{base}{list}"), 404, "application/json", r#"{"message":"no"}"#);
        let named = |base: &str| {
            answered(&format!("{base}{list}"), 404, "application/json", r#"{"errorCode":"NotFound"}"#)
        };
        let page = |base: &str| answered(&format!("{base}{list}"), 200, "text/html", "<html>");
        let slash = |status| answered(&format!("http://h/{list}/"), status, "text/html", "");
        for (seen, expected) in [
            (vec![ok("http://h/")], vec![true]),
            (vec![lost("http://h/")], vec![true]),
            (vec![page("http://h/")], vec![true]),
            (vec![lost("http://h/gate/")], vec![false]),
            (vec![page("http://h/gate/")], vec![false]),
            (vec![named("http://h/gate/")], vec![true]),
            (vec![lost("http://h/gate/"), ok("http://h/gate/")], vec![true, true]),
            (vec![lost("http://h/"), ok("http://h/gate/")], vec![false, true]),
            (vec![lost("http://other/"), ok("http://h/gate/")], vec![true, true]),
            (vec![lost("http://h/wrong/"), ok("http://h/")], vec![false, true]),
            (vec![slash(404)], vec![false]),
            (vec![slash(308)], vec![false]),
            (vec![slash(200)], vec![true]),
        ] {
            let base_paths = BasePaths::of(&seen, &contracts, None);
            let known: Vec<bool> =
                seen.iter().map(|one| asked(one, &contracts, Some(&base_paths)).is_some()).collect();
            assert_eq!(known, expected, "{:?}", seen.iter().map(|it| &it.url).collect::<Vec<_>>());
        }
        let dms = [("x-amz-target", "AmazonDMSv20160101.DescribeConnections")];
        for (base, method, path, headers, expected) in [
            ("/", "GET", "/api/v1/amazonConnections", &[][..], true),
            ("/", "GET", "/gate/api/v1/amazonConnections", &[], false),
            ("/gate/", "GET", "/gate/api/v1/amazonConnections", &[], true),
            ("/gate", "GET", "/api/v1/amazonConnections", &[], false),
            ("/", "POST", "/", &dms, true),
            ("/", "POST", "/gate", &dms, false),
            ("/gate", "POST", "/gate/", &dms, true),
        ] {
            let seen = captured(method, &format!("http://h{path}"), headers, "");
            let found = asked(&seen, &contracts, Some(&BasePaths::declared(base, None)));
            assert_eq!(found.is_some(), expected, "{base} {method} {path}");
        }
    }

    #[test]
    fn what_a_client_did_wrong_is_seen() {
        let workspace = workspace::open_contracts(&Layout::default()).unwrap();
        let of = |api: &str, name: &str, captured: &CapturedExchange| {
            let contract = workspace.contracts.get(api).unwrap();
            intent(captured, contract, contract.operation(name).unwrap(), &workspace.contracts)
        };
        let json = ("content-type", "application/x-amz-json-1.1");
        let signed = ("authorization", "AWS4-HMAC-SHA256 x");
        let pair = r#"{"EndpointArn":"a","ReplicationInstanceArn":"b"}"#;
        for (headers, body, expected) in [
            (vec![json, signed], pair, RequestKind::Valid),
            (vec![json], pair, RequestKind::Malformed),
            (vec![signed], pair, RequestKind::Malformed),
            (vec![json, signed], "{}", RequestKind::Malformed),
            (vec![json, signed], "{", RequestKind::Malformed),
        ] {
            let found = of("dms", "DeleteConnection", &captured("POST", "http://h/", &headers, body));
            assert_eq!(found, expected, "{headers:?} {body}");
        }
        let list = "http://h/api/v1/amazonConnections";
        let bearer = ("authorization", "Bearer x");
        let version = ("x-api-version", "1.0-rev0");
        let found = |headers: &[(&str, &str)]| {
            of("veeam", "GetAllAmazonConnections", &captured("GET", list, headers, ""))
        };
        assert_eq!(found(&[bearer, version]), RequestKind::Valid);
        assert_eq!(found(&[version]), RequestKind::Malformed);
    }

    #[test]
    fn the_members_of_a_body_are_those_of_the_input() {
        let member = |place: &str, required: bool, kind: &str| serde_json::json!({ "in": place, "required": required, "schema": { "type": kind } });
        let contract: Contract = serde_json::from_value(serde_json::json!({
            "api": "t", "title": "", "version": "", "protocol": { "name": "rest-json", "signingName": "t" },
            "operations": {
                "Make": {
                    "name": "Make", "method": "POST", "path": "/things", "access": "protected", "effect": "create",
                    "members": { "name": member("body", true, "string"), "size": member("body", false, "integer") },
                    "answers": {},
                },
            },
            "schemas": { "$defs": {} },
        }))
        .unwrap();
        let contracts = Contracts::new(vec![contract]).unwrap();
        let contract = contracts.get("t").unwrap();
        for (body, expected) in [
            (r#"{"name":"a","size":7,"more":[]}"#, RequestKind::Valid),
            (r#"{"name":"a","size":null}"#, RequestKind::Valid),
            (r#"{"name":"a","size":"7"}"#, RequestKind::Malformed),
            (r#"{"size":7}"#, RequestKind::Malformed),
            (r#"{"name":null}"#, RequestKind::Malformed),
            ("[]", RequestKind::Malformed),
            ("{", RequestKind::Malformed),
            ("", RequestKind::Malformed),
        ] {
            let seen = captured("POST", "http://h/things", &[("authorization", "AWS4-HMAC-SHA256 x")], body);
            let operation = contract.operation("Make").unwrap();
            assert_eq!(intent(&seen, contract, operation, &contracts), expected, "{body}");
        }
    }

    #[test]
    fn strangers_are_called_by_their_kind() {
        let unmatched = |url: &str| unmatched(&captured("GET", url, &[], ""));
        assert_eq!(unmatched("http://h/a/6f1c2b9e-5d3a/b?token=1"), "GET /a/*/b");
        assert_eq!(unmatched("http://h/favicon.ico"), "GET /favicon.ico");
    }
}
