"""What both measurements start from: the programs, a server that is awaited and ended, and Proofmark's side as files."""

import json
import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSUS = Path(os.environ.get("VERSUS_ROOT", ROOT / "target" / "versus"))
ROWS = 1000  # of one matrix
LIBRARIES = ["libxml2-dev", "libcurl4-openssl-dev", "libssl-dev", "pkg-config", "libclang-dev"]  # that Hurl is built with


def tool(name, version=None):
    """The path of a program, installed when it is not there: by cargo in this version, or by apt-get."""
    if version is None:
        if not shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin"):
            subprocess.run(["apt-get", "install", "-y", "-qq", name], check=True)
        return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    program = VERSUS / "bin" / name
    if not program.exists():
        if name == "hurl" and shutil.which("apt-get"):
            subprocess.run(["apt-get", "install", "-y", "-qq", *LIBRARIES], check=True)
        subprocess.run(["cargo", "install", name, "--version", version, "--locked", "--root", VERSUS], check=True)
    return program


def proofmark():
    if named := os.environ.get("PROOFMARK_BIN"):
        return Path(named).resolve()
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "proofmark"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def started(command, port, url):
    """A server, awaited until it accepts, ended by its id; gives the URL to ask."""
    process = subprocess.Popen([str(part) for part in command])
    try:
        deadline = time.monotonic() + 20
        while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{command[0]} did not start")
            time.sleep(0.02)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def case_folder(folder, url, claims, exchanges, concurrency):
    """Arguments for `proofmark run`, and the files they name: a contract with one GET, imported from an OpenAPI document,
    a target, and cases whose matrix rows add up to `exchanges`. Every exchange claims the status, two headers and
    `claims`, by JSONPath."""
    base, _, path = url.partition("/things/")
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Things", "version": "1"},
        "paths": {
            "/things/{id}": {
                "get": {
                    "operationId": "GetThing",
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                        {"name": "n", "in": "query", "schema": {"type": "integer"}},
                    ],
                    "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": {"type": "object"}}}}},
                }
            }
        },
    }
    (folder / "things.json").write_text(json.dumps(document))
    schemas, cases = folder / "schemas", folder / "cases"
    (cases / "things").mkdir(parents=True)
    imported = [proofmark(), "import", "openapi", folder / "things.json", "--api", "things", "--out", schemas]
    subprocess.run([str(part) for part in imported], check=True, stdout=subprocess.DEVNULL)
    expect = {
        "status": 200,
        "headers": {"content-type": "application/json", "x-request-id": {"matches": "^[0-9a-f]{32}$"}},
        "at": claims,
    }
    rows = {
        f"asked-{start}": {
            "clauses": [],
            "matrix": {"n": list(range(start, min(start + ROWS, exchanges)))},
            "send": {"id": path, "n": "${n}"},
            "expect": expect,
        }
        for start in range(0, exchanges, ROWS)
    }
    (cases / "things" / "get_thing.yaml").write_text(json.dumps({"api": "things", "operation": "GetThing", "cases": rows}))
    target = folder / "target.yaml"
    target.write_text(
        json.dumps({"name": "things", "apis": {"things": {"base_url": base}}, "permits": ["read"], "limits": {"concurrency": concurrency}})
    )
    chosen = ["--origin", "written"]  # one request, not what else the contract suggests
    return ["--cases", cases, "--schemas", schemas, "--target", target, "--state-dir", folder / "state", *chosen]
