//! By which names of headers, members, fields, parameters and environment variables a secret is known.

const HEADERS: [&str; 6] =
    ["authorization", "proxy-authorization", "cookie", "set-cookie", "set-cookie2", "private-token"];
const ENDS_OF_HEADERS: [&str; 8] = [
    "-token",
    "-secret",
    "-password",
    "-signature",
    "api-key",
    "apikey",
    "functions-key",
    "subscription-key",
];

/// Without what stands between their words.
const NAMES: [&str; 17] = [
    "sig",
    "xamzcredential",
    "assertion",
    "clientassertion",
    "samlresponse",
    "samlassertion",
    "authorization",
    "proxyauthorization",
    "cookie",
    "setcookie",
    "xapikey",
    "mfacode",
    "scratchcode",
    "recoverycode",
    "totp",
    "otp",
    "jwt",
];
const ENDS: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "token",
    "secret",
    "secretkey",
    "secretaccesskey",
    "privatekey",
    "apikey",
    "signature",
    "signatureprovided",
    "securitydbencryption",
];

/// What stands in every name that a secret may have, in any case: a text without any of it names none.
pub const HINTS: [&str; 17] = [
    "pass",
    "pwd",
    "token",
    "secret",
    "sig",
    "key",
    "cred",
    "assertion",
    "saml",
    "auth",
    "cookie",
    "mfa",
    "scratch",
    "recovery",
    "otp",
    "jwt",
    "encryption",
];

/// The same of a header's name, in lower case.
const HINTS_OF_HEADERS: [&str; 7] = ["auth", "cookie", "token", "secret", "pass", "sig", "key"];

/// Headers of nearly every message. Neither they nor their names are a secret.
const USUAL: [&str; 15] = [
    "accept",
    "accept-encoding",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "date",
    "host",
    "server",
    "transfer-encoding",
    "user-agent",
    "x-amz-date",
    "x-amz-target",
    "x-amzn-requestid",
    "x-request-id",
];

/// Whether this is the header of nearly every message; hardly any is another.
pub fn is_usual_header(name: &str) -> bool {
    USUAL.contains(&name)
}

/// Whether a header must never be shown; `name` in any case.
pub fn is_secret_header(name: &str) -> bool {
    if is_usual_header(name) {
        return false;
    }
    let name = name.to_ascii_lowercase();
    if !HINTS_OF_HEADERS.iter().any(|hint| name.contains(hint)) {
        return false;
    }
    if is_token_of_a_place(&plain(&name)) {
        return false;
    }
    HEADERS.contains(&&*name)
        || name.starts_with("x-auth")
        || name.ends_with("encryption-customer-key")
        || ENDS_OF_HEADERS.iter().any(|end| name.ends_with(end))
}

/// Whether a member, form field or query parameter of this name holds a secret; in any case, `_`, `-` and `.` or none between
/// its words.
pub fn is_secret_name(name: &str) -> bool {
    if name.len() < 3 || name.len() > 128 {
        return false;
    }
    let name = plain(name);
    if is_token_of_a_place(&name) {
        return false;
    }
    let one = name.strip_suffix('s').unwrap_or(&name);
    [&*name, one].iter().any(|name| NAMES.contains(name) || ENDS.iter().any(|end| name.ends_with(end)))
        || name.starts_with("secret") && !is_about_a_secret(&name)
        || name.starts_with("xauth")
}

/// Whether an environment variable of this name is likely to hold a secret: a case may send it on with `${env:NAME}`.
pub fn is_secret_variable(name: &str) -> bool {
    const WORDS: [&str; 7] =
        ["SECRET", "TOKEN", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "CREDENTIALS"];
    let name = name.to_ascii_uppercase();
    name.ends_with("_KEY") || name.ends_with("APIKEY") || name.split('_').any(|word| WORDS.contains(&word))
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | '.')).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether it only says where a listing goes on, or that two requests are one.
fn is_token_of_a_place(name: &str) -> bool {
    const OF: [&str; 20] = [
        "next",
        "page",
        "continuation",
        "continue",
        "pagination",
        "client",
        "request",
        "idempotency",
        "sync",
        "start",
        "resume",
        "resumption",
        "scroll",
        "skip",
        "delta",
        "change",
        "cancellation",
        "iteration",
        "position",
        "cursor",
    ];
    let named = name.strip_suffix('s').unwrap_or(name).strip_suffix("token");
    named.is_some_and(|before| OF.iter().any(|of| before.ends_with(of)))
}

