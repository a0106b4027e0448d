"""The AWS SDK for JavaScript leads the lives of all DMS families at our reference target. It reads by its model and
throws where a time is no number. What became of each operation is in `expected/js_sdk.txt`."""

import collections
import json
import os
import shutil
import subprocess
from contextlib import contextmanager

import judged
import lives
import servers
from published import ACCESS_KEY, REGION, SECRET_KEY


class Broken(Exception):
    """The SDK could not read an answer, or raised what is none of its errors."""


@contextmanager
def driver(url, outcomes):
    """Calls of the SDK, in a process of its own; `outcomes` are told by operation."""
    # Node looks for packages beside the script.
    script = servers.HOME / "node" / "js_sdk.mjs"
    shutil.copy(servers.HERE / "js_sdk.mjs", script)
    command = ["node", script, url, REGION, ACCESS_KEY, SECRET_KEY]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    quiet = {**os.environ, "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED": "true"}
    with subprocess.Popen(command, **pipes, env=quiet) as node:

        def call(operation, given, pages):
            print(json.dumps({"operation": operation, "input": given, "pages": pages}), file=node.stdin, flush=True)
            told = json.loads(node.stdout.readline() or '{"broken": "the SDK ended"}')
            if "broken" in told:
                raise Broken(f"{operation}: {told['broken']}")
            refused = told.get("refused")
            outcomes[operation].add(refused or "served")
            if times(told.get("answer")):
                outcomes[operation].add("times")
            return told.get("answer"), told["pages"], refused

        try:
            yield call
        finally:
            node.stdin.close()
            try:
                node.wait(10)
            except subprocess.TimeoutExpired:
                node.kill()


def times(value):
    """Whether a time was read."""
    if isinstance(value, dict):
        return any(times(member) for member in value.values())
    if isinstance(value, list):
        return any(times(item) for item in value)
    return isinstance(value, str) and value.startswith("time ")


outcomes = collections.defaultdict(set)
with servers.reference() as url, driver(url, outcomes) as call:
    lives.lead("javascript", call)

# That it minds a time that is no number is tried on a target that sends one.
with servers.reference("--deviate", "timestamp-as-string") as url, driver(url, collections.defaultdict(set)) as call:
    try:
        lives.lead("javascript", call)
    except Broken:
        pass
    else:
        raise SystemExit("the SDK took a text for a time, so that it read all others means nothing")

served = sum("served" in became for became in outcomes.values())
timed = sum("times" in became for became in outcomes.values())
summary = f"{len(outcomes)} operations, {served} of them served, {timed} with times"
judged.expect("js_sdk", [summary, *(f"{name}: {' '.join(sorted(outcomes[name]))}" for name in sorted(outcomes))])
print(f"the AWS SDK for JavaScript: {len(lives.STEPS)} steps, every answer read")
