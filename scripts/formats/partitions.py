"""Compares `proofmark list --shard i/n` with `cargo nextest list --partition slice:i/n` of the conformance tests."""

import json
import os
import subprocess
import sys

PROGRAM = os.environ["PROOFMARK_BIN"]
SHARDS = 3


def of_nextest(shard):
    """The names of the trials that nextest would run, ignored ones included."""
    command = ["cargo", "nextest", "list", "--test", "conformance", "--message-format", "json", "--run-ignored", "all"]
    listed = subprocess.run([*command, "--partition", f"slice:{shard}"], capture_output=True, text=True)
    if listed.returncode:
        sys.exit(listed.stderr)
    suites = json.loads(listed.stdout)["rust-suites"].values()
    cases = {name: case for suite in suites for name, case in suite["testcases"].items()}
    return {name for name, case in cases.items() if case["filter-match"]["status"] == "matches"}


def of_proofmark(shard):
    listed = subprocess.run([PROGRAM, "list", "--shard", shard, "--format", "json"], capture_output=True, text=True)
    names = set()
    for case in json.loads(listed.stdout):
        parts = case["id"].split("::")
        names.add("::".join(parts[:3]) if case["origin"] == "generated" else case["id"])
    return names


def main():
    seen = 0
    for index in range(1, SHARDS + 1):
        shard = f"{index}/{SHARDS}"
        theirs, ours = of_nextest(shard), of_proofmark(shard)
        assert ours == theirs, f"shard {shard}: only here {sorted(ours - theirs)[:5]}, only there {sorted(theirs - ours)[:5]}"
        seen += len(ours)
        print(f"shard {shard}: {len(ours)} trials")
    assert seen > 400, seen


main()
