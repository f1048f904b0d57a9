"""The function's stdout and stderr: markers, and what is written for a run that has ended (PROTOCOL.md)."""

import contextvars
import fcntl
import io
import json
import os
import sys
import time

from .channel import LATE

LONGEST_LINE = 16384

# The guest's own copies of 1 and 2, for the case that the function closes or replaces those.
OWN_STDOUT, OWN_STDERR = 7, 8

RUN = contextvars.ContextVar("dispatch_run", default=None)


class Output(io.TextIOWrapper):
    """An output as Python makes it. It becomes a GuardedOutput as soon as something could write for a run that has ended."""


class GuardedOutput(Output):
    guard = None

    def write(self, text):
        number = self.guard.late()
        if number is None:
            return io.TextIOWrapper.write(self, text)
        self.guard.say(number, "stderr" if self is sys.stderr else "stdout", text)
        return len(text)


def open_output(name, buffer):
    stream = Output(buffer, encoding="utf-8", errors="backslashreplace", line_buffering=True)
    setattr(sys, name, stream)
    setattr(sys, "__%s__" % name, stream)
    return stream


def open_outputs():
    for name in ("stdout", "stderr"):
        open_output(name, getattr(sys, name).detach())


def reopened(stream, name, descriptor):
    """A run that closes sys.stdout closes it for itself, not for the runs after it."""
    if not stream.closed:
        return stream
    return open_output(name, io.BufferedWriter(io.FileIO(descriptor, "w", closefd=False)))


class Guard:
    """Tells the output of tasks, timers and threads of earlier runs from that of the run that is going on."""

    def __init__(self, channel):
        self._channel = channel
        self._stdout, self._stderr = sys.__stdout__, sys.__stderr__
        # A function may give itself others while it is loaded, but no run takes them from the runs after it.
        self._given = {name: getattr(sys, name, None) for name in ("stdout", "stderr")}
        self._rest = {}
        self.current = None
        self._remember(None)  # threads from the time of loading are of no run

    def begin(self, number):
        if self._stdout.closed or self._stderr.closed:
            self._reopen()
        for name, stream in self._given.items():
            if getattr(sys, name, None) is not stream:
                setattr(sys, name, stream)
        self.current = number
        RUN.set(number)

    def _reopen(self):
        before = {"stdout": self._stdout, "stderr": self._stderr}
        self._stdout = reopened(self._stdout, "stdout", 1)
        self._stderr = reopened(self._stderr, "stderr", 2)
        for name, stream in (("stdout", self._stdout), ("stderr", self._stderr)):
            if self._given[name] is before[name]:
                self._given[name] = stream
        if GuardedOutput.guard is not None:
            self._guard_outputs()

    def end(self, loop):
        """After a run: whatever could still write for it is remembered as its own."""
        number, self.current = self.current, None
        if self._remember(number):
            self._watch()
        if loop is not None and (getattr(loop, "_scheduled", None) or getattr(loop, "_ready", None)):
            self._watch()

    @staticmethod
    def _remember(number):
        """Remembers to which run the threads belong that still live; False when there are none."""
        threading = sys.modules.get("threading")
        if threading is None or threading.active_count() <= 1:
            return False
        for thread in threading.enumerate():
            if thread is not threading.main_thread():
                thread.__dict__.setdefault("_dispatch_run", None if is_pooled(thread) else number)
        return True

    def late(self):
        """The number of the ended run for which this is being written; None for the one that is going on."""
        number = RUN.get()
        if number is None:
            threading = sys.modules.get("threading")
            thread = threading.current_thread() if threading is not None else None
            number = getattr(thread, "_dispatch_run", None)
        return number if number is not None and number != self.current else None

    def say(self, number, stream, text):
        """Sends whole lines to the server's log."""
        key = (number, stream)
        lines = (self._rest.pop(key, "") + text).split("\n")
        for line in lines[:-1]:
            self.post(number, stream, line)
        rest = lines[-1]
        if len(rest) > LONGEST_LINE:
            self.post(number, stream, rest)
        elif rest:
            self._rest[key] = rest

    def post(self, number, stream, text):
        body = json.dumps({"stream": stream, "text": text[:LONGEST_LINE]})
        self._channel.post(LATE, number, body.encode())

    def _watch(self):
        if GuardedOutput.guard is not None:
            return
        GuardedOutput.guard = self
        self._guard_outputs()

    def _guard_outputs(self):
        for stream in (self._stdout, self._stderr):
            stream.__class__ = GuardedOutput


