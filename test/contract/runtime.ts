/** The contract of the runtime port: every driver passes this suite, for every language that it runs. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BuiltImage, type Language, LoadError } from "../../src/core/shared/ports.ts";
import {
  createHarness,
  type FunctionOptions,
  type Harness,
  invoke,
  pretendedImage,
  run,
  startFunction,
  startGeneric,
  suiteName,
} from "./runtime-harness.ts";

/** The same little functions in each language. */
export interface Sources {
  readonly echo: string;
  readonly nothing: string;
  readonly asynchronous: string;
  /** Throws what the language calls a caller's mistake, or any other error, as the payload says. */
  readonly failing: string;
  readonly unserialisable: string;
  /** Writes `out N` and `err N` and a partial line `rest N` for payload N. */
  readonly talking: string;
  /** Writes payload lines of 100 characters. */
  readonly flooding: string;
  readonly environment: string;
  /** Never ends. */
  readonly endless: string;
  /** Waits a little in its first run, and counts its runs. */
  readonly counting: string;
  readonly exiting: string;
  readonly hungry: string;
  readonly longOutput: string;
  /** Writes a frame header that announces 1 GB. */
  readonly rogue: string;
  readonly syntaxError: { readonly source: string; readonly message: RegExp };
  readonly missingModule: { readonly source: string; readonly message: RegExp };
  readonly noHandler: string;
  readonly failsWhileLoading: { readonly source: string; readonly message: RegExp };
  readonly exitsWhileLoading: string;
  /** Starts the language's interpreter by its name, and compares it with its own and with the package `greeter`. */
  readonly sameInterpreter: string;
  /** Uses the package `greeter`. */
  readonly usesPackage: string;
  readonly packageFiles: Readonly<Record<string, string>>;
}

const FAR_TOO_LONG = 1_000_000;

