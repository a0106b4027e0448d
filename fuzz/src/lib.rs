//! Every door by which text from outside comes in, each as one function of arbitrary bytes that must neither panic nor
//! take long. What else holds of any input is asserted. Each says whether the input was taken. `tests/it/any_bytes.rs` knocks
//! at the same doors with the stable compiler.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use bytes::Bytes;
use proofmark::{
    check::{self, ApprovedSet, JudgingContext, Snapshots, section},
    cli,
    contract::{
        Contracts, ImportProblem, Imported, botocore as of_botocore, files, openapi as of_openapi,
        smithy as of_smithy,
    },
    exec::ledger::state,
    matcher::{error_reading, fill},
    model::{
        case::Suite,
        clause::Clauses,
        exchange::{End, Exchange, RequestKind, Response, Role, SentRequest, Trace},
        target::Target,
        template::{TemplateValue, Variables},
        verdict::Verdict,
    },
    report::{self, CaseResult, Digests, FailOn, Format, Planned, Run, RunScope, Style, TargetFacts, Terms},
    suite::{self, Diagnostic, SourceFile},
    workspace::Error,
};
use serde_json::Value;

/// Text files are refused before anything else where they are not UTF-8.
fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.into(), text: text.into() }
}

struct Workspace {
    contracts: Arc<Contracts>,
    clauses: Arc<Clauses>,
    suite: Suite,
    target: Target,
}

static WORKSPACE: LazyLock<Workspace> = LazyLock::new(|| {
    let contract = |operations, schema| files::read(operations, schema).expect("a bundled contract");
    let contracts = Contracts::new(vec![
        contract(
            include_str!("../../schemas/dms/operations.json"),
            include_str!("../../schemas/dms/schema.json"),
        ),
        contract(
            include_str!("../../schemas/veeam/operations.json"),
            include_str!("../../schemas/veeam/schema.json"),
        ),
    ]);
    let contracts = contracts.expect("bundled contracts");
    let clauses = suite::load_clauses(&[
        file("http", include_str!("../../schemas/http/clauses.yaml")),
        file("awsjson", include_str!("../../schemas/awsjson/clauses.yaml")),
        file("dms", include_str!("../../schemas/dms/clauses.yaml")),
        file("veeam", include_str!("../../schemas/veeam/clauses.yaml")),
    ]);
    let clauses = clauses.expect("bundled clauses");
    let cases = [file("dms.yaml", include_str!("dms.yaml")), file("veeam.yaml", include_str!("veeam.yaml"))];
    let suite = suite::load(&cases, &contracts, &clauses).unwrap_or_else(|wrong| panic!("{}", told(wrong)));
    let target = file("target.yaml", include_str!("target.yaml"));
    let target =
        suite::load_target(&target, &contracts, &clauses).unwrap_or_else(|wrong| panic!("{}", told(wrong)));
    Workspace { contracts: Arc::new(contracts), clauses: Arc::new(clauses), suite, target }
});

/// Diagnostics as they are printed: their places have to be in the text.
fn told(diagnostics: Vec<Diagnostic>) -> String {
    assert!(!diagnostics.is_empty(), "refused without a word");
    cli::explain(&Error::Diagnostics(diagnostics))
}

/// The loader of case files.
pub fn case_file(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else { return false };
    suite::load(&[file("a.yaml", text)], &WORKSPACE.contracts, &WORKSPACE.clauses).map_err(told).is_ok()
}

/// The loader of clause files.
pub fn clause_file(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else { return false };
    suite::load_clauses(&[file("clauses.yaml", text)]).map_err(told).is_ok()
}

/// The loader of target files.
pub fn target_file(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else { return false };
    suite::load_target(&file("t.yaml", text), &WORKSPACE.contracts, &WORKSPACE.clauses).map_err(told).is_ok()
}

const TEMPLATE: &str = "{ api: dms, operation: DescribeEndpoints, source: s, variables: { plain: p }, cases: { a: \
    { clauses: [dms.DescribeEndpoints.success], send: { Marker: GIVEN }, expect: { status: 200 } } } }";

