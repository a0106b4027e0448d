"""Runs `proofmark run` against a counterpart and compares the outcome with the one that is written down."""

import difflib
import json
import subprocess
import sys

from servers import HERE, HOME, PROOFMARK, ROOT


def compare(name, api, base_url):
    """Judges `targets/<name>.yaml` at `base_url`; exits 1 unless the outcome is, case by case and clause by clause,
    the one in `expected/<name>.txt`. With `--accept` on the command line the outcome becomes the expected one."""
    report = HOME / f"{name}.json"
    report.unlink(missing_ok=True)
    command = [PROOFMARK, "run", "--target", f"targets/{name}.yaml", "--base-url", base_url, "--api", api]
    run = subprocess.run([*command, "--report", f"json={report}"], cwd=ROOT, capture_output=True, text=True)
    print(run.stdout)
    print(run.stderr, file=sys.stderr)
    if not report.exists():
        raise SystemExit(f"no report: proofmark exited {run.returncode}")

    outcome = lines(json.loads(report.read_text()), run.returncode)
    expected = HERE / "expected" / f"{name}.txt"
    if "--accept" in sys.argv:
        expected.write_text("\n".join(outcome) + "\n")
        return
    difference = list(difflib.unified_diff(expected.read_text().splitlines(), outcome, "expected", "now", lineterm=""))
    if difference:
        print("\n".join(difference))
        raise SystemExit(f"the judgement of {name} has changed; scripts/interop/run --accept {name} accepts it")
    print(f"{name}: as expected, {len(outcome) - 1} cases")


def lines(report, exit_code):
    """One line per case: status, id, and what was broken, without anything that changes from run to run."""
    cases = (
        " ".join([case["status"], case["id"], *sorted({clause for v in case.get("violations", []) for clause in v["clauses"]})])
        for case in report["cases"]
    )
    return [f"exit {exit_code}", *sorted(cases)]
