//! Files that mean harm, or are not what they seem, each given to the built program: a diagnostic that names the file,
//! exit code 2, in bounded time and memory, and nothing sent.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::TcpListener,
    os::unix::fs::symlink,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use tempfile::TempDir;

/// Longer than any row may take, on a machine that does much else.
const AT_MOST: Duration = Duration::from_secs(60);
/// Kibibytes of address space; the allocator reserves one GiB before it is asked for any.
const MEMORY: &str = "4194304";
const HUGE: u64 = 100 << 20;

const CASES: &str = "{ api: t, operation: GetThing, source: S, cases: { gives: { clauses: [t.GetThing.success], send: { id: a }, expect: { status: 200, snapshot: true } } } }";
const CLAUSES: &str = "{ t.GetThing.success: { strength: MUST, text: T, document: D, section: S } }";
const OPERATIONS: &str = r#"{ "api": "t", "title": "T", "version": "1", "protocol": { "name": "rest" }, "operations": { "GetThing": {
    "name": "GetThing", "method": "GET", "path": "/things/{id}", "access": "public", "effect": "read",
    "members": { "id": { "in": "path", "required": true, "schema": { "type": "string" } } }, "answers": { "200": { "schema": "A" } }, "errors": [] } } }"#;
const SCHEMA: &str = r#"{ "$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": { "A": { "type": "object" } } }"#;
const SNAPSHOT: &str = "---\nsource: s\n---\n1. GetThing: 200 application/json\n{}\n";

const CASE_FILE: &str = "cases/t/get_thing.yaml";
const CLAUSE_FILE: &str = "schemas/t/clauses.yaml";
const OPERATIONS_FILE: &str = "schemas/t/operations.json";
const SCHEMA_FILE: &str = "schemas/t/schema.json";
const SNAPSHOT_FILE: &str = "snapshots/t/GetThing/gives.snap";
const TARGET_FILE: &str = "target.yaml";
const MODEL: &str = "model";

/// What stands at a path.
enum Put {
    Text(String),
    Bytes(&'static [u8]),
    /// So many bytes, none of them on disk.
    Size(u64),
    Link(&'static str),
    Pipe,
    Folder,
}

use Put::*;

/// Small files that load, and somebody who listens where the target is said to be.
struct House {
    folder: TempDir,
    target: TcpListener,
}

impl House {
    fn new() -> House {
        let house =
            House { folder: tempfile::tempdir().unwrap(), target: TcpListener::bind("127.0.0.1:0").unwrap() };
        house.target.set_nonblocking(true).unwrap();
        for (path, text) in [
            (CASE_FILE, CASES),
            (CLAUSE_FILE, CLAUSES),
            (OPERATIONS_FILE, OPERATIONS),
            (SCHEMA_FILE, SCHEMA),
            (SNAPSHOT_FILE, SNAPSHOT),
            (TARGET_FILE, &house.target_text("")),
            ("elsewhere/secret.yaml", "aws_secret_access_key: canary"),
        ] {
            house.put(path, &Text(text.to_owned()));
        }
        house
    }

    fn target_text(&self, more: &str) -> String {
        format!(
            "{{ name: t, apis: {{ t: {{ base_url: 'http://{}' {more} }} }} }}",
            self.target.local_addr().unwrap()
        )
    }

    fn put(&self, path: &str, what: &Put) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path);
        match what {
            Text(text) => fs::write(&path, text).unwrap(),
            Bytes(bytes) => fs::write(&path, bytes).unwrap(),
            Size(size) => File::create(&path).unwrap().set_len(*size).unwrap(),
            Link(to) => symlink(to, &path).unwrap(),
            Pipe => assert!(Command::new("mkfifo").arg(&path).status().unwrap().success()),
            Folder => fs::create_dir(&path).unwrap(),
        }
    }

    /// Exit code, and what was printed, with no more memory than there should be need of.
    fn proofmark(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new("sh");
        command
            .args(["-c", "ulimit -v $0 && exec \"$@\"", MEMORY, env!("CARGO_BIN_EXE_proofmark")])
            .args(arguments);
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        ended(command.spawn().unwrap())
    }

    fn run(&self) -> (Option<i32>, String) {
        let files = ["--cases", "cases", "--schemas", "schemas", "--snapshots", "snapshots"];
        self.proofmark(&[&["run", "--state-dir", "state", "--target", "target.yaml"], &files[..]].concat())
    }

