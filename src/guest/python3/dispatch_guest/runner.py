"""Runs invocations one at a time in the order of arrival."""

import collections
import json
import os
import sys

from .channel import CANCEL, CANCELLED, ERROR, IDLE, INVOKE, PROBE, RESULT, STARTED
from .context import Context
from .failure import failure, failure_of
from .result import serialise, why_not

# The decoder is used directly: json.loads would first look for blanks around the envelope, which has none.
DECODER = json.JSONDecoder()
CANCEL_PATIENCE = 1.0
NAMED = 10


def say(line):
    """A line of our own in the run's log."""
    try:
        print(line, file=sys.stderr)
    except BaseException:
        pass  # closed or replaced by the function


def names_of(tasks):
    names = [getattr(task.get_coro(), "__qualname__", "task") for task in tasks]
    return ", ".join(names[:NAMED]) + (" and %d more" % (len(names) - NAMED) if len(names) > NAMED else "")


class Runner:
    def __init__(self, channel, function, marker, guard, leftovers, folder, max_output_bytes):
        self._channel = channel
        self._function = function
        self._marker = marker
        self._guard = guard
        self._leftovers = leftovers
        self._folder = folder
        self._max_output_bytes = max_output_bytes
        self._queue = collections.deque()
        self._loop = None
        self._forked = False
        self._spoilt = False

    def receive(self, frames):
        for kind, number, body in frames:
            if kind == INVOKE:
                self._queue.append((number, body))
            elif kind == CANCEL:
                self._cancel(number)
            elif kind == PROBE:
                self._channel.send(IDLE, 0)
                self._channel.flush()

    def _cancel(self, number):
        for waiting in self._queue:
            if waiting[0] == number:
                self._queue.remove(waiting)
                self._channel.send(CANCELLED, number)
                self._channel.flush()
                return

    def serve(self):
        os.register_at_fork(after_in_child=self._note_fork)
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
                self.run(number, envelope)

    def run(self, number, envelope):
        self._guard.begin(number)
        kind, body = self._outcome(number, envelope)
        if self._forked:
            self._end_fork(kind)
        if self._leftovers is not None:
            line = self._leftovers.end()
            if line is not None:
                say(line)
        self._guard.end(self._loop)
        self._marker.write(number)
        self._channel.send(kind, number, body)
        if self._spoilt:
            self._channel.flush()
            os._exit(0)

    def _note_fork(self):
        self._forked = True

    def _end_fork(self, kind):
        """A process that the handler forked has come back from it: it ends as any process does."""
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(0 if kind == RESULT else 1)

    def _outcome(self, number, envelope):
        context = None
        try:
            parts, _ = DECODER.raw_decode(envelope.decode())
            context = Context.of(parts["context"], self._channel, number)
            value = self._call(context, parts["payload"])
        except BaseException as error:  # whatever a function raises, SystemExit included, is the run's error
            return ERROR, failure_of(error, self._folder)
        finally:
            if context is not None:
                context.ended()
        try:
            body = serialise(value)
        except BaseException as error:
            return ERROR, failure("FunctionError", why_not(value, error))
        if len(body) > self._max_output_bytes:
            limit = "the result cannot be written as JSON: it is longer than the limit of %d bytes"
            return ERROR, failure("FunctionError", limit % self._max_output_bytes)
        return RESULT, body

    def _call(self, context, payload):
        value = self._function(context, payload)
        return self._await(value) if hasattr(value, "__await__") else value

    def _await(self, awaitable):
        import asyncio

        if self._loop is None or self._loop.is_closed():
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)

        async def wait():
            return await awaitable

        try:
            return self._loop.run_until_complete(wait())
        finally:
            if not self._forked:
                self._end_tasks(asyncio)

    def _end_tasks(self, asyncio):
        """Tasks end with their run, as asyncio.run ends them."""
        known = getattr(asyncio.tasks, "_all_tasks", None)  # asking it for its size is far cheaper than all_tasks
        tasks = asyncio.all_tasks(self._loop) if known is None or len(known) > 0 else None
        if not tasks:
            return
        say("dispatch: the handler returned before its tasks had ended, so they were cancelled: %s" % names_of(tasks))
        for task in tasks:
            task.cancel()
        done, pending = self._loop.run_until_complete(asyncio.wait(tasks, timeout=CANCEL_PATIENCE))
        for task in done:
            if not task.cancelled() and task.exception() is not None:
                context = {"message": "a task failed while it was cancelled", "exception": task.exception(), "task": task}
                self._loop.call_exception_handler(context)
        if pending:
            say("dispatch: they did not end, so the worker is ended after this run: %s" % names_of(pending))
            self._spoilt = True
