//! Approved answers: what a run does where they are the same, changed, missing, damaged or of no case, what it writes, and
//! what `--update-snapshots` approves. The target is a small server whose answers each row chooses.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use tempfile::TempDir;

const CASES: &str = "
api: shop
operation: GetThing
source: S
cases:
  gives:
    clauses: [shop.GetThing.success]
    send: { id: a }
    expect: { status: 200 }
    then:
      - { operation: DropThing, send: { id: a }, expect: { status: 204 } }
";
const CLAUSES: &str = "{ shop.GetThing.success: { strength: MUST, text: T, document: D, section: S } }";
const OPERATIONS: &str = r#"{ "api": "shop", "title": "T", "version": "1", "protocol": { "name": "rest" }, "operations": {
  "GetThing": { "name": "GetThing", "method": "GET", "path": "/things/{id}", "access": "public", "effect": "read",
    "members": { "id": { "in": "path", "required": true, "schema": { "type": "string" } } },
    "answers": { "200": { "schema": "A" } }, "errors": [] },
  "DropThing": { "name": "DropThing", "method": "GET", "path": "/things/{id}/drop", "access": "public", "effect": "read",
    "members": { "id": { "in": "path", "required": true, "schema": { "type": "string" } } },
    "answers": { "204": {} }, "errors": [] } } }"#;
const SCHEMA: &str = r#"{ "$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": { "A": { "type": "object" } } }"#;

const FILE: &str = "set/shop/GetThing/gives.snap";
const APPROVED: &str = "---
source: cases/shop/get_thing.yaml
expression: \"shop::GetThing::gives\"
---
1. GetThing: 200 application/json
{
  \"made\": \"[time]\",
  \"w\": \"two\"
}

2. DropThing: 204, no body
";

/// Answers with this body, in which `N` is how often it was asked for, and 404 where no thing is named.
fn serve(body: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicUsize::new(0));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let asked = Arc::clone(&asked);
            thread::spawn(move || talk(stream, body, &asked));
        }
    });
    port
}

fn talk(mut stream: TcpStream, body: &str, asked: &AtomicUsize) {
    let mut head = Vec::new();
    let mut byte = [0];
    while stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        let line = String::from_utf8_lossy(&head);
        let answer = if !line.contains("/things/") {
            "HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n"
                .to_owned()
        } else if line.contains("/drop") {
            "HTTP/1.1 204 No Content\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n".to_owned()
        } else {
            let body = body.replace('N', &asked.fetch_add(1, Ordering::Relaxed).to_string());
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
        head.clear();
    }
}

const SAME: &str = r#"{"w":"two","made":"2026-01-01T00:00:00Z"}"#;
const CHANGED: &str = r#"{"w":"three","made":"2026-01-01T00:00:00Z"}"#;

struct Folder(TempDir);

impl Folder {
    /// A repository of one API, and a target that answers so. `set` is what the target file says of snapshots.
    fn new(body: &'static str, set: &str) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        let target = format!(
            "{{ name: t, permits: [read], {set} apis: {{ shop: {{ base_url: \"http://127.0.0.1:{}\" }} }} }}",
            serve(body)
        );
        for (path, text) in [
            ("cases/shop/get_thing.yaml", CASES),
            ("schemas/shop/clauses.yaml", CLAUSES),
            ("schemas/shop/operations.json", OPERATIONS),
            ("schemas/shop/schema.json", SCHEMA),
            ("target.yaml", &target),
        ] {
            folder.put(path, text);
        }
        folder
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// Every file of the set.
    fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![self.at("set")];
        while let Some(path) = open.pop() {
            match fs::read_dir(&path) {
                Ok(entries) => open.extend(entries.map(|entry| entry.unwrap().path())),
                Err(_) if path.is_file() => found.push(self.name(&path)),
                Err(_) => {}
            }
        }
        found.sort();
        found
    }

    fn name(&self, path: &Path) -> String {
        path.strip_prefix(self.0.path()).unwrap().to_string_lossy().replace('\\', "/")
    }

    fn run(&self, more: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
        command.current_dir(self.0.path()).args(["run", "--origin", "written", "--state-dir", "state"]);
        if more.contains(&"--update-snapshots") {
            command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
            command.current_dir(self.0.path()).args(["run", "--state-dir", "state"]);
        }
        command.args(["--cases", "cases", "--schemas", "schemas", "--target", "target.yaml"]).args(more);
        for name in ["CI", "TF_BUILD", "INSTA_UPDATE", "INSTA_FORCE_PASS", "GITHUB_ACTIONS"] {
            command.env_remove(name);
        }
        let output = command.envs(environment.iter().copied()).output().unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        (output.status.code().unwrap(), said.concat())
    }
}