/** @param memoryObstacle why memory cannot be limited on this machine, if so. */
export const runtimeContract = (language: Language, sources: Sources, memoryObstacle: string | undefined): void => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await createHarness({ maxLogBytes: 64 * 1024, maxOutputBytes: 128 * 1024 });
  });
  afterAll(() => harness.close());

  const worker = (source: string, options: FunctionOptions = {}) =>
    startFunction(harness.runtime, language, source, options);

  describe("results", () => {
    test("the handler gets context and payload untouched, and its result comes back as JSON", async () => {
      const context = { secrets: { a: "ü\u0000" }, run: { id: "1", attempt: 1 } };
      const payload = { text: "grüße \u2028 🌍", number: 1.5, list: [null, true] };
      const outcome = await run(await worker(sources.echo), payload, context);
      expect(JSON.parse(outcome.output ?? "")).toEqual({ context, payload });
      expect(outcome.logs).toEqual({ stdout: null, stderr: null });
    });

    test("nothing returned is null", async () => {
      expect((await run(await worker(sources.nothing))).output).toBe("null");
    });

    test("an asynchronous handler is awaited", async () => {
      expect((await run(await worker(sources.asynchronous), 4)).output).toBe("5");
    });

    test("a mistake of the caller is an InputError, any other a FunctionError, and the worker goes on", async () => {
      const failing = await worker(sources.failing);
      const input = await run(failing, "input");
      expect(input.error).toMatchObject({ type: "InputError", message: "the input is wrong" });
      const other = await run(failing, "other");
      expect(other.error).toMatchObject({ type: "FunctionError", message: "the function is wrong" });
      expect(other.error?.stacktrace?.join("\n")).toMatch(/hello\.\w+/);
      expect(other.error?.stacktrace?.join("\n")).not.toContain("/opt/dispatch");
      expect((await run(failing, "none")).output).toBe("null");
    });

    test("a result that is no JSON is a FunctionError", async () => {
      const outcome = await run(await worker(sources.unserialisable));
      expect(outcome.error).toMatchObject({ type: "FunctionError" });
      expect(outcome.error?.message).toContain("cannot be written as JSON");
    });

    test("a result over the limit is a FunctionError that names the limit, and the worker goes on", async () => {
      const long = await worker(sources.longOutput);
      expect((await run(long, FAR_TOO_LONG)).error?.message).toContain("limit of 131072 bytes");
      expect((await run(long, 100_000)).output).toHaveLength(100_002);
    });

    test("the function's environment variables are set, and the server's are not", async () => {
      const names = JSON.parse(
        (await run(await worker(sources.environment, { environment: { GREETING: "hello" } }))).output ?? "",
      );
      expect(names).toMatchObject({ GREETING: "hello" });
      expect(Object.keys(names).toSorted()).toEqual(["GREETING", "HOME", "LANG", "PATH", "PWD"]);
    });
  });

  describe("logs", () => {
    test("each run has its own lines, whole and in order, also with runs waiting ahead", async () => {
      const talking = await worker(sources.talking);
      const numbers = Array.from({ length: 40 }, (_, index) => index);
      const outcomes = await Promise.all(numbers.map((number) => run(talking, number)));
      for (const number of numbers) {
        expect(outcomes[number]?.logs).toEqual({
          stdout: [`out ${number}`, `more ${number}`, `rest ${number}`],
          stderr: [`err ${number}`],
        });
      }
    });

    test("lines are heard before the run ends", async () => {
      const talking = await worker(sources.talking);
      const invoked = invoke(talking, 7);
      await invoked.ended;
      expect(invoked.heard.toSorted()).toEqual(["stderr: err 7", "stdout: more 7", "stdout: out 7", "stdout: rest 7"]);
    });

    test("a flood ends in one line that names the limit, and does not spill into the next run", async () => {
      const flooding = await worker(sources.flooding);
      const [flood, trickle] = await Promise.all([run(flooding, 20_000), run(flooding, 2)]);
      expect(flood.logs.stdout?.length).toBeLessThan(700);
      expect(flood.logs.stdout?.at(-1)).toBe("... log limit of 65536 bytes reached, the rest is left out");
      expect(trickle.logs.stdout).toHaveLength(2);
    });
  });

  describe("loading", () => {
    const refusal = (source: string, options: FunctionOptions = {}): Promise<unknown> =>
      worker(source, options).then(
        () => undefined,
        (error: unknown) => error,
      );

    test.each(["syntaxError", "missingModule", "failsWhileLoading"] as const)(
      "%s is told with the interpreter's message, file and line",
      async (name) => {
        const { source, message } = sources[name];
        const error = await refusal(source);
        expect(error).toBeInstanceOf(LoadError);
        expect(String(error)).toMatch(message);
        expect(String(error)).toMatch(/Invalid function file or handler$/);
        expect(String(error)).not.toMatch(/\/opt\/dispatch|\/function\//);
      },
    );

    test("a file without the handler, and a missing file, are refused", async () => {
      expect(String(await refusal(sources.noHandler))).toMatch(/Invalid function file or handler$/);
      expect(String(await refusal(sources.echo, { handler: "nope.handle" }))).toMatch(/nope/);
    });

    test("a function that ends its process while loading is refused", async () => {
      const error = await refusal(sources.exitsWhileLoading);
      expect(error).toBeInstanceOf(LoadError);
    });

    const imageOf = async (): Promise<BuiltImage> => {
      const { image, path: folder } = pretendedImage(harness, language);
      for (const [path, text] of Object.entries(sources.packageFiles)) {
        await mkdir(join(folder, path, ".."), { recursive: true });
        await writeFile(join(folder, path), text);
      }
      return image;
    };

    test("packages of the image are found", async () => {
      const greeting = await worker(sources.usesPackage, { image: await imageOf() });
      expect((await run(greeting, "Jon")).output).toBe('"hello Jon"');
    });

    test("the interpreter on the PATH is the one that runs the function, with the packages of the image", async () => {
      const starting = await worker(sources.sameInterpreter, { image: await imageOf() });
      expect(await run(starting)).toMatchObject({ output: "true" });
    });
  });

  describe("ends", () => {
    test("a cancelled invocation that had not started is returned and never runs", async () => {
      const counting = await worker(sources.counting);
      const first = invoke(counting, 0);
      const second = invoke(counting, 0);
      const third = invoke(counting, 0);
      counting.cancel(second.number);
      expect(await second.ended).toBe("returned");
      expect(await first.ended).toMatchObject({ output: "1" });
      expect(await third.ended).toMatchObject({ output: "2" });
    });

    test("cancelling what runs or has ended changes nothing", async () => {
      const counting = await worker(sources.counting);
      const first = invoke(counting, 0);
      await first.started;
      counting.cancel(first.number);
      expect(await first.ended).toMatchObject({ output: "1" });
      counting.cancel(first.number);
      expect((await run(counting)).output).toBe("2");
    });

    test("a time-out fails what runs and returns what waits", async () => {
      const endless = await worker(sources.endless);
      const running = invoke(endless, null);
      const waiting = invoke(endless, null);
      await running.started;
      await endless.stop("timeout");
      expect(await running.ended).toMatchObject({
        error: { type: "FunctionError", message: "Function execution exceeded the timeout" },
      });
      expect(await waiting.ended).toBe("returned");
      expect((await endless.exited).reason).toBe("timeout");
    });

    test("a function that ends its process fails its run, and what waited is returned", async () => {
      const exiting = await worker(sources.exiting);
      const running = invoke(exiting, 3);
      const waiting = invoke(exiting, 3);
      expect(await running.ended).toMatchObject({
        error: { type: "FunctionError", message: "the function ended its process (exit code 3)" },
        logs: { stdout: ["last words"] },
      });
      expect(await waiting.ended).toBe("returned");
      expect((await exiting.exited).reason).toBe("exited");
    });

    test("an invocation of a worker that has ended is returned", async () => {
      const ended = await worker(sources.echo);
      await ended.stop("idle");
      expect(await invoke(ended, null).ended).toBe("returned");
    });

    test.skipIf(memoryObstacle !== undefined)(
      suiteName("memory over the limit is told by name", memoryObstacle),
      async () => {
        const hungry = await worker(sources.hungry, { limits: { memory: 64 } });
        const outcome = await run(hungry);
        expect(outcome.error).toMatchObject({
          type: "FunctionError",
          message: "the function exceeded its memory limit of 64 MB",
        });
        expect((await hungry.exited).reason).toBe("memory");
      },
    );

    test("a frame over the limit ends the worker", async () => {
      const rogue = await worker(sources.rogue);
      expect((await run(rogue)).error?.type).toBe("SystemError");
      expect((await rogue.exited).reason).toBe("protocol");
    });

    test("a generic worker that is not needed ends", async () => {
      const idle = await startGeneric(harness.runtime, language);
      await idle.stop("idle");
      expect((await idle.exited).reason).toBe("idle");
    });
  });
};
