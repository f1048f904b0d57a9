"""A load and some runs that nobody asked for: the first use of almost everything is slow.

Says nothing to the server, writes to /dev/null alone, and leaves nothing that a function could see.
"""

import contextvars
import linecache
import os
import sys

from .loading import find_handler
from .output import Guard, Marker
from .runner import Runner

PATIENCE_MS = 100
FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "rehearsed")
MODULE = "dispatch_rehearsed"
PAYLOADS = (b'{"name":"a","items":[1,2,3]}', b"null", b'{"name":"a","items":[]}')


class Silent:
    """A channel to nobody."""

    def send(self, kind, number, body=b""):
        pass

    flush = post = send


def rehearse_unless_wanted(channel, leftovers):
    """Rehearses once nobody has sent a function for a while: who waits for the worker is not to wait for this."""
    if channel.waiting(PATIENCE_MS):
        return
    nowhere = os.open("/dev/null", os.O_WRONLY)
    try:
        # What a run sets in its context is forgotten with it.
        contextvars.copy_context().run(rehearse, leftovers, nowhere)
    except Exception:
        pass  # then the first function pays for it
    finally:
        os.close(nowhere)
        forget()


def rehearse(leftovers, nowhere):
    os.chdir(os.getcwd())
    sys.path.insert(0, FOLDER)
    function = find_handler(MODULE + ".handle", FOLDER)
    leftovers.keep()
    marker = Marker("rehearsal", ((nowhere, nowhere), (nowhere, nowhere)))
    silent = Silent()
    # It ends no process: only the load of a function says whether those that are new belong to this worker or to the machine.
    runner = Runner(silent, function, marker, Guard(silent), None, FOLDER, 1000)
    for number, payload in enumerate(PAYLOADS):
        runner.run(number, b'{"context":{"runId":"1"},"payload":%s}' % payload)


def forget():
    if FOLDER in sys.path:
        sys.path.remove(FOLDER)
    sys.modules.pop(MODULE, None)
    sys.path_importer_cache.pop(FOLDER, None)
    linecache.clearcache()
