"""Judges the reference target and one that deviates, renders both runs and those of moto and Prism in every format, and
holds each to the schema or parser that others made of it. The counts of all formats have to agree with the recorded run."""

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
DEVIATION = "endpoint-arn-not-echoed"
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
    errors = len(document.findall(".//error"))
    assert errors == run["errors"], f"{what}: {errors} errors, {run['errors']} in the record"
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
    # Known failures are results too, suppressed with their reason.
    errors = [result for result in results if result["level"] == "error" and not result.get("suppressions")]
    assert bool(errors) == (run["failed"] > 0), what
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
    # A TAP line is ok or not: what nobody could judge, and what could not be cleaned up, is not.
    assert complete["fail"] - complete["todo"] == run["failed"] + run["errors"], f"{what}: {complete['fail']}"


def check_har(text, what, run):
    archive = json.loads(text)
    valid(har_validator(), archive, what)
    entries = archive["log"]["entries"]
    assert len(entries) == run["exchanges"], f"{what}: {len(entries)} of {run['exchanges']} exchanges"
    for secret in ["proofmark-reference-secret-key", "proofmark-reference-password"]:
        assert secret not in text, f"{what} tells {secret}"


def judge(record, state, *asked):
    """Runs, and gives the exit code."""
    arguments = [PROGRAM, "run", "--origin", "written", "--record", str(record), "--state-dir", str(state)]
    return subprocess.run([*arguments, *asked], capture_output=True, text=True, env=ENVIRONMENT).returncode


def counted(record):
    """What the record counts, and the exit code it holds."""
    document = load(record / "run.json")
    run = document["runs"][0]
    undeclared = [entry for entry in run["entries"] if entry.get("lacks", {}).get("declared") == "byAnswer"]
    failed = [entry for entry in run["entries"] if entry["status"] in ("fail", "unexpectedPass")]
    return {
        "entries": len(run["entries"]),
        "exchanges": sum(entry["exchanges"] for entry in run["entries"]),
        "failed": len(failed) + len(undeclared) + len(run["staleKnownFailures"]),
        "errors": run["counts"].get("error", 0) + len(run["cleanUp"]),
        "exit": document["exitCode"],
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
            assert judge(folder / "kept", folder / "state") == 0
            assert judge(folder / "broken", folder / "state", "--base-url", url) == 1
        finally:
            server.terminate()
            server.wait()
        records = {name: folder / name for name in ["kept", "broken"]}
        records |= {path.name: path for path in sorted(Path("target/interop/records").iterdir())}
        for name, record in records.items():
            run = counted(record)
            assert (run["failed"] > 0) == (name in ("broken", "prism")), f"{name}: {run}"
            for form, check in checks.items():
                ended, text = rendered(record, form, folder / f"{name}.{form}")
                assert ended == run["exit"], f"{form} of {name} ended with {ended}, the run with {run['exit']}"
                check(text, f"{form} of {name}", run)
                print(f"{form:10}{name:8}{len(text):>10} bytes")


main()
