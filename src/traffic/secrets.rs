//! The secrets in traffic that somebody else sent: nobody has told them to us, so they are known by where they stand.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use crate::{
    model::{contract::Contract, exchange::header_text},
    redact::{FoundSecrets, KnownSecrets, Redactor},
    traffic::CapturedExchange,
};

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
    pub fn learn(
        &mut self,
        captured: &CapturedExchange,
        sensitive: &BTreeSet<String>,
        known_secrets: &KnownSecrets,
    ) {
        let mut found = FoundSecrets::default();
        learn(captured, sensitive, &mut found);
        found.repeated.iter().for_each(|secret| known_secrets.add(secret));
        for secret in found.secrets {
            if !self.seen.insert(secret.clone()) {
                continue;
            }
            match self.seen.len() <= MOST {
                true => known_secrets.add(&secret),
                false => self.waiting.push(secret),
            }
        }
        if !self.waiting.is_empty() {
            let shown = shown(captured);
            let (repeated, waiting) =
                std::mem::take(&mut self.waiting).into_iter().partition(|it| shown.contains(it.as_str()));
            self.waiting = waiting;
            let repeated: Vec<String> = repeated;
            repeated.iter().for_each(|secret| known_secrets.add(secret));
        }
    }
}

/// What is shown of an exchange where no secret is known.
fn shown(captured: &CapturedExchange) -> String {
    let as_it_is = |text: &str| text.to_owned();
    let redactor = Redactor::new(&as_it_is);
    let answered = captured.answer.as_ref().map_or(&[][..], |answer| &answer.headers);
    let headers = captured.headers.iter().chain(answered).map(|(name, value)| redactor.header(name, value));
    let answer = captured.answer.as_ref().map_or(&[][..], |answer| &answer.body);
    let bodies = [&captured.body[..], answer].map(|body| header_text(&redactor.bytes(body)));
    headers.chain(bodies).chain([redactor.url(&captured.url)]).collect::<Vec<_>>().join("\n")
}

fn learn(captured: &CapturedExchange, sensitive: &BTreeSet<String>, found: &mut FoundSecrets) {
    let answered = captured.answer.as_ref().map_or(&[][..], |answer| &answer.headers);
    for (name, value) in captured.headers.iter().chain(answered) {
        found.in_header(name, value);
    }
    found.in_url(&captured.url);
    let answer = captured.answer.as_ref().map_or(&[][..], |answer| &answer.body);
    for body in [&captured.body[..], answer] {
        found.in_body(body, sensitive);
    }
    signature(captured, found);
}

/// A signature is good for one request, and not worth looking for in all others. Where a target repeats it, it is masked.
fn signature(captured: &CapturedExchange, found: &mut FoundSecrets) {
    let Ok(answer) = &captured.answer else { return };
    let places = captured.headers.iter().filter(|(name, _)| name == "authorization").map(|(_, value)| value);
    for place in places.chain([&captured.url]) {
        let Some((_, rest)) = place.split_once("Signature=") else { continue };
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let signature = &rest.as_bytes()[..end];
        let holds = |text: &[u8]| text.windows(signature.len()).any(|it| it.eq_ignore_ascii_case(signature));
        let told = |(_, value): &(String, String)| holds(value.as_bytes());
        if end >= FoundSecrets::SHORTEST && (holds(&answer.body) || answer.headers.iter().any(told)) {
            found.repeated.extend([rest[..end].to_ascii_lowercase(), rest[..end].to_ascii_uppercase()]);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::exchange::Response, traffic::classify::tests::captured};

    fn learned(headers: &[(&str, &str)], url: &str, sent: &[u8], answer: Response) -> KnownSecrets {
        let known_secrets = KnownSecrets::default();
        let captured = CapturedExchange {
            body: sent.to_vec().into(),
            answer: Ok(answer),
            ..captured("POST", url, headers, "")
        };
        Secrets::default().learn(&captured, &BTreeSet::from(["SelectionRules".to_owned()]), &known_secrets);
        known_secrets
    }

    #[test]
    fn secrets_are_known_by_where_they_stand() {
        let answer = r#"{"access_token":"issued-token-1","list":[{"Password":"inner-secret"}],"name":"plain-name","codes":["plain-code"],"secrets":["listed-secret"],"SelectionRules":"sensitive-rules","NextToken":"plain-place"}"#;
        let headers = [
            ("location".to_owned(), "https://h/?x=1&sig=located-secret".to_owned()),
            ("set-cookie".to_owned(), "sid=baked-secret; SameSite=Strict; Path=/plain-path".to_owned()),
            ("link".to_owned(), "<https://h/?api_key=linked-secret>; rel=next".to_owned()),
        ];
        let known_secrets = learned(
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
            assert_eq!(known_secrets.mask(secret), "***", "{secret}");
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
            assert_eq!(known_secrets.mask(plain), plain);
        }
    }

    #[test]
    fn where_there_is_no_end_of_secrets_those_that_are_repeated_are_masked() {
        let (mut secrets, known_secrets) = (Secrets::default(), KnownSecrets::default());
        for number in 0..3 * MOST {
            let repeated =
                if number % 50 == 0 { format!("you sent token-{number:05}") } else { String::new() };
            let mut seen = captured("GET", "http://h/", &[], "");
            seen.headers = vec![("authorization".to_owned(), format!("Bearer token-{number:05}"))];
            seen.answer = Ok(Response::new(200, vec![], repeated.into(), 0));
            secrets.learn(&seen, &BTreeSet::new(), &known_secrets);
        }
        for number in 0..3 * MOST {
            let is_masked = known_secrets.mask(&format!("token-{number:05}")) == "***";
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