    fn nothing_was_sent(&self) -> bool {
        self.target.accept().is_err()
    }
}

fn ended(mut child: Child) -> (Option<i32>, String) {
    let (texts, said) = mpsc::channel();
    read(child.stdout.take().unwrap(), texts.clone());
    read(child.stderr.take().unwrap(), texts);
    let mut all = String::new();
    for _ in 0..2 {
        match said.recv_timeout(AT_MOST) {
            Ok(text) => all += &text,
            Err(_) => {
                child.kill().unwrap();
                panic!("still running after {AT_MOST:?}");
            }
        }
    }
    (child.wait().unwrap().code(), all)
}

fn read(mut from: impl Read + Send + 'static, to: mpsc::Sender<String>) {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        to.send(String::from_utf8_lossy(&bytes).into_owned()).unwrap();
    });
}

/// Ten names, each ten times the one before it.
fn bomb(head: &str) -> String {
    let line = |n: u8| {
        let before = (b'a' + n - 1) as char;
        format!("  {0}: &{0} [{1}]\n", (b'a' + n) as char, vec![format!("*{before}"); 10].join(", "))
    };
    format!("{head}  a: &a [x, x, x, x, x, x, x, x, x, x]\n{}", (1..10).map(line).collect::<String>())
}

fn deep(head: &str, open: &str) -> String {
    format!("{head}{}", open.repeat(100_000))
}

/// UTF-16, as some editors save it.
const UTF_16: &[u8] = b"\xff\xfea\0p\0i\0:\0 \0t\0\n\0";
const UTF_16_WITHOUT_MARK: &[u8] = b"a\0p\0i\0:\0 \0t\0\n\0";
const LATIN_1: &[u8] = b"api: t\nsource: Caf\xe9\n";

#[test]
fn files_without_fault_are_good() {
    let house = House::new();
    house.put("cases/t/.hidden", &Pipe);
    house.put("cases/t/.loop", &Link(".."));
    house.put("cases/t/linked.yaml", &Link("../../cases/t/more/other.yaml"));
    house.put("cases/t/more/other.yml.kept", &Bytes(b"\xff"));
    house.put("cases/t/more/other.yaml", &Text("{ api: t, variables: { a: b } }".into()));
    house.put("cases/t/linked.yaml", &Link("more/../../t/linked.txt"));
    house.put("cases/t/linked.txt", &Text("{ api: t, variables: { c: d } }".into()));
    house.put(CASE_FILE, &Text(format!("\u{feff}{CASES}\r\n")));
    let files =
        ["--cases", "cases", "--schemas", "schemas", "--snapshots", "snapshots", "--target", "target.yaml"];
    let (code, said) = house.proofmark(&[&["check"], &files[..]].concat());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 cases"), "{said}");
}

