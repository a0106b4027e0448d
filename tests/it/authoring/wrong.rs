//! Every command with every file that is not what it should be: what was expected, what was found, what to do; exit 2.

use std::fs;

use super::serving::{begun, ended, folder, proofmark};

#[test]
fn what_is_not_what_was_expected_is_told_with_what_to_do() {
    let folder = folder();
    let folder = folder.path();
    begun(folder);
    for (path, text) in [
        ("bad.yaml", "hello"),
        ("some.json", r#"{ "a": 1 }"#),
        ("other/run.json", r#"{ "a": 1 }"#),
        ("newer/run.json", r#"{ "format": "proofmark-report", "version": 99 }"#),
        ("alone/run.json", r#"{ "format": "proofmark-report", "version": 2, "runs": 7 }"#),
        ("empty/.keep", ""),
    ] {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let no_cases = "expected a folder of case files (<api>/<operation>.yaml), found";
    let no_record = "expected the folder of a recorded run, found";
    let table: &[(&[&str], &[&str])] = &[
        (&["run", "--cases", "bad.yaml"], &["bad.yaml: ", no_cases, " a file; give the folder"]),
        (&["watch", "--cases", "bad.yaml"], &["bad.yaml: ", no_cases, " a file; give the folder"]),
        (&["watch", "--cases", "nosuch"], &["nosuch: ", no_cases, " nothing; `proofmark init`"]),
        (&["check", "--cases", "nosuch"], &["nosuch: ", no_cases, " nothing; `proofmark init`"]),
        (
            &["list", "--cases", "empty"],
            &["empty: expected case files", "found none; `proofmark new OPERATION`"],
        ),
        (
            &["plan", "--schemas", "empty"],
            &["empty: expected contracts", "found none; `proofmark init --model FILE"],
        ),
        (&["run", "--schemas", "nosuch"], &["nosuch: expected a folder of contracts", "found nothing"]),
        (&["run", "--snapshots", "bad.yaml"], &["expected a folder of approved snapshots, found a file"]),
        (&["run", "--target", "./empty"], &["./empty: expected a file, found a folder; name a file in it"]),
        (
            &["run", "--target", "./no.yaml"],
            &["./no.yaml: expected a file, found nothing; is the path right?"],
        ),
        (&["run", "--target", "nosuch"], &["no target is called nosuch", "targets/nosuch.yaml", "reference"]),
        (&["run", "--target", "./bad.yaml"], &["expected a target file, a map, found the text `hello`"]),
        (&["run", "--state-dir", "bad.yaml"], &["bad.yaml: expected a folder for --state-dir, found a file"]),
        (&["run", "--record", "bad.yaml"], &["--record bad.yaml: expected a folder, found a file; give"]),
        (&["run", "--record", "cases"], &["--record cases: it holds ", "; give a folder of its own"]),
        (&["run", "--report", "junit=empty"], &["empty: expected a file to write, found a folder"]),
        (&["run", "--report", "junit=no/where.xml"], &["no: expected a folder to write in, found nothing"]),
        (
            &["run", "--baseline", "nosuch"],
            &["nosuch: ", no_record, " nothing; `proofmark run --record DIR`"],
        ),
        (
            &["run", "--baseline", "newer"],
            &["newer/run.json: expected a record of version 2, found version 99"],
        ),
        (&["badge", "nosuch"], &["nosuch: ", no_record, " nothing; `proofmark run --record DIR`"]),
        (&["badge", "empty"], &["empty: ", no_record, " no run.json in it; `proofmark run --record DIR`"]),
        (&["badge", "some.json"], &["some.json: ", "or its run.json, found a file; give the folder"]),
        (
            &["badge", "other"],
            &["other/run.json: expected the record of a run, found something else (missing"],
        ),
        (&["badge", "newer"], &["newer/run.json: expected a record of version 2, found version 99; read it"]),
        (&["report", "alone"], &["alone/run.json: expected the record of a run, found something else ("]),
        (&["report", "some.json"], &["some.json: ", "or its run.json, found a file; give the folder"]),
        (&["compare", "empty"], &["empty: ", no_record]),
        (&["statement", "other"], &["other/run.json: expected the record of a run"]),
        (&["replay", "nosuch"], &["nosuch: expected a file, found nothing"]),
        (&["report", "merge", "nosuch"], &["nosuch: ", no_record]),
        (&["import", "smithy", "empty", "--api", "x"], &["empty: expected a file, found a folder"]),
        (&["import", "smithy", "some.json", "--api", "http"], &["--api http: ", "not that of a protocol"]),
        (&["init", "new", "--model", "nosuch", "--api", "x"], &["nosuch: expected a file, found nothing"]),
        (&["init", "new", "--model", "some.json", "--api", "../x"], &["--api ../x: give a name of letters"]),
        (&["diff", "nosuch", "some.json"], &["nosuch: expected a file, found nothing"]),
        (
            &["new", "DeleteConnection", "--out", "bad.yaml"],
            &["bad.yaml: expected nothing there yet, found something"],
        ),
        (
            &["capture", "DescribeConnections", "--send", "@empty"],
            &["empty: expected a file, found a folder"],
        ),
        // As it was called before.
        (&["record", "DescribeConnections", "--send", "@empty"], &["empty: expected a file, found a folder"]),
    ];
    for (arguments, parts) in table {
        let said = ended(2, &proofmark(folder, arguments));
        assert!(parts.iter().all(|part| said.contains(part)), "{arguments:?}: {said}");
        assert!(!said.contains("os error"), "{arguments:?}: {said}");
    }
}
