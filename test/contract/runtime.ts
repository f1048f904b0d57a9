/** The contract of the runtime port: every driver passes this suite, for every language that it runs. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BuiltImage, type Language, LoadError, type Runtime } from "../../src/core/shared/ports.ts";
import {
  createHarness,
  type FunctionOptions,
  invoke,
  NO_IMAGE,
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
  /** Never ends; the payload is "forever". */
  readonly endless: string;
  /** Waits a little in its first run, and counts its runs; the payload is "count". */
  readonly counting: string;
  /** Says `last words` and ends its process with exit code 3; the payload is "exit". */
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

/** Longer than a container's whole answer may be, too. */
const FAR_TOO_LONG = 3_000_000;

/** A runtime with a log limit of 64 KiB and a result limit of 128 KiB. */
export interface Place {
  readonly runtime: Runtime;
  /** Of functions that need no packages. */
  readonly image: BuiltImage;
  /** An image with these files as its packages. */
  withPackages(files: Readonly<Record<string, string>>): Promise<BuiltImage>;
  close(): Promise<void>;
}

export interface Ground {
  open(): Promise<Place>;
  /** What cannot hold there: the end of a test's name, and why. */
  readonly cannot: Readonly<Record<string, string>>;
  /** What is told of the end of a process whose exit code is 3; a container's server does not tell the code. */
  readonly exitCode: "" | " (exit code 3)";
}

/** @param memoryObstacle why memory cannot be limited on this machine, if so. */
export const sandboxes = (language: Language, memoryObstacle: string | undefined): Ground => ({
  open: async () => {
    const harness = await createHarness({ maxLogBytes: 64 * 1024, maxOutputBytes: 128 * 1024 });
    const withPackages: Place["withPackages"] = async (files) => {
      const { image, path: folder } = pretendedImage(harness, language);
      for (const [path, text] of Object.entries(files)) {
        await mkdir(join(folder, path, ".."), { recursive: true });
        await writeFile(join(folder, path), text);
      }
      return image;
    };
    return { runtime: harness.runtime, image: NO_IMAGE, withPackages, close: harness.close };
  },
  cannot: memoryObstacle === undefined ? {} : { "memory over the limit is told by name": memoryObstacle },
  exitCode: " (exit code 3)",
});

