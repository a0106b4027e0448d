//! What is published about the files people write stays true: the JSON Schemas are those of the types, every file of the
//! repository satisfies them, and every example in docs/case-format.md loads.

use std::{env, fs, path::Path};

use proofmark::{
    contract::{Contracts, files},
    model::clause::Clauses,
    report,
    suite::{self, Diagnostic, SourceFile},
};
use serde_json::Value;

fn root(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(root(path)).unwrap_or_else(|error| panic!("{path}: {error}")).replace("\r\n", "\n")
}

fn source(path: &str) -> SourceFile {
    SourceFile { path: path.into(), text: read(path).into() }
}

fn contracts() -> Contracts {
    let contract = |api: &str| {
        let text = |name: &str| read(&format!("schemas/{api}/{name}.json"));
        files::read(&text("operations"), &text("schema")).unwrap()
    };
    Contracts::new(vec![contract("dms"), contract("veeam")]).unwrap()
}

fn clauses() -> Clauses {
    let files: Vec<_> = yaml_files("schemas")
        .iter()
        .filter(|path| path.ends_with("clauses.yaml"))
        .map(|path| source(path))
        .collect();
    suite::load_clauses(&files).unwrap_or_else(|diagnostics| panic!("{}", rendered(&diagnostics)))
}

/// YAML files below a folder, by their paths from the repository's root.
fn yaml_files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            found.extend(yaml_files(&path));
        } else if path.ends_with(".yaml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn rendered(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|one| format!("{:?}", miette::Report::new(one.clone()))).collect()
}

