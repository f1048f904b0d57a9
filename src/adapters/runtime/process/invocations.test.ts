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

/** What a guest says of a run from its start to its result. */
const end = (invocations: Invocations, number: number, output: string): void => {
  invocations.started(number);
  invocations.finished(number, output, undefined);
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
    end(invocations, 1, "1");
    end(invocations, 2, "2");
    invocations.marker("stdout", 2);
    expect(events).toEqual(["a started", "b started"]);
    invocations.marker("stderr", 2);
    expect(events.slice(2)).toEqual(["a finished 1", "b finished 2"]);
  });

  test("own the lines up to their marker, also when the next result was read before", () => {
    const { invocations, events } = make("a", "b");
    end(invocations, 1, "1");
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
    end(invocations, 1, "1");
    for (const stream of ["stdout", "stderr"] as const) invocations.marker(stream, 1);
    invocations.recordOf("stdout")?.add("stdout", "first", 6);
    invocations.recordOf("stderr")?.add("stderr", "only", 5);
    for (const cancelled of [2, 3]) {
      invocations.cancelling(cancelled);
      invocations.cancelled(cancelled);
    }
    invocations.recordOf("stdout")?.add("stdout", "second", 7);
    const logs = { stdout: ["first", "second"], stderr: ["only"] };
    expect(invocations.recordOf("stdout")?.logs).toEqual(logs);
    invocations.marker("stdout", 4);
    invocations.marker("stderr", 4);
    end(invocations, 4, "4");
    expect(events.at(-1)).toBe("d finished 4");
  });

  test("own nothing while none is there", () => {
    const { invocations } = make();
    expect(invocations.recordOf("stdout")).toBeUndefined();
  });

  test("end without their markers when these are given up", () => {
    const { invocations, events } = make("a", "b");
    end(invocations, 1, "1");
    invocations.giveUpMarkers();
    expect(events).toEqual(["a started", "a finished 1"]);
  });

  test("fail when their worker ends under them, and are returned when they had not started", () => {
    const { invocations, events } = make("a", "b", "c");
    end(invocations, 1, "1");
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
    invocations.cancelling(2);
    invocations.cancelled(2);
    expect(events).toEqual(["a started", "b returned"]);
  });
});

type Said = (invocations: Invocations) => string | undefined;

describe("what no honest guest says, of three runs of which the first goes on", () => {
  test.each<[string, Said, RegExp]>([
    ["a result of nobody", (is) => is.finished(9, "1", undefined), /result for run 9, which was not running/],
    ["a result of one that waits", (is) => is.finished(2, "1", undefined), /result for run 2, which was not running/],
    ["the start of one whose turn it is not", (is) => is.started(3), /run 3 begins, whose turn it was not/],
    ["a second start", (is) => is.started(1), /run 1 begins, whose turn it was not/],
    ["a run given back that nobody wants", (is) => is.cancelled(2), /gave back run 2, which nobody had asked for/],
    ["a run given back that has started", (is) => is.cancelled(1), /gave back run 1/],
    ["the end of output of nobody", (is) => is.marker("stdout", 4), /output of run 4, which does not exist/],
    ["the end of output twice", (is) => is.marker("stdout", 1) ?? is.marker("stdout", 1), /run 1 more than once/],
    ["the end of output of a later run", (is) => is.marker("stderr", 3) ?? is.marker("stderr", 1), /run 1 more than/],
  ])("%s is told in a sentence", (_name, say, sentence) => {
    const { invocations } = make("a", "b", "c");
    expect(invocations.started(1)).toBeUndefined();
    expect(say(invocations)).toMatch(sentence);
  });

  test("a second result is one of these, and changes nothing", () => {
    const { invocations, events } = make("a");
    end(invocations, 1, "1");
    expect(invocations.finished(1, "2", undefined)).toMatch(/run 1, which was not running/);
    invocations.marker("stdout", 1);
    invocations.marker("stderr", 1);
    expect(events).toEqual(["a started", "a finished 1"]);
  });
});
