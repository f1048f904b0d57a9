import { describe, expect, test } from "vitest";
import type { FunctionFailure, InvocationListener } from "../../../core/shared/ports.ts";
import { Invocations } from "./invocations.ts";

const FAILURE: FunctionFailure = { type: "FunctionError", message: "gone", stacktrace: null };

const listen = (events: string[], name: string): InvocationListener => ({
  started: () => events.push(`${name} started`),
  log: (stream, line) => events.push(`${name} ${stream} ${line}`),
  finished: ({ output, error }) => events.push(`${name} finished ${output ?? error?.message}`),
  returned: () => events.push(`${name} returned`),
});

const make = (...names: string[]): { invocations: Invocations; events: string[] } => {
  const events: string[] = [];
  const invocations = new Invocations(1000);
  for (const name of names) invocations.add(listen(events, name));
  return { invocations, events };
};

describe("invocations", () => {
  test("end when their result and both markers are here, in whatever order these come", () => {
    const { invocations, events } = make("a");
    invocations.started(1);
    invocations.marker("stderr", 1);
    invocations.finished(1, "7", undefined);
    expect(events).toEqual(["a started"]);
    invocations.marker("stdout", 1);
    expect(events).toEqual(["a started", "a finished 7"]);
  });

  test("end in the order of their calls", () => {
    const { invocations, events } = make("a", "b");
    invocations.finished(1, "1", undefined);
    invocations.finished(2, "2", undefined);
    invocations.marker("stdout", 2);
    expect(events).toEqual(["a started", "b started"]);
    invocations.marker("stderr", 2);
    expect(events.slice(2)).toEqual(["a finished 1", "b finished 2"]);
  });

  test("own the lines up to their marker, also when the next result was read before", () => {
    const { invocations, events } = make("a", "b");
    invocations.finished(1, "1", undefined);
    invocations.recordOf("stdout")?.add("stdout", "of a", 5);
    invocations.marker("stdout", 1);
    invocations.recordOf("stdout")?.add("stdout", "of b", 5);
    invocations.recordOf("stderr")?.add("stderr", "of a", 5);
    expect(events.filter((event) => event.includes(" of "))).toEqual([
      "a stdout of a",
      "b stdout of b",
      "a stderr of a",
    ]);
  });

  test("own the lines that were read before the news that the one ahead of them was cancelled", () => {
    const { invocations, events } = make("a", "b", "c", "d");
    invocations.finished(1, "1", undefined);
    for (const stream of ["stdout", "stderr"] as const) invocations.marker(stream, 1);
    invocations.recordOf("stdout")?.add("stdout", "first", 6);
    invocations.recordOf("stderr")?.add("stderr", "only", 5);
    for (const cancelled of [2, 3]) invocations.cancelled(cancelled);
    invocations.recordOf("stdout")?.add("stdout", "second", 7);
    const logs = { stdout: ["first", "second"], stderr: ["only"] };
    expect(invocations.recordOf("stdout")?.logs).toEqual(logs);
    invocations.marker("stdout", 4);
    invocations.marker("stderr", 4);
    invocations.finished(4, "4", undefined);
    expect(events.at(-1)).toBe("d finished 4");
  });

  test("own nothing while none is there", () => {
    const { invocations } = make();
    expect(invocations.recordOf("stdout")).toBeUndefined();
  });

  test("end without their markers when these are given up", () => {
    const { invocations, events } = make("a", "b");
    invocations.finished(1, "1", undefined);
    invocations.giveUpMarkers();
    expect(events).toEqual(["a started", "a finished 1"]);
  });

  test("fail when their worker ends under them, and are returned when they had not started", () => {
    const { invocations, events } = make("a", "b", "c");
    invocations.finished(1, "1", undefined);
    invocations.started(2);
    invocations.end(FAILURE);
    expect(events.filter((event) => !event.endsWith("started"))).toEqual([
      "a finished 1",
      "b finished gone",
      "c returned",
    ]);
  });

  test("are returned when cancelled, unless they have started", () => {
    const { invocations, events } = make("a", "b");
    invocations.started(1);
    invocations.cancelled(1);
    invocations.cancelled(2);
    expect(events).toEqual(["a started", "b returned"]);
  });

  test("hear the first result only, and results of nobody are ignored", () => {
    const { invocations, events } = make("a");
    invocations.finished(9, "9", undefined);
    invocations.finished(1, "1", undefined);
    invocations.finished(1, "2", undefined);
    invocations.marker("stdout", 1);
    invocations.marker("stderr", 1);
    invocations.finished(1, "3", undefined);
    expect(events).toEqual(["a started", "a finished 1"]);
  });
});
