"""Prism, as a proxy between a small client and our reference target, holds every answer against the Veeam document.
That Prism does see broken answers is tried first, on a server that gives one."""

import http.server
import json
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager

import servers
from claims import same
from published import ACCOUNT_ID, EXPIRED_TOKEN, PASSWORD, REGION_ID, USERNAME

CONNECTIONS = "/api/v1/amazonConnections"
NOBODYS = "00000000-0000-4000-8000-000000000000"


class Disagreement(Exception):
    """Prism says that an answer does not keep the document."""


def ask(url, method, path, token=None, body=None, form=None):
    """Status and body of one answer that Prism agrees with."""
    headers = {"x-api-version": "1.0-rev0", "Accept": "application/json"}
    data = None
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if body is not None:
        headers["Content-Type"], data = "application/json", json.dumps(body).encode()
    if form is not None:
        headers["Content-Type"], data = "application/x-www-form-urlencoded", urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(url + path, data, headers, method=method)
    try:
        answer = urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    text = answer.read().decode()
    violations = answer.headers.get("sl-violations")
    if violations or "stoplight.io/prism/errors" in text:
        raise Disagreement(f"{method} {path}: {answer.status} {violations or text}")
    return answer.status, json.loads(text) if text else None


def life(url):
    login = {"grant_type": "password", "username": USERNAME, "password": PASSWORD}
    status, grant = ask(url, "POST", "/api/v1/token", form=login)
    same(status, 200)
    refresh = {"grant_type": "refresh_token", "refresh_token": grant["refresh_token"]}
    status, grant = ask(url, "POST", "/api/v1/token", form=refresh)
    same(status, 200)
    token = grant["access_token"]

    spec = {"AmazonAccountId": ACCOUNT_ID, "RegionId": REGION_ID}
    status, created = ask(url, "POST", CONNECTIONS, token, body=spec)
    same(status, 201)
    one = f"{CONNECTIONS}/{created['id']}"
    status, got = ask(url, "GET", one, token)
    same((status, got["id"]), (200, created["id"]))
    status, page = ask(url, "GET", CONNECTIONS, token)
    same((status, created["id"] in [entry["id"] for entry in page["results"]]), (200, True))

    same(refused(url, "DELETE", one, "nobody-issued-this"), 401)
    same(refused(url, "GET", one, EXPIRED_TOKEN), 401)
    same(refused(url, "POST", CONNECTIONS, token, body={**spec, "RegionId": NOBODYS}), 400)
    same(refused(url, "DELETE", f"{CONNECTIONS}/{NOBODYS}", token), 404)
    same(refused(url, "POST", "/api/v1/token", form={**login, "password": "wrong"}) in (400, 401), True)

    same(ask(url, "DELETE", one, token), (204, None))
    same(refused(url, "GET", one, token), 404)
    same(refused(url, "DELETE", one, token), 404)
    same(ask(url, "DELETE", "/api/v1/token", token), (204, None))
    same(refused(url, "GET", CONNECTIONS, token), 401)


def refused(url, *arguments, **more):
    """The status of an answer that is an error."""
    status, error = ask(url, *arguments, **more)
    same(error["status"], status)
    return status


def broken_server():
    """Answers every GET with a page whose totalCount is no number."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = b'{"totalCount":"many","results":[]}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return servers.answering(Answer)


@contextmanager
def judged_by_prism(upstream):
    with servers.prism("proxy", servers.veeam_document(), upstream, "--errors") as url:
        yield url


with broken_server() as upstream, judged_by_prism(upstream) as url:
    try:
        ask(url, "GET", CONNECTIONS, "any")
    except Disagreement:
        pass
    else:
        raise SystemExit("Prism did not notice a totalCount that is no number, so its agreement would mean nothing")

with servers.reference() as upstream, judged_by_prism(upstream) as url:
    life(url)
print("prism proxy: every answer keeps the Veeam document")
