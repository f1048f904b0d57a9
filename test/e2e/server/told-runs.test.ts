/** Runs that are told apart and explained: titles, where the time went, and a recorded input that runs once more. */
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../support/command-line.ts";
import { Dispatch, parse } from "../support/dispatch.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server.ts";

interface Details {
  readonly inputDigest: string;
  readonly trigger: string;
  readonly parent?: string;
  readonly times?: Readonly<Record<"queue" | "start" | "load" | "handler", number>>;
}

let server: ServerProcess;
let dispatch: Dispatch;
let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startServer();
  dispatch = new Dispatch(server.api);
  await Promise.all([dispatch.createImage("nodejs"), dispatch.createImage("python3")]);
});
afterAll(async () => {
  await server.dispose();
  await rm(folder, { recursive: true, force: true });
});

const cli = (...words: string[]) => {
  const { port, hostname } = new URL(server.api);
  return runCommand(["--host", hostname, "--port", port, ...words], { cwd: folder });
};
const titleOf = async (id: string): Promise<unknown> => ((await dispatch.getRun(id)) as { title?: string }).title;
const detailsOf = async (id: string): Promise<Details> => parse(await dispatch.get(`/v1/runs/${id}/details`));

const TITLED = {
  nodejs: `exports.handler = async (context, { title, fail }) => {
    if (title !== null) context.setTitle(title);
    if (fail) throw new Error("no");
    setTimeout(() => context.setTitle("too late"), 5);
    return Object.keys(context).includes("setTitle");
  };`,
  python3: `import threading
def handle(context, payload):
    if payload["title"] is not None: context.setTitle(payload["title"])
    if payload.get("fail"): raise RuntimeError("no")
    threading.Timer(0.01, lambda: context.set_title("too late")).start()
    return "setTitle" in context
`,
};

test.each(["nodejs", "python3"] as const)("a function of %s says what its run is about", async (image) => {
  await dispatch.post("/v1/secret", { name: `s-${image}`, secrets: { word: "hunter22" } });
  const file = image === "nodejs" ? "titled.js" : "titled.py";
  await dispatch.createFunction(`titled-${image}`, { [file]: TITLED[image] }, { image, secrets: [`s-${image}`] });
  const titles: [unknown, boolean, string | undefined][] = [
    ["create vmtest01 on gcp", false, "create vmtest01 on gcp"],
    ["create vmtest01", true, "create vmtest01"],
    ["two\nlines \u001b[31mred", false, "two lines ^[[31mred"],
    ["the word is hunter22", false, "the word is ***"],
    [`${"x".repeat(196)}hunter22`, false, `${"x".repeat(196)}***`],
    ["é".repeat(5000), false, "é".repeat(200)],
    [17, false, "17"],
    ["", false, undefined],
    [null, false, undefined],
  ];
  for (const [title, fail, expected] of titles) {
    const run = await dispatch.run(`titled-${image}`, { title, fail });
    expect(run.status).toBe(fail ? "ERROR" : "READY");
    if (!fail) expect(run.output).toBe(false);
    expect(await titleOf(run.name)).toBe(expected);
  }
});

test("the page of a run says where its time went", async () => {
  const source =
    "const until = Date.now() + 300; while (Date.now() < until);\nmodule.exports = (c, p) => new Promise((done) => setTimeout(done, p.ms));";
  await dispatch.createFunction("slow", { "slow.js": source }, { limits: { concurrency: 2 } });
  const [one, other] = await Promise.all([dispatch.run("slow", { ms: 400 }), dispatch.run("slow", { ms: 400 })]);
  const both = await Promise.all([one, other].map(({ name }) => detailsOf(name)));
  for (const { times } of both) expect(times?.handler).toBeGreaterThan(390_000);
  // The second had a worker started for it, or waited for the first.
  const waited = both.map(({ times }) => (times ? times.queue + times.start + times.load : 0));
  expect(Math.max(...waited)).toBeGreaterThan(200_000);
  for (const run of [one, other]) {
    const { times } = await detailsOf(run.name);
    const took = (run.finishedTime ?? 0) / 1000 - run.executedTime / 1000;
    const sum = Object.values(times ?? {}).reduce((total, part) => total + part, 0);
    expect(Math.abs(sum - took)).toBeLessThan(50_000);
  }
  const page = await cli("describe", "run", one.name);
  expect(page.stdout).toMatch(/^Time went to: +\S+ +the handler$/m);
  expect(page.stdout).toMatch(/^Asked by: +administrator:administrator$/m);
});

test("a recorded input runs once more, with the digest that proves it and the difference of the outputs", async () => {
  const count = "let calls = 0;\nmodule.exports = (c, p) => ({ big: p.big, calls: ++calls, word: p.word });";
  await dispatch.createFunction("counted", { "f.js": count });
  const exact = '{"blocking":true,"input":{"word":"a  b", "big":12345678901234567890}}';
  const before = parse<{ name: string }>(await dispatch.post("/v1/runs?functionName=counted", exact));
  const differs = await cli("run", "--replay", before.name);
  expect(differs.stdout).toMatch(/^The input is the same: sha256:[0-9a-f]{64}$/m);
  expect(differs.stdout).toMatch(/^-.*"calls": 1,\n\+.*"calls": 2,$/m);
  expect(differs.status).toBe(1);
  await dispatch.updateFunction("counted", { "f.js": "module.exports = (c, p) => p.word;" });
  const words = await dispatch.run("counted", { word: "same" });
  const same = await cli("run", "--replay", words.name);
  expect([same.status, same.stdout]).toEqual([0, expect.stringContaining("The output is the same\n")]);
  const changed = await cli("run", "--replay", before.name);
  expect(changed.stdout).toContain("(the function was changed since)");
  const again = await dispatch.runs("?functionName=counted");
  const digests = new Set(await Promise.all(again.map(async ({ name }) => (await detailsOf(name)).inputDigest)));
  expect(digests.size).toBe(2);
  const missing = await cli("run", "--replay", "0199aaaa-0000-7000-8000-000000000000");
  expect([missing.status, missing.stderr]).toEqual([1, expect.stringContaining("not found")]);
  expect((await cli("run")).status).not.toBe(0);
});
