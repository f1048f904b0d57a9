"""Processes that a run started and left behind (PROTOCOL.md)."""

import os
import signal
import time

NAMED = 10
PATIENCE = 0.05
# How often the kernel is asked at most: asking costs as much as a small run. What Python itself starts is known without asking.
ASK_AGAIN = 0.1


def last_number():
    """The number of the youngest process or thread in this namespace: while it stays the same, nothing was started."""
    return os.pread(LOAD, 128, 0).rpartition(b" ")[2]


LOAD = os.open("/proc/loadavg", os.O_RDONLY)


def numbers():
    return [entry for entry in os.listdir("/proc") if entry.isdigit()]


def processes():
    """All processes: number to (name, state, parent)."""
    found = {}
    for entry in numbers():
        try:
            with open("/proc/%s/stat" % entry, "rb") as file:
                head, _, tail = file.read().rpartition(b")")
        except OSError:
            continue  # it has ended
        fields = tail.split()
        found[int(entry)] = (head.partition(b"(")[2].decode("utf-8", "replace"), fields[0], int(fields[1]))
    return found


def notice_starts(notice):
    """Calls `notice` whenever Python starts a process."""
    import _posixsubprocess

    def wrap(owner, name):
        start = getattr(owner, name, None)
        if start is None:
            return

        def noticing(*values, **named):
            notice()
            return start(*values, **named)

        noticing.__name__, noticing.__doc__ = name, start.__doc__
        setattr(owner, name, noticing)

    wrap(_posixsubprocess, "fork_exec")
    for name in ("posix_spawn", "posix_spawnp", "system"):
        wrap(os, name)
    os.register_at_fork(before=notice)


class Leftovers:
    """To be made before the function's code runs, so that it cannot keep the unwatched calls."""

    def __init__(self):
        self._kept = set()
        self._last = b""
        self._ask_again = 0.0
        self._started = False
        notice_starts(self._notice)

    def keep(self):
        """To be called when the function is loaded: processes that live now belong to the worker."""
        self._kept = set(map(int, numbers()))
        self._last = last_number()
        self._started = False
        self._ask_again = 0.0

    def _notice(self):
        self._started = True

    def end(self):
        """Ends what the run left behind, and gives the line that says so; None when there was nothing."""
        now = time.monotonic()
        if not self._started:
            if now < self._ask_again:
                return None
            if last_number() == self._last:
                self._ask_again = now + ASK_AGAIN
                return None
        self._ask_again = now + ASK_AGAIN
        self._started = False
        named = {}
        until = time.monotonic() + PATIENCE
        while True:
            alive = self._alive()
            if not alive:
                break
            for number, name in alive.items():
                named[number] = name
                self._kill(number)
            time.sleep(0.0005)
            if time.monotonic() > until:
                break  # after once at least, however long a busy machine takes to list them
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
