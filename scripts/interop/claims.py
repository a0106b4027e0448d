"""What a client claims about what it got."""

import time


def same(got, wanted):
    if got != wanted:
        raise SystemExit(f"got {got!r}, wanted {wanted!r}")


def until(condition, within=60):
    """Asks again until it is so."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"not so within {within} s")
        time.sleep(0.05)
