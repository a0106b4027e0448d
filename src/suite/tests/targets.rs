//! Target files, good and wrong. No message shows a secret.

use super::*;

fn load_of(text: &str) -> Result<Target, Vec<Diagnostic>> {
    load_target(&source("targets/t.yaml", text), &contracts(), &clauses())
}

fn wrong_target(text: &str) -> String {
    all_rendered(load_of(text).err().unwrap_or_default())
}

/// What is told of a target on another machine; the first line of `text` is line 4 of the file.
fn wrong_with(text: &str) -> String {
    wrong_target(&format!("name: t\napis:\n  rest: {{ base_url: https://example.com }}\n{text}"))
}

/// What is told of one API; the first line of `text` is line 4, indented by four.
fn wrong_api(text: &str) -> String {
    let indented: String = text.lines().map(|line| format!("    {line}\n")).collect();
    wrong_target(&format!("name: t\napis:\n  things:\n{indented}"))
}

const WHOLE: &str = "name: staging
product: Things 9
version: \"9.1\"
apis:
  things:
    base_url: https://things.example:8443/base/
    region: eu-west-1
    credentials:
      sigv4: { access_key: { env: KEY }, secret_key: { file: secret.txt }, session_token: { env: SESSION } }
  rest: { base_url: \"http://[::1]:1\", credentials: { password: { username: admin, password: { env: PW } } } }
tls: { ca: ca.pem, client_certificate: c.pem, client_key: /k.pem }
proxy: socks5://proxy.example:1080
timeouts: { connect: 5s, request: 1m, poll: 50ms }
limits: { concurrency: 4, rate: 10/s, body: 1MiB }
permits: [read, create]
features: [fast]
variables: { busy.id: 7 }
secrets: { key: { env: OTHER } }
supplies: { thing: { id: abc, size: 3 } }
unsupported: { operations: [DescribeThings], answers: [{ status: 500, body: not implemented }] }
snapshots: ../snaps
known_failures:
  - { case: \"things::*\", reason: slow, ticket: T-1, expires: 2027-01-31 }
  - { clause: things.DeleteThing.success, reason: broken, ticket: T-2, expires: 2027-02-28 }
";

#[test]
fn a_whole_target() {
    let target = load_of(WHOLE).unwrap_or_else(|diagnostics| panic!("{}", all_rendered(diagnostics)));
    let things = &target.apis["things"];
    assert_eq!(things.base_url.as_str(), "https://things.example:8443/base");
    let Credentials::SigV4 { region, keys: Keys::Static { access_key, secret_key, session_token } } =
        &things.credentials
    else {
        panic!("{:?}", things.credentials)
    };
    assert_eq!(region, "eu-west-1");
    assert_eq!(*access_key, SecretRef::Env("KEY".into()));
    assert_eq!(*secret_key, SecretRef::File("targets/secret.txt".into()));
    assert_eq!(*session_token, Some(SecretRef::Env("SESSION".into())));
    assert!(
        matches!(&target.apis["rest"].credentials, Credentials::Password { username, .. } if username == "admin")
    );
    assert_eq!(target.tls.ca, Some("targets/ca.pem".into()));
    assert_eq!(target.tls.client_key, Some("/k.pem".into()));
    assert_eq!(target.tls.verification, Verification::Full);
    assert_eq!(target.proxy.as_deref(), Some("socks5://proxy.example:1080"));
    assert_eq!(target.timeouts.patience.pause.unwrap().as_millis(), 50);
    assert_eq!((target.limits.concurrency, target.limits.rate, target.limits.body), (4, Some(10.0), 1 << 20));
    assert_eq!(target.permits.len(), 2);
    assert_eq!(target.variables["busy.id"], json!(7));
    assert_eq!(target.supplies["thing.size"], json!(3));
    assert_eq!(target.secrets["key"], SecretRef::Env("OTHER".into()));
    assert!(target.unsupported.operations.contains("DescribeThings"));
    assert!(target.unsupported.answers[0].body.is_match("is not implemented"));
    assert_eq!(target.snapshots, Some("targets/../snaps".into()));
    assert!(matches!(&target.known_failures[0].what, KnownWhat::Case(case) if case == "things::*"));
    assert!(
        matches!(&target.known_failures[1].what, KnownWhat::Clause(id) if **id == *"things.DeleteThing.success")
    );
    assert_eq!(target.known_failures[1].span.line, 24);
}

#[test]
fn which_operations_are_called_with_credentials() {
    let with = |more: &str| format!("name: t\napis: {{ rest: {{ base_url: https://example.com{more} }} }}\n");
    let bearer = ", credentials: { bearer: { env: A } }";
    for (more, authentication) in [
        (bearer.to_owned(), Authentication::Documented),
        (format!("{bearer}, auth: always"), Authentication::Always),
    ] {
        assert_eq!(load_of(&with(&more)).unwrap().apis["rest"].authentication, authentication, "{more}");
    }
    for (more, says) in [
        (", auth: always".to_owned(), "`auth: always` without credentials"),
        (", credentials: none, auth: always".to_owned(), "`auth: always` without credentials"),
        (format!("{bearer}, auth: never"), "`never` is not a use of credentials (one of: always)"),
    ] {
        let wrong = wrong_target(&with(&more));
        assert!(wrong.contains(says), "{more}: {wrong}");
    }
}

#[test]
fn what_is_not_said() {
    let target = load_of("name: t\napis: { rest: { base_url: https://example.com } }\n").unwrap();
    assert_eq!(target.permits.iter().map(ToString::to_string).collect::<Vec<_>>(), ["read"]);
    assert!(matches!(target.apis["rest"].credentials, Credentials::None));
    let chain = |credentials: &str| {
        let text = format!(
            "name: t\napis: {{ things: {{ base_url: https://example.com, region: r, credentials: {credentials} }} }}\n"
        );
        match load_of(&text).unwrap().apis["things"].credentials.clone() {
            Credentials::SigV4 { keys: Keys::DefaultChain { profile }, .. } => profile,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(chain("aws-default-chain"), None);
    assert_eq!(chain("{ aws_profile: staging }").as_deref(), Some("staging"));
}

#[test]
fn shapes_and_names() {
    insta::assert_snapshot!(wrong_target("apis: {}\n"), @"1:1 a target file without `name`");
    insta::assert_snapshot!(wrong_target("name: a/b\napis: {}\n"), @r"
    1:7 `a/b` is not the name of a target (a name is made of letters, digits, `_`, `-` and `.`)
    2:7 a target without an API
    ");
    insta::assert_snapshot!(wrong_target("name: t\napis: { thigns: { base_url: https://example.com } }\n"), @"2:9 unknown api `thigns` (did you mean `things`?)");
    insta::assert_snapshot!(wrong_target("name: t\nversion: 1.0\napis: { rest: { base_url: https://example.com } }\n"), @r#"2:10 expected text, found the number 1.0 (quote it: "1.0")"#);
    insta::assert_snapshot!(wrong_with("permit: [read]"), @"4:1 unknown key `permit` (did you mean `permits`?)");
    insta::assert_snapshot!(wrong_with("permits: [delete]"), @"4:11 `delete` is not a permit (one of: read, create, change, destroy)");
    insta::assert_snapshot!(wrong_with("variables: { a: \"${env:X}\", 9: 1 }"), @r"
    4:18 `${...}` in a target file (values of a target are literal; secrets are named under `secrets`; a literal `${` is `$${`)
    4:29 `9` is not the name of a variable (a name is made of letters, digits, `_` and `-`, with dots between its parts)
    ");
    insta::assert_snapshot!(wrong_with("supplies: { instance: {}, a.b: { c: 1 } }"), @r"
    4:13 a supplied fixture without values (write what the fixture would capture: `instance: { arn: ... }`)
    4:27 `a.b` is not the name of a fixture (a name is made of letters, digits, `_` and `-`)
    ");
    insta::assert_snapshot!(wrong_with("unsupported: { operations: [DescribeThing], answers: [{ status: 5, body: \"(\" }] }"), @r"
    4:29 unknown operation `DescribeThing` (did you mean `DescribeThings`?)
    4:74 `(` is not a regular expression: unclosed group
    ");
}

#[test]
fn limits_and_times() {
    insta::assert_snapshot!(wrong_with("timeouts: { connect: 5, request: 99999m }"), @r"
    4:22 expected a duration, found the number 5 (a duration is a whole number with a unit: 200ms, 2s, 5m)
    4:34 expected a duration, found the text `99999m` (a duration is a whole number with a unit: 200ms, 2s, 5m)
    ");
    insta::assert_snapshot!(wrong_with("limits: { concurrency: 0, rate: 10, body: 8MB }"), @r"
    4:24 a number of cases from 1 to 1024 is needed here
    4:33 expected a rate, found the number 10 (a rate is a number of requests a second: 10/s)
    4:43 expected a size, found the text `8MB` (a size is a number of bytes, or has a unit: 512KiB, 8MiB; at most 1024MiB)
    ");
    insta::assert_snapshot!(wrong_with("limits: { rate: 0/s, body: 9999MiB }"), @r"
    4:17 expected a rate, found the text `0/s` (a rate is a number of requests a second: 10/s)
    4:28 expected a size, found the text `9999MiB` (a size is a number of bytes, or has a unit: 512KiB, 8MiB; at most 1024MiB)
    ");
    insta::assert_snapshot!(wrong_with("tls: { insecure: true, ca: a.pem, client_key: b.pem }"), @r"
    4:24 `ca` beside `insecure` (with `insecure` no certificate is looked at; one of the two is meant)
    4:35 `client_key` without `client_certificate`
    ");
    insta::assert_snapshot!(wrong_with("tls: { insecure: yes }"), @"4:18 expected true, found the text `yes`");
    insta::assert_snapshot!(wrong_with("proxy: ftp://x"), @"4:8 a URL that cannot be used here (write http:// or https:// or socks5://HOST:PORT)");
}

#[test]
fn what_keeps_a_run_from_doing_harm() {
    let aws = |more: &str| {
        wrong_target(&format!(
            "name: t\napis: {{ rest: {{ base_url: https://dms.eu-west-1.amazonaws.com{more} }} }}\n"
        ))
    };
    for (all_rendered, says) in [
        (
            aws(" } }\npermits: [read, destroy]\nfeatures: [x]\nvariables: { a: { b: c"),
            "2:1 AWS without `accounts`",
        ),
        (aws(", accounts: [\"12345\"]"), "`12345` is not an AWS account"),
        (aws(", accounts: [\"1234567890ab\"]"), "`1234567890ab` is not an AWS account"),
        (aws(", accounts: [\"123456789012\"]"), "`accounts` that cannot be checked"),
        (
            wrong_with("expendable: [denid]\nvariables: { denied.arn: x, plain: y }"),
            "4:14 no variable begins with `denid.`",
        ),
        (wrong_with("alone: false"), "4:8 "),
        (wrong_with("limits: { creates: -1 }"), "4:20 "),
        (wrong_with("limits: { instances: 1.5 }"), "4:22 "),
        (wrong_with("limits: { wall: 40 }"), "4:17 expected a duration"),
    ] {
        assert!(all_rendered.contains(says), "{says}: {all_rendered}");
    }
    let target = load_of("name: t\napis: { rest: { base_url: https://dms.eu-west-1.amazonaws.com } }\n");
    assert!(target.is_ok(), "reading needs no account");
}

#[test]
fn known_failures() {
    insta::assert_snapshot!(wrong_with("known_failures: [{ reason: r, ticket: t, expires: 2027-01-31 }]"), @"4:20 a known failure is of a case or of a clause (write one of `case: dms::DeleteConnection::*` and `clause: dms.DeleteConnection.success`)");
    insta::assert_snapshot!(wrong_with("known_failures: [{ case: a, clause: things.Thing.members, reason: r, ticket: t, expires: 2027-01-31 }]"), @"4:20 a known failure is of a case or of a clause (write one of `case: dms::DeleteConnection::*` and `clause: dms.DeleteConnection.success`)");
    insta::assert_snapshot!(wrong_with("known_failures: [{ clause: things.Thing.member, reason: r, ticket: t, expires: 2027-01-31 }]"), @"4:28 unknown clause `things.Thing.member` (did you mean `things.Thing.members`?)");
    insta::assert_snapshot!(wrong_with("known_failures: [{ case: a, reason: \"\", ticket: \" \", expires: 2027-02-30 }]"), @"4:63 expected a day, 2027-01-31, found the text `2027-02-30`");
    insta::assert_snapshot!(wrong_with("known_failures: [{ case: a, reason: r, ticket: 7 }]"), @r#"
    4:18 a known failure without `expires`
    4:48 expected text, found the number 7 (quote it: "7")
    "#);
}

#[test]
fn addresses() {
    insta::assert_snapshot!(wrong_api("base_url: example.com"), @"4:15 not a URL: relative URL without a base (write https://HOST:PORT)");
    insta::assert_snapshot!(wrong_api("base_url: ftp://example.com"), @"4:15 a URL that cannot be used here (write http:// or https://HOST:PORT)");
    insta::assert_snapshot!(wrong_api("base_url: https://example.com/?a=b"), @"4:15 a base URL with a query or a fragment");
    insta::assert_snapshot!(wrong_api("base_url: https://:hunter2@example.com/"), @"4:5 credentials in a URL (name them under `credentials`)");
    insta::assert_snapshot!(wrong_api("base_url: https://example.com\ncredentials: aws-default-chain"), @"5:5 AWS credentials without a region (write `region: us-east-1` beside `base_url`: signatures are made for a region)");
    insta::assert_snapshot!(wrong_api("base_url: https://example.com\ncredentials: { bearer: { env: A }, aws_profile: x }"), @"5:18 credentials are of one kind (write one of `sigv4`, `aws_profile`, `password` and `bearer`)");
    insta::assert_snapshot!(wrong_api("base_url: https://example.com\ncredentials: { token: { env: A } }"), @"5:20 unknown key `token` (its keys are: sigv4, aws_profile, password, bearer)");
    insta::assert_snapshot!(wrong_api("base_url: https://example.com\ncredentials: sigv4"), @"5:18 `sigv4` is not a kind of credentials (one of: none, aws-default-chain)");
}

#[test]
fn published_secrets_stay_here() {
    let with = |url: &str| {
        format!(
            "name: t\napis: {{ rest: {{ base_url: \"{url}\", credentials: {{ bearer: {{ published: known }} }} }} }}\n"
        )
    };
    for good in [
        "http://127.0.0.1:1",
        "http://127.9.9.9",
        "https://localhost",
        "http://a.localhost",
        "http://[::1]:7",
    ] {
        assert!(load_of(&with(good)).is_ok(), "{good}");
    }
    for bad in [
        "http://example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example",
        "http://0.0.0.0",
        "http://10.0.0.1",
    ] {
        assert!(load_of(&with(bad)).is_err(), "{bad}");
    }
    insta::assert_snapshot!(wrong_target(&with("https://example.com")), @"2:65 a published secret for example.com (published secrets are sent to this machine alone; name an environment variable, { env: NAME }, or a file)");
    // One address elsewhere is enough, and secrets for cases count as well.
    insta::assert_snapshot!(wrong_with("secrets: { a: { published: known } }"), @"4:12 a published secret for example.com (published secrets are sent to this machine alone; name an environment variable, { env: NAME }, or a file)");
}

#[test]
fn no_message_shows_a_secret() {
    let texts = [
        "name: t\napis: { rest: { base_url: https://example.com, credentials: { bearer: hunter2 } } }\n",
        "name: t\napis: { rest: { base_url: https://example.com, credentials: { bearer: { value: hunter2 } } } }\n",
        "name: t\napis: { rest: { base_url: https://example.com, credentials: { bearer: [hunter2] } } }\n",
        "name: t\napis: { rest: { base_url: https://example.com, credentials: { bearer: { published: hunter2 } } } }\n",
        "name: t\napis: { rest: { base_url: https://admin:hunter2@example.com } }\n",
        "name: t\nproxy: http://admin:hunter2@example.com\napis: {}\n",
        "name: t\napis:\n  rest:\n    base_url: https://example.com\n    credentials:\n      password:\n        password: hunter2\n        user: x\n",
        "name: t\napis: { rest: { base_url: https://example.com, credentials: hunter2 } }\n",
        "name: t\napis: { rest: { base_url: https://example.com, credentials: { password: hunter2 } } }\n",
        "name: t\napis: { rest: { base_url: https://example.com, credentials: { sigv4: [hunter2] } } }\n",
        "name: t\napis: { rest: { base_url: https://example.com, credentials: { bearer: { env: [hunter2] } } } }\n",
        "name: t\napis: { rest: { base_url: https://example.com, credentials: { tokn: hunter2 } } }\n",
        "name: t\napis:\n  rest:\n    base_url: https://example.com\n    credentials:\n      bearer: |\n        hunter2\n",
        "name: t\nsecret_key: hunter2: no\n",
        "name: t\nsecrets:\n  password: \"hunter2\n",
        "name: t\nsecrets:\n  a: |\n    hunter2\n    hunter2\n  b: 7\nnonsense: 1\n",
        "name: t\nsecrets:\n  a: hunter2\n  secrt: hunter2\n  key: { evn: hunter2 }\n",
    ];
    for text in texts {
        let diagnostics = load_of(text).unwrap_err();
        for diagnostic in &diagnostics {
            let shown = rendered(diagnostic);
            assert!(!shown.contains("hunter2"), "{text}\n{shown}");
        }
    }
    let diagnostics = load_of(texts[0]).unwrap_err();
    insta::assert_snapshot!(rendered(&diagnostics[0]), @r"
     × a secret written into the file
      ╭─[targets/t.yaml:2:63]
    1 │ name: t
    2 │ apis: { rest: { base_url: https://example.com, credentials: { bearer: ******* } } }
      ·                                                               ───┬──
      ·                                                                  ╰── only its whereabouts may stand here
      ╰────
     help: name an environment variable, { env: NAME }, or a file, { file: path }
    ");
}