/// A published file, and what makes it.
type Published = (&'static str, fn() -> Value);

const SCHEMAS: [Published; 10] = [
    ("schemas/case.schema.json", suite::case_schema),
    ("schemas/target.schema.json", suite::target_schema),
    ("schemas/project.schema.json", suite::project_schema),
    ("schemas/clauses.schema.json", suite::clauses_schema),
    ("schemas/effects.schema.json", suite::effects_schema),
    ("schemas/observed.schema.json", suite::observed_schema),
    ("schemas/resources.schema.json", suite::resources_schema),
    ("schemas/report.schema.json", report::record::schema),
    ("schemas/mutation.schema.json", report::mutation::schema),
    ("schemas/statement.schema.json", report::statement::schema),
];

#[test]
fn the_published_schemas_are_those_of_the_types() {
    for (path, schema) in SCHEMAS {
        let text = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
        if env::var_os("UPDATE_SCHEMAS").is_some() {
            fs::write(root(path), &text).unwrap();
        }
        let committed = fs::read_to_string(root(path)).unwrap_or_default().replace("\r\n", "\n");
        assert!(committed == text, "{path} is out of date; run with UPDATE_SCHEMAS=1 to write it anew");
    }
}

/// What an editor says of a YAML text.
fn schema_errors(schema: &Value, text: &str) -> Vec<String> {
    let value: Value = serde_saphyr::from_str(text).unwrap();
    let validator = jsonschema::options().build(schema).unwrap();
    validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn editors_find_nothing_wrong_in_what_loads() {
    let clause_files: Vec<_> =
        yaml_files("schemas").into_iter().filter(|path| path.ends_with("clauses.yaml")).collect();
    let effect_files: Vec<_> =
        yaml_files("schemas").into_iter().filter(|path| path.ends_with("effects.yaml")).collect();
    let observed_files: Vec<_> =
        yaml_files("schemas").into_iter().filter(|path| path.ends_with("observed.yaml")).collect();
    let resource_files: Vec<_> =
        yaml_files("schemas").into_iter().filter(|path| path.ends_with("resources.yaml")).collect();
    let kinds = [
        (suite::resources_schema(), resource_files),
        (suite::observed_schema(), observed_files),
        (suite::effects_schema(), effect_files),
        (suite::case_schema(), yaml_files("cases")),
        (suite::target_schema(), yaml_files("targets")),
        (suite::clauses_schema(), clause_files),
    ];
    for (schema, paths) in kinds {
        assert!(!paths.is_empty());
        for path in paths {
            let errors = schema_errors(&schema, &read(&path));
            assert!(errors.is_empty(), "{path}\n{}", errors.join("\n"));
        }
    }
}

#[test]
fn editors_find_what_does_not_load() {
    let case = |text: &str| format!("api: dms\noperation: DeleteConnection\ncases:\n  a:\n    {text}\n");
    let wrong = [
        "expct: { status: 200 }",
        "expect: { stauts: 200 }",
        "expect: { status: 99 }",
        "expect: { status: 4XX }",
        "expect: { status: [] }",
        "expect: { headers: { a: { absent: false } } }",
        "expect: { at: { Id: 1 } }",
        "expect: { at: { $.Id: { one_off: [1] } } }",
        "expect: { body: emtpy }",
        "expect: { snapshot: ../up }",
        "expect: { latency: 2 }",
        "expect:",
        "profile: croe",
        "auth: nobody",
        "auth: { tokn: x }",
        "matrix: { a: 1 }",
        "capture: { a: Id }",
        "send: [a]",
        "raw: { headers: { a: 1 } }",
    ];
    for text in wrong {
        assert!(!schema_errors(&suite::case_schema(), &case(text)).is_empty(), "{text}");
    }
    assert!(schema_errors(&suite::case_schema(), &case("expect: { status: 200 }")).is_empty());
    let target = |text: &str| format!("name: a\napis: {{ dms: {{ base_url: https://a, {text} }} }}\n");
    for text in ["region: 1", "credentials: { bearer: secret }", "credentials: { bearer: {} }", "url: x"] {
        assert!(!schema_errors(&suite::target_schema(), &target(text)).is_empty(), "{text}");
    }
}

#[test]
fn every_file_of_the_repository_loads() {
    let (contracts, clauses) = (contracts(), clauses());
    let cases: Vec<_> = yaml_files("cases").iter().map(|path| source(path)).collect();
    let suite = suite::load(&cases, &contracts, &clauses)
        .unwrap_or_else(|diagnostics| panic!("{}", rendered(&diagnostics)));
    assert!(suite.cases.len() > 100, "{} cases", suite.cases.len());
    for api in ["dms", "veeam"] {
        let mut contract = contracts.get(api).unwrap().clone();
        if let Err(diagnostics) =
            suite::describe(&source(&format!("schemas/{api}/resources.yaml")), &mut contract)
        {
            panic!("{}", rendered(&diagnostics));
        }
        assert!(contract.resources.values().all(|resource| resource.is_reviewed()), "{api}");
    }
    for path in yaml_files("targets") {
        if let Err(diagnostics) = suite::load_target(&source(&path), &contracts, &clauses) {
            panic!("{}", rendered(&diagnostics));
        }
    }
}

/// The YAML blocks of a page: the line each begins at, the word behind `yaml`, the text.
fn examples(page: &str) -> Vec<(usize, String, String)> {
    let mut examples = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((line, text)) = lines.next() {
        if let Some(word) = text.strip_prefix("```yaml") {
            let body: Vec<_> =
                lines.by_ref().map(|(_, text)| text).take_while(|text| *text != "```").collect();
            examples.push((line + 2, word.trim().to_owned(), body.join("\n") + "\n"));
        }
    }
    examples
}

/// Examples stand for a whole file (`yaml`), one or more cases (`yaml cases`), the body of one (`yaml case`), fixtures
/// (`yaml fixtures`), a target (`yaml target`) or clauses (`yaml clauses`).
#[test]
fn every_example_of_the_case_format_loads() {
    const PAGE: &str = "docs/case-format.md";
    let (contracts, clauses) = (contracts(), clauses());
    let fixtures = source("cases/dms/fixtures.yaml");
    let indented =
        |text: &str, by: &str| text.lines().map(|line| format!("{by}{line}\n")).collect::<String>();
    let examples = examples(&read(PAGE));
    assert!(examples.len() >= 19, "{} examples", examples.len());
    for (line, kind, text) in examples {
        let path = format!("{PAGE}:{line}");
        let file = |text: String| SourceFile { path: path.as_str().into(), text: text.into() };
        let head = "api: dms\noperation: DeleteConnection\n";
        let load = |text: String, schema: Value| {
            let errors = schema_errors(&schema, &text);
            assert!(errors.is_empty(), "{path}\n{}", errors.join("\n"));
            suite::load(&[fixtures.clone(), file(text)], &contracts, &clauses).map(drop)
        };
        let loaded = match kind.as_str() {
            "" => load(text, suite::case_schema()),
            "cases" => load(format!("{head}cases:\n{}", indented(&text, "  ")), suite::case_schema()),
            "case" => {
                load(format!("{head}cases:\n  example:\n{}", indented(&text, "    ")), suite::case_schema())
            }
            "fixtures" => {
                load(format!("api: dms\nfixtures:\n{}", indented(&text, "  ")), suite::case_schema())
            }
            "target" => suite::load_target(&file(text), &contracts, &clauses).map(drop),
            "clauses" => suite::load_clauses(&[file(text)]).map(drop),
            other => panic!("{path}: what is {other}?"),
        };
        if let Err(diagnostics) = loaded {
            panic!("{}", rendered(&diagnostics));
        }
    }
}
