//! The `curl` line that repeats an exchange by hand. Secrets stand in it as shell variables, never as themselves;
//! where curl cannot break a request the way the case does, a note says so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Identity, TargetFacts};
use crate::{
    model::{
        case::{Auth, Step},
        exchange::{Exchange, SentRequest},
        target::{Target, Verification},
        template::{Part, Template},
    },
    redact::{MASKED, Redactor, is_invisible, is_secret_header, is_secret_name},
};

/// Bodies above this size are not put on a command line.
const MOST_BYTES: usize = 8 << 10;

/// A command for a POSIX-like shell (bash, zsh), and what the reader has to know before running it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Curl {
    /// One option to a line, each but the last continued with a backslash.
    pub command: String,
    pub notes: Vec<String>,
}

/// The options that every request to this target needs: certificates, the proxy, no verification.
pub fn transport(target: &Target) -> Vec<(&'static str, String)> {
    let mut options = Vec::new();
    if target.tls.verification == Verification::Off {
        options.push(("--insecure", String::new()));
    }
    let files = [
        ("--cacert", &target.tls.ca),
        ("--cert", &target.tls.client_certificate),
        ("--key", &target.tls.client_key),
    ];
    for (option, file) in files {
        options.extend(file.as_ref().map(|file| (option, file.display().to_string())));
    }
    if let Some(proxy) = &target.proxy {
        options.push(("--proxy", Redactor::new(&str::to_owned).url(proxy)));
    }
    options
}

/// `step` is the step of the case that sent the request; none for fixtures and tokens, which send what the contract
/// describes.
pub fn curl(
    exchange: &Exchange,
    step: Option<&Step>,
    target: &TargetFacts,
    identity: &Identity,
    redactor: &Redactor,
) -> Curl {
    let request = &exchange.request;
    let mut line = Line { options: Vec::new(), notes: Vec::new(), front: String::new() };
    let method = redactor.masked(&request.method);
    match (method.as_str(), request.body.is_empty()) {
        ("GET", true) => line.options.push("-sS -i".into()),
        ("HEAD", _) => line.options.push("-sS --head".into()),
        _ if method.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            line.options.push(format!("-sS -i -X {method}"))
        }
        _ => line.options.push(format!("-sS -i -X {}", quoted(&method))),
    }
    line.options.push(quoted(&redactor.masked_url(&request.url)));
    if request.url.contains("/.") {
        line.options.push("--path-as-is".into());
    }
    if request.url.contains(['[', ']', '{', '}']) {
        line.options.push("--globoff".into());
    }
    for (option, value) in &target.curl {
        let value =
            if value.is_empty() { String::new() } else { format!(" {}", quoted(&redactor.masked(value))) };
        line.options.push(format!("{option}{value}"));
    }
    line.identify(request, step, identity, redactor);
    line.headers(request, step, redactor);
    if identity == &Identity::Bearer && !request.headers.iter().any(|(name, _)| name == "accept") {
        line.options.push("-H 'accept:'".into());
    }
    line.body(request, redactor);
    Curl { command: format!("{}curl {}", line.front, line.options.join(" \\\n  ")), notes: line.notes }
}

struct Line {
    /// What is piped into curl.
    front: String,
    options: Vec<String>,
    notes: Vec<String>,
}

impl Line {
    fn note(&mut self, note: &str) {
        self.notes.push(note.to_owned());
    }

    fn header(&mut self, name: &str, value: &str) {
        self.options.push(format!("-H {}", quoted(&format!("{name}: {value}"))));
    }

