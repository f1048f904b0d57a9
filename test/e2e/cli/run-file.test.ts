/** `dispatch run PATH`: a file once, without a server that runs, in the same way as on one. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type CommandResult, programPath, runCommand, writeFiles } from "../support/command-line.ts";
import { startServer, temporaryFolder } from "../support/server.ts";
import { until } from "../support/until.ts";

let folder: string;
/** Where its servers keep what they have. */
let temporary: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  temporary = await temporaryFolder();
  await writeFiles(folder, {
    "hello.ts": `export default async function handle(context: any, input: { name?: string }) {
  console.log("says " + input.name);
  console.error("warns");
  if (input.name === "secret") { console.log(context.secrets.password); return Object.keys(context.secrets); }
  if (input.name === "quota") throw new Error("quota");
  if (input.name === "type") throw new TypeError("name is missing");
  if (input.name === "slow") await new Promise((resolve) => setTimeout(resolve, 60_000));
  return { text: "Hello, " + input.name };
}`,
    "broken.js": "module.exports = (context, input) => {\n  return input +;\n};\n",
    "count.py": "def handle(context, payload):\n    print('counting')\n    return sum(payload['numbers'])\n",
    "several/index.js": "const { twice } = require('./lib/twice.js');\nmodule.exports = (context, n) => twice(n);\n",
    "several/lib/twice.js": "exports.twice = (n) => 2 * n;\n",
    "several/other.js": "module.exports = () => 'other';\n",
    "listed/hello.js": "module.exports = () => 1;\n",
    "listed/package.json": "{ not json",
    "secrets.json": '{"password": "hunter2-hunter2"}',
    "wrong-secrets.json": '{"password": 7}',
  });
});

afterAll(() => Promise.all([folder, temporary].map((path) => rm(path, { recursive: true, force: true }))));

function run(...words: string[]): Promise<CommandResult> {
  return runCommand(["run", ...words], { cwd: folder, environment: { TMPDIR: temporary, DISPATCH_PORT: "1" } });
}

test("the result is on stdout, what it wrote is on stderr, and nothing is left", async () => {
  const ended = await run("hello.ts", "--input", '{"name": "Ada"}');
  expect(ended).toEqual({ status: 0, stdout: '{\n    "text": "Hello, Ada"\n}\n', stderr: "says Ada\nwarns\n" });
  expect(readdirSync(temporary)).toEqual([]);
});

test("secrets come from a file and are hidden in what it writes", async () => {
  const { status, stdout, stderr } = await run("hello.ts", "--input", '{"name": "secret"}', "--secret", "secrets.json");
  expect([status, JSON.parse(stdout)]).toEqual([0, ["password"]]);
  expect(stderr).toContain("***");
  expect(stderr).not.toContain("hunter2");
});

test("a language is known by its file's name, a folder by its usual file", async () => {
  expect(await run("count.py", "--input", '{"numbers": [1, 2, 39]}')).toMatchObject({ status: 0, stdout: "42\n" });
  expect(await run("several", "--input", "21")).toMatchObject({ status: 0, stdout: "42\n", stderr: "" });
});

test("failures are told in the words of a server", async () => {
  const server = await startServer();
  onTestFinished(() => server.dispose());
  const on = (...words: string[]): Promise<CommandResult> =>
    runCommand(words, { cwd: folder, environment: { DISPATCH_PORT: new URL(server.api).port } });
  await on("create", "base-image", "nodejs-base", "dispatchframework/nodejs-base:0.0.12", "--language", "nodejs");
  await on("create", "image", "nodejs", "nodejs-base");
  await on("create", "function", "hello", "hello.ts", "--image", "nodejs", "--timeout", "500", "--wait");
  for (const name of ["quota", "type", "slow"]) {
    const input = ["--input", JSON.stringify({ name })];
    const there = await on("exec", "hello", "--output-only", ...input);
    const here = await run("hello.ts", "--timeout", "500", ...input);
    expect([here.status, here.stdout, there.stderr.length > 20]).toEqual([1, "", true]);
    expect(here.stderr).toContain(`says ${name}\nwarns\n${there.stderr}`);
  }
  const anonymous = (text: string): string => text.replace(/[0-9a-f-]{36}/g, "ID");
  const there = await on("create", "function", "broken", "broken.js", "--image", "nodejs", "--wait");
  const here = await run("broken.js");
  expect([there.status, here.status]).toEqual([1, 1]);
  expect(here.stderr).toContain("broken.js:2");
  expect(anonymous(there.stderr)).toContain(anonymous(here.stderr));
});

