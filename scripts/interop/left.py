"""Whether report and ledger say the same, thing by thing, as a listing of the server shows: runs of generated cases, with
all permits, against services of moto that Proofmark knows from an import alone. Before each run there are things of
somebody else's, which have to be there afterwards, value by value. After `sweep` nothing of the run may be left.

    left.py [SERVICE...]    of left_services.py, or `all`; without any, the fast ones that CI has"""

import contextlib
import gzip
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import boto3
import botocore
import servers
from claims import same
from left_services import SERVICES, Server
from published import ACCESS_KEY, REGION, SECRET_KEY
from servers import HOME, PROOFMARK

FAST = ["secretsmanager", "sqs", "logs"]
WITHIN = 120  # seconds that a run may take
AT_MOST = 900  # seconds after which anything is ended
SHOWN = 12  # lines of one kind of difference

TARGET = f"""name: moto
product: moto
version: 5.2.5
apis:
  NAME:
    base_url: URL
    region: {REGION}
    credentials:
      sigv4: {{ access_key: {{ published: {ACCESS_KEY} }}, secret_key: {{ published: {SECRET_KEY} }} }}
permits: [read, create, change, destroy]
"""
CASE = """api: NAME
operation: OPERATION
source: the imported model

cases:
  written:
    send: GIVEN
    expect: { status: 200 }
"""


def workspace(name, service, url):
    """What somebody has who tries an imported API: contract files, one case, a target file."""
    folder = HOME / "left" / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "cases" / name).mkdir(parents=True)
    model = Path(botocore.__file__).parent / "data" / name / service.version / "service-2.json.gz"
    (folder / "service-2.json").write_bytes(gzip.decompress(model.read_bytes()))
    played(folder, "import", "botocore", "service-2.json", "--api", name, "--out", "schemas")
    listing = {service.lists: {"MaxResults": 10} if name == "cognito-idp" else {}}
    for operation, given in (listing | service.refuses).items():
        case = CASE.replace("NAME", name).replace("OPERATION", operation).replace("GIVEN", json.dumps(given))
        (folder / "cases" / name / f"{operation}.yaml").write_text(case.replace("URL", url))
    (folder / "target.yaml").write_text(TARGET.replace("NAME", name).replace("URL", url))
    return folder


def proofmark(folder, *arguments):
    return played(folder, *arguments, "--cases", "cases", "--schemas", "schemas", "--snapshots", "snapshots")


def played(folder, *arguments):
    command = [PROOFMARK, *arguments]
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=AT_MOST)
    except subprocess.TimeoutExpired:
        raise SystemExit(f"proofmark {arguments[0]} in {folder} did not end within {AT_MOST} s") from None


@contextlib.contextmanager
def kept(folder):
    """A run that leaves nothing removes its ledger: meanwhile each has a second name, below `ledgers`."""
    (folder / "ledgers").mkdir()
    over = threading.Event()

    def link():
        while not over.wait(0.01):
            for file in (folder / "state/ledger").glob("*.jsonl"):
                with contextlib.suppress(FileExistsError, FileNotFoundError):
                    (folder / "ledgers" / file.name).hardlink_to(file)

    watch = threading.Thread(target=link)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()


def listed(server, service):
    """What is there and has not ended, by kind and names."""
    things = [thing for thing in service.things(server) if not thing.ended]
    return {(thing.kind, tuple(str(name) for name in thing.names if name is not None)): thing.value for thing in things}


def ledger(folder):
    """Of each thing that the ledgers speak of: the texts that name it, and whether it is over."""
    entries = {}
    for file in sorted((folder / "ledgers").glob("*.jsonl")):
        for line in file.read_text().splitlines():
            event = json.loads(line)
            if event["number"]:
                entry = entries.setdefault((file.stem, event["number"]), {"texts": set(), "last": None, "about": ""})
                entry["texts"] |= texts([event.get(part) for part in ("identity", "undo", "names", "body")])
                entry["last"] = event["event"]
                entry["about"] = event["job"]
    return entries


def texts(value):
    if isinstance(value, dict):
        return set().union(*map(texts, value.values()))
    if isinstance(value, list):
        return set().union(*map(texts, value))
    if not isinstance(value, str):
        return set()
    try:
        within = json.loads(value)
    except ValueError:
        return {value}
    return texts(within) | {value} if isinstance(within, dict | list) else {value}


def told(lines, entries):
    """The things that lines of a report or a sweep call left, by run and number."""
    found = set()
    for line in lines:
        if match := re.search(r"(pm-[0-9a-f]{8})#(\d+)", line):
            found.add((match[1], int(match[2])))
    return {key: entries.get(key, {"texts": set(), "about": "not in the ledger"}) for key in found}


def compared(there, left):
    """The things there that nothing tells of, and what is told of and not there. Each tells of one thing."""
    tells = {key: [thing for thing in there if set(thing[1]) & entry["texts"]] for key, entry in left.items()}
    taken = {}

    def takes(key, tried):
        for thing in tells[key]:
            if thing not in tried:
                tried.add(thing)
                if thing not in taken or takes(taken[thing], tried):
                    taken[thing] = key
                    return True
        return False

    false = [key for key in left if not takes(key, set())]
    return [thing for thing in there if thing not in taken], false