/// `${...}` in a text, read and filled: what has no hole comes out as it went in, and `$${` stands for `${`.
pub fn template(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else { return false };
    let quoted = Value::from(text);
    let file = file("a.yaml", &TEMPLATE.replace("GIVEN", &quoted.to_string()));
    match suite::load(&[file], &WORKSPACE.contracts, &WORKSPACE.clauses) {
        Ok(suite) => {
            let variables = Variables::from([("plain".into(), "p".into())]);
            let (_, given) = &suite.cases[0].steps[0].request.input[0];
            let filled = fill::value(given, &mut fill::from_variables(&variables));
            if !text.contains("${") {
                assert_eq!(filled, Ok(quoted), "a text without holes is itself");
            } else if matches!(given, TemplateValue::Fixed(_)) {
                assert_eq!(filled, Ok(text.replace("$${", "${").into()));
            }
            true
        }
        Err(diagnostics) => told(diagnostics).is_empty(),
    }
}

/// What an error calls itself, in headers and body.
pub fn error_names(bytes: &[u8]) -> bool {
    let response = response(bytes);
    let mut named = false;
    for contract in WORKSPACE.contracts.iter() {
        let names = error_reading::error_names(&contract.protocol, &response);
        for found in &names.found {
            // What stands behind a second `#` is a part of the name; nobody writes one (Smithy 2.0, AWS JSON 1.1).
            let name = found.name();
            assert!(!name.is_empty() && !name.contains(':') && name == name.trim(), "{found:?}");
            assert!(found.raw.contains(name), "{found:?}");
        }
        assert_eq!(names.resolved().is_some(), !names.found.is_empty());
        named |= names.resolved().is_some();
    }
    named
}

/// The importer of Smithy models.
pub fn smithy(bytes: &[u8]) -> bool {
    text(bytes).is_some_and(|text| imported(of_smithy::import(text, "t")))
}

/// The importer of OpenAPI and Swagger documents.
pub fn openapi(bytes: &[u8]) -> bool {
    text(bytes).is_some_and(|text| imported(of_openapi::import(text, "t")))
}

/// The importer of botocore's models: the files beside the first one stand behind lines of `%%`.
pub fn botocore(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else { return false };
    let mut texts = text.split("\n%%\n");
    let service = texts.next().unwrap_or_default();
    let [paginators, waiters, examples] = std::array::from_fn(|_| texts.next());
    imported(of_botocore::import(of_botocore::Texts { service, paginators, waiters, examples }, "t"))
}

/// What was imported can be written, read again, and judged by.
fn imported(outcome: Result<Imported, Vec<ImportProblem>>) -> bool {
    match outcome {
        Ok(Imported { contract, .. }) => {
            let texts: Vec<_> = files::write(&contract).into_iter().map(|(_, text)| text).collect();
            let again = files::read(&texts[0], &texts[1]).expect("what was written can be read");
            assert!(again == contract, "what was written is what is read");
            let contracts = Contracts::new(vec![again]).expect("an imported contract is sound");
            contracts.verify().expect("every schema compiles");
            true
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a word");
            false
        }
    }
}

/// `operations.json` and, behind a line of `%%`, `schema.json`.
pub fn contract_files(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else { return false };
    let (operations, schema) = text.split_once("\n%%\n").unwrap_or((text, "{\"$defs\":{}}"));
    let Ok(contract) = files::read(operations, schema) else { return false };
    let operation = contract.operations.keys().next().cloned();
    let _ = files::validate(&contract);
    let Ok(contracts) = Contracts::new(vec![contract]) else { return false };
    let _ = contracts.verify();
    let Some(contract) = contracts.iter().next() else { return false };
    for name in contract.schema_names().take(4) {
        contracts.schema_mismatches(&contract.api, name, &Value::from(operation.as_deref()));
    }
    true
}

/// A ledger: whatever stands behind its whole lines, nothing of what they say is lost.
pub fn ledger(bytes: &[u8]) -> bool {
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let (all, before) = (state::read(bytes), state::read(&bytes[..whole]));
    let numbers =
        |book: &state::LedgerState| book.resources.iter().map(|thing| thing.number).collect::<Vec<_>>();
    assert!(numbers(&all).starts_with(&numbers(&before)));
    assert_eq!(all.unreadable, before.unreadable, "a torn end is no unreadable line");
    if state::is_entry(&bytes[whole..]) == state::LineState::Torn {
        assert_eq!(numbers(&all), numbers(&before));
    }
    assert!(all.open().count() <= all.resources.len());
    (_, _) = (all.names(), all.provided());
    all.header.is_some()
}

