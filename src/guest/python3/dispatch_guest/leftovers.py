"""Processes that a run started and left behind (PROTOCOL.md)."""

import os
import signal
import time

NAMED = 10
PATIENCE = 0.05


def last_number():
    """Of the youngest process or thread in this namespace: while it stays, nothing was started."""
    return os.pread(LOAD, 128, 0).rpartition(b" ")[2]


LOAD = os.open("/proc/loadavg", os.O_RDONLY)


def processes():
    """Number to (name, state, parent)."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % entry, "rb") as file:
                head, _, tail = file.read().rpartition(b")")
        except OSError:
            continue  # it has ended
        fields = tail.split()
        found[int(entry)] = (head.partition(b"(")[2].decode("utf-8", "replace"), fields[0], int(fields[1]))
    return found


class Leftovers:
    """Made when the function is loaded: what was started until then belongs to the worker."""

    def __init__(self):
        self._kept = set(processes())
        self._last = last_number()

    def end(self):
        """Ends what the run left behind, and gives the line that says so; None when there was nothing."""
        if last_number() == self._last:
            return None
        named = {}
        until = time.monotonic() + PATIENCE
        while True:
            alive = self._alive()
            if not alive or time.monotonic() > until:
                break
            for number, name in alive.items():
                named[number] = name
                self._kill(number)
            time.sleep(0.0005)
        self._last = last_number()
        return self._line(named)

    def _alive(self):
        found = processes()
        return {
            number: name
            for number, (name, state, _) in found.items()
            if state not in (b"Z", b"X") and number not in self._kept and not self._is_kept_family(found, number)
        }

    def _is_kept_family(self, found, number):
        """Whether it descends from a helper that was started while the function was loaded."""
        helpers = self._kept - {1, os.getpid()}
        while number in found:
            number = found[number][2]
            if number in helpers:
                return True
        return False

    @staticmethod
    def _kill(number):
        try:
            os.kill(number, signal.SIGKILL)
        except OSError:
            pass  # it has ended

    @staticmethod
    def _line(named):
        if not named:
            return None
        some = ["%s (%d)" % (name, number) for number, name in list(named.items())[:NAMED]]
        more = " and %d more" % (len(named) - NAMED) if len(named) > NAMED else ""
        return "dispatch: the run left processes behind, which were ended: %s%s" % (", ".join(some), more)
