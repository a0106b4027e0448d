//! Secrets in every slot, a target that knows and echoes them all, and everything that a run leaves behind searched.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose as variant};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::server::{Act, Asked, Script, Server, head};

/// By the environment variable or file it is planted in. With something to encode in each, and none inside another.
const CANARIES: [(&str, &str); 9] = [
    ("CANARY_ACCESS", "AKIDCANARY/access+key"),
    ("CANARY_SECRET", "canary \"secret\" key/é"),
    ("CANARY_SESSION", "canary-session==token/42"),
    ("CANARY_PASSWORD", "canary&pass=word?%41"),
    ("CANARY_BEARER", "canary.bearer.token-_~9"),
    ("CANARY_NAMED", "canary<named>'secret'"),
    ("CANARY_API_TOKEN", "canary:of:the:environment"),
    ("ISSUED_ACCESS", "canary-issued-access-token"),
    ("ISSUED_REFRESH", "canary-issued-refresh-token"),
];

fn canary(name: &str) -> &'static str {
    CANARIES.iter().find(|(have, _)| *have == name).unwrap().1
}

/// Every spelling that the promise is about.
fn spellings(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).unwrap();
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let inside = |before: &str| {
        // What does not depend on its neighbours.
        let encoded = variant::STANDARD_NO_PAD.encode(format!("{before}{secret}"));
        encoded[before.len() * 2..encoded.len() - 2].to_owned()
    };
    vec![
        secret.to_owned(),
        variant::STANDARD.encode(secret),
        variant::URL_SAFE_NO_PAD.encode(secret),
        inside("u:"),
        inside("u"),
        small_digits(&percent),
        percent,
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        json[1..json.len() - 1].to_owned(),
        hex::encode(secret),
        hex::encode_upper(secret),
    ]
}

/// `%2F` as `%2f`.
fn small_digits(percent: &str) -> String {
    let mut pieces = percent.split('%');
    let first = pieces.next().unwrap().to_owned();
    pieces.fold(first, |text, piece| format!("{text}%{}{}", piece[..2].to_lowercase(), &piece[2..]))
}

fn all_spellings() -> Vec<String> {
    CANARIES.iter().flat_map(|(_, secret)| spellings(secret)).collect()
}

/// The same as a target says them: inside base64 there is more than the secret.
fn echoed(asked: &Asked) -> Vec<String> {
    // What is not issued yet is no secret yet.
    let issued = asked.text.contains(canary("ISSUED_ACCESS"));
    let known = CANARIES.iter().filter(|(name, _)| issued || !name.starts_with("ISSUED"));
    let longer =
        |secret: &str| ["u:", "u"].map(|before| variant::STANDARD.encode(format!("{before}{secret}!")));
    known
        .flat_map(|(_, secret)| {
            spellings(secret).into_iter().filter(|it| !is_core(secret, it)).chain(longer(secret))
        })
        .collect()
}

/// Whether a spelling is only what can be searched for.
fn is_core(secret: &str, spelling: &str) -> bool {
    spellings(secret)[3..5].iter().any(|core| core == spelling)
}

