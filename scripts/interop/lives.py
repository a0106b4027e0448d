"""The lives of all DMS families, step by step (`lives.json`), as boto3 and the AWS SDK for JavaScript lead them.

A step has the operation to `call`; its input, `with` what steps before have kept in place of `${name}`; what to `keep`
of the answer; and what has to be so: a path `gives` exactly a value, a list `has` or `lacks` one, the operation is
`refused` by the name of its error. What takes a while is so `eventually`. `pages` walks the operation's paginator, one
record to a page, and is the number of pages there are at least."""

import json
import re

import servers
from claims import until

STEPS = json.loads((servers.HERE / "lives.json").read_text())


def lead(run, calls):
    """Takes all steps; `calls(operation, input, pages)` gives the answer, how many pages it took, and the name of the
    error where it was refused."""
    kept = {"run": run}
    for number, step in enumerate(STEPS, 1):
        given = filled(step.get("with", {}), kept)
        told = None

        def taken():
            nonlocal told
            answer, pages, refused = calls(step["call"], given, "pages" in step)
            told = difference(step, kept, answer, pages, refused)
            kept.update({name: at(answer, path) for name, path in step.get("keep", {}).items()} if not refused else {})
            return told is None

        if step.get("eventually"):
            until(taken, within=20)
        elif not taken():
            raise SystemExit(f"step {number}, {step['call']} {given}: {told}")


def difference(step, kept, answer, pages, refused):
    """What is not as the step says; none where all is."""
    if refused != step.get("refused"):
        return f"refused by {refused}, not by {step.get('refused')}"
    if pages < step.get("pages", 0):
        return f"{pages} pages, not {step['pages']} or more"
    for path, wanted in step.get("gives", {}).items():
        if at(answer, path) != filled(wanted, kept):
            return f"{path} is {at(answer, path)!r}, not {filled(wanted, kept)!r}"
    for path, wanted in step.get("has", {}).items():
        if filled(wanted, kept) not in at(answer, path):
            return f"{path} has no {filled(wanted, kept)!r}"
    for path, wanted in step.get("lacks", {}).items():
        if filled(wanted, kept) in at(answer, path):
            return f"{path} has {filled(wanted, kept)!r}"
    return None


def filled(value, kept):
    if isinstance(value, dict):
        return {name: filled(member, kept) for name, member in value.items()}
    if isinstance(value, list):
        return [filled(item, kept) for item in value]
    if isinstance(value, str):
        return re.sub(r"\$\{(.+?)\}", lambda hole: kept[hole[1]], value)
    return value


def at(value, path):
    """`A.B` is a member of a member, `A[].B` all of a list's, `A[0].B` that of its first."""
    for part in path.split("."):
        name, _, index = part.partition("[")
        value = [one[name] for one in value] if isinstance(value, list) else value.get(name)
        if index and index != "]":
            value = value[int(index.rstrip("]"))]
    return value
