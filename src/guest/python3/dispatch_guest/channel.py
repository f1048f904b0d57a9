"""Frames on file descriptor 3 (PROTOCOL.md)."""

import _thread
import os
import select
import struct

CHANNEL = 3
HEADER = struct.Struct(">IIB")
READ_BYTES = 65536

LOAD, INVOKE, CANCEL, PROBE = 1, 2, 3, 4
READY, STARTED, RESULT, ERROR, CANCELLED, LATE, IDLE, TITLE = 16, 17, 18, 19, 20, 21, 22, 23


class Channel:
    """`send` collects, `flush` writes what was collected in one go, `post` writes at once and from any thread."""

    def __init__(self):
        self._received = b""
        self._pending = []
        self._writing = _thread.allocate_lock()
        self._poll = select.poll()
        self._poll.register(CHANNEL, select.POLLIN)

    def send(self, kind, number, body=b""):
        self._pending.append(HEADER.pack(len(body), number, kind) + body)

    def flush(self):
        if not self._pending:
            return
        data = b"".join(self._pending)
        self._pending.clear()
        self._write(data)

    def post(self, kind, number, body=b""):
        self._write(HEADER.pack(len(body), number, kind) + body)

    def _write(self, data):
        with self._writing:
            written = os.write(CHANNEL, data)
            while written < len(data):
                written += os.write(CHANNEL, memoryview(data)[written:])

    def waiting(self, milliseconds=0):
        return bool(self._poll.poll(milliseconds))

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
