//! Whatever comes in by any door, nothing panics: the fuzz targets' own functions, knocked at with small inputs of
//! several kinds, and with everything their corpora hold.

#[path = "../../fuzz/src/lib.rs"]
mod doors;

use std::{fs, path::Path};

use proptest::{collection::vec, prelude::*, sample::select};

/// Every door by the name of its fuzz target and its corpus, and what inputs for it are made of.
type Door = (&'static str, fn(&[u8]) -> bool, &'static [&'static str]);

const DOORS: [Door; 11] = [
    (
        "case_file",
        doors::case_file,
        &[
            "api: dms\n",
            "operation: DeleteConnection\n",
            "cases:\n",
            "  a:\n",
            "    send: ",
            "    expect: ",
            "{ ",
            " }",
            "status: 200",
            "[",
            "]",
            "\"${a}\"",
            "&a ",
            "*a",
            "- ",
            "\"",
            "matrix: ",
            "at: { $.a: ",
            "body: ",
            "until: ",
            "within: 1s",
            "then: ",
        ],
    ),
    (
        "clause_file",
        doors::clause_file,
        &[
            "dms.a.b:\n",
            "  strength: ",
            "MUST",
            "MAY",
            "  text: ",
            "  document: ",
            "  section: ",
            "{",
            "}",
            "\n",
            "a",
            ".",
            "\"",
            "|",
        ],
    ),
    (
        "target_file",
        doors::target_file,
        &[
            "name: t\n",
            "apis:\n",
            "  dms:\n",
            "    base_url: ",
            "http://127.0.0.1:1",
            "    credentials: ",
            "{ ",
            " }",
            "sigv4: ",
            "bearer: ",
            "env: A",
            "permits: [read]\n",
            "known_failures: ",
            "- ",
            "\n",
            "\"",
            "limits: ",
            "timeouts: ",
            "1s",
            ": ",
        ],
    ),
    (
        "template",
        doors::template,
        &[
            "$", "{", "}", "${", "$${", "plain", "upper:", "env:", "gen:uuid", "secret:", "a.b", " ", "ä",
            "\u{0}", "\\",
        ],
    ),
    (
        "error_names",
        doors::error_names,
        &[
            "400\n",
            "x-amzn-errortype:",
            "\n",
            "\n\n",
            "{\"__type\":\"",
            "\",\"code\":\"",
            "\",\"errorCode\":\"",
            "a#b",
            ":",
            "#",
            "\"}",
            " ",
        ],
    ),
    (
        "smithy",
        doors::smithy,
        &[
            "{",
            "}",
            "\"smithy\":\"2.0\",",
            "\"shapes\":{",
            "\"a#B\":{",
            "\"type\":",
            "\"structure\"",
            "\"service\"",
            "\"operation\"",
            ",",
            "\"members\":{",
            "\"target\":\"a#B\"",
            "\"traits\":{",
            "\"mixins\":[",
            "[",
            "]",
            ":",
        ],
    ),
    (
        "openapi",
        doors::openapi,
        &[
            "openapi: 3.0.0\n",
            "swagger: '2.0'\n",
            "paths:\n",
            "  /a/{b}:\n",
            "    get:\n",
            "      responses: ",
            "{ ",
            " }",
            "$ref: '#/",
            "components: ",
            "schemas: ",
            "a: ",
            "'",
            "type: ",
            "object",
            "allOf: [",
            "]",
            "\n",
        ],
    ),
    (
        "botocore",
        doors::botocore,
        &[
            "{",
            "}",
            "\"metadata\":{",
            "\"targetPrefix\":\"T\"",
            "\"operations\":{",
            "\"shapes\":{",
            "\"A\":",
            "\"type\":\"structure\"",
            "\"members\":{",
            "\"shape\":\"A\"",
            ",",
            "\n%%\n",
            "[",
            "]",
            "\"input\":",
        ],
    ),
    (
        "contract_files",
        doors::contract_files,
        &[
            "{",
            "}",
            "\"api\":\"t\",",
            "\"title\":\"\",",
            "\"version\":\"\",",
            "\"protocol\":{\"name\":\"rest\"},",
            "\"operations\":{}",
            "\n%%\n",
            "\"$defs\":{",
            "\"A\":",
            "\"$ref\":\"#/$defs/A\"",
            "\"pattern\":\"(\"",
            ",",
        ],
    ),
    (
        "ledger",
        doors::ledger,
        &[
            "{\"at\":\"2026-11-21T10:00:00Z\",\"number\":1,",
            "\"event\":\"intent\",\"url\":\"\",\"body\":\"{}\"}",
            "\"event\":\"created\",\"identity\":{\"a\":\"b\"},\"undo\":[]}",
            "\"event\":\"destroyed\"}",
            "\n",
            "{",
            "\"number\":2,",
            "}",
        ],
    ),
    (
        "answer",
        doors::answer,
        &[
            "200\n",
            "400\n",
            "204\n",
            "content-type: application/x-amz-json-1.1\n",
            "x-amzn-requestid: a\n",
            "date: x\n",
            "\n",
            "{\"Connection\":{\"Status\":\"deleting\"",
            "{\"__type\":\"ResourceNotFoundFault\"",
            "}",
            ",",
            "\"message\":",
            "\"\u{1b}[31m\"",
            "null",
            "[",
            "1e999",
        ],
    ),
];

/// Words of the door's own language, with a few bytes of any kind among them.
fn input(words: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let word = select(words).prop_map(|word| word.as_bytes().to_vec());
    vec(
        prop_oneof![8 => word, 1 => vec(any::<u8>(), 0..4), 1 => "\\PC{0,8}".prop_map(String::into_bytes)],
        0..24,
    )
    .prop_map(|pieces| pieces.concat())
}

/// What was found once, and what fuzzing starts from, is gone through every time; each of it cut off anywhere, too.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{name} has no seeds");
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

#[test]
fn nothing_small_can_hurt() {
    for (_, door, words) in DOORS {
        let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) };
        proptest!(config, |(bytes in input(words))| { door(&bytes); });
    }
}

#[test]
fn no_seed_whole_or_cut_off_or_spoilt_can_hurt() {
    for (name, door, _) in DOORS {
        for seed in seeds(name) {
            door(&seed);
            let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) };
            proptest!(config, |(at in any::<prop::sample::Index>(), junk in vec(any::<u8>(), 0..4))| {
                let at = at.index(seed.len() + 1);
                door(&seed[..at]);
                let behind = &seed[(at + junk.len()).min(seed.len())..];
                door(&[&seed[..at], &junk, behind].concat());
            });
        }
    }
}

/// What starts from nothing but refusals seldom gets further.
#[test]
fn fuzzing_starts_from_what_is_taken() {
    for (name, door, _) in DOORS {
        assert!(seeds(name).iter().any(|seed| door(seed)), "{name}");
    }
}

#[test]
fn each_door_has_a_fuzz_target() {
    let manifest = include_str!("../../fuzz/Cargo.toml");
    let named: Vec<_> = manifest.lines().filter_map(|line| line.strip_prefix("path = \"targets/")).collect();
    let mut doors: Vec<_> = DOORS.map(|(name, ..)| format!("{name}.rs\"")).into();
    let mut named: Vec<_> = named.into_iter().map(str::to_owned).collect();
    doors.sort();
    named.sort();
    assert_eq!(doors, named);
}