def is_pooled(thread):
    """The threads of an executor work for whichever run gave them something to do."""
    pools = sys.modules.get("concurrent.futures.thread")
    return pools is not None and getattr(thread, "_target", None) is pools._worker


class NativeOutput:
    """What C libraries print waits in a buffer of their own, which has to be emptied before the marker."""

    def __init__(self):
        self._seen = 0
        self._flush = None

    def flush(self):
        if len(sys.modules) != self._seen:
            self._seen = len(sys.modules)
            if self._flush is None and any(is_native(name) for name in list(sys.modules)):
                self._find()
        if self._flush is not None:
            self._flush(None)

    def _find(self):
        try:
            import ctypes

            self._flush = ctypes.CDLL(None).fflush
        except (ImportError, OSError, AttributeError):
            self._flush = None


def is_native(name):
    if name in ("ctypes", "_cffi_backend"):
        return True
    file = getattr(sys.modules.get(name), "__file__", None)
    return isinstance(file, str) and file.endswith(".so") and "lib-dynload" not in file


def _write_whole(descriptor, data):
    """Waits while the reader is behind, also where the function made the descriptor non-blocking."""
    written = 0
    while written < len(data):
        try:
            written += os.write(descriptor, data[written:] if written else data)
        except BlockingIOError:
            time.sleep(0.001)


def _flush(stream):
    try:
        stream.flush()
    except BaseException:
        pass  # closed or replaced by the function


class OwnOutput:
    """One of the function's two outputs, which is put back when a run has closed or replaced it.

    Each run asks, so asking has to be cheap. The file that both descriptors share is told a signal that nobody will ever be
    sent, because nobody asks for signals of it; another file knows nothing of it. That is a quarter of what fstat costs.
    """

    def __init__(self, descriptor, copy):
        self.descriptor, self.copy = descriptor, copy
        os.set_inheritable(copy, False)
        self._sign = SIGNS + descriptor
        fcntl.fcntl(copy, F_SETSIG, self._sign)

    def put_back(self):
        """True when that was needed."""
        try:
            if fcntl.fcntl(self.descriptor, F_GETSIG) == self._sign:
                return False
        except OSError:
            pass  # closed
        try:
            os.dup2(self.copy, self.descriptor)
            return True
        except OSError:
            return False  # the function closed the copy, too


# Of Linux; Python has no names for them.
F_SETSIG, F_GETSIG = 10, 11
# Real-time signals that neither the C library nor Python uses.
SIGNS = 50


class Marker:
    """Ends the output of an invocation on stdout and stderr."""

    def __init__(self, text, outputs=((1, OWN_STDOUT), (2, OWN_STDERR))):
        self._format = ("\0" + text + ":%08x\n").encode()
        self._native = NativeOutput()
        self._outputs = [(name, OwnOutput(own, copy)) for name, (own, copy) in zip(("stdout", "stderr"), outputs)]

    def write(self, number):
        marker = self._format % number
        self._native.flush()
        for name, output in self._outputs:
            stream = getattr(sys, name, None)
            _flush(stream)
            if output.put_back():
                _flush(stream)  # what the closed descriptor refused
            try:
                _write_whole(output.copy, marker)
            except OSError:
                pass  # closed by the function; the server does not wait for it long
