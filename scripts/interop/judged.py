"""Runs `proofmark run` against a counterpart and compares the outcome with the one that is written down."""

import difflib
import json
import os
import re
import subprocess
import sys

from servers import HERE, HOME, PROOFMARK, ROOT


def compare(name, api, base_url):
    """Judges `targets/<name>.yaml` at `base_url`; exits 1 unless the outcome is, case by case and clause by clause,
    the one in `expected/<name>.txt`, and its answers are those in `snapshots/<name>`. With `--accept` on the command line
    the outcome becomes the expected one, and the answers the approved ones."""
    # What is generated changes with the contracts, and there is a lot of it; what somebody wrote is compared line by line.
    command = [PROOFMARK, "run", "--target", f"targets/{name}.yaml", "--base-url", base_url, "--api", api]
    command += ["--format", "json", "--state-dir", str(HOME / "state")]
    command += ["--record", str(HOME / "records" / name)]
    # What nobody has approved fails, here as in CI.
    environment = {**os.environ, "INSTA_UPDATE": "no"}
    if "--accept" in sys.argv:
        update = {**os.environ, "CI": "", "INSTA_UPDATE": ""}
        approved = subprocess.run([*command, "--update-snapshots"], cwd=ROOT, env=update, capture_output=True, text=True)
        print(approved.stderr)
    run = subprocess.run([*command, "--origin", "written"], cwd=ROOT, env=environment, capture_output=True, text=True)
    (HOME / f"{name}.json").write_text(run.stdout)
    if run.returncode not in (0, 1, 3):
        raise SystemExit(f"proofmark exited {run.returncode}\n{run.stderr}")

    again(name)
    expect(name, lines(json.loads(run.stdout), run.returncode))


def again(name):
    """Exits 1 unless every entry of the record is judged as it was."""
    replay = [PROOFMARK, "replay", str(HOME / "records" / name), "--target", f"targets/{name}.yaml"]
    said = subprocess.run(replay, cwd=ROOT, capture_output=True, text=True).stdout
    if "entries judged as they were" not in said:
        raise SystemExit("\n".join([f"the record of {name} judged again says something else:", *said.splitlines()[:20]]))


def expect(name, outcome):
    """Exits 1 unless `outcome` is, line by line, what `expected/<name>.txt` says; with `--accept` it becomes that."""
    expected = HERE / "expected" / f"{name}.txt"
    if "--accept" in sys.argv:
        expected.write_text("\n".join(outcome) + "\n")
        return
    difference = list(difflib.unified_diff(expected.read_text().splitlines(), outcome, "expected", "now", lineterm=""))
    if difference:
        print("\n".join(difference))
        raise SystemExit(f"the outcome of {name} has changed; scripts/interop/run --accept {name} accepts it")
    print(f"{name}: as expected, {outcome[0]}")


def lines(report, exit_code):
    """What was judged, and a line for each case and shared fixture: status, name, and what was broken, without anything
    that changes from run to run."""
    (run,) = report["runs"]
    entries = sorted(line(entry) for entry in run["entries"])
    counts = ", ".join(f"{count} {status}" for status, count in sorted(run["counts"].items()))
    return [f"exit {exit_code}: {counts}", *entries, *sorted(map(clean_up, run["cleanUp"]))]


def clean_up(problem):
    return "clean-up " + re.sub(r"pm-[0-9a-f]{8}#[0-9]+", "RUN#N", problem)


def line(entry):
    broken = {it for violation in entry.get("violations", []) for it in violation["clauses"] or [violation["rule"]]}
    return " ".join([entry["status"], entry["name"], *sorted(broken)])
