"""From whatever a function raised to the error of the run."""

import importlib
import json
import os
import re
import traceback

GUEST = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + "/"
IMPORTING = ("<frozen importlib", os.path.dirname(importlib.__file__) + "/")

LONGEST_MESSAGE, MOST_LINES, LONGEST_LINE = 16384, 50, 500
DEEPEST, MOST_ERRORS = 10, 20
REFUSAL = "Invalid function file or handler"
INPUT_ERRORS = (ValueError, TypeError)
EMPTY_HEAD = re.compile(r"^([ |+]*)(\+ Exception Group )?Traceback \(most recent call last\):$")


class HandlerError(Exception):
    """The file could be loaded, but the handler in it cannot be used."""


def safe_str(error):
    """The text of an exception; when it cannot be made, what Python shows then."""
    try:
        return str(error)
    except BaseException:
        return "<exception str() failed>"


# `isinstance` asks the object for its class, which a hostile one may refuse: so types are compared here.


def read(error, name):
    """An attribute of an object of the function; None when reading it fails."""
    try:
        return getattr(error, name, None)
    except BaseException:
        return None


def items_of(error, name):
    items = read(error, name)
    return list(items)[:MOST_ERRORS] if isinstance(items, (tuple, list)) else []


def own_text(error):
    """The message of an exception with its notes, which often say what to do."""
    text = safe_str(error)
    if issubclass(type(error), KeyError) or not text:
        text = type(error).__name__ + (": " + text if text else "")
    notes = "; ".join(safe_str(note) for note in items_of(error, "__notes__"))
    return "%s (%s)" % (text, notes) if notes else text


def message_of(error, outer=()):
    """The message with its reasons: `raise ... from`, and what an exception group holds. `outer` are the errors that it led to."""
    text = own_text(error)
    if len(outer) >= DEEPEST:
        return text
    within = outer + (error,)

    def told(one):
        return issubclass(type(one), BaseException) and not any(one is known for known in within)

    texts = dict.fromkeys(message_of(one, within) for one in items_of(error, "exceptions") if told(one))
    reasons = ["; ".join(texts)] if texts else []
    cause = read(error, "__cause__")
    if told(cause):
        reasons.append(message_of(cause, within))
    return ": ".join([text] + [reason for reason in reasons if reason not in text])


def own_frames(stack):
    """The frames after the guest's call of the function; those of Python's import machinery help nobody."""
    guest = max((at for at, frame in enumerate(stack) if frame.filename.startswith(GUEST)), default=-1)
    return [frame for frame in stack[guest + 1 :] if not frame.filename.startswith(IMPORTING)]


def trim(report):
    """Leaves the guest's frames out of an exception and of everything that led to it."""
    waiting, seen = [report], set()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        if one.stack is not None:
            one.stack = traceback.StackSummary.from_list(own_frames(one.stack))
        waiting += [one.__cause__, one.__context__, *(getattr(one, "exceptions", None) or ())]


def without_empty_heads(lines):
    following = lines[1:] + [""]
    return [line for line, after in zip(lines, following) if not EMPTY_HEAD.match(line) or "File " in after]


def describe(error, folder):
    """An error as Python prints it, as a list of lines, with paths as their author knows them."""
    try:
        report = traceback.TracebackException(type(error), error, error.__traceback__)
        trim(report)
        text = "".join(report.format())
    except BaseException:
        text = "%s: %s" % (type(error).__name__, safe_str(error))
    return without_empty_heads(text.replace(folder + "/", "").rstrip().split("\n"))


def cut(lines):
    """Cuts what is longer than anybody reads. The end of a trace stays: what was raised last stands there."""
    short = [line[:LONGEST_LINE] for line in lines]
    return short if len(short) <= MOST_LINES else short[:20] + ["..."] + short[21 - MOST_LINES :]


def failure(kind, message, stacktrace=()):
    """An error's JSON."""
    body = {"type": kind, "message": message[:LONGEST_MESSAGE], "stacktrace": cut(list(stacktrace))}
    return json.dumps(body).encode()


def is_input_error(error):
    """Whether the caller made a mistake, by the specification (cli-and-runtimes.md 2.2). What the operating system refused is none."""
    if type(error).__name__ == "InputError":
        return True
    return issubclass(type(error), INPUT_ERRORS) and not issubclass(type(error), OSError)


def exit_message(code):
    """The message for `sys.exit(code)`; code is a number, None, or a text that says what went wrong."""
    status = code if isinstance(code, int) else 0 if code is None else 1
    why = "" if code is None or isinstance(code, int) else ": " + safe_str(code)
    return "the function ended its process (exit code %d)%s" % (status, why)


def failure_of(error, folder):
    lines = describe(error, folder)
    if issubclass(type(error), SystemExit):
        return failure("FunctionError", exit_message(read(error, "code")), lines)
    return failure("InputError" if is_input_error(error) else "FunctionError", message_of(error), lines)


def load_failure(error, folder):
    text = safe_str(error) if issubclass(type(error), HandlerError) else "\n".join(describe(error, folder))
    return failure("FunctionError", text + "\n" + REFUSAL)
