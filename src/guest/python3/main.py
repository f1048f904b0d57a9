"""The Python guest: warms up, becomes the worker of one function, and runs it. See ../PROTOCOL.md.

Python 3.9 or later, standard library only. Started with -I -S: nothing of the machine's own packages is visible.
"""

import collections
import importlib
import json
import os
import select
import struct
import sys
import traceback

CHANNEL = 3
HEADER = struct.Struct(">IIB")
LENGTH = struct.Struct(">I")
READ_BYTES = 65536

LOAD, INVOKE, CANCEL = 1, 2, 3
READY, STARTED, RESULT, ERROR, CANCELLED = 16, 17, 18, 19, 20

LONGEST_MESSAGE, MOST_LINES, LONGEST_LINE = 16384, 50, 500
REFUSAL = "Invalid function file or handler"
INPUT_ERRORS = (ValueError, TypeError)


class HandlerError(Exception):
    """The file is fine, the handler in it is not."""


class Channel:
    """Frames on file descriptor 3. `send` collects, `flush` writes what was collected in one go."""

    def __init__(self):
        self._received = b""
        self._pending = []
        self._poll = select.poll()
        self._poll.register(CHANNEL, select.POLLIN)

    def send(self, kind, number, body=b""):
        self._pending.append(HEADER.pack(len(body), number, kind) + body)

    def flush(self):
        if not self._pending:
            return
        data = b"".join(self._pending)
        self._pending.clear()
        written = os.write(CHANNEL, data)
        while written < len(data):
            written += os.write(CHANNEL, memoryview(data)[written:])

    def waiting(self):
        return bool(self._poll.poll(0))

    def read(self):
        """Waits for bytes, and gives the frames that are whole. Ends the process when the server has gone."""
        chunk = os.read(CHANNEL, READ_BYTES)
        if not chunk:
            os._exit(0)
        received = self._join(chunk)
        at, frames = 0, []
        while len(received) - at >= HEADER.size:
            length, number, kind = HEADER.unpack_from(received, at)
            end = at + HEADER.size + length
            if end > len(received):
                break
            frames.append((kind, number, received[at + HEADER.size : end]))
            at = end
        self._received = received[at:]
        return frames

    def _join(self, chunk):
        """A long frame arrives in many chunks: a bytearray grows without being copied each time."""
        if not self._received:
            return chunk
        if isinstance(self._received, bytes):
            self._received = bytearray(self._received)
        self._received += chunk
        return self._received


class Marker:
    """Ends the output of an invocation on stdout and stderr."""

    def __init__(self, text):
        self._format = ("\0" + text + ":%08x\n").encode()

    def write(self, number):
        marker = self._format % number
        for stream, descriptor in ((sys.stdout, 1), (sys.stderr, 2)):
            try:
                stream.flush()
                os.write(descriptor, marker)
            except (OSError, ValueError, AttributeError):
                pass  # closed by the function; the server does not wait for it long


def unpack(bundle, folder):
    """Writes the files of a bundle into the function's folder."""
    (length,) = LENGTH.unpack_from(bundle)
    at = LENGTH.size + length
    for entry in json.loads(bundle[LENGTH.size : at]):
        path = os.path.join(folder, entry["path"])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(bundle[at : at + entry["size"]])
        os.chmod(path, entry["mode"])
        at += entry["size"]


def own_frames(error, folder):
    """The stack of an error in the function's files and its packages; frames of the guest and of Python help nobody."""
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if frame.filename.startswith(folder + "/") or "/site-packages/" in frame.filename]


def describe(error, folder):
    """An error as Python prints it, as a list of lines, with paths as their author knows them."""
    frames = traceback.format_list(own_frames(error, folder))
    head = ["Traceback (most recent call last):\n"] if frames else []
    parts = head + frames + traceback.format_exception_only(type(error), error)
    return "".join(parts).replace(folder + "/", "").rstrip().split("\n")


def takes_two(function):
    """Whether `function(context, payload)` can be called. Plain functions are judged without the slow inspect module."""
    code = getattr(function, "__code__", None)
    if code is not None:
        least = code.co_argcount - len(function.__defaults__ or ())
        needs_more = code.co_kwonlyargcount > len(function.__kwdefaults__ or ())
        has_rest = bool(code.co_flags & 0x04)
        return least <= 2 and (code.co_argcount >= 2 or has_rest) and not needs_more
    import inspect

    try:
        inspect.signature(function).bind(None, None)
    except TypeError:
        return False
    except ValueError:
        pass  # a built-in without a signature
    return True


def check_signature(function, handler):
    if not callable(function):
        raise HandlerError("%s is not a function" % handler)
    if not takes_two(function):
        raise HandlerError("%s must take two parameters: (context, payload)" % handler)