    /// Whoever the request said it was.
    fn identify(
        &mut self,
        request: &SentRequest,
        step: Option<&Step>,
        identity: &Identity,
        redactor: &Redactor,
    ) {
        let sent =
            |name: &str| request.headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str());
        let Some(authorization) = sent("authorization") else { return };
        let auth = step.map_or(&Auth::Target, |step| &step.request.auth);
        let written = step.and_then(|step| match auth {
            Auth::Token(token) => Some(token),
            _ => {
                let (_, value) = step.request.raw.headers.iter().find(|(name, _)| name == "authorization")?;
                value.as_ref()
            }
        });
        match (written, identity) {
            (Some(literal), _) if is_literal(literal) => {
                self.header("authorization", &redactor.known(authorization));
            }
            (None, Identity::SigV4 { region, service }) if authorization.starts_with("AWS4-HMAC-SHA256") => {
                self.sign(auth, &format!("aws:amz:{region}:{service}"), sent);
            }
            (None, Identity::None | Identity::SigV4 { .. }) => self.header("authorization", MASKED),
            _ => {
                self.options.push("-H \"Authorization: Bearer $TOKEN\"".into());
                if written.is_some() || auth == &Auth::OwnToken {
                    self.note("TOKEN: the case used a token of its own here, not the target's");
                }
            }
        }
    }

    fn sign<'r>(&mut self, auth: &Auth, scope: &str, sent: impl Fn(&str) -> Option<&'r str>) {
        let plain = scope.chars().all(|c| c.is_ascii_alphanumeric() || ":-_".contains(c));
        let scope = if plain { format!("\"{scope}\"") } else { quoted(scope) };
        self.options.push(format!("--aws-sigv4 {scope}"));
        self.options.push(format!(
            "--user {}",
            match auth {
                Auth::UnknownKey => "'AKIDUNKNOWN:nobody-issued-this'",
                Auth::BadSignature => "\"$AWS_ACCESS_KEY_ID:not-the-secret-key\"",
                _ => "\"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\"",
            }
        ));
        if sent("x-amz-security-token").is_some() {
            self.options.push("-H \"x-amz-security-token: $AWS_SESSION_TOKEN\"".into());
        }
        match auth {
            Auth::StaleDate => self.header("x-amz-date", sent("x-amz-date").unwrap_or("20200101T000000Z")),
            Auth::TamperedBody => {
                // curl signs the body it sends, unless it is told the hash: this one is of the empty body.
                self.header("x-amz-content-sha256", EMPTY_SHA256);
                self.note(
                    "curl signs the body it sends; instead of another body it is given another body's hash",
                );
            }
            _ => {}
        }
    }

    /// All headers as they were sent, save those that curl makes itself; and those that curl would add, taken away.
    fn headers(&mut self, request: &SentRequest, step: Option<&Step>, redactor: &Redactor) {
        const CURLS_OWN: [&str; 7] = [
            "host",
            "user-agent",
            "accept-encoding",
            "connection",
            "content-length",
            "transfer-encoding",
            "x-amz-date",
        ];
        let set_by_case = |name: &str| {
            step.is_some_and(|step| {
                step.request.raw.headers.iter().any(|(it, value)| it == name && value.is_some())
            })
        };
        for (name, value) in &request.headers {
            // A body that was sent in a coding and is text by now is sent as it is here.
            let unpacked = name == "content-encoding" && std::str::from_utf8(&request.body).is_ok();
            let own = unpacked || CURLS_OWN.contains(&name.as_str()) || name == "x-amz-content-sha256";
            if is_secret_header(name) || (own && !set_by_case(name)) {
                continue;
            }
            self.header(&redactor.masked(name), &redactor.masked(value));
        }
        let sent = |name: &str| request.headers.iter().any(|(it, _)| it == name);
        if !sent("content-type") && !request.body.is_empty() {
            self.options.push("-H 'content-type:'".into());
        }
        if set_by_case("content-length") || set_by_case("transfer-encoding") {
            self.note("curl may correct the length of the body, which the case sends wrong");
        }
    }

    fn body(&mut self, request: &SentRequest, redactor: &Redactor) {
        let form = request
            .headers
            .iter()
            .any(|(name, value)| name == "content-type" && value.contains("x-www-form-urlencoded"));
        match std::str::from_utf8(&request.body) {
            _ if request.body.is_empty() => {}
            _ if request.body.len() > MOST_BYTES => {
                self.options.push("--data-binary @body".into());
                self.note(&format!("put the body, {} bytes, into the file `body`", request.body.len()));
            }
            Ok(text) if form => text.split('&').for_each(|field| self.field(field, redactor)),
            Ok(text) if !text.contains('\0') => {
                let masked = match serde_json::from_str(text) {
                    // Laid out anew only when something had to be hidden: the bytes matter.
                    Ok(value) if redactor.value(&value) != value => redactor.value(&value).to_string(),
                    _ => redactor.masked(text),
                };
                if masked != text {
                    self.note("*** in the body stands for a secret");
                }
                self.options.push(format!("--data-raw {}", quoted(&masked)));
            }
            Ok(_) | Err(_) => {
                let masked = escaped(&redactor.bytes(&request.body), octal_byte);
                self.front = format!("printf '{masked}' | ");
                self.options.push("--data-binary @-".into());
            }
        }
    }

    fn field(&mut self, field: &str, redactor: &Redactor) {
        match field.split_once('=') {
            Some((name, _)) if is_secret_name(name) => {
                let variable = format!("VEEAM_{}", name.to_uppercase().replace(['-', '.'], "_"));
                self.options.push(format!("--data-urlencode \"{name}=${variable}\""));
            }
            _ => self.options.push(format!("--data-raw {}", quoted(&redactor.masked(field)))),
        }
    }
}