/// A target that says everything it can think of, everywhere.
fn echo(asked: &Asked) -> Vec<Act> {
    let everything = echoed(asked);
    let said = everything.join(" , ");
    let header = said.replace('é', "?");
    let headers = |length: usize| format!("x-echo: {header}\r\ncontent-length: {length}\r\n");
    let answer = |status: &str, body: &str| {
        vec![
            Act::Say([head(asked, status, &headers(body.len())), body.as_bytes().to_vec()].concat()),
            Act::Keep,
        ]
    };
    if asked.text.contains("/api/v1/token") {
        let (access, refresh) = (canary("ISSUED_ACCESS"), canary("ISSUED_REFRESH"));
        let token = serde_json::json!({ "access_token": access, "refresh_token": refresh, "token_type": "bearer", "expires_in": 900 });
        return answer("200 OK", &token.to_string());
    }
    let padded: Vec<String> = everything
        .iter()
        .flat_map(|it| [60, 100, 110, 115].map(|pad| format!("{}{it}", "x".repeat(pad))))
        .collect();
    let mut body = serde_json::json!({
        "__type": canary("CANARY_SECRET"), "errorCode": canary("CANARY_BEARER"), "code": said, "message": said,
        "Connections": [{ "Status": canary("CANARY_NAMED"), "EndpointArn": 7 }, { "Status": 7 }],
        "Endpoint": { "EndpointArn": format!("arn:{said}"), "Status": padded, "Port": said },
        "id": said, "padded": padded, "request": asked.text,
    });
    for spelling in &everything {
        body[spelling] = spelling.as_str().into();
    }
    if asked.text.contains("CreateEndpoint") || asked.text.starts_with("GET /api/v1/amazonConnections/6f1c") {
        answer("200 OK", &body.to_string())
    } else if asked.text.contains("DescribeEndpoints") {
        answer("500 Internal Server Error", &format!("<html>{}\n{said}</html>", padded.join("\n")))
    } else if asked.text.contains("DescribeConnections") {
        answer("200 OK", &body.to_string())
    } else {
        answer("400 Bad Request", &body.to_string())
    }
}