#[test]
fn files_that_mean_harm_are_refused_by_name() {
    let text = |text: &str| Text(text.to_owned());
    let case = |from: &str, to: &str| Text(CASES.replace(from, to));
    let elsewhere = Link("../../elsewhere/secret.yaml");
    let reference = |to: &str| Text(SCHEMA.replace(r#""type": "object""#, &format!(r#""$ref": "{to}""#)));
    // The path that is told, what stands there, and what is said of it.
    let rows: Vec<(&str, Put, &str)> = vec![
        (CASE_FILE, text(&bomb("api: t\nvariables:\n")), "repeats too much by aliases"),
        (CLAUSE_FILE, text(&bomb("t.a.b:\n")), "repeats too much by aliases"),
        (TARGET_FILE, text(&bomb("name: t\nvariables:\n")), "repeats too much by aliases"),
        (CASE_FILE, text(&deep("api: ", "[")), "recursion limit"),
        (CASE_FILE, text(&deep("api: ", "{a: ")), "recursion limit"),
        (CASE_FILE, text(&deep("api: t\nvariables: {a: \"$", "{")), "not valid YAML"),
        (CLAUSE_FILE, text(&deep("t.a.b: ", "[")), "recursion limit"),
        (TARGET_FILE, text(&deep("name: ", "[")), "recursion limit"),
        (OPERATIONS_FILE, text(&deep("", "[")), "invalid type"),
        (OPERATIONS_FILE, text(&deep(r#"{ "api": "t", "title": "#, "{\"a\":")), "invalid type"),
        (SCHEMA_FILE, text(&deep("", r#"{"$defs":"#)), "recursion limit"),
        (CASE_FILE, Size(HUGE), "longer than 16 MiB"),
        (CLAUSE_FILE, Size(HUGE), "longer than 16 MiB"),
        (TARGET_FILE, Size(HUGE), "longer than 16 MiB"),
        (OPERATIONS_FILE, Size(HUGE), "longer than 16 MiB"),
        (SCHEMA_FILE, Size(HUGE), "longer than 16 MiB"),
        (SNAPSHOT_FILE, Size(HUGE), "longer than 16 MiB"),
        (CASE_FILE, Size(1 << 20), "a NUL (byte 0)"),
        (CASE_FILE, Bytes(UTF_16), "UTF-16"),
        (CASE_FILE, Bytes(UTF_16_WITHOUT_MARK), "a NUL (byte 1)"),
        (CASE_FILE, Bytes(LATIN_1), "not UTF-8 (byte 18, in line 2)"),
        (CLAUSE_FILE, Bytes(LATIN_1), "not UTF-8"),
        (TARGET_FILE, Bytes(UTF_16), "UTF-16"),
        (OPERATIONS_FILE, Bytes(UTF_16), "UTF-16"),
        (OPERATIONS_FILE, text(&format!("\u{feff}{OPERATIONS}")), "expected value"),
        (SCHEMA_FILE, Bytes(LATIN_1), "not UTF-8"),
        (SNAPSHOT_FILE, Bytes(LATIN_1), "not UTF-8"),
        (CASE_FILE, Bytes(b"\x1f\x8b\x08\x00"), "compressed"),
        (CASE_FILE, text("api: \u{1b}[31mred\n"), "unexpected character"),
        (CASE_FILE, text("api: \u{202e}derevir\u{2066}\n"), "unknown api"),
        (CASE_FILE, Pipe, "expected a file, found a pipe"),
        (CLAUSE_FILE, Pipe, "expected a file, found a pipe"),
        (TARGET_FILE, Pipe, "expected a file, found a pipe"),
        (OPERATIONS_FILE, Pipe, "expected a file, found a pipe"),
        (SCHEMA_FILE, Pipe, "expected a file, found a pipe"),
        (SNAPSHOT_FILE, Pipe, "expected a file, found a pipe"),
        (TARGET_FILE, Folder, "expected a file, found a folder"),
        (TARGET_FILE, Link("/dev/zero"), "expected a file, found a device"),
        (TARGET_FILE, Link("target.yaml"), "symbolic links"),
        (TARGET_FILE, Link("nothing"), "expected a file, found nothing"),
        #[cfg(target_os = "linux")]
        (TARGET_FILE, Link("/proc/self/mem"), "nput/output error"),
        (CASE_FILE, Link("nothing"), "expected a file, found nothing"),
        (CASE_FILE, elsewhere, "a link that leads out of cases"),
        (CASE_FILE, Link("/etc/passwd"), "a link that leads out of cases"),
        (OPERATIONS_FILE, Link("/etc/passwd"), "a link that leads out of schemas"),
        (SNAPSHOT_FILE, Link("/etc/passwd"), "a link that leads out of snapshots"),
        ("cases/t/loop", Link("."), "a link to a folder"),
        ("cases/t/up", Link("../.."), "a link to a folder"),
        ("snapshots/t/away", Link("/etc"), "a link to a folder"),
        ("schemas/again", Link("t"), "a link to a folder"),
        ("cases/1/2/3/4/5/6/7/8/9", Folder, "too deep down"),
        ("cases/t/GET_thing.yaml", text("{ api: t, variables: {} }"), "by letter case only"),
        ("schemas/T/operations.json", text(OPERATIONS), "by letter case only"),
        ("snapshots/T/getThing/GIVES.snap", text(SNAPSHOT), "by letter case only"),
        (
            CASE_FILE,
            case("gives: {", "Gives: { clauses: [t.GetThing.success], expect: { status: 200 } }, gives: {"),
            "by its letter case only",
        ),
        (CASE_FILE, case("snapshot: true", "snapshot: ../../../x"), "as a snapshot"),
        (CASE_FILE, case("snapshot: true", "snapshot: { skip: \"a\\nb\" }"), "a reason is one line"),
        (SNAPSHOT_FILE, text(&SNAPSHOT.replace("---\n", "")), "the header of insta"),
        (SNAPSHOT_FILE, text(&SNAPSHOT.replace("{}", "{")), "line 4: the body below is no JSON"),
        (
            SNAPSHOT_FILE,
            text(&SNAPSHOT.replace("1. ", "<<<<<<< HEAD\n1. ")),
            "line 4: expected `1. OPERATION",
        ),
        (SNAPSHOT_FILE, text(&SNAPSHOT.replace("\n{}", "")), "the body below is no JSON"),
        (SNAPSHOT_FILE, text(""), "the header of insta"),
        (OPERATIONS_FILE, text("{}\n"), "missing field"),
        (SCHEMA_FILE, reference("file:///etc/passwd"), "leads nowhere"),
        (SCHEMA_FILE, reference("../elsewhere/secret.yaml#/a"), "leads nowhere"),
        (SCHEMA_FILE, reference("#/$defs/A"), "never end"),
    ];
    let wrong = rows.iter().filter_map(|(path, put, words)| {
        let house = House::new();
        house.put(path, put);
        let (code, said) = house.run();
        // Both files of a contract are told by one of them.
        let name = if *path == SCHEMA_FILE { "schemas/t/" } else { path };
        let good = code == Some(2)
            && said.contains(name)
            && said.contains(words)
            && !["canary", "root:"].iter().any(|secret| said.contains(secret))
            && !said
                .contains(|c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{2069}').contains(&c))
            && house.nothing_was_sent();
        (!good).then(|| format!("{path}, {words}: {code:?}\n{said}\n"))
    });
    let wrong: Vec<_> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

#[test]
fn what_a_target_file_leads_to_is_refused_as_well() {
    for (more, path, put, words) in [
        (
            ", credentials: { bearer: { file: secret } }",
            "secret",
            Pipe,
            "secret: expected a file, found a pipe",
        ),
        (
            ", credentials: { bearer: { file: secret } }",
            "secret",
            Folder,
            "secret: expected a file, found a folder",
        ),
        (", credentials: { bearer: { file: secret } }", "secret", Size(HUGE), "secret: longer than 1 MiB"),
        (", credentials: { bearer: { file: secret } }", "secret", Bytes(LATIN_1), "secret: not UTF-8"),
        (
            ", credentials: { bearer: { file: secret } }",
            "secret",
            Link("/dev/zero"),
            "secret: expected a file, found a device",
        ),
        ("} }, tls: { ca: { a: b", "x", Folder, "target.yaml"),
        (
            "} }, tls: { ca: ca.pem }, features: [], variables: { a: { b: c",
            "ca.pem",
            Pipe,
            "ca.pem: expected a file, found a pipe",
        ),
        (
            "} }, tls: { ca: ca.pem }, features: [], variables: { a: { b: c",
            "ca.pem",
            Size(HUGE),
            "ca.pem: longer than 1 MiB",
        ),
    ] {
        let house = House::new();
        house.put(TARGET_FILE, &Text(house.target_text(more)));
        house.put(path, &put);
        let (code, said) = house.run();
        assert_eq!(code, Some(2), "{words}: {said}");
        assert!(said.contains(words) && house.nothing_was_sent(), "{words}: {said}");
    }
}

#[test]
fn models_that_mean_harm_are_refused_by_name() {
    const OPENAPI: &str = "openapi: 3.0.0\ninfo: { title: t, version: '1' }\npaths: {}\nx-a:\n";
    let smithy = r#"{"smithy":"2.0","shapes":"#;
    for (kind, put, words) in [
        ("openapi", Text(bomb(OPENAPI)), "neither JSON nor YAML"),
        ("openapi", Text(deep(OPENAPI, "[")), "neither JSON nor YAML"),
        ("openapi", Text(deep("", "{\"openapi\":")), "neither JSON nor YAML"),
        ("smithy", Text(deep(smithy, "{\"a\":")), "recursion limit"),
        ("botocore", Text(deep("", "{\"metadata\":")), "recursion limit"),
        ("smithy", Text(format!("{smithy}[{}]}}", "1,".repeat(4_100_000))), "more than 4000000 values"),
        ("smithy", Size(HUGE), "longer than 16 MiB"),
        ("openapi", Size(HUGE), "longer than 16 MiB"),
        ("botocore", Size(HUGE), "longer than 16 MiB"),
        ("smithy", Bytes(UTF_16), "UTF-16"),
        ("openapi", Bytes(LATIN_1), "not UTF-8"),
        ("botocore", Bytes(UTF_16_WITHOUT_MARK), "a NUL"),
        ("smithy", Pipe, "expected a file, found a pipe"),
        ("openapi", Folder, "expected a file, found a folder"),
        ("botocore", Link("/dev/zero"), "expected a file, found a device"),
        ("openapi", Link("model"), "symbolic links"),
        (
            "openapi",
            Text("openapi: 3.0.0\npaths: { /a: { $ref: 'file:///etc/passwd' } }\n".into()),
            "leads out of the file",
        ),
    ] {
        let house = House::new();
        house.put(MODEL, &put);
        let (code, said) = house.proofmark(&["import", kind, MODEL, "--api", "t", "--out", "made"]);
        assert_eq!(code, Some(2), "{kind}, {words}: {said}");
        assert!(said.contains(words) && said.contains(MODEL), "{kind}, {words}: {said}");
        assert!(!said.contains("root:") && house.nothing_was_sent(), "{said}");
        let (code, said) = house.proofmark(&["diff", MODEL, MODEL]);
        assert_eq!(code, Some(2), "{kind}, {words}: {said}");
    }
}

/// A ledger that cannot be read keeps nobody from sweeping what the others tell.
#[test]
fn ledgers_that_mean_harm_are_told_and_the_others_swept() {
    const LEDGER: &str = "state/ledger/pm-00000001.jsonl";
    let sweep = ["sweep", "--schemas", "schemas", "--state-dir", "state"];
    for (put, words) in [
        (Pipe, "expected a file, found a pipe"),
        (Folder, "expected a file, found a folder"),
        (Link("/dev/zero"), "expected a file, found a device"),
        (Link("nothing"), "expected a file, found nothing"),
        (Size(300 << 20), "longer than 256 MiB"),
        (Text(deep("", "[") + "\n"), "first line is not that of a ledger"),
        (Bytes(UTF_16), "first line is not that of a ledger"),
        (Bytes(b"\0\0\0\n"), "first line is not that of a ledger"),
    ] {
        let house = House::new();
        house.put(LEDGER, &put);
        let begun = r#"{"at":"2026-11-21T10:00:00Z","number":0,"event":"begun","run":"pm-00000002","target":"t","base_urls":{},"target_file":"t","life":"embedded"}"#;
        house.put("state/ledger/pm-00000002.jsonl", &Text(format!("{begun}\n")));
        let (code, said) = house.proofmark(&sweep);
        assert_eq!(code, Some(3), "{words}: {said}");
        assert!(said.contains("pm-00000001.jsonl: ") && said.contains(words), "{words}: {said}");
        let other = house.folder.path().join("state/ledger/pm-00000002.jsonl");
        assert!(!other.exists(), "{words}: {said}");
        assert!(house.folder.path().join(LEDGER).symlink_metadata().is_ok(), "{words}: {said}");
        assert!(house.nothing_was_sent(), "{words}: {said}");
    }
}

/// A few megabytes hold gigabytes: what is unpacked of all bodies together is bounded as well.
#[test]
fn an_archive_of_packed_bodies_is_read_within_bounds() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&[b"{}", &vec![b' '; (8 << 20) - 2][..]].concat()).unwrap();
    let text = STANDARD.encode(packed.finish().unwrap());
    let pair = |name: &str, value: &str| json!({ "name": name, "value": value });
    let entry = json!({
        "request": { "method": "GET", "url": "http://127.0.0.1/things/a", "headers": [pair("accept-encoding", "gzip")] },
        "response": {
            "status": 200,
            "headers": [pair("date", "Sun, 22 Nov 2026 09:30:52 GMT"), pair("content-encoding", "gzip"), pair("content-type", "application/json")],
            "content": { "size": 8 << 20, "mimeType": "application/json", "text": text, "encoding": "base64" },
        },
    });
    let house = House::new();
    house.put("harm.har", &Text(json!({ "log": { "entries": vec![entry; 1000] } }).to_string()));
    let (code, said) = house.proofmark(&["replay", "harm.har", "--schemas", "schemas", "--cases", "cases"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("the bodies before it have more bytes unpacked than are read"), "{said}");
}
