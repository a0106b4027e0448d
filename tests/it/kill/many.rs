//! Ten thousand cases, and as many as make and destroy things, over a line that loses one request in twenty and delays
//! another: each has one verdict, none is a false alarm, and in the end nothing is left.

use std::{collections::BTreeSet, fs, path::Path, process::Command, time::Duration};

use serde_json::Value;

use super::{
    line::{Fate, NEVER},
    stage::{Stage, root},
};

const ROWS: usize = 10_000;

/// In MiB: two thirds of it are the cases themselves. What goes over the line leaves memory as it is judged; were it kept,
/// it would take half as much again.
const MOST_MEMORY: usize = 170;

/// The same for the same number: one in twenty lost, half of them after the target has done what was asked; one in
/// twenty late.
fn weather(number: usize, _: &str) -> Fate {
    match (number as u32).wrapping_mul(2_654_435_761) >> 16 & 0xfff {
        0..102 => Fate::Unsent,
        102..205 => Fate::Unanswered,
        205..410 => Fate::Late(Duration::from_millis(5)),
        _ => Fate::Passed,
    }
}

/// The written cases, and one that reads in so many rows.
fn cases(folder: &Path) {
    for api in ["dms", "veeam"] {
        fs::create_dir_all(folder.join(api)).unwrap();
        for entry in fs::read_dir(root().join("cases").join(api)).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, folder.join(api).join(path.file_name().unwrap())).unwrap();
        }
    }
    let mut many = "api: dms\noperation: DescribeEndpoints\nsource: none\ncases:\n".to_owned();
    for group in 0..ROWS / 1000 {
        let numbers: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
        many += &format!(
            "  many-{group}:\n    clauses: [dms.DescribeEndpoints.success]\n    matrix: {{ n: [{}] }}\n    \
             send: {{ Filters: [{{ Name: endpoint-id, Values: [production, 'row-${{n}}'] }}] }}\n    \
             expect: {{ status: 200, at: {{ '$.Endpoints[*].EndpointIdentifier': production }} }}\n",
            numbers.join(", ")
        );
    }
    fs::write(folder.join("dms/many.yaml"), many).unwrap();
}

/// What `list` shows.
async fn planned(stage: &Stage, cases: &Path) -> Value {
    let mut list = Command::new(env!("CARGO_BIN_EXE_proofmark"));
    list.current_dir(stage.folder.path()).args(["list", "--format", "json", "--origin", "written"]);
    list.args(["--schemas", "schemas", "--target", "./killed.yaml", "--cases"]).arg(cases);
    serde_json::from_slice(&stage.finish(list).await.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_cases_over_a_bad_line_have_one_verdict_each_and_leave_nothing() {
    let stage = Stage::set(16).await;
    let folder = stage.folder.path().join("many");
    cases(&folder);
    stage.line.weather(weather);
    stage.line.watch(NEVER, || {
        let mut command = stage.command(&["run", "--base-url", &stage.line.url(), "--record", "record"]);
        command.arg("--cases").arg(&folder);
        // What is generated needs the whole contract.
        command.args(["--origin", "written"]);
        stage.start(command)
    });
    let over = tokio::time::timeout(Duration::from_secs(240), stage.line.over()).await;
    assert!(!over.expect("the run comes to an end"));
    stage.line.weather(|_, _| Fate::Passed);

    let text = fs::read_to_string(stage.folder.path().join("record/run.json"));
    let text = text.unwrap_or_else(|error| panic!("{error}: {}", stage.said()));
    let record: Value = serde_json::from_str(&text).unwrap();
    let run = &record["runs"][0];
    let cases: Vec<&Value> =
        run["entries"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "case").collect();
    let names: BTreeSet<&str> = cases.iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), cases.len(), "a case has two verdicts");
    let planned = planned(&stage, &folder).await;
    let planned: BTreeSet<&str> =
        planned.as_array().unwrap().iter().map(|case| case["id"].as_str().unwrap()).collect();
    assert_eq!(names, planned, "not every planned case has a verdict, and no other");
    let many = |entry: &&&Value| entry["name"].as_str().unwrap().contains("::many-");
    assert_eq!(cases.iter().filter(many).count(), ROWS);

    let mut statuses = std::collections::BTreeMap::new();
    let mut flaky = 0;
    for entry in &cases {
        let status = entry["status"].as_str().unwrap();
        *statuses.entry(status).or_insert(0) += 1;
        flaky += usize::from(entry["flaky"] == true);
        assert!(["pass", "error", "skip"].contains(&status), "a false alarm: {entry:#}");
        let why = entry["why"].as_str().unwrap_or_default();
        assert!(!why.contains("not sent") && !why.contains("never ran"), "{}: {why}", entry["name"]);
    }
    let (seen, peak) = (stage.line.seen(), stage.line.peak() >> 10);
    println!("{statuses:?}, {flaky} of them flaky; {seen} requests, at most {peak} MiB");
    assert!(peak < MOST_MEMORY, "{peak} MiB");
    // One in twenty requests is lost, and hardly any four in a row.
    assert!((300..900).contains(&flaky), "{flaky} flaky passes");
    let lost = cases.iter().filter(many).filter(|entry| entry["status"] != "pass").count();
    assert!(lost <= 5, "{lost} of the rows were given up");
    stage.sweep("the line is good again").await;
}
