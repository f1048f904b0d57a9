"""The Python guest: warms up, becomes the worker of one function, and runs it. See ../PROTOCOL.md.

Python 3.9 or later, standard library only. Started with -I -S: nothing of the machine's own packages is visible.
"""

import json
import os
import site
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from dispatch_guest.channel import ERROR, LOAD, READY, Channel  # noqa: E402
from dispatch_guest.failure import load_failure  # noqa: E402
from dispatch_guest.leftovers import Leftovers  # noqa: E402
from dispatch_guest.loading import add_to_path, find_handler, unpack  # noqa: E402
from dispatch_guest.older_names import restore_collections  # noqa: E402
from dispatch_guest.output import Guard, Marker, open_outputs  # noqa: E402
from dispatch_guest.rehearsal import rehearse_unless_wanted  # noqa: E402
from dispatch_guest.runner import Runner  # noqa: E402

del sys.path[0]

LENGTH = struct.Struct(">I")


def prepare(header, bundle):
    """Makes the process the worker of one function, and gives its handler."""
    folder = header["folder"]
    os.environ.update(header["environment"])
    if header.get("modules"):
        site.addsitedir(header["modules"])  # runs what the packages' .pth files say
    (length,) = LENGTH.unpack_from(bundle)
    start = LENGTH.size + length
    unpack(json.loads(bundle[LENGTH.size : start]), bundle, start, folder)
    os.chdir(folder)
    add_to_path(folder)
    return find_handler(header["handler"], folder)


def load(channel, body, leftovers):
    (length,) = LENGTH.unpack_from(body)
    start = LENGTH.size + length
    header = json.loads(body[LENGTH.size : start])
    folder = header["folder"]
    marker = Marker(header["marker"])
    if not header.get("alone"):
        leftovers = None
    runner = None
    try:
        function = prepare(header, body[start:])
        if leftovers is not None:
            leftovers.keep()
        runner = Runner(channel, function, marker, Guard(channel), leftovers, folder, header["maxOutputBytes"])
        channel.send(READY, 0)
    except BaseException as error:  # a module may even call sys.exit
        channel.send(ERROR, 0, load_failure(error, folder))
    marker.write(0)
    channel.flush()
    return runner


def main():
    open_outputs()
    restore_collections()
    channel = Channel()
    leftovers = Leftovers()
    channel.send(READY, 0)
    channel.flush()
    rehearse_unless_wanted(channel, leftovers)
    runner = None
    while runner is None:
        for frame in channel.read():
            if frame[0] == LOAD:
                runner = load(channel, frame[2], leftovers)
            elif runner is not None:
                runner.receive([frame])
    runner.serve()


main()
