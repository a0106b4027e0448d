"""Schemathesis makes right and wrong requests of all operations of the Veeam document, and holds what our reference
target answers against the document. What it found has to be what `expected/schemathesis_run.txt` says, and each finding
has to be one that the document itself leaves no right answer for."""

import collections
import json
import subprocess
import urllib.parse
import urllib.request

import document
import judged
import servers
from published import PASSWORD, USERNAME

FOLDER = servers.HOME / "schemathesis"
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]

# A policy has thousands of limits to be tried. They are tried where a policy is validated; where one is made, changed,
# imported or reckoned up it is the same, and examples and a few cases at random have to do.
CONFIG = """
[[operations]]
include-name-regex = "^(POST|PUT) /api/v1/(policies|policies/[{]policyId[}]|policies/import|costEstimation/export)$"
phases.coverage.enabled = false
"""


def token(url):
    login = urllib.parse.urlencode({"grant_type": "password", "username": USERNAME, "password": PASSWORD}).encode()
    request = urllib.request.Request(f"{url}/api/v1/token", login, {"x-api-version": "1.0-rev0"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["access_token"]


def tested(url, path, *selection):
    """What became of each case: its operation, its exchange and the checks it failed."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "schemathesis.toml").write_text(CONFIG)
    (FOLDER / "cases.ndjson").unlink(missing_ok=True)
    command = [servers.HOME / "venv/bin/schemathesis", "--config-file", "schemathesis.toml", "run", path, "--url", url]
    command += ["--header", f"Authorization: Bearer {token(url)}", "--header", "x-api-version: 1.0-rev0"]
    command += ["--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--max-examples", "3"]
    command += ["--seed", "1", "--generation-deterministic", "--no-shrink", "--continue-on-failure", "--no-color"]
    command += ["--warnings", "off", "--report", "ndjson", "--report-ndjson-path", "cases.ndjson", *selection]
    run = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True)
    (FOLDER / "output.txt").write_text(run.stdout + run.stderr)
    if run.returncode not in (0, 1):
        raise SystemExit(f"schemathesis exited {run.returncode}\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    with open(FOLDER / "cases.ndjson") as events:
        return [case for line in events for case in cases_of(json.loads(line))]


def cases_of(event):
    if "NonFatalError" in event or "FatalError" in event:
        raise SystemExit(f"schemathesis could not test: {json.dumps(event)[:2000]}")
    recorder = event.get("ScenarioFinished", {}).get("recorder", {})
    for case, checks in recorder.get("checks", {}).items():
        failed = [check["failure_info"]["failure"] for check in checks if check["status"] == "failure"]
        yield recorder["label"], recorder["interactions"][case], failed


def reason(code, operation, status, answer, document):
    """Why the document leaves no right answer; none where it is the answer that is wrong."""
    responses, kinds = operation["responses"], operation.get("produces", document.get("produces", []))
    if code == "ST103" and status == 400 and "400" not in responses:
        return "no 400 is documented, and the request is wrong"
    if code == "ST104" and "schema" not in responses[str(status)] and not answer.get("content", {}).get("$base64"):
        return "no content is documented, and there is none"
    if code == "ST105" and status >= 400 and not any("json" in kind for kind in kinds):
        return "the media types of a file are documented for errors too"
    return None


def findings(cases, document):
    found, unexplained = set(), []
    for label, exchange, failed in cases:
        method, path = label.split(" ", 1)
        operation = document["paths"][path][method.lower()]
        for failure in failed:
            answer = exchange.get("response") or {}
            why = reason(failure["code"], operation, answer.get("status_code"), answer, document)
            if why:
                found.add(f"{failure['code']} {label} {answer['status_code']}: {why}")
            else:
                unexplained.append(f"{label}: {failure['title']}: {failure['message']}\n{json.dumps(exchange)[:2000]}")
    if unexplained:
        raise SystemExit("\n\n".join(unexplained[:10]) + f"\n\n{len(unexplained)} findings that nothing explains")
    return sorted(found)


path, mended, mends = document.sound()

# That it sees a broken answer is tried first.
with servers.reference("--deviate", "total-count-as-string") as url:
    broken = tested(url, path, "--include-operation-id", "GetAllAmazonConnections")
    if not any(failed for _, _, failed in broken):
        raise SystemExit("Schemathesis did not notice a totalCount that is no number")

# What ends the token is tried when all else has been.
with servers.reference() as url:
    cases = tested(url, path, "--exclude-operation-id", "SignOut")
    cases += tested(url, path, "--include-operation-id", "SignOut")

statuses = collections.defaultdict(set)
for label, exchange, _ in cases:
    statuses[label].add((exchange.get("response") or {}).get("status_code", 0))
served = [label for label, seen in statuses.items() if any(200 <= status < 300 for status in seen)]
never = [f"never served: {label}" for label in sorted(statuses) if label not in served]
summary = f"{len(statuses)} operations, {len(served)} of them served"
judged.expect("schemathesis_run", [summary, *mends, *findings(cases, mended), *never])
print(f"schemathesis: {len(cases)} cases, no answer that the document does not have, but where it has none")