#[test]
fn what_cannot_be_compared_is_no_plain_pass() {
    const CI: &[(&str, &str)] = &[("CI", "true")];
    let damaged = APPROVED.replace("\"two\"", "two");
    let conflict = APPROVED.replace("  \"w\"", "<<<<<<< HEAD\n  \"w\"");
    let (crlf, bom) = (APPROVED.replace('\n', "\r\n"), format!("\u{feff}{APPROVED}"));
    let other = APPROVED.replace(": 204, no body", ": 200 text/plain, no body");
    let headless = APPROVED.replacen("---\n", "", 1);
    let new = "set/shop/GetThing/gives.snap.new";
    // The answer, the approved file, the environment; the exit code, what is said, and what is left for review.
    for (body, approved, environment, code, says, pending) in [
        (SAME, Some(APPROVED), CI, 0, "1 passed", false),
        (SAME, Some(&*crlf), CI, 0, "1 passed", false),
        (SAME, Some(&*bom), CI, 0, "1 passed", false),
        (SAME, Some(APPROVED), &[], 0, "1 passed", false),
        (SAME, None, CI, 1, "nothing is approved", false),
        (SAME, None, &[("INSTA_UPDATE", "no")], 1, "nothing is approved", false),
        (SAME, None, &[], 0, "pending snapshot", true),
        (CHANGED, Some(APPROVED), CI, 1, "body /w", false),
        (CHANGED, Some(&*crlf), CI, 1, "body /w", false),
        (CHANGED, Some(&*bom), CI, 1, "body /w", false),
        (CHANGED, Some(APPROVED), &[], 1, "body /w", true),
        (SAME, Some(&*other), CI, 1, "status\n      expected  200\n", false),
        (SAME, Some(&*damaged), &[], 2, "line 5: the body below is no JSON", false),
        (SAME, Some(&*conflict), &[], 2, "line 5: the body below is no JSON", false),
        (SAME, Some(&*headless), &[], 2, "the header of insta", false),
        (SAME, Some(""), &[], 2, "the header of insta", false),
        (CHANGED, Some(APPROVED), &[("INSTA_FORCE_PASS", "1")], 2, "INSTA_FORCE_PASS", false),
        (
            CHANGED,
            Some(APPROVED),
            &[("INSTA_FORCE_PASS", "1"), ("INSTA_CARGO_INSTA", "1")],
            1,
            "body /w",
            true,
        ),
        (SAME, Some(APPROVED), &[("INSTA_UPDATE", "sometimes")], 2, "INSTA_UPDATE", false),
    ] {
        let folder = Folder::new(body, "snapshots: set,");
        if let Some(approved) = approved {
            folder.put(FILE, approved);
        }
        let (ended, said) = folder.run(&[], environment);
        assert_eq!(ended, code, "{approved:?} {environment:?}:\n{said}");
        assert!(said.contains(says), "{says}, {approved:?} {environment:?}:\n{said}");
        assert_eq!(
            folder.files().contains(&new.to_owned()),
            pending,
            "{approved:?} {environment:?}:\n{said}"
        );
    }
}

#[test]
fn a_set_belongs_to_a_target() {
    let none = "judged by the contract alone";
    for (set, more, code, says) in [
        ("", &[][..], 0, none),
        ("snapshots: set,", &[], 1, "body /w"),
        ("snapshots: elsewhere,", &[], 0, "pending snapshot"),
        ("", &["--snapshots", "set"], 1, "body /w"),
        ("snapshots: set,", &["--snapshots", "elsewhere"], 0, "pending snapshot"),
    ] {
        let folder = Folder::new(CHANGED, set);
        folder.put(FILE, APPROVED);
        let (ended, said) = folder.run(more, &[]);
        assert_eq!(ended, code, "{set} {more:?}:\n{said}");
        assert!(said.contains(says) && said.contains(none) == (says == none), "{set} {more:?}:\n{said}");
    }
}