/// An answer of a target, held against all rules and a case of many claims: status, header lines, an empty line, body.
/// The same answer has the same verdict, and no control character of it reaches the page.
pub fn answer(bytes: &[u8]) -> bool {
    let Workspace { contracts, clauses, suite, target } = &*WORKSPACE;
    let taking = Snapshots { set: ApprovedSet::Taking, ..Snapshots::default() };
    let judge = JudgingContext { suite, contracts, clauses, target, snapshots: &taking };
    let mut results = Vec::new();
    for case in &suite.cases {
        let trace = trace(case.steps.iter().map(|step| Arc::clone(&step.operation)), response(bytes));
        let check::Judgement { verdict, snapshots } = check::verdict(case, &trace, &judge);
        for taken in &snapshots {
            let text = section::render(&taken.sections);
            assert!(section::parse(&text).is_ok_and(|read| section::render(&read) == text), "{text}");
        }
        assert!(verdict == check::verdict(case, &trace, &judge).verdict, "one answer, one verdict");
        assert!(!matches!(verdict, Verdict::Skip { .. }));
        results.push(CaseResult {
            case: Arc::clone(case),
            verdict,
            service: Default::default(),
            trace: Some(trace),
            filed: None,
            known: Vec::new(),
        });
    }
    let page = page(results);
    let harmful = |character: &char| character.is_control() && *character != '\n';
    assert_eq!(page.chars().find(harmful), None, "{page:?}");
    page.contains("CONFORMANT")
}

fn trace(operations: impl Iterator<Item = Arc<str>>, response: Response) -> Trace {
    let exchange = |(index, operation)| Exchange {
        role: Role::Step { index, attempt: 1 },
        operation,
        request: SentRequest {
            method: "POST".into(),
            url: "http://127.0.0.1:1/".into(),
            headers: Vec::new(),
            body: Bytes::new(),
            intent: RequestKind::Valid,
        },
        answer: Ok(response.clone()),
        variables: Arc::new(Variables::new()),
        started: jiff::Timestamp::UNIX_EPOCH,
        elapsed: Duration::from_millis(1),
    };
    Trace {
        exchanges: operations.enumerate().map(exchange).collect(),
        end: End::Complete,
        leftovers: Vec::new(),
    }
}

fn page(results: Vec<CaseResult>) -> String {
    let Workspace { contracts, clauses, target, .. } = &*WORKSPACE;
    let protocols = contracts.iter().map(|it| (it.api.clone(), it.protocol.clone())).collect();
    let run = Run {
        target: TargetFacts::of(target, &protocols),
        digests: Digests::default(),
        plan: Planned::of(RunScope::Selected),
        covered: None,
        seed: None,
        started: jiff::Timestamp::UNIX_EPOCH,
        elapsed: Duration::ZERO,
        results,
        supporting: Vec::new(),
        served: Default::default(),
        fixtures: Vec::new(),
        clean_up: Vec::new(),
        known_failures: Vec::new(),
    };
    let terms = Terms { fail_on: FailOn::Should, today: jiff::civil::date(2026, 1, 1), min_served: None };
    let report = report::summarize(vec![run], Arc::clone(clauses), terms);
    report::render(&report, Format::Text(Style::PLAIN), &|text: &str| text.to_owned())
}

/// `404`, header lines, an empty line, the body; a line that is no header is left out.
fn response(bytes: &[u8]) -> Response {
    let (head, body) = match bytes.windows(2).position(|pair| pair == b"\n\n") {
        Some(at) => (&bytes[..at], &bytes[at + 2..]),
        None => (bytes, &b""[..]),
    };
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let status =
        lines.next().and_then(|line| line.parse().ok()).filter(|status| (100..1000).contains(status));
    // What hyper lets through: names in small letters, values without control characters but the tab.
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let token =
            |character: char| character.is_ascii_alphanumeric() || "-_!#$%&'*+.^`|~".contains(character);
        let good = !name.is_empty() && name.chars().all(token);
        let harmless = |character: char| !character.is_ascii_control() || character == '\t';
        (good && value.chars().all(harmless)).then(|| (name.to_ascii_lowercase(), value.trim().to_owned()))
    });
    Response::new(status.unwrap_or(200), headers.take(64).collect(), Bytes::copy_from_slice(body), 0)
}