def find_handler(handler):
    module_name, _, name = handler.rpartition(".")
    if not module_name:
        raise HandlerError("the handler %s is not of the form module.function" % handler)
    module = importlib.import_module(module_name)
    function = getattr(module, name, None)
    if function is None:
        raise HandlerError("%s has no function %s" % (module_name, name))
    check_signature(function, handler)
    return function


def message_of(error):
    text = str(error)
    return type(error).__name__ + (": " + text if text else "") if isinstance(error, KeyError) or not text else text


def failure(kind, message, stacktrace=()):
    """An error's JSON; what is too long to be read by anybody is cut."""
    lines = [line[:LONGEST_LINE] for line in list(stacktrace)[:MOST_LINES]]
    return json.dumps({"type": kind, "message": message[:LONGEST_MESSAGE], "stacktrace": lines}).encode()


def failure_of(error, folder):
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        return failure("FunctionError", "the function ended its process (exit code %d)" % code, describe(error, folder))
    named = type(error).__name__ == "InputError" or isinstance(error, INPUT_ERRORS)
    return failure("InputError" if named else "FunctionError", message_of(error), describe(error, folder))


def serialise(value):
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which only an escape can carry
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


class Runner:
    """Runs invocations one at a time in the order of arrival."""

    def __init__(self, channel, function, marker, folder, max_output_bytes):
        self._channel = channel
        self._function = function
        self._marker = marker
        self._folder = folder
        self._max_output_bytes = max_output_bytes
        self._queue = collections.deque()
        self._loop = None

    def receive(self, frames):
        for kind, number, body in frames:
            if kind == INVOKE:
                self._queue.append((number, body))
            elif kind == CANCEL:
                self._cancel(number)

    def _cancel(self, number):
        for waiting in self._queue:
            if waiting[0] == number:
                self._queue.remove(waiting)
                self._channel.send(CANCELLED, number)
                self._channel.flush()
                return

    def serve(self):
        channel, queue = self._channel, self._queue
        while True:
            if not queue:
                channel.flush()
                self.receive(channel.read())
            else:
                while channel.waiting():
                    self.receive(channel.read())
            if queue:
                number, envelope = queue.popleft()
                channel.send(STARTED, number)
                channel.flush()
                self._run(number, envelope)

    def _run(self, number, envelope):
        kind, body = self._outcome(envelope)
        self._marker.write(number)
        self._channel.send(kind, number, body)

    def _outcome(self, envelope):
        try:
            value = self._call(json.loads(envelope.decode()))
        except BaseException as error:  # whatever a function raises, SystemExit included, is the run's error
            return ERROR, failure_of(error, self._folder)
        try:
            body = serialise(value)
        except Exception as error:
            return ERROR, failure("FunctionError", "the result cannot be written as JSON: %s" % error)
        if len(body) > self._max_output_bytes:
            limit = "the result cannot be written as JSON: it is longer than the limit of %d bytes"
            return ERROR, failure("FunctionError", limit % self._max_output_bytes)
        return RESULT, body

    def _call(self, envelope):
        value = self._function(envelope["context"], envelope["payload"])
        return self._await(value) if hasattr(value, "__await__") else value

    def _await(self, awaitable):
        import asyncio

        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)

        async def wait():
            return await awaitable

        return self._loop.run_until_complete(wait())


def prepare(header, bundle):
    """Makes the process the worker of one function, and gives its handler."""
    folder = header["folder"]
    os.environ.update(header["environment"])
    unpack(bundle, folder)
    os.chdir(folder)
    sys.path.insert(0, folder)
    return find_handler(header["handler"])


def load_failure(error, folder):
    lines = describe(error, folder)
    plain = isinstance(error, HandlerError)
    text = str(error) if plain else "\n".join(lines)
    return failure("FunctionError", text + "\n" + REFUSAL)


def load(channel, body):
    (length,) = LENGTH.unpack_from(body)
    start = LENGTH.size + length
    header = json.loads(body[LENGTH.size : start])
    marker = Marker(header["marker"])
    runner = None
    try:
        function = prepare(header, body[start:])
        runner = Runner(channel, function, marker, header["folder"], header["maxOutputBytes"])
        channel.send(READY, 0)
    except BaseException as error:  # a module may even call sys.exit
        channel.send(ERROR, 0, load_failure(error, header["folder"]))
    marker.write(0)
    channel.flush()
    return runner


def warm(modules):
    """What every function needs: Python loads it lazily."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    if modules:
        import site

        site.addsitedir(modules)


def main():
    warm(sys.argv[1] if len(sys.argv) > 1 else None)
    channel = Channel()
    channel.send(READY, 0)
    channel.flush()
    runner = None
    while runner is None:
        for frame in channel.read():
            if frame[0] == LOAD:
                runner = load(channel, frame[2])
            elif runner is not None:
                runner.receive([frame])
    runner.serve()


main()