const CASES: [(&str, &str); 6] = [
    ("dms/describe_connections.yaml", "
api: dms
operation: DescribeConnections
source: S
cases:
  judged: { clauses: [dms.DescribeConnections.success], expect: { status: 200, schema: DescribeConnectionsResponse, at: { '$.Connections[0].Status': successful, '$.message': x } } }
  refused: { clauses: [dms.DescribeConnections.success], expect: { status: 404, error: ResourceNotFoundFault, headers: { x-echo: nothing } } }
  kept: { clauses: [dms.DescribeConnections.success], expect: { snapshot: true } }
"),
    ("dms/describe_endpoints.yaml", "
api: dms
operation: DescribeEndpoints
source: S
cases:
  html: { clauses: [dms.DescribeEndpoints.success], send: { Marker: '${secret:named}' }, expect: { status: 200 } }
"),
    ("dms/create_endpoint.yaml", "
api: dms
operation: CreateEndpoint
source: S
cases:
  made:
    clauses: [dms.CreateEndpoint.success]
    send: { EndpointIdentifier: '${secret:named}', EndpointType: source, EngineName: mysql, Username: '${env:CANARY_API_TOKEN}', Password: '${secret:named}' }
    expect: { status: 200 }
    capture: { arn: '$.Endpoint.EndpointArn' }
"),
    ("veeam/get.yaml", "
api: veeam
operation: GetAmazonConnectionById
source: S
cases:
  read: { clauses: [veeam.GetAmazonConnectionById.success], send: { amazonConnectionId: 6f1c2b9e-5d3a-4e8f-9a70-1b2c3d4e5f60 }, expect: { status: 200, snapshot: true } }
  named:
    clauses: [veeam.GetAmazonConnectionById.success]
    send: { amazonConnectionId: '${secret:named}' }
    raw: { headers: { x-named: '${secret:named}', x-env: '${env:CANARY_API_TOKEN}' } }
    expect: { status: 200 }
"),
    ("veeam/list.yaml", "
api: veeam
operation: GetAllAmazonConnections
source: S
cases:
  list: { clauses: [veeam.GetAllAmazonConnections.success], raw: { headers: { x-list: '${secret:named}' } }, expect: { status: 200 } }
"),
    ("veeam/login.yaml", "
api: veeam
operation: Authenticate
source: S
cases:
  alone: { clauses: [veeam.Authenticate.success], send: { grant_type: password, username: '${env:CANARY_API_TOKEN}', password: '${secret:named}' }, expect: { status: 201 } }
"),
];

/// How the target knows who asks at the REST API.
const VEEAM: [(&str, &str); 2] = [
    ("password", "{ password: { username: tester, password: { env: CANARY_PASSWORD } } }"),
    ("bearer", "{ bearer: { env: CANARY_BEARER } }"),
];

#[test]
fn nothing_of_a_secret_is_left_anywhere() {
    let server = Server::start(Script::Everything(Arc::new(echo)));
    let mut leaks = String::new();
    for (name, credentials) in VEEAM {
        for (format, update, left) in [
            ("text", None, ".snap.new"),
            ("json", None, ".snap.new"),
            ("text", Some("--update-snapshots"), ".snap"),
        ] {
            // Who is asked by what makes no difference to a file.
            if update.is_some() && name == "bearer" {
                continue;
            }
            let folder = tempfile::tempdir().unwrap();
            let output = run(folder.path(), &server, credentials, format, update);
            let artefacts = artefacts(folder.path());
            let printed = [("stdout", &output.stdout), ("stderr", &output.stderr)];
            let printed =
                printed.map(|(what, bytes)| (what.to_owned(), String::from_utf8_lossy(bytes).into_owned()));
            let text = &printed[0].1;
            assert_eq!(output.status.code(), Some(1), "{name}, {format}:\n{text}\n{}", printed[1].1);
            assert!(text.contains("CreateEndpoint") && text.contains("***"), "{text}");
            assert!(artefacts.iter().any(|(path, _)| path.contains("ledger")), "{artefacts:?}");
            assert!(artefacts.iter().any(|(path, _)| path.ends_with(left)), "{artefacts:?}");
            for (path, text) in printed.iter().chain(&artefacts) {
                for found in leaked(text) {
                    let _ = writeln!(leaks, "{name}, {format}: {path} shows {found}");
                }
            }
        }
    }
    assert!(
        server.asked().iter().any(|asked| asked.text.contains("canary-issued-access-token")),
        "all were used"
    );
    assert!(leaks.is_empty(), "{leaks}");
}

fn run(
    folder: &Path,
    server: &Server,
    credentials: &str,
    format: &str,
    update: Option<&str>,
) -> std::process::Output {
    for (path, text) in CASES {
        write(&folder.join("cases").join(path), text);
    }
    write(&folder.join("planted/session"), canary("CANARY_SESSION"));
    let url = format!("http://{}", server.address);
    let target = format!(
        "
name: echoing
permits: [read, create, change, destroy]
timeouts: {{ connect: 2s, request: 5s, poll: 1ms, deadline: 1s }}
apis:
  dms:
    base_url: {url}
    region: us-east-1
    credentials: {{ sigv4: {{ access_key: {{ env: CANARY_ACCESS }}, secret_key: {{ env: CANARY_SECRET }}, session_token: {{ file: planted/session }} }} }}
  veeam: {{ base_url: '{url}', credentials: {credentials} }}
secrets: {{ named: {{ env: CANARY_NAMED }}, other: {{ env: CANARY_PASSWORD }}, third: {{ env: CANARY_BEARER }} }}
"
    );
    write(&folder.join("target.yaml"), &target);
    let at = |name: &str| folder.join(name);
    let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
    command.args(["run", "--format", format]);
    command.args(if update.is_some() { &["--update-snapshots"][..] } else { &["--origin", "written"] });
    for (flag, path) in [
        ("--target", "target.yaml"),
        ("--cases", "cases"),
        ("--snapshots", "snapshots"),
        ("--state-dir", "state"),
    ] {
        command.arg(flag).arg(at(path));
    }
    command.env_remove("CI").env_remove("TF_BUILD").env("INSTA_UPDATE", "new").envs(CANARIES);
    command.output().unwrap()
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// What was written, but for what the test itself wrote and for the file that keeps tokens between runs.
fn artefacts(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
        if !["cases/", "planted/", "target.yaml", "state/tokens/"].iter().any(|own| name.starts_with(own)) {
            found.push((name, String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()));
        }
    }
    found
}

/// The spellings of canaries in a text, also where a report has broken its lines or JSON has escaped it once more.
fn leaked(text: &str) -> Vec<String> {
    let unbroken: String = text.split_whitespace().collect();
    let unescaped = text.replace("\\\\", "\\").replace("\\\"", "\"");
    let shown = |spelling: &String| {
        let bare: String = spelling.split_whitespace().collect();
        text.contains(spelling) || unescaped.contains(spelling) || unbroken.contains(&bare)
    };
    all_spellings().into_iter().filter(shown).collect()
}
