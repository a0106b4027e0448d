//! The secrets in traffic that somebody else sent: nobody has told them to us, so they are known by where they stand.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use crate::{
    exec::Masks,
    model::{contract::Contract, exchange::header_text},
    report::{
        Safe,
        safe::{is_secret_header, is_secret_name},
    },
    traffic::Observed,
};

/// A shorter value is a word, and to mask it would make reports unreadable.
const SHORTEST: usize = 6;

/// Secrets that are looked for in everything, in every spelling. Clients that have a new one for each request have no end of
/// them: behind these, one is looked for in what passes from then on, as it is, and once it is repeated there in everything.
const MOST: usize = 100;

/// The secrets that have passed.
#[derive(Debug, Default)]
pub struct Secrets {
    seen: HashSet<String>,
    /// Of those, which have not been repeated.
    waiting: Vec<String>,
}

impl Secrets {
    /// From now on the secrets of this exchange are masked.
    pub fn learn(&mut self, observed: &Observed, sensitive: &BTreeSet<String>, masks: &Masks) {
        let mut found = Found::default();
        learn(observed, sensitive, &mut found);
        found.repeated.iter().for_each(|secret| masks.add(secret));
        for secret in found.secrets {
            if !self.seen.insert(secret.clone()) {
                continue;
            }
            match self.seen.len() <= MOST {
                true => masks.add(&secret),
                false => self.waiting.push(secret),
            }
        }
        if !self.waiting.is_empty() {
            let shown = shown(observed);
            let (repeated, waiting) =
                std::mem::take(&mut self.waiting).into_iter().partition(|it| shown.contains(it.as_str()));
            self.waiting = waiting;
            let repeated: Vec<String> = repeated;
            repeated.iter().for_each(|secret| masks.add(secret));
        }
    }
}

/// What is shown of an exchange where no secret is known.
fn shown(observed: &Observed) -> String {
    let as_it_is = |text: &str| text.to_owned();
    let safe = Safe::new(&as_it_is);
    let answered = observed.answer.as_ref().map_or(&[][..], |answer| &answer.headers);
    let headers = observed.headers.iter().chain(answered).map(|(name, value)| safe.header(name, value));
    let answer = observed.answer.as_ref().map_or(&[][..], |answer| &answer.body);
    let bodies = [&observed.body[..], answer].map(|body| header_text(&safe.bytes(body)));
    headers.chain(bodies).chain([safe.url(&observed.url)]).collect::<Vec<_>>().join("\n")
}

/// In one exchange.
#[derive(Default)]
struct Found {
    secrets: Vec<String>,
    /// Those that are worth looking for only because they are repeated.
    repeated: Vec<String>,
}

fn learn(observed: &Observed, sensitive: &BTreeSet<String>, found: &mut Found) {
    let answered = observed.answer.as_ref().map_or(&[][..], |answer| &answer.headers);
    for (name, value) in observed.headers.iter().chain(answered) {
        match is_secret_header(name) {
            true => of_header(name, value, found),
            // Addresses have queries: `location`, `referer`, `link`.
            false => of_queries(value, found),
        }
    }
    of_queries(&observed.url, found);
    if let Ok(url) = url::Url::parse(&observed.url) {
        add(found, url.password().unwrap_or_default());
    }
    let answer = observed.answer.as_ref().map_or(&[][..], |answer| &answer.body);
    for body in [&observed.body[..], answer] {
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => members(&value, sensitive, found),
            Err(_) if body.len() < 64 << 10 => pairs(body, found),
            Err(_) => {}
        }
    }
    signature(observed, found);
}