test("the manifest beside it is what its image is built of", async () => {
  const { status, stderr } = await run("listed/hello.js");
  expect(status).toBe(1);
  expect(stderr).toMatch(/image nodejs is in ERROR: .*package\.json/);
});

test.each([
  [["nosuch.js"], "nosuch.js: no such file or folder"],
  [
    ["secrets.json"],
    "secrets.json: no file of a known language: say which with --lang (nodejs, python3, java, powershell)",
  ],
  [["hello.ts", "--lang", "cobol"], 'invalid argument "cobol" for "--lang" flag'],
  [["hello.ts", "--input", "{"], "Error when parsing function parameters {"],
  [["hello.ts", "--secret", "wrong-secrets.json"], 'the value of "password" must be a string in quotes'],
  [["hello.ts", "--replay", "x"], "give a file or --replay RUN_ID, not both"],
  [[], "name the file to run, or a run whose input is to be run again: --replay RUN_ID"],
])("a mistake starts nothing: %j", async (words, message) => {
  const { status, stdout, stderr } = await run(...words);
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toContain(message);
});

/** The processes of a call: those that name its folder. */
function processesOf(pid: number): string[] {
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name) || name === String(process.pid)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").includes(`dispatch-run-${pid}-`);
    } catch {
      return false;
    }
  });
}

test.each(["SIGINT", "SIGKILL"] as const)(
  "%s ends the function and its server; the next call tidies",
  async (signal) => {
    const env = { PATH: process.env.PATH ?? "", HOME: folder, TMPDIR: temporary };
    const child = spawn(programPath, ["run", "hello.ts", "--input", '{"name": "slow"}'], { cwd: folder, env });
    onTestFinished(() => void child.kill("SIGKILL"));
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    await until("it runs", () => (said.includes("says slow") ? true : undefined));
    const pid = child.pid ?? 0;
    expect(processesOf(pid)).not.toEqual([]);
    const ended = once(child, "close");
    child.kill(signal);
    await ended;
    await until("its processes are gone", () => (processesOf(pid).length === 0 ? true : undefined));
    if (signal === "SIGKILL") await run("several", "--input", "1");
    expect(readdirSync(temporary)).toEqual([]);
  },
);

test("a terminal that is closed ends the function and its server, and nothing is left", async () => {
  const env = { PATH: process.env.PATH ?? "", HOME: folder, TMPDIR: temporary };
  const call = `exec ${programPath} run hello.ts --input '{"name": "slow"}'`;
  const terminal = spawn("script", ["-qefc", call, "/dev/null"], { cwd: folder, env });
  onTestFinished(() => void terminal.kill("SIGKILL"));
  let said = "";
  terminal.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  await until("it runs", () => (said.includes("says slow") ? true : undefined));
  expect(readdirSync(temporary)).toHaveLength(1);
  terminal.kill("SIGKILL");
  await until("its folder is gone", () => (readdirSync(temporary).length === 0 ? true : undefined));
});

test("a hang-up means nothing to a call without a terminal", async () => {
  const env = { PATH: process.env.PATH ?? "", HOME: folder, TMPDIR: temporary };
  const child = spawn(programPath, ["run", "hello.ts", "--input", '{"name": "slow"}'], { cwd: folder, env });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = once(child, "close");
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  await until("it runs", () => (said.includes("says slow") ? true : undefined));
  child.kill("SIGHUP");
  child.kill("SIGINT");
  expect(await ended).toEqual([1, null]);
  expect(readdirSync(temporary)).toEqual([]);
});