def noticed():
    """A comparison that finds nothing proves nothing: one of made-up things has to find what is wrong, and only that."""
    one, two = ("secret", ("arn:1", "pm-1")), ("secret", ("arn:2", "pm-2"))
    of_one, of_two, of_none = {"texts": {"pm-1"}}, {"texts": {"arn:2", "pm-2", "other"}}, {"texts": {"pm-3"}}
    for there, left, silent, false in [
        ({one, two}, {1: of_one, 2: of_two}, [], []),
        ({one, two}, {2: of_two}, [one], []),
        ({two}, {1: of_one, 2: of_two}, [], [1]),
        ({one}, {3: of_none}, [one], [3]),
        ({one}, {1: of_one, 4: of_one}, [], [4]),
    ]:
        same(compared(there, left), (silent, false))
    same(changed({one: "theirs", two: "theirs"}, {one: "theirs", two: "ours"}), [two])
    same(changed({one: "theirs"}, {two: "ours"}), [one])


def changed(before, after):
    return [thing for thing in before if after.get(thing) != before[thing]]


def tried(name):
    """The row of one service, and the differences by kind."""
    service = SERVICES[name]
    with servers.moto() as url:
        keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
        client = boto3.client(name, endpoint_url=url, region_name=REGION, **keys)
        server = Server(url, client.meta.service_model)
        folder = workspace(name, service, url)
        service.plant(client)
        before = listed(server, service)

        started = time.monotonic()
        of = ["--target", "target.yaml", "--state-dir", "state"]
        with kept(folder):
            run = proofmark(folder, "run", *of, "--api", name, "--record", "record", "--format", "json")
        took = time.monotonic() - started
        (folder / "report.json").write_text(run.stdout)
        (folder / "run.err").write_text(run.stderr)
        if run.returncode not in (0, 1, 3):
            raise SystemExit(f"{name}: proofmark exited {run.returncode}\n{run.stderr}")
        (judged,) = json.loads(run.stdout)["runs"]
        entries = ledger(folder)
        if not entries:
            raise SystemExit(f"{name}: the run has no ledger")
        server.known = set().union(*(entry["texts"] for entry in entries.values()))
        after = listed(server, service)

        left = told(judged["cleanUp"], entries)
        there = {thing for thing in after if thing not in before}
        silent, false = compared(there, left)
        still_open = {key for key, entry in entries.items() if entry["last"] not in OVER}

        sweep = proofmark(folder, "sweep", *of)
        (folder / "sweep.txt").write_text(sweep.stdout + sweep.stderr)
        swept = listed(server, service)
        remains = {thing for thing in swept if thing not in before}
        left_by_sweep = told([line for line in sweep.stdout.splitlines() if line.startswith("left")], entries)
        _, false_of_sweep = compared(remains, left_by_sweep)
        ended = sum(thing.ended for thing in service.things(server))

    about = lambda keys: [f"{run}#{number} {entries.get((run, number), {}).get('about')}" for run, number in keys]
    name_of = lambda things: [f"{kind} {' = '.join(map(str, names))}"[:160] for kind, names in things]
    unnumbered = [line for line in judged["cleanUp"] if not re.search(r"pm-[0-9a-f]{8}#\d+", line)]
    differences = {
        "said of nothing in the ledger": unnumbered,
        "there, and not said (silent)": name_of(silent),
        "said, and not there (false)": about(false),
        "open in the ledger, and not in the report": about(still_open - set(left)),
        "in the report, and over in the ledger": about(set(left) - still_open),
        "of somebody else's, changed by the run": name_of(changed(before, after)),
        "of somebody else's, changed by the sweep": name_of(set(changed(before, swept)) - set(changed(before, after))),
        "there after the sweep": name_of(remains),
        "said to be left by the sweep, and not there": about(false_of_sweep),
    }
    if sweep.returncode != 0:
        differences["exit code of the sweep"] = [f"{sweep.returncode}, {sweep.stdout.splitlines()[-1:]}"]
    if took > WITHIN:
        differences["time"] = [f"{took:.0f} s"]
    statuses = {entry["name"]: entry["status"] for entry in judged["entries"]}
    written = {operation: statuses[f"{name}::{operation}::written"] for operation in service.refuses}
    differences["sent, though it names what is somebody else's"] = [
        f"{operation}: {status}" for operation, status in written.items() if status not in ("error", "skip")
    ]
    counts = {status: judged["counts"][status] for status in sorted(judged["counts"])}
    row = [name, f"{took:.0f}", len(entries), len(there), len(left), len(silent), len(false), len(changed(before, after))]
    row += [sweep.returncode, len(remains), len(false_of_sweep), ended, run.returncode]
    return [*row, " ".join(f"{count} {status}" for status, count in counts.items())], differences


OVER = ("refused", "nothing-made", "deletion-accepted", "destroyed", "settled")
HEAD = ["service", "s", "made", "there", "said", "silent", "false", "foreign", "sweep", "remain", "false", "ended", "run", ""]


def main():
    noticed()
    rows, failed = [HEAD], []
    asked = [name for name in sys.argv[1:] if name != "--accept"] or FAST
    for name in SERVICES if asked == ["all"] else asked:
        row, differences = tried(name)
        rows.append(row)
        for difference, lines in differences.items():
            if lines:
                failed.append(f"{name}: {len(lines)} {difference}")
                print(f"{name}: {difference}: {len(lines)}")
                print("".join(f"    {line}\n" for line in sorted(lines)[:SHOWN]), end="", flush=True)
    for row in rows:
        print(f"{row[0]:14}" + "".join(f"{cell!s:>8}" for cell in row[1:-1]) + f"  {row[-1]}")
    if failed:
        raise SystemExit(f"{len(failed)} differences")


main()