/// A signature is good for one request, and not worth looking for in all others. Where a target repeats it, it is masked.
fn signature(observed: &Observed, found: &mut Found) {
    let Ok(answer) = &observed.answer else { return };
    let places = observed.headers.iter().filter(|(name, _)| name == "authorization").map(|(_, value)| value);
    for place in places.chain([&observed.url]) {
        let Some((_, rest)) = place.split_once("Signature=") else { continue };
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let signature = &rest.as_bytes()[..end];
        let holds = |text: &[u8]| text.windows(signature.len()).any(|it| it.eq_ignore_ascii_case(signature));
        let told = |(_, value): &(String, String)| holds(value.as_bytes());
        if end >= SHORTEST && (holds(&answer.body) || answer.headers.iter().any(told)) {
            found.repeated.extend([rest[..end].to_ascii_lowercase(), rest[..end].to_ascii_uppercase()]);
        }
    }
}

/// Secrets in the queries and fragments of addresses.
fn of_queries(text: &str, found: &mut Found) {
    text.split(['?', '#']).skip(1).for_each(|query| {
        let end = query.find(['>', '"', ' ', ',']).unwrap_or(query.len());
        pairs(&query.as_bytes()[..end], found);
    });
}

/// The members that the contract's model says must not be shown.
pub fn sensitive(contract: &Contract) -> BTreeSet<String> {
    let marked = |schema: &Value| schema["x-sensitive"] == true;
    let refers = |schema: &Value| {
        let name = schema["$ref"].as_str().and_then(|it| it.strip_prefix("#/$defs/"));
        name.and_then(|name| contract.schema(name)).is_some_and(marked)
    };
    let shapes = contract.schema_names().filter_map(|name| contract.schema(name));
    let members = shapes.filter_map(|shape| shape["properties"].as_object()).flatten();
    let sensitive = members.filter(|(_, schema)| marked(schema) || refers(schema));
    sensitive.map(|(name, _)| name.clone()).collect()
}

fn of_header(name: &str, value: &str, found: &mut Found) {
    match value.split_once(' ') {
        // A signature is good for one request that is over; the key's name is no secret.
        Some(("AWS4-HMAC-SHA256", _)) => {}
        Some(("Bearer" | "Basic" | "bearer" | "basic", secret)) => add(found, secret.trim()),
        _ if name.contains("cookie") => {
            // What follows the first pair of a `set-cookie` says how long and for whom.
            let most = if name.starts_with("set-") { 1 } else { usize::MAX };
            let values = value.split(';').take(most).filter_map(|pair| pair.split_once('='));
            values.for_each(|(_, value)| add(found, value.trim()));
        }
        _ => add(found, value),
    }
}

/// Of a form or a query: as it is, and decoded.
fn pairs(text: &[u8], found: &mut Found) {
    for pair in text.split(|byte| *byte == b'&') {
        let Some(at) = pair.iter().position(|byte| *byte == b'=') else { continue };
        let decoded = |bytes: &[u8]| {
            let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
            header_text(&percent_encoding::percent_decode(&spaced).collect::<Vec<u8>>())
        };
        let name = decoded(&pair[..at]);
        // Of a signature that is sent once, see above.
        if is_secret_name(&name) && !name.to_ascii_lowercase().ends_with("signature") {
            let value = &pair[at + 1..];
            add(found, &header_text(value));
            add(found, &decoded(value));
        }
    }
}

fn members(value: &Value, sensitive: &BTreeSet<String>, found: &mut Found) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let is_secret = is_secret_name(name) || is_secret_header(name) || sensitive.contains(name);
                match value {
                    Value::String(text) if is_secret => add(found, text),
                    Value::Array(items) if is_secret => {
                        items.iter().filter_map(Value::as_str).for_each(|text| add(found, text));
                        members(value, sensitive, found);
                    }
                    value => members(value, sensitive, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| members(item, sensitive, found)),
        _ => {}
    }
}

