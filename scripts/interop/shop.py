"""A shop behind shop.openapi.yaml, kept to the letter, or with one of `FAULTS` in it."""

import email.utils
import http.server
import json
import re
import uuid

FAULTS = {
    "created-not-stored": "ListItems did not come to $.items a list that contains",
    "deleted-and-kept": "ListItems did not come to $.items a list without",
    "price-as-text": "shop.answer.schema",
    "500-on-a-missing-id": "shop.path.absent",
}
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def handler(fault=None):
    """A class of handlers that share one shelf."""
    shelf = {}

    class Shop(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, status, body=None, media="application/json"):
            raw = b"" if body is None else json.dumps(body).encode()
            self.send_response_only(status)
            self.send_header("Date", email.utils.formatdate(usegmt=True))
            if body is not None:
                self.send_header("Content-Type", media)
            if status != 204:
                self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def refuse(self, status, title):
            problem = {"type": "about:blank", "title": title, "status": status}
            self.answer(status, problem, "application/problem+json")

        def shown(self, item):
            return {**item, "price": str(item["price"])} if fault == "price-as-text" else item

        def one(self):
            found = re.fullmatch(r"/items/([^/?]+)", self.path.split("?")[0])
            if not found:
                return self.refuse(404, "no such path")
            key = found[1].lower()
            if not UUID.fullmatch(key):
                return self.refuse(400, "not an id")
            if key not in shelf:
                return self.refuse(500 if fault == "500-on-a-missing-id" else 404, "no such item")
            return key

        def do_GET(self):
            if self.path.split("?")[0] == "/items":
                return self.answer(200, {"items": [self.shown(item) for item in shelf.values()]})
            if key := self.one():
                self.answer(200, self.shown(shelf[key]))

        def do_DELETE(self):
            if self.path.split("?")[0] == "/items":
                return self.refuse(405, "no such method")
            if key := self.one():
                if fault != "deleted-and-kept":
                    del shelf[key]
                self.answer(204)

        def do_POST(self):
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path.split("?")[0] != "/items":
                return self.refuse(405, "no such method")
            try:
                item = json.loads(raw)
                name, price = item["name"], item["price"]
                right = isinstance(name, str) and 1 <= len(name) <= 100 and type(price) is int and price >= 0
            except (ValueError, KeyError, TypeError):
                right = False
            if not right or "json" not in self.headers.get("Content-Type", ""):
                return self.refuse(400, "not an item")
            new = {"id": str(uuid.uuid4()), "name": name, "price": price}
            if fault != "created-not-stored":
                shelf[new["id"]] = new
            self.answer(201, self.shown(new))

        def other(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.refuse(405, "no such method")

        do_PUT = do_PATCH = do_OPTIONS = other

    return Shop
