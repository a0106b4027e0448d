"""The whole Veeam suite, written and generated, goes through Prism to our reference target. Prism forwards what is
right and wrong alike, and tells what of each answer the document does not have. That has to be what
`expected/prism_suite.txt` says, each finding one that the document itself leaves no right answer for; and the suite has
to pass."""

import http.client
import http.server
import json
import subprocess
import threading
import urllib.parse

import document
import judged
import servers

HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "host"}


class Recorder:
    """Between the suite and Prism: notes what Prism tells of each answer."""

    def __init__(self, prism, target):
        self.prism, self.target = (urllib.parse.urlsplit(url).netloc for url in (prism, target))
        self.lock = threading.Lock()
        self.told = set()
        self.judged = self.malformed = 0

    def answer(self, method, path, headers, body):
        readable = is_readable(headers, body)
        # Prism never answers a body that says it is JSON and is not.
        address = self.prism if readable else self.target
        status, given, content = asked(address, method, path, headers, body)
        violations = json.loads(given.pop("sl-violations", "[]"))
        # An answer that Prism makes itself is one that the target did not give.
        of_answer = [each["message"] for each in violations if each["location"][0] == "response"]
        if b"stoplight.io/prism/errors" in content:
            of_answer.append(content.decode(errors="replace"))
        with self.lock:
            self.judged += readable
            self.malformed += not readable
            self.told.update((method, path.partition("?")[0], status, message) for message in of_answer)
        return status, given, content


def is_readable(headers, body):
    if not body or "json" not in headers.get("content-type", ""):
        return True
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def asked(address, method, path, headers, body):
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        connection.request(method, path, body or None, {**headers, "Connection": "close"})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def listening(recorder):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def __getattr__(self, name):
            if name.startswith("do_"):
                return self.forward
            raise AttributeError(name)

        def forward(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items() if name.lower() not in HOP}
            status, given, content = recorder.answer(self.command, self.path, headers, body)
            self.send_response_only(status)
            for name, value in given.items():
                if name not in HOP:
                    self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return servers.answering(Handler)


def without_snapshots():
    """The reference target's file without its approved answers: Prism adds to what the target answers."""
    lines = (servers.ROOT / "targets/reference.yaml").read_text().splitlines(keepends=True)
    path = servers.HOME / "reference.yaml"
    path.write_text("".join(line for line in lines if not line.startswith("snapshots:")))
    return path


def judge(path, *arguments, deviate=()):
    """What Prism told while the suite ran, and how the suite ended."""
    with servers.reference(*deviate) as target, servers.prism("proxy", path, target) as prism:
        recorder = Recorder(prism, target)
        with listening(recorder) as url:
            command = [servers.PROOFMARK, "run", "--target", without_snapshots(), "--base-url", url]
            command += ["--api", "veeam", "--state-dir", servers.HOME / "state", *arguments]
            run = subprocess.run(command, cwd=servers.ROOT, capture_output=True, text=True)
    return recorder, run


def reason(mended, operation, status, message):
    """Why the document leaves no right answer; none where it is the answer that is wrong."""
    if operation and "returned status code" in message:
        return document.no_status(operation, status)
    if operation and "received media type" in message:
        return document.no_media_type(mended, operation, status)
    return None


path, mended, mends = document.sound()

# That Prism sees a broken answer is tried first.
recorder, _ = judge(path, "--operation", "GetAllAmazonConnections", deviate=["--deviate", "total-count-as-string"])
if not recorder.told:
    raise SystemExit("Prism did not notice a totalCount that is no number, so its agreement would mean nothing")

recorder, run = judge(path)
if run.returncode:
    raise SystemExit(f"through Prism the suite exited {run.returncode}\n{run.stdout[-4000:]}{run.stderr}")
findings, unexplained = set(), []
for method, asked_path, status, message in sorted(recorder.told):
    template, operation = document.operation_at(mended, method, asked_path)
    why = reason(mended, operation, status, message)
    if why:
        findings.add(f"{method} {template} {status}: {why}")
    else:
        unexplained.append(f"{method} {asked_path} {status}: {message}")
if unexplained:
    raise SystemExit("\n".join(unexplained[:20]) + f"\n{len(unexplained)} findings that nothing explains")
summary = f"{len(findings)} findings, each the document's own fault"
past = "not shown to Prism, which never answers them: requests whose JSON is malformed"
judged.expect("prism_suite", [summary, *mends, past, *sorted(findings)])
print(f"prism: {recorder.judged} answers keep the document, {recorder.malformed} were not shown to it")
