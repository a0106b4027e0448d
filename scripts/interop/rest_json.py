"""restJson1: every service of the pinned botocore that speaks it is imported, and gets cases; and three of them on moto are
judged in an empty folder by two commands. What was taken, what was left out by kind, and how many cases there are has to
be what `expected/rest_json.txt` says."""

import collections
import gzip
import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import botocore
import judged
import servers
from newcomer import WITHIN, empty, shell
from servers import HOME, PROOFMARK

FOLDER = HOME / "rest_json"
ON_MOTO = ["lambda", "apigateway", "scheduler"]


def models():
    """The newest model of each service that speaks restJson1 and not awsJson, by the service's name."""
    for folder in sorted((Path(botocore.__file__).parent / "data").iterdir()):
        files = sorted(folder.glob("*/service-2.json.gz"))
        metadata = json.loads(gzip.decompress(files[-1].read_bytes()))["metadata"] if files else {}
        spoken = metadata.get("protocols", [metadata.get("protocol")])
        if "rest-json" in spoken and "json" not in spoken:
            yield folder.name, files[-1]


def kind(message):
    """What an import says of something left out, without what is of one model alone."""
    for form in [r"pattern .* is not", r"satisfy .*", r"`[^`]*`", r"for [A-Z]\w+ \(.*\)", r"lacks .*,"]:
        message = re.sub(form, lambda found: re.split(r"[ `]", found.group())[0] + " ..", message)
    return message


def imported():
    """The services, their operations, what is left out, and the generated cases."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    told, counts, begun = collections.Counter(), collections.Counter(), time.monotonic()
    for name, model in models():
        schemas = FOLDER / name
        command = [PROOFMARK, "import", "botocore", model, "--api", name, "--out", schemas]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode:
            raise SystemExit(f"{name}: exit {run.returncode}\n{run.stderr}")
        counts["services"] += 1
        counts["operations"] += int(re.search(r"(\d+) operations?", run.stdout).group(1))
        told.update(kind(line.split(": ", 2)[2]) for line in run.stderr.splitlines() if line.startswith("left out: "))
        (FOLDER / "target.yaml").write_text(f"name: it\napis:\n  {name}:\n    base_url: http://127.0.0.1:1\n")
        command = [PROOFMARK, "list", "--schemas", schemas, "--target", "target.yaml"]
        listed = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
        # Where no right input can be made, of a pattern for instance, there is no case.
        if "the selection is empty" in listed.stderr:
            counts["services without a case"] += 1
        elif listed.returncode:
            raise SystemExit(f"{name}: exit {listed.returncode}\n{listed.stderr}")
        counts["cases"] += sum("::generated::" in line for line in listed.stdout.splitlines())
    print(f"rest_json: imported and listed in {time.monotonic() - begun:.0f} s")
    yield ", ".join(f"{count} {what}" for what, count in counts.items())
    yield from (f"  {count} x {message}" for message, count in sorted(told.items(), key=lambda it: (-it[1], it[0])))


def on_moto(name, model):
    folder = empty(name)
    with servers.moto() as url:
        shell(folder, f"proofmark init --model '{model}' --api {name} --base-url {url}", (0,))
        begun = time.monotonic()
        said = shell(folder, "proofmark run", (1,))
    served = re.search(r"right inputs served: (\d+) of (\d+)", said)
    assert served and int(served.group(1)) > 0, said[-2000:]
    # Something is left where moto fails to delete it; whatever is, the report says so.
    assert "left behind" in said or "clean-up problem" not in said, said[-2000:]
    print(f"rest_json: {name} on moto, {served.group()}, {time.monotonic() - begun:.0f} s of {WITHIN}")


judged.expect("rest_json", list(imported()))
for service, model in models():
    if service in ON_MOTO:
        on_moto(service, model)