fn add(found: &mut Found, secret: &str) {
    if secret.len() >= SHORTEST && !secret.contains(crate::report::safe::MASKED) {
        found.secrets.push(secret.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::exchange::Response, traffic::classify::tests::observed};

    fn learned(headers: &[(&str, &str)], url: &str, sent: &[u8], answer: Response) -> Masks {
        let masks = Masks::default();
        let observed =
            Observed { body: sent.to_vec().into(), answer: Ok(answer), ..observed("POST", url, headers, "") };
        Secrets::default().learn(&observed, &BTreeSet::from(["SelectionRules".to_owned()]), &masks);
        masks
    }

    #[test]
    fn secrets_are_known_by_where_they_stand() {
        let answer = r#"{"access_token":"issued-token-1","list":[{"Password":"inner-secret"}],"name":"plain-name","codes":["plain-code"],"secrets":["listed-secret"],"SelectionRules":"sensitive-rules","NextToken":"plain-place"}"#;
        let headers = [
            ("location".to_owned(), "https://h/?x=1&sig=located-secret".to_owned()),
            ("set-cookie".to_owned(), "sid=baked-secret; SameSite=Strict; Path=/plain-path".to_owned()),
            ("link".to_owned(), "<https://h/?api_key=linked-secret>; rel=next".to_owned()),
        ];
        let masks = learned(
            &[
                ("authorization", "Bearer sent-token-1"),
                ("cookie", "a=cookie-secret; b=x"),
                ("x-csrf-token", "header-secret"),
                ("referer", "https://h/?token=referred-secret#x"),
                ("x-other", "plain-value"),
            ],
            "http://h/?access_token=in-the-query&NextToken=plain-next",
            b"grant_type=password&password=form-secret&pwd=p%E4ssword-1",
            Response::new(200, headers.into(), answer.into(), 0),
        );
        for secret in [
            "sent-token-1",
            "cookie-secret",
            "header-secret",
            "referred-secret",
            "in-the-query",
            "form-secret",
            "p\u{e4}ssword-1",
            "p%E4ssword-1",
            "issued-token-1",
            "inner-secret",
            "listed-secret",
            "sensitive-rules",
            "located-secret",
            "baked-secret",
            "linked-secret",
        ] {
            assert_eq!(masks.mask(secret), "***", "{secret}");
        }
        for plain in [
            "plain-value",
            "plain-name",
            "plain-code",
            "plain-next",
            "plain-place",
            "password",
            "Strict",
            "/plain-path",
        ] {
            assert_eq!(masks.mask(plain), plain);
        }
    }

    #[test]
    fn where_there_is_no_end_of_secrets_those_that_are_repeated_are_masked() {
        let (mut secrets, masks) = (Secrets::default(), Masks::default());
        for number in 0..3 * MOST {
            let repeated =
                if number % 50 == 0 { format!("you sent token-{number:05}") } else { String::new() };
            let mut seen = observed("GET", "http://h/", &[], "");
            seen.headers = vec![("authorization".to_owned(), format!("Bearer token-{number:05}"))];
            seen.answer = Ok(Response::new(200, vec![], repeated.into(), 0));
            secrets.learn(&seen, &BTreeSet::new(), &masks);
        }
        for number in 0..3 * MOST {
            let is_masked = masks.mask(&format!("token-{number:05}")) == "***";
            assert_eq!(is_masked, number < MOST || number % 50 == 0, "{number}");
        }
    }

    #[test]
    fn a_signature_is_masked_where_it_is_repeated() {
        let signed = "AWS4-HMAC-SHA256 Credential=AKID/x, SignedHeaders=host, Signature=00ff00ff00ff";
        for (url, authorization) in
            [("http://h/", signed), ("http://h/?X-Amz-Signature=00ff00ff00ff&x=1", "Bearer x")]
        {
            let learned = |answer: &'static str| {
                let answer = Response::new(403, vec![], answer.into(), 0);
                learned(&[("authorization", authorization)], url, b"", answer)
            };
            assert_eq!(learned("it was 00FF00FF00FF").mask("00FF00FF00FF, 00ff00ff00ff"), "***, ***");
            assert_eq!(learned("nothing").mask("00ff00ff00ff"), "00ff00ff00ff");
        }
    }
}