#[test]
fn a_file_that_no_case_has_is_named() {
    let folder = Folder::new(SAME, "snapshots: set,");
    folder.put(FILE, APPROVED);
    folder.put("set/shop/GetThing/gave.snap", APPROVED);
    let (code, said) = folder.run(&[], &[("CI", "true")]);
    assert!(code == 0 && said.contains("cases that are not there\n  shop/GetThing/gave\n"), "{said}");
}

#[test]
fn a_step_opts_out_with_a_reason_and_a_member_by_its_path() {
    let folder = Folder::new(CHANGED, "snapshots: set,");
    let claims = |snapshot: &str| {
        CASES.replace("{ status: 200 }", &format!("{{ status: 200, snapshot: {snapshot} }}"))
    };
    for (snapshot, shown) in [
        ("{ skip: the weather }", "1. GetThing: not compared: the weather\n\n2. DropThing: 204, no body\n"),
        ("{ redact: [$.w] }", "  \"w\": \"[redacted]\"\n"),
        ("true", "  \"w\": \"three\"\n"),
    ] {
        folder.put("cases/shop/get_thing.yaml", &claims(snapshot));
        let (code, said) = folder.run(&["--update-snapshots"], &[]);
        assert_eq!(code, 0, "{snapshot}: {said}");
        let approved = fs::read_to_string(folder.at(FILE)).unwrap();
        assert!(approved.contains(shown), "{snapshot}: {approved}");
        let (code, said) = folder.run(&[], &[("CI", "true")]);
        assert_eq!(code, 0, "{snapshot}: {said}");
    }
    // Without a set the case that demands one is not done.
    folder.put(
        "target.yaml",
        &fs::read_to_string(folder.at("target.yaml")).unwrap().replace("snapshots: set,", ""),
    );
    assert_eq!(folder.run(&[], &[("CI", "true")]).0, 1);
}

#[test]
fn what_differs_between_two_plays_is_not_approved() {
    let folder = Folder::new(r#"{"w":"two","list":[{"n":N}]}"#, "snapshots: set,");
    let (code, said) = folder.run(&["--update-snapshots"], &[]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("not approved: shop::GetThing::gives: step 1, GetThing: 0, then 1"), "{said}");
    assert!(said.contains("redact: [\"$.list[*].n\"]"), "{said}");
    assert_eq!(folder.files(), Vec::<String>::new());
    let redacted = "{ status: 200, snapshot: { redact: [\"$.list[*].n\"] } }";
    folder.put("cases/shop/get_thing.yaml", &CASES.replace("{ status: 200 }", redacted));
    let (code, said) = folder.run(&["--update-snapshots"], &[]);
    assert!(code == 0 && said.contains("approved the answers of 1 case"), "{said}");
    assert_eq!(folder.files(), [FILE]);
    for refused in [&[("CI", "true")], &[("INSTA_UPDATE", "no")]] {
        assert_eq!(folder.run(&["--update-snapshots"], refused).0, 2);
    }
    let bare = Folder::new(SAME, "");
    let (code, said) = bare.run(&["--update-snapshots"], &[]);
    assert!(code == 2 && said.contains("add `snapshots: snapshots/t` to its file"), "{said}");
}

/// The reference target, judged with the set in the repository and without one.
#[test]
fn the_set_of_the_reference_target_sees_what_no_claim_names_and_nothing_else() {
    let set = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    let set = ["--snapshots", set.to_str().unwrap()];
    for (variation, changed) in [
        ("namespaced-error-types", true),
        ("optional-members-left-out", true),
        ("reversed-members", false),
        ("escaped-json", false),
        ("other-messages", false),
        ("charset", false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (mut serving, url) = reference(variation);
        for (more, differs) in [(&set[..], changed), (&[], false)] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
            command.current_dir(folder.path()).args(["run", "--origin", "written", "--state-dir", "state"]);
            command.args(["--base-url", &url, "--operation", "DescribeEndpoints"]).args(more);
            command.env("INSTA_UPDATE", "no").env_remove("INSTA_FORCE_PASS");
            let output = command.output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert_eq!(output.status.code(), Some(i32::from(differs)), "{variation} {more:?}: {said}");
            assert_eq!(said.contains("rule snapshot"), differs, "{variation} {more:?}: {said}");
        }
        serving.kill().unwrap();
        serving.wait().unwrap();
    }
}

fn reference(variation: &str) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--vary", variation]);
    let mut serving = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(serving.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().rsplit(' ').next().unwrap().to_owned();
    (serving, url)
}
