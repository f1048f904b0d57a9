/** What every language must do alike: every subject passes every case. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Afterwards, Outcome, Worker } from "../../../src/core/shared/ports.ts";
import { type Harness, invoke, run } from "../runtime-harness.ts";
import type { Broken, Subject } from "./subject.ts";

/** Starts a worker with the files of a function. */
export type Deploy = (
  files: Readonly<Record<string, string>>,
  afterwards?: (event: Afterwards) => void,
) => Promise<Worker>;

const MASKED = /the password is \*+/;
const LOG_BYTES = 64 * 1024;

/** JSON values that must come back as they went. */
const values: Readonly<Record<string, unknown>> = {
  null: null,
  true: true,
  false: false,
  zero: 0,
  "a negative number": -42,
  "a fraction": 1.5,
  "a number of 53 bits": 9007199254740991,
  "an empty text": "",
  "a text": "hello",
  "a text like a number": "007",
  "a text like a date": "2024-02-29T12:34:56.789Z",
  "text of many scripts": 'grüße 日本 🌍 \u2028 \u0000 " \\ /',
  "an empty list": [],
  "a list of one": [1],
  "a list of lists": [[1], [], [[2]]],
  "a list of null": [null],
  "a list of many kinds": [1, "a", null, true, { b: [] }],
  "an empty object": {},
  "an object in an object": { a: { b: { c: { d: { e: { f: 1 } } } } } },
  "names that need care": { "a b": 1, ü: 2, $x: 3, count: 4, length: 5, keys: 6 },
};

