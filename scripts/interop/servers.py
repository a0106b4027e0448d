"""The servers that interop runs: each on a free loopback port, awaited until it accepts, ended by its own id."""

import http.server
import os
import re
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
HOME = ROOT / "target" / "interop"
# Absolute: some parts run it in a folder of their own.
PROOFMARK = str((ROOT / os.environ.get("PROOFMARK_BIN", "target/debug/proofmark")).resolve())
START_WITHIN = 90  # seconds


@contextmanager
def moto():
    port = free_port()
    with started("moto", [HOME / "venv/bin/moto_server", "-H", "127.0.0.1", "-p", str(port)]) as (process, log):
        yield accepting(port, process, log)


@contextmanager
def prism(mode, *arguments):
    """`prism mock DOCUMENT` or `prism proxy DOCUMENT UPSTREAM --errors`."""
    port = free_port()
    command = [HOME / "node/node_modules/.bin/prism", mode, "-h", "127.0.0.1", "-p", str(port), *arguments]
    with started(f"prism-{mode}", command) as (process, log):
        yield accepting(port, process, log)


@contextmanager
def reference(*arguments):
    """Our reference target, both APIs."""
    command = [PROOFMARK, "serve", "--listen", "127.0.0.1:0", *arguments]
    with started("reference", command) as (process, log):
        announced = polled(lambda: re.search(r"listening on (http://\S+)", log.read_text()), process, log)
        yield announced.group(1)


@contextmanager
def answering(handler):
    """A server of our own that answers as `handler`, a BaseHTTPRequestHandler, does; it prints nothing."""
    handler.log_message = lambda *_: None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def veeam_document():
    """The published Swagger document with its one mistake mended that makes Prism refuse every `POST
    /amazonConnections`: the operation says `consumes: []`, so no body is ever right."""
    published = (ROOT / "schemas/models/veeam-backup-for-aws-1.0-rev0.swagger.yaml").read_text()
    wrong = "      operationId: CreateAmazonConnection\n      consumes: []\n"
    assert published.count(wrong) == 1, "the Swagger document no longer has the mistake that is mended here"
    mended = HOME / "veeam.swagger.yaml"
    mended.write_text(published.replace(wrong, wrong.replace("[]", "[application/json]")))
    return mended


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def started(name, command):
    log = HOME / f"{name}.log"
    with open(log, "wb") as out:
        process = subprocess.Popen([str(part) for part in command], stdout=out, stderr=subprocess.STDOUT, cwd=ROOT)
    try:
        yield process, log
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def accepting(port, process, log):
    def connects():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    polled(connects, process, log)
    return f"http://127.0.0.1:{port}"


def polled(condition, process, log):
    """What `condition` gives once it is true; an error with the server's own words when that never comes."""
    deadline = time.monotonic() + START_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise SystemExit(f"{log.stem} did not start:\n{log.read_text()[-2000:]}")
