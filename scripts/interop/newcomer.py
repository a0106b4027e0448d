"""docs/another-service.md as it is written: its commands in an empty folder, with moto and with a shop of our own."""

import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import botocore
import servers
import shop
from servers import HOME, PROOFMARK, ROOT

PAGE = (ROOT / "docs/another-service.md").read_text()
WITHIN = 120  # seconds that a run may take
MODEL = next(Path(botocore.__file__).parent.glob("data/secretsmanager/*/service-2.json.gz"))


def section(title):
    """The commands of the page below a heading, one a line."""
    text = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    lines = "".join(re.findall(r"```sh\n(.*?)```", text, re.S)).splitlines()
    return [line.split("#")[0].strip() for line in lines if line.startswith("proofmark ")]


def shell(folder, line, expected):
    """Runs a line of the page; its exit code is one of those expected, and it never ends in a panic."""
    begun = time.monotonic()
    line = line.replace("proofmark ", f"{PROOFMARK} ", 1)
    ended = subprocess.run(line, shell=True, cwd=folder, capture_output=True, text=True, timeout=600)
    said = ended.stdout + ended.stderr
    assert ended.returncode in expected, f"{line}: exit {ended.returncode}\n{said[-3000:]}"
    assert "a bug in Proofmark" not in said, f"{line}\n{said[-3000:]}"
    assert time.monotonic() - begun < WITHIN, f"{line}: took {time.monotonic() - begun:.0f} s"
    return said


def empty(name):
    folder = HOME / "newcomer" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def an_emulator():
    folder = empty("secretsmanager")
    with servers.moto() as url:
        for line in section("An emulator of an AWS service"):
            line = line.replace('"$MODEL"', f"'{MODEL}'").replace("http://127.0.0.1:5000", url)
            said = shell(folder, line, (0, 1, 3))
        assert "NOT CONFORMANT" in said, said[-2000:]
        for line in section("Next steps"):
            shell(folder, line, (0, 1, 3))
        report = json.loads(shell(folder, "proofmark report --format json", (0, 1, 3)))
        assert report["runs"], "no run was recorded"


def a_rest_api():
    for fault, clause in {None: None, **shop.FAULTS}.items():
        folder = empty(f"shop-{fault}")
        shutil.copy(ROOT / "scripts/interop/shop.openapi.yaml", folder / "openapi.yaml")
        with servers.answering(shop.handler(fault)) as url:
            for line in section("A REST API"):
                said = shell(folder, line.replace("http://127.0.0.1:8080", url), (0, 1, 3))
        assert "FAIL" not in said or fault, f"the shop keeps its contract:\n{said[-3000:]}"
        assert clause is None or clause in " ".join(said.split()), f"{fault}: no word of {clause}\n{said[-3000:]}"


if __name__ == "__main__":
    an_emulator()
    a_rest_api()
    print("newcomer: the page works as it is written")