export const languageSuite = (subject: Subject, harness: () => Harness, deploy: Deploy): void => {
  const { source, without = {} } = subject;
  const files = { [subject.file]: source, "data.txt": "däta" };
  const late: Afterwards[] = [];
  let worker: Worker;
  const start = async (): Promise<void> => {
    worker = await deploy(files, (event) => late.push(event));
  };
  beforeAll(start, 60_000);
  afterAll(() => worker.stop("retired"));

  const ask = (op: string, value: unknown = null, context: object = {}): Promise<Outcome> =>
    run(worker, { op, value }, context);
  const answer = async (op: string, value: unknown = null, context: object = {}): Promise<unknown> => {
    const { output, error } = await ask(op, value, context);
    if (error !== undefined) throw new Error(`${error.type}: ${error.message}`);
    return JSON.parse(output);
  };
  const can = (name: string) => (name in without ? test.skip : test);
  const named = (text: string, name: string): string =>
    name in without ? `${text} (SKIPPED: ${without[name]})` : text;

  describe("values", () => {
    test.each(Object.entries(values))("%s comes back as it went", async (_name, value) => {
      expect(await answer("echo", value)).toEqual(value);
    });

    test("names that differ in their case alone stay two", async () => {
      expect(await answer("echo", { a: 1, A: 2 })).toEqual({ a: 1, A: 2 });
    });

    test("a whole number beyond 64 bits keeps its digits", async () => {
      const ended = Promise.withResolvers<Outcome | "returned">();
      worker.invoke('{"context":{},"payload":{"op":"echo","value":12345678901234567000}}', {
        started: () => {},
        log: () => {},
        finished: ended.resolve,
        returned: () => ended.resolve("returned"),
      });
      const outcome = await ended.promise;
      expect(Number((outcome as Outcome).output)).toBe(12345678901234567000);
    });

    test("a text of a megabyte", async () => {
      const text = "ü".repeat(500_000);
      expect(await answer("echo", text)).toBe(text);
    });

    test("a thousand objects", async () => {
      const list = Array.from({ length: 1000 }, (_, index) => ({ index, name: `vm-${index}` }));
      expect(await answer("echo", list)).toEqual(list);
    });

    test("lists that nest 200 levels", async () => {
      const nested = `${"[".repeat(200)}1${"]".repeat(200)}`;
      expect(JSON.stringify(await answer("echo", JSON.parse(nested)))).toBe(nested);
    });

    test("objects that nest 100 levels", async () => {
      const nested = `${'{"a":'.repeat(100)}1${"}".repeat(100)}`;
      expect(JSON.stringify(await answer("echo", JSON.parse(nested)))).toBe(nested);
    });

    test("nothing is null", async () => {
      expect(await answer("nothing")).toBeNull();
    });
  });

  describe("the context", () => {
    test("arrives whole, with all of its keys", async () => {
      const context = {
        secrets: { password: "hunter2x", "with-dash": "a" },
        serviceBindings: {},
        event: { eventType: "vm.deployed", eventTime: "2024-01-01T00:00:00Z", data: null },
        httpContext: { "request-uri": "/a?b=c", request_uri: "/a?b=c", method: "GET", "user-agent": "x" },
        deadline: "2030-01-01T00:00:00Z",
        run: { id: "1", attempt: 1, idempotencyKey: null },
        dispatch: { url: "http://127.0.0.1:8080", token: "t" },
      };
      expect(await answer("context", null, context)).toEqual(context);
    });
  });

  describe("errors", () => {
    test("the caller's mistake is an InputError with its message", async () => {
      expect((await ask("input")).error).toMatchObject({ type: "InputError", message: "the input is wrong" });
    });

    test("any other is a FunctionError with its message", async () => {
      expect((await ask("failure")).error).toMatchObject({ type: "FunctionError", message: "the function is wrong" });
    });

    test("its trace names the function's own file, and nothing of the server's", async () => {
      const trace = (await ask("failure")).error?.stacktrace?.join("\n") ?? "";
      expect(trace).toContain(subject.file.replace(/^.*\//, ""));
      expect(trace).not.toMatch(/\/opt\/dispatch|\/function\//);
    });

    test("the cause is told", async () => {
      const message = (await ask("caused")).error?.message ?? "";
      expect(message).toMatch(/cannot save[\s\S]*the disk is full/);
    });

    test("several reasons are all told", async () => {
      const message = (await ask("several")).error?.message ?? "";
      expect(message).toMatch(/several things/);
      expect(message).toContain("first reason");
      expect(message).toContain("second reason");
    });

    test("a result that JSON cannot hold is named", async () => {
      const { error } = await ask("unserialisable");
      expect(error).toMatchObject({ type: "FunctionError" });
      expect(error?.message).toContain("the result cannot be written as JSON: ");
    });

    test("a result that is too long is refused by its size", async () => {
      expect((await ask("long", 3_000_000)).error?.message).toContain("limit of 2097152 bytes");
      expect(await answer("long", 10)).toBe("xxxxxxxxxx");
    });

    test("after each of them the worker goes on", async () => {
      await ask("failure");
      expect(await answer("echo", "still here")).toBe("still here");
    });
  });

  describe("output", () => {
    test("both streams, whole lines and partial ones", async () => {
      const { logs } = await ask("talk", 7);
      expect(logs.stdout).toEqual(["out 7", "rest 7"]);
      expect(logs.stderr?.join("\n")).toContain("err 7");
    });

    test("of runs in a row never mix", async () => {
      const outcomes = await Promise.all([1, 2, 3, 4, 5].map((number) => ask("talk", number)));
      expect(outcomes.map(({ logs }) => logs.stdout)).toEqual(
        [1, 2, 3, 4, 5].map((number) => [`out ${number}`, `rest ${number}`]),
      );
    });

    test("a silent run has none", async () => {
      expect((await ask("echo", 1)).logs).toEqual({ stdout: null, stderr: null });
    });

    test("a flood is cut with a line that says so", async () => {
      const lines = (await ask("flood", 3000)).logs.stdout ?? [];
      expect(lines.join("\n").length).toBeLessThan(LOG_BYTES * 1.5);
    });

    test("of a program that the function starts is the run's", async () => {
      const { logs } = await ask("child");
      expect(logs.stdout).toContain("from the child");
      expect(logs.stderr?.join("\n")).toContain("to its errors");
    });

    can("late")(named("that comes after the end of its run is in no other run", "late"), async () => {
      expect(await answer("late")).toBe("ended");
      const next = await ask("slow", 400);
      expect(next.logs.stdout).toBeNull();
      expect(late.map(({ text }) => text).join("\n")).toContain("too late");
    });

    test("secrets are hidden in it, and in errors", async () => {
      const outcome = await ask("secret", null, { secrets: { password: "hunter2" } });
      expect(outcome.logs.stdout?.join("\n")).toMatch(MASKED);
      expect(outcome.error?.message).not.toContain("hunter2");
    });
  });

  describe("a worker", () => {
    test("keeps its state from run to run", async () => {
      const first = Number(await answer("count"));
      expect(await answer("count")).toBe(first + 1);
    });

    test("runs in the order of the calls", async () => {
      const numbers = await Promise.all(Array.from({ length: 10 }, () => answer("count")));
      expect(numbers).toEqual(numbers.toSorted((a, b) => Number(a) - Number(b)));
    });

    test("gives back what waits when it is cancelled, and runs the rest", async () => {
      const slow = invoke(worker, { op: "slow", value: 300 });
      const waiting = invoke(worker, { op: "echo", value: 1 });
      await slow.started;
      worker.cancel(waiting.number);
      expect(await waiting.ended).toBe("returned");
      expect((await slow.ended) as Outcome).toMatchObject({ output: '"slept"' });
    });

    test("sees its environment variables, and none of the server's", async () => {
      process.env.SERVER_SECRET = "of the server";
      expect(await answer("variable", "GREETING")).toBe("hello");
      expect(await answer("variable", "SERVER_SECRET")).toBeNull();
      delete process.env.SERVER_SECRET;
    });

    test("reads the files of its source", async () => {
      expect(await answer("file")).toBe("däta");
    });

    test("writes to /tmp and nowhere else", async () => {
      expect(await answer("write")).toBe("kept");
      if (harness().sandbox.mode === "bubblewrap") expect(await answer("outside")).toBe("refused");
    });

    test("finds its own interpreter on the PATH", async () => {
      expect(await answer("interpreter")).toBe(`/opt/dispatch/bin/${subject.interpreter}`);
    });

    test("ends the processes that a run leaves behind, and says so", async () => {
      await ask("leave");
      await new Promise((resolve) => setTimeout(resolve, 150));
      const lines: string[] = [];
      for (let at = 0; at < 2; at++) lines.push(...((await ask("leave")).logs.stderr ?? []));
      expect(lines.join("\n")).toMatch(/the run left processes behind, which were ended: .*\bsleep\b/);
    });

    test("answers when it is asked whether it is idle", async () => {
      worker.probe();
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await answer("echo", 1)).toBe(1);
    });
  });

  describe("an end", () => {
    test("of the process is told, and what waits is given back", async () => {
      const exiting = invoke(worker, { op: "exit" });
      const waiting = invoke(worker, { op: "echo", value: 1 });
      expect(((await exiting.ended) as Outcome).error?.message).toMatch(/exit|ended/);
      expect(await waiting.ended).toBe("returned");
      await worker.exited;
      await start();
    });

    test("of an endless run comes with its time-out", async () => {
      const endless = invoke(worker, { op: "endless" });
      await endless.started;
      await worker.stop("timeout");
      expect(((await endless.ended) as Outcome).error?.message).toContain("timeout");
      await start();
      expect(await answer("echo", 1)).toBe(1);
    });
  });

  describe("a function that cannot be deployed says why:", () => {
    const refused = (name: string, broken: Broken) =>
      test(name, async () => {
        const error: unknown = await deploy({ [subject.file]: broken.source }).then(
          (deployed) => deployed.stop("retired").then(() => "it was deployed"),
          (reason: unknown) => reason,
        );
        expect(error).toBeInstanceOf(Error);
        expect((error as Error).message).toMatch(broken.reason);
        expect((error as Error).message).not.toMatch(/\/opt\/dispatch/);
      });
    refused("a mistake of syntax, with file and line", subject.syntaxError);
    refused("a missing handler", subject.missingHandler);
    refused("a handler of the wrong shape", subject.wrongShape);
    refused("a missing dependency", subject.missingDependency);
    refused("a failure while it is loaded", subject.failsWhileLoading);
  });
};
