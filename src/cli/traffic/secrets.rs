//! The secrets in traffic that somebody else sent: nobody has told them to us, so they are known by where they stand.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Observed;
use crate::{
    exec::Masks,
    model::contract::Contract,
    report::safe::{is_secret_header, is_secret_name},
};

/// A shorter value is a word, and to mask it would make reports unreadable.
const SHORTEST: usize = 6;

/// From now on the secrets of this exchange are masked.
pub fn learn(observed: &Observed, sensitive: &BTreeSet<String>, masks: &Masks) {
    let answered = observed.answer.as_ref().map_or(&[][..], |answer| &answer.headers);
    for (name, value) in observed.headers.iter().chain(answered).filter(|(name, _)| is_secret_header(name)) {
        of_header(name, value, masks);
    }
    if let Ok(url) = url::Url::parse(&observed.url) {
        pairs(url.query_pairs(), masks);
        add(masks, url.password().unwrap_or_default());
    }
    let answer = observed.answer.as_ref().map_or(&[][..], |answer| &answer.body);
    for body in [&observed.body[..], answer] {
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => members(&value, sensitive, masks),
            Err(_) if body.len() < 64 << 10 => pairs(url::form_urlencoded::parse(body), masks),
            Err(_) => {}
        }
    }
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

fn of_header(name: &str, value: &str, masks: &Masks) {
    match value.split_once(' ') {
        // A signature is good for one request that is over; the key's name is no secret.
        Some(("AWS4-HMAC-SHA256", _)) => {}
        Some(("Bearer" | "Basic" | "bearer" | "basic", secret)) => add(masks, secret.trim()),
        _ if name.ends_with("cookie") => {
            let values = value.split(';').filter_map(|pair| pair.split_once('='));
            values.for_each(|(_, value)| add(masks, value.trim()));
        }
        _ => add(masks, value),
    }
}

fn pairs<'a>(
    pairs: impl Iterator<Item = (std::borrow::Cow<'a, str>, std::borrow::Cow<'a, str>)>,
    masks: &Masks,
) {
    pairs.filter(|(name, _)| is_secret_name(name)).for_each(|(_, value)| add(masks, &value));
}

fn members(value: &Value, sensitive: &BTreeSet<String>, masks: &Masks) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                match value {
                    Value::String(text) if is_secret_name(name) || sensitive.contains(name) => {
                        add(masks, text)
                    }
                    value => members(value, sensitive, masks),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| members(item, sensitive, masks)),
        _ => {}
    }
}

fn add(masks: &Masks, secret: &str) {
    if secret.len() >= SHORTEST && !secret.contains(crate::report::safe::MASKED) {
        masks.add(secret);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::traffic::{Sent, Spoken, Whole},
        model::exchange::Response,
    };

    #[test]
    fn secrets_are_known_by_where_they_stand() {
        let masks = Masks::default();
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let answer =
            r#"{"access_token":"issued-token-1","list":[{"Password":"inner-secret"}],"name":"plain-name"}"#;
        learn(
            &Observed {
                method: "POST".into(),
                url: "http://h/?access_token=in-the-query".into(),
                headers: vec![
                    header("authorization", "Bearer sent-token-1"),
                    header("cookie", "a=cookie-secret; b=x"),
                    header("x-other", "plain-value"),
                ],
                body: "grant_type=password&password=form-secret".into(),
                answer: Ok(Response::new(200, vec![], answer.into(), 0)),
                started: jiff::Timestamp::UNIX_EPOCH,
                elapsed: std::time::Duration::ZERO,
                spoken: Spoken::One,
                whole: Whole::Whole,
                intent: None,
                sent: Sent::Whole,
            },
            &BTreeSet::new(),
            &masks,
        );
        for secret in
            ["sent-token-1", "cookie-secret", "in-the-query", "form-secret", "issued-token-1", "inner-secret"]
        {
            assert_eq!(masks.mask(secret), "***", "{secret}");
        }
        for plain in ["plain-value", "plain-name", "password"] {
            assert_eq!(masks.mask(plain), plain);
        }
    }
}
