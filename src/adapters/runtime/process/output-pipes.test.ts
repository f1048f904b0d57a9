import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type OutputPipes, openOutputPipes, type Started } from "./output-pipes.ts";

let folder = "";
let pipes: OutputPipes | undefined;
const warn = vi.fn();
const log = { debug: vi.fn(), info: vi.fn(), warn, error: vi.fn() };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dispatch-pipes-"));
  warn.mockClear();
});
afterEach(async () => {
  await pipes?.close();
  await rm(folder, { recursive: true, force: true });
});

const openHere = (state = folder): OutputPipes => {
  pipes = openOutputPipes(state, log);
  return pipes;
};

const shell = async (from: OutputPipes, script: string): Promise<Started> => {
  const outputs = await from.take();
  return outputs.start((...own) => spawn("/bin/sh", ["-c", script], { stdio: ["ignore", ...own] }));
};

const spoken = ({ stdout, stderr }: Started): Promise<string[]> => Promise.all([text(stdout), text(stderr)]);

const descriptors = (): number => readdirSync("/proc/self/fd").length;

test("a command and its children open their outputs by name", async () => {
  const script = "echo a > /dev/stdout; echo b > /dev/stderr; sh -c 'echo c >> /dev/stdout; echo d > /dev/fd/2'";
  expect(await spoken(await shell(openHere(), script))).toEqual(["a\nc\n", "b\nd\n"]);
});

test("nothing of a large output is lost when the command ends", async () => {
  const started = await shell(openHere(), "head -c 3000000 /dev/zero | tr '\\0' x; echo end >&2");
  const [stdout = "", stderr] = await spoken(started);
  expect([stdout.length, stderr]).toEqual([3_000_000, "end\n"]);
});

test("what is not read waits, and its writer with it", async () => {
  const { child, stdout, stderr } = await shell(openHere(), "head -c 3000000 /dev/zero");
  stderr.resume();
  const [first] = (await once(stdout.pause(), "readable").then(() => [stdout.read()])) as [Buffer];
  expect(first.length).toBeLessThan(1_000_000);
  expect(child.exitCode).toBeNull();
  let rest = 0;
  for await (const chunk of stdout) rest += (chunk as Buffer).length;
  expect(first.length + rest).toBe(3_000_000);
});

test("the names go at once, and no descriptor stays after the commands have ended", async () => {
  const before = descriptors();
  const from = openHere();
  for (let times = 0; times < 30; times += 1) {
    const started = await shell(from, "exit 0");
    await spoken(started);
  }
  const outputs = await from.take();
  expect(() =>
    outputs.start(() => {
      throw new Error("no");
    }),
  ).toThrow("no");
  const gone = await from.take();
  const { child, stdout, stderr } = gone.start((...own) => spawn("/no/such/program", { stdio: ["ignore", ...own] }));
  child.on("error", () => undefined);
  expect(await Promise.all([text(stdout), text(stderr)])).toEqual(["", ""]);
  await from.close();
  await vi.waitFor(() => expect(descriptors()).toBe(before));
  expect(await readdir(folder)).toEqual([]);
});

test("where no pipe can be made commands start with sockets, and the log says what they lack", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  expect(await spoken(await shell(openHere(file), "echo a; echo b >&2"))).toEqual(["a\n", "b\n"]);
  expect(warn.mock.calls[0]?.[1]).toContain("cannot open /dev/stdout and /dev/stderr by name");
});
