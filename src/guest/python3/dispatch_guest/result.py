"""From what a handler returned to the JSON text of the result."""

import json

from .failure import safe_str

LONGEST_PATH = 200


# One encoder for all results: json.dumps would make a new one each time.
ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def serialise(value):
    try:
        return ENCODER.encode(value).encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which only an escape can carry
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def why_not(value, error):
    """The sentence for a value that `serialise` refused, with the place of what JSON cannot hold."""
    try:
        path = place_of(value)
    except Exception:  # nested too deep or round, as json.dumps says itself
        path = ""
    where = "" if path == "" else "%s: " % path[:LONGEST_PATH]
    return "the result cannot be written as JSON: %s%s" % (where, safe_str(error))


def place_of(value):
    """`.vms[0].tags`; empty for the value itself."""
    if isinstance(value, dict):
        children = [(step(key), child) for key, child in value.items()]
    elif isinstance(value, (list, tuple)):
        children = [("[%d]" % at, child) for at, child in enumerate(value)]
    else:
        return ""
    for name, child in children:
        if not holds(child):
            return name + place_of(child)
    return ""


def holds(value):
    try:
        serialise(value)
        return True
    except RecursionError:
        raise
    except Exception:
        return False


def step(key):
    return ".%s" % key if isinstance(key, str) and key.isidentifier() else "[%s]" % safe_str(key)