const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Written out in the case file, hence no secret.
fn is_literal(template: &Template) -> bool {
    template.parts.iter().all(|part| matches!(part, Part::Text(_)))
}

/// One word for the shell: in single quotes, or as `$'...'` where it holds what must not reach a terminal.
pub fn quoted(text: &str) -> String {
    let harmless = |c: char| !c.is_control() && !is_invisible(c);
    match text.chars().all(harmless) {
        true => format!("'{}'", text.replace('\'', "'\\''")),
        false => {
            let words = text.chars().map(|c| match c {
                '\n' => "\\n".to_owned(),
                '\'' => "\\'".to_owned(),
                '\\' => "\\\\".to_owned(),
                c if harmless(c) => c.to_string(),
                c => c.encode_utf8(&mut [0; 4]).bytes().map(octal_byte).collect(),
            });
            format!("$'{}'", words.collect::<String>())
        }
    }
}

fn octal_byte(byte: u8) -> String {
    format!("\\{byte:03o}")
}

/// For `printf`: letters, digits and the harmless punctuation as they are, all else by `spell`.
fn escaped(bytes: &[u8], spell: fn(u8) -> String) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" {}[]:,.\"_-/@=".contains(&byte);
    bytes.iter().map(|&byte| if plain(byte) { (byte as char).to_string() } else { spell(byte) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{exchange, rest_exchange, step, target};

    fn sigv4() -> Identity {
        Identity::SigV4 { region: "us-east-1".into(), service: "dms".into() }
    }

    fn signed() -> Exchange {
        let mut exchange = exchange(400, "{}");
        for (name, value) in [
            ("host", "127.0.0.1:7400"),
            ("x-amz-date", "20261121T080000Z"),
            ("authorization", "AWS4-HMAC-SHA256 Credential=AKID/x, Signature=s3cret"),
        ] {
            exchange.request.headers.push((name.into(), value.into()));
        }
        exchange
    }

    fn shown(exchange: &Exchange, auth: Auth, identity: Identity) -> String {
        let mask = |text: &str| text.replace("s3cret", "***");
        let mut step = step();
        step.request.auth = auth;
        let curl = curl(exchange, Some(&step), &target(), &identity, &Redactor::new(&mask));
        assert!(!curl.command.contains("s3cret"), "{}", curl.command);
        curl.notes.iter().fold(curl.command, |all, note| format!("{all}\n# {note}"))
    }

    #[test]
    fn a_signed_request_is_signed_again_by_curl() {
        insta::assert_snapshot!(shown(&signed(), Auth::Target, sigv4()), @r#"
        curl -sS -i -X POST \
          'http://127.0.0.1:7400/' \
          --aws-sigv4 "aws:amz:us-east-1:dms" \
          --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
          -H 'content-type: application/x-amz-json-1.1' \
          -H 'x-amz-target: AmazonDMSv20160101.DeleteConnection' \
          --data-raw '{"EndpointArn":"arn:aws:dms:us-east-1:123456789012:endpoint:A"}'
        "#);
    }

    #[test]
    fn each_false_identity_is_repeated_as_such() {
        let table = [
            (Auth::UnknownKey, "--user 'AKIDUNKNOWN:nobody-issued-this'"),
            (Auth::BadSignature, "--user \"$AWS_ACCESS_KEY_ID:not-the-secret-key\""),
            (Auth::StaleDate, "-H 'x-amz-date: 20261121T080000Z'"),
            (Auth::TamperedBody, "-H 'x-amz-content-sha256: e3b0c442"),
        ];
        for (auth, expected) in table {
            let shown = shown(&signed(), auth, sigv4());
            assert!(shown.contains(expected), "{shown}");
        }
    }

    #[test]
    fn a_session_token_comes_from_the_environment() {
        let mut exchange = signed();
        exchange.request.headers.push(("x-amz-security-token".into(), "s3cret".into()));
        let shown = shown(&exchange, Auth::Target, sigv4());
        assert!(shown.contains("-H \"x-amz-security-token: $AWS_SESSION_TOKEN\""), "{shown}");
    }

    #[test]
    fn a_bearer_token_is_a_variable_unless_the_case_spells_it() {
        let bearer =
            |value: &str| rest_exchange("DELETE", &[("authorization", value), ("x-api-version", "1.0-rev0")]);
        insta::assert_snapshot!(shown(&bearer("Bearer s3cret"), Auth::Target, Identity::Bearer), @r#"
        curl -sS -i -X DELETE \
          'https://backup.example:11005/api/v1/amazonConnections/1' \
          -H "Authorization: Bearer $TOKEN" \
          -H 'x-api-version: 1.0-rev0' \
          -H 'accept:'
        "#);
        let garbage = Template { parts: vec![Part::Text("garbage-that-no-server-issued".into())] };
        let shown =
            shown(&bearer("Bearer garbage-that-no-server-issued"), Auth::Token(garbage), Identity::Bearer);
        assert!(shown.contains("-H 'authorization: Bearer garbage-that-no-server-issued'"), "{shown}");
    }

    #[test]
    fn a_password_never_stands_in_the_line() {
        let mut exchange = rest_exchange("POST", &[("content-type", "application/x-www-form-urlencoded")]);
        exchange.request.body = "grant_type=password&username=me&password=hunter2".into();
        let shown = shown(&exchange, Auth::Absent, Identity::Bearer);
        assert!(shown.contains("--data-urlencode \"password=$VEEAM_PASSWORD\""), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn bodies_survive_the_shell() {
        let table: [(&[u8], &str); 6] = [
            (b"it's", "--data-raw 'it'\\''s'"),
            (b"$(rm -rf /)`x`", "--data-raw '$(rm -rf /)`x`'"),
            (b"a\x1b[2J'\n\\", "--data-raw $'a\\033[2J\\'\\n\\\\'"),
            ("\u{202e}".as_bytes(), "--data-raw $'\\342\\200\\256'"),
            (b"{\"a\": \"\xff%\"}", "printf '{\"a\": \"\\377\\045\"}' | curl"),
            (b"a\0b", "printf 'a\\000b' | curl"),
        ];
        for (body, expected) in table {
            let mut exchange = signed();
            exchange.request.body = bytes::Bytes::copy_from_slice(body);
            let shown = shown(&exchange, Auth::Target, sigv4());
            assert!(shown.contains(expected), "{expected}\n{shown}");
        }
    }

    #[test]
    fn a_body_with_a_secret_says_what_to_put_in() {
        let mut exchange = signed();
        exchange.request.body = r#"{"Password":"abc","Port":1}"#.into();
        let shown = shown(&exchange, Auth::Target, sigv4());
        assert!(shown.contains(r#"--data-raw '{"Password":"***","Port":1}'"#), "{shown}");
        assert!(shown.contains("# *** in the body"), "{shown}");
    }
}
