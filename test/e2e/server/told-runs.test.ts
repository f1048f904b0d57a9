/** Runs that are told apart and explained: titles, where the time went, and a recorded input that runs once more. */
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../support/command-line.ts";
import { Dispatch, parse } from "../support/dispatch.ts";
import { send } from "../support/http.ts";
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
  for (const { times } of both) expect(times?.handler).toBeGreaterThan(300_000);
  // The second had a worker started for it, or waited for the first.
  const waited = both.map(({ times }) => (times ? times.queue + times.start + times.load : 0));
  expect(Math.max(...waited)).toBeGreaterThan(200_000);
  for (const run of [one, other]) {
    const { times } = await detailsOf(run.name);
    const took = (run.finishedTime ?? 0) / 1000 - run.executedTime / 1000;
    const sum = Object.values(times ?? {}).reduce((total, part) => total + part, 0);
    expect(Math.abs(sum - took)).toBeLessThan(250_000);
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

test("runs are found by who asked, by what, by time and by words", async () => {
  await dispatch.createFunction("found", {
    "f.js": "module.exports = (c, p) => { if (p.title) c.setTitle(p.title); return 1; };",
  });
  await dispatch.post("/v1/api", {
    name: "found",
    function: "found",
    uris: ["/found"],
    methods: ["POST"],
    enabled: true,
  });
  await dispatch.run("found", { title: "Create VMTEST01 on gcp" });
  await dispatch.run("found", { note: "50% of a_b" });
  await dispatch.run("found", { note: "plain" });
  const posted = await send(`${server.gateway}/found`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"note":"posted"}',
  });
  expect(posted.status).toBe(200);
  const count = async (query: string) => (await dispatch.runs(`?functionName=found${query}`)).length;
  expect(await count("")).toBe(4);
  const found: [string, number][] = [
    ["&trigger=endpoint", 1],
    ["&trigger=endpoint:found", 1],
    ["&trigger=endpoint:other", 0],
    ["&trigger=administrator", 3],
    ["&user=administrator", 4],
    ["&user=administrator:administrator", 4],
    ["&user=nobody", 0],
    ["&text=vmtest01", 1],
    ["&text=posted", 1],
    [`&text=${encodeURIComponent("50%")}`, 1],
    [`&text=${encodeURIComponent("a_b")}`, 1],
    [`&text=${encodeURIComponent("a%b")}`, 0],
    [`&text=${encodeURIComponent("' or 1=1 --")}`, 0],
    ["&text=plain&trigger=endpoint", 0],
    ["&status=ERROR", 0],
    ["&text=o&limit=2", 2],
    ["&until=1000000000", 0],
  ];
  for (const [query, expected] of found) expect([query, await count(query)]).toEqual([query, expected]);
  const table = await cli("get", "runs", "found", "--text", "vmtest01");
  expect(table.stdout).toMatch(/\| Create VMTEST01 on gcp/);
  expect(table.stdout.trimEnd().split("\n")).toHaveLength(3);
});

test("a table shows the latest fifty, and says how to see more; JSON has all", async () => {
  await dispatch.createFunction("many", { "f.js": "module.exports = () => 1;" });
  for (let at = 0; at < 52; at += 1) await dispatch.run("many", { at });
  const table = await cli("get", "runs", "many");
  expect(table.stdout.trimEnd().split("\n")).toHaveLength(52);
  expect(table.stderr).toContain("--limit N");
  const json = await cli("get", "runs", "many", "--json");
  expect([JSON.parse(json.stdout).length, json.stderr]).toEqual([52, ""]);
  expect((await cli("get", "runs", "many", "--limit", "51")).stderr).toBe("");
});