export const runtimeContract = (language: Language, sources: Sources, { open, cannot, exitCode }: Ground): void => {
  let place: Place;
  beforeAll(async () => {
    place = await open();
  });
  afterAll(() => place?.close());

  const worker = (source: string, options: FunctionOptions = {}) =>
    startFunction(place.runtime, language, source, { image: place.image, ...options });

  const holds = (name: string, check: () => Promise<void>): void =>
    test.skipIf(cannot[name] !== undefined)(suiteName(name, cannot[name]), check);

  describe("results", () => {
    holds("the handler gets context and payload untouched, and its result comes back as JSON", async () => {
      const context = { secrets: { a: "ü\u0000" }, run: { id: "1", attempt: 1 } };
      const payload = { text: "grüße \u2028 🌍", number: 1.5, list: [null, true] };
      const outcome = await run(await worker(sources.echo), payload, context);
      expect(JSON.parse(outcome.output ?? "")).toEqual({ context, payload });
      expect(outcome.logs).toEqual({ stdout: null, stderr: null });
    });

    holds("nothing returned is null", async () => {
      expect((await run(await worker(sources.nothing))).output).toBe("null");
    });

    holds("an asynchronous handler is awaited", async () => {
      expect((await run(await worker(sources.asynchronous), 4)).output).toBe("5");
    });

    holds("a mistake of the caller is an InputError, any other a FunctionError, and the worker goes on", async () => {
      const failing = await worker(sources.failing);
      const input = await run(failing, "input");
      expect(input.error).toMatchObject({ type: "InputError", message: "the input is wrong" });
      const other = await run(failing, "other");
      expect(other.error).toMatchObject({ type: "FunctionError", message: "the function is wrong" });
      expect(other.error?.stacktrace?.join("\n")).toMatch(/hello\.\w+/i);
      expect(other.error?.stacktrace?.join("\n")).not.toContain("/opt/dispatch");
      expect((await run(failing, "none")).output).toBe("null");
    });

    holds("a result that is no JSON is a FunctionError", async () => {
      const outcome = await run(await worker(sources.unserialisable));
      expect(outcome.error).toMatchObject({ type: "FunctionError" });
      expect(outcome.error?.message).toContain("cannot be written as JSON");
    });

    holds("a result over the limit is a FunctionError that names the limit, and the worker goes on", async () => {
      const long = await worker(sources.longOutput);
      expect((await run(long, FAR_TOO_LONG)).error?.message).toContain("limit of 131072 bytes");
      expect((await run(long, 100_000)).output).toHaveLength(100_002);
    });

    holds("the function's environment variables are set, and the server's are not", async () => {
      const names = JSON.parse(
        (await run(await worker(sources.environment, { environment: { GREETING: "hello" } }))).output ?? "",
      );
      expect(names).toMatchObject({ GREETING: "hello" });
      expect(Object.keys(names).toSorted()).toEqual(["GREETING", "HOME", "LANG", "PATH", "PWD"]);
    });
  });

  describe("logs", () => {
    holds("each run has its own lines, whole and in order, also with runs waiting ahead", async () => {
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

    holds("lines are heard before the run ends", async () => {
      const talking = await worker(sources.talking);
      const invoked = invoke(talking, 7);
      await invoked.ended;
      expect(invoked.heard.toSorted()).toEqual(["stderr: err 7", "stdout: more 7", "stdout: out 7", "stdout: rest 7"]);
    });

    holds("a flood ends in one line that names the limit, and does not spill into the next run", async () => {
      const flooding = await worker(sources.flooding);
      const [flood, trickle] = await Promise.all([run(flooding, 20_000), run(flooding, 2)]);
      expect(flood.logs.stdout?.length).toBeLessThan(700);
      expect(flood.logs.stdout?.at(-1)).toMatch(
        /^\.\.\. log limit of 65536 bytes reached, the rest is left out \(\d+ bytes\)$/,
      );
      expect(trickle.logs.stdout).toHaveLength(2);
    });
  });

  describe("loading", () => {
    const refusal = (source: string, options: FunctionOptions = {}): Promise<unknown> =>
      worker(source, options).then(
        () => undefined,
        (error: unknown) => error,
      );

    for (const name of ["syntaxError", "missingModule", "failsWhileLoading"] as const)
      holds(`${name} is told with the interpreter's message, file and line`, async () => {
        const { source, message } = sources[name];
        const error = await refusal(source);
        expect(error).toBeInstanceOf(LoadError);
        expect(String(error)).toMatch(message);
        expect(String(error)).toMatch(/Invalid function file or handler$/);
        expect(String(error)).not.toMatch(/\/opt\/dispatch|\/function\//);
      });

    holds("a file without the handler, and a missing file, are refused", async () => {
      expect(String(await refusal(sources.noHandler))).toMatch(/Invalid function file or handler$/);
      expect(String(await refusal(sources.echo, { handler: "nope.handle" }))).toMatch(/nope/);
    });

    holds("a function that ends its process while loading is refused", async () => {
      const error = await refusal(sources.exitsWhileLoading);
      expect(error).toBeInstanceOf(LoadError);
    });

    holds("packages of the image are found", async () => {
      const greeting = await worker(sources.usesPackage, { image: await place.withPackages(sources.packageFiles) });
      expect((await run(greeting, "Jon")).output).toBe('"hello Jon"');
    });

    holds("the interpreter on the PATH is the one that runs the function, with the packages of the image", async () => {
      const starting = await worker(sources.sameInterpreter, { image: await place.withPackages(sources.packageFiles) });
      expect(await run(starting)).toMatchObject({ output: "true" });
    });
  });

  describe("ends", () => {
    holds("a cancelled invocation that had not started is returned and never runs", async () => {
      const counting = await worker(sources.counting);
      const first = invoke(counting, "count");
      const second = invoke(counting, "count");
      const third = invoke(counting, "count");
      counting.cancel(second.number);
      expect(await second.ended).toBe("returned");
      expect(await first.ended).toMatchObject({ output: "1" });
      expect(await third.ended).toMatchObject({ output: "2" });
    });

    holds("cancelling what runs or has ended changes nothing", async () => {
      const counting = await worker(sources.counting);
      const first = invoke(counting, "count");
      await first.started;
      counting.cancel(first.number);
      expect(await first.ended).toMatchObject({ output: "1" });
      counting.cancel(first.number);
      expect((await run(counting, "count")).output).toBe("2");
    });

    holds("a time-out fails what runs and returns what waits", async () => {
      const endless = await worker(sources.endless);
      const running = invoke(endless, "forever");
      const waiting = invoke(endless, "forever");
      await running.started;
      await endless.stop("timeout");
      expect(await running.ended).toMatchObject({
        error: { type: "FunctionError", message: "Function execution exceeded the timeout", timedOut: true },
      });
      expect(await waiting.ended).toBe("returned");
      expect((await endless.exited).reason).toBe("timeout");
    });

    holds("a function that ends its process fails its run, and what waited is returned", async () => {
      const exiting = await worker(sources.exiting);
      const running = invoke(exiting, "exit");
      const waiting = invoke(exiting, "exit");
      expect(await running.ended).toMatchObject({
        error: { type: "FunctionError", message: `the function ended its process${exitCode}` },
        logs: { stdout: ["last words"] },
      });
      expect(await waiting.ended).toBe("returned");
      expect((await exiting.exited).reason).toBe("exited");
    });

    holds("an invocation of a worker that has ended is returned", async () => {
      const ended = await worker(sources.echo);
      await ended.stop("idle");
      expect(await invoke(ended, null).ended).toBe("returned");
    });

    holds("memory over the limit is told by name", async () => {
      const hungry = await worker(sources.hungry, { limits: { memory: 64 } });
      const outcome = await run(hungry);
      expect(outcome.error).toMatchObject({
        type: "FunctionError",
        message: "the function exceeded its memory limit of 64 MB",
      });
      expect((await hungry.exited).reason).toBe("memory");
    });

    holds("a frame over the limit ends the worker", async () => {
      const rogue = await worker(sources.rogue);
      expect((await run(rogue)).error?.type).toBe("SystemError");
      expect((await rogue.exited).reason).toBe("protocol");
    });

    holds("a generic worker that is not needed ends", async () => {
      const idle = await startGeneric(place.runtime, language);
      await idle.stop("idle");
      expect((await idle.exited).reason).toBe("idle");
    });
  });
};