/// Whether it names a secret, and is none: `SecretsManagerSecretId`, `secretArn`.
fn is_about_a_secret(name: &str) -> bool {
    const ENDS: [&str; 12] =
        ["arn", "id", "ids", "name", "names", "type", "version", "policy", "url", "uri", "enabled", "length"];
    ENDS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_name_and_places_are_not_taken_for_them() {
        for secret in [
            "password",
            "Password",
            "AsmPassword",
            "passwd",
            "pwd",
            "DB_PWD",
            "old-password",
            "passwords",
            "token",
            "access_token",
            "accessToken",
            "refresh_token",
            "id_token",
            "mfa_token",
            "SessionToken",
            "X-Amz-Security-Token",
            "X-Amz-Signature",
            "X-Amz-Credential",
            "sig",
            "signature",
            "Signature",
            "SignatureProvided",
            "api_key",
            "apikey",
            "apiKey",
            "x-api-key",
            "client_secret",
            "secret",
            "secretKey",
            "secret_access_key",
            "SecretString",
            "secrets",
            "private_key",
            "scratchCodes",
            "SecurityDbEncryption",
            "tokens",
            "authToken",
            "x-auth-user",
        ] {
            assert!(is_secret_name(secret), "{secret}");
        }
        for plain in [
            "NextToken",
            "nextToken",
            "next_token",
            "nextPageToken",
            "pageToken",
            "page_token",
            "Marker",
            "ContinuationToken",
            "ClientRequestToken",
            "clientToken",
            "token_type",
            "expires_in",
            "accessKey",
            "SecretsManagerSecretId",
            "SecretsManagerAccessRoleArn",
            "KeyCacheSecretId",
            "SecretName",
            "Status",
            "PasswordPolicy",
            "SecurityDbEncryptionName",
            "KmsKeyId",
            "errorCode",
            "id",
            "s",
            "Key",
            "design",
        ] {
            assert!(!is_secret_name(plain), "{plain}");
        }
        for secret in [
            "Authorization",
            "proxy-authorization",
            "Cookie",
            "set-cookie",
            "x-api-key",
            "X-Auth-Token",
            "x-auth-request-user",
            "x-amz-security-token",
            "x-csrf-token",
            "apikey",
            "Ocp-Apim-Subscription-Key",
            "x-hub-signature",
            "x-client-secret",
        ] {
            assert!(is_secret_header(secret), "{secret}");
        }
        for plain in [
            "content-type",
            "x-next-token",
            "x-ms-continuation-token",
            "x-amz-client-token",
            "www-authenticate",
            "x-amzn-requestid",
            "idempotency-key",
            "date",
            "location",
        ] {
            assert!(!is_secret_header(plain), "{plain}");
        }
    }

    #[test]
    fn every_name_of_a_secret_has_a_hint_of_it() {
        let hints = regex::RegexBuilder::new(&HINTS.join("|")).case_insensitive(true).build().unwrap();
        let begins = ["x-auth", "xauth", "secret", "encryption-customer-key"];
        let names = [&HEADERS[..], &ENDS_OF_HEADERS, &NAMES, &ENDS, &begins].concat();
        assert!(USUAL.iter().all(|name| !is_secret_name(name)));
        for name in [&HEADERS[..], &ENDS_OF_HEADERS, &["x-auth", "encryption-customer-key"]].concat() {
            assert!(HINTS_OF_HEADERS.iter().any(|hint| name.contains(hint)), "{name}");
        }
        for name in names {
            assert!(hints.is_match(name) && hints.is_match(&name.to_ascii_uppercase()), "{name}");
        }
        for between in ["-", "_", ".", "__"] {
            let name = format!("mfa{between}code");
            assert!(is_secret_name(&name) && hints.is_match(&name), "{name}");
        }
    }

    #[test]
    fn variables_with_secrets_are_known_by_their_names() {
        for name in ["AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "db_password", "STAGING_API_KEY", "APIKEY"] {
            assert!(is_secret_variable(name), "{name}");
        }
        for name in ["HOME", "KEYBOARD", "SSH_KEY_PATH", "AWS_REGION", "TOKENIZERS_PARALLELISM"] {
            assert!(!is_secret_variable(name), "{name}");
        }
    }
}
