"""Judges the reference target and one that deviates, renders both runs in every format, and holds each to the schema or
parser that others made of it. The counts of all formats have to agree with the recorded run."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker
from lxml import etree
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT6

HOME = Path(sys.argv[1])
HERE = Path(__file__).parent
PROGRAM = os.environ["PROOFMARK_BIN"]
FORMATS = ["json", "junit", "markdown", "github", "sarif", "tap", "har"]
DEVIATION = "delete-status-not-deleting"
ENVIRONMENT = {**os.environ, "CI": "true", "INSTA_UPDATE": "no"}
ENVIRONMENT.pop("GITHUB_ACTIONS", None)


def load(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


def har_validator():
    folder = HOME / "node/node_modules/har-schema/lib"
    files = {path.name: load(path) for path in folder.glob("*.json")}
    resources = [(f"{name}#", Resource.from_contents(schema, DRAFT6)) for name, schema in files.items()]
    resources += [(name, resource) for (name, _), (_, resource) in zip(files.items(), resources)]
    registry = Registry().with_resources(resources)
    return Draft7Validator(files["har.json"], registry=registry, format_checker=FormatChecker())


def sarif_validator():
    schema = load(next((HOME / "node/node_modules/@microsoft/jest-sarif/lib/schemas").glob("sarif-2.1.0*.json")))
    return Draft7Validator(schema, format_checker=FormatChecker())


def valid(validator, value, what):
    errors = sorted(validator.iter_errors(value), key=lambda error: list(error.path))
    told = "\n".join(f"  /{'/'.join(map(str, error.path))}: {error.message[:300]}" for error in errors[:10])
    assert not errors, f"{what}: {len(errors)} errors\n{told}"


def check_json(text, what, run):
    valid(Draft202012Validator(load("schemas/report.schema.json")), json.loads(text), what)


def check_junit(text, what, run):
    schema = etree.XMLSchema(etree.parse(str(HERE / "junit.xsd")))
    document = etree.fromstring(text.encode())
    assert schema.validate(document), f"{what}: {schema.error_log}"
    for element in [document, *document.findall("testsuite")]:
        for attribute, name in [("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")]:
            if attribute == "skipped" and element is document:
                continue  # the schema has it for suites alone
            assert int(element.get(attribute)) == len(element.findall(f".//{name}")), f"{what}: {attribute}"
    cases = document.findall(".//testcase")
    names = {(case.get("classname"), case.get("name")) for case in cases}
    assert len(names) == len(cases), f"{what}: a name is there twice"
    failed = len(document.findall(".//failure"))
    assert failed == run["failed"], f"{what}: {failed} failures, {run['failed']} in the record"
    assert len(cases) >= run["entries"], what


def check_markdown(text, what, run):
    assert len(text.encode()) < 1 << 20, what
    assert ("NOT CONFORMANT" in text) == (run["failed"] > 0), what
    assert not re.search(r"<(?!/?(?:details|summary|code)>)[a-z!/]", re.sub(r"(?s)```.*?```|`[^`\n]*`", "", text)), what


def check_github(text, what, run):
    command = re.compile(r"^::(error|warning) (?:(?:file|line|col|title)=[^,:\r\n]*,?)+::.+$")
    lines = text.splitlines()
    assert all(command.match(line) for line in lines), f"{what}: {lines}"
    assert sum(line.startswith("::error") for line in lines) <= 10 and len(lines) <= 20, what
    assert any(line.startswith("::error") for line in lines) == (run["failed"] > 0), what
    for line in lines:
        file = re.search(r"file=([^,:]*)", line)
        assert file is None or Path(file[1]).is_file(), f"{what}: {line}"


def check_sarif(text, what, run):
    file = json.loads(text)
    valid(sarif_validator(), file, what)
    results = file["runs"][0]["results"]
    rules = {rule["id"] for rule in file["runs"][0]["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in results} == rules, what
    assert any(result["level"] == "error" for result in results) == (run["failed"] > 0), what
    for result in results:
        place = result["locations"][0]["physicalLocation"]
        path = Path(place["artifactLocation"]["uri"])
        assert path.is_file(), f"{what}: {path}"
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert place["region"]["startLine"] <= lines, f"{what}: {place}"


def check_tap(text, what, run):
    parser = HOME / "node/node_modules/tap-parser/bin/cmd.cjs"
    parsed = subprocess.run(["node", str(parser), "--json=0", "--strict"], input=text, capture_output=True, text=True)
    events = json.loads(parsed.stdout)
    complete = next(event[1] for event in events if event[0] == "complete")
    extra = [event for event in events if event[0] in ("extra", "bailout")]
    assert not extra, f"{what}: {extra[:3]}"
    failures = [failure for failure in complete["failures"] if failure.get("tapError")]
    assert not failures, f"{what}: {failures[:3]}"
    assert complete["plan"]["end"] == complete["count"] >= run["entries"], f"{what}: {complete['count']}"
    assert complete["fail"] - complete["todo"] == run["failed"], f"{what}: {complete['fail']}"


def check_har(text, what, run):
    archive = json.loads(text)
    valid(har_validator(), archive, what)
    entries = archive["log"]["entries"]
    assert len(entries) == run["exchanges"], f"{what}: {len(entries)} of {run['exchanges']} exchanges"
    started = [entry["startedDateTime"] for entry in entries]
    assert len(started) > 100, what
    for secret in ["proofmark-reference-secret-key", "proofmark-reference-password"]:
        assert secret not in text, f"{what} tells {secret}"


def judge(folder, name, *asked):
    """Runs, and gives what the record counts."""
    record = folder / name
    arguments = [PROGRAM, "run", "--origin", "written", "--record", str(record), "--state-dir", str(folder / "state")]
    ran = subprocess.run([*arguments, *asked], capture_output=True, text=True, env=ENVIRONMENT)
    run = load(record / "run.json")["runs"][0]
    undeclared = [entry for entry in run["entries"] if entry.get("lacks", {}).get("declared") == "byAnswer"]
    failed = [entry for entry in run["entries"] if entry["status"] in ("fail", "unexpectedPass")]
    return ran.returncode, {
        "entries": len(run["entries"]),
        "exchanges": sum(entry["exchanges"] for entry in run["entries"]),
        "failed": len(failed) + len(undeclared) + len(run["staleKnownFailures"]),
    }


def rendered(record, form, target):
    code = subprocess.run([PROGRAM, "report", str(record), "--format", form, "-o", str(target)], env=ENVIRONMENT).returncode
    return code, target.read_text(encoding="utf-8")


def main():
    checks = {name: globals()[f"check_{name}"] for name in FORMATS}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        server = subprocess.Popen(
            [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--deviate", DEVIATION], stdout=subprocess.PIPE, text=True
        )
        try:
            url = server.stdout.readline().split("listening on ")[1].split()[0]
            runs = {"kept": judge(folder, "kept"), "broken": judge(folder, "broken", "--base-url", url)}
        finally:
            server.terminate()
            server.wait()
        assert runs["kept"][0] == 0 and runs["kept"][1]["failed"] == 0, runs["kept"]
        assert runs["broken"][0] == 1 and runs["broken"][1]["failed"] > 0, runs["broken"]
        for name, (code, run) in runs.items():
            for form, check in checks.items():
                ended, text = rendered(folder / name, form, folder / f"{name}.{form}")
                assert ended == code, f"{form} of {name} ended with {ended}, the run with {code}"
                check(text, f"{form} of {name}", run)
                print(f"{form:10}{name:8}{len(text):>10} bytes")


main()
