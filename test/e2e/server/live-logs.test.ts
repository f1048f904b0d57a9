/** The lines of a run can be read while it goes on. */
import { spawn } from "node:child_process";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Dispatch, serverWith } from "../support/dispatch.ts";
import type { ServerProcess } from "../support/server.ts";
import { until } from "../support/until.ts";

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"]));
  const speaks = `module.exports = async ({ secrets }, { lines, ms }) => {
    for (let at = 1; at <= lines; at++) {
      console.log("line " + at + " " + (secrets.password ?? ""));
      if (ms) await new Promise((resolve) => setTimeout(resolve, ms));
    }
    return "said";
  };`;
  await dispatch.post("/v1/secret", { name: "hidden", secrets: { password: "correct horse battery" } });
  await dispatch.createFunction("speaks", { "f.js": speaks }, { secrets: ["hidden"] });
});

afterAll(() => server.dispose());

interface Listening {
  text: string;
  readonly ended: Promise<void>;
  status: number;
}

function listen(path: string, pausedFor = 0): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${server.api}${path}`, { headers: dispatch.headers, agent: false }, (response) => {
      const { promise, resolve: end } = Promise.withResolvers<void>();
      const listening: Listening = { text: "", ended: promise, status: response.statusCode ?? 0 };
      const read = (): void => void response.setEncoding("utf8").on("data", (text: string) => (listening.text += text));
      if (pausedFor > 0) setTimeout(read, pausedFor);
      else read();
      response.on("end", end);
      resolve(listening);
    });
    outgoing.on("error", reject).end();
  });
}

test("lines come while the run goes on, masked as in the record, and the stream ends with it", async () => {
  const { name } = await dispatch.start("speaks", { lines: 10, ms: 200 });
  const listening = await listen(`/v1/runs/${name}/logs`);
  await until("a line is there", async () => (listening.text.includes('"line":"line 2 ') ? true : undefined));
  expect((await dispatch.getRun(name)).finishedTime).toBeUndefined();
  await listening.ended;
  const run = await dispatch.getRun(name);
  const heard = [...listening.text.matchAll(/^event: line\ndata: (.*)$/gm)].map(
    ([, data = ""]) => (JSON.parse(data) as { line: string }).line,
  );
  expect(heard).toEqual(run.logs?.stdout);
  expect(listening.text).not.toContain("correct horse");
  expect(listening.text).toMatch(/event: end\ndata: .*"status":"READY"}\n\n$/);
});

test("of a run that has ended all is told at once; of none, 404", async () => {
  const { name } = await dispatch.run("speaks", { lines: 2 });
  const listening = await listen(`/v1/runs/${name}/logs`);
  await listening.ended;
  expect(listening.text.match(/^event: line$/gm)).toHaveLength(2);
  expect((await listen(`/v1/runs/${name.slice(0, -4)}0000/logs`)).status).toBe(404);
});

test("one who does not read costs the run nothing", async () => {
  const { name } = await dispatch.start("speaks", { lines: 15_000, ms: 0 });
  const slow = await listen(`/v1/runs/${name}/logs`, 5000);
  const all = await listen("/v1/runs/logs?functionName=speaks");
  const before = performance.now();
  expect((await dispatch.run("speaks", { lines: 1 })).output).toBe("said");
  expect(performance.now() - before).toBeLessThan(30_000);
  expect(await dispatch.finished(name)).toMatchObject({ status: "READY" });
  await slow.ended;
  expect(all.text).toContain("event: end");
});

test("the command line follows a run, and all functions", async () => {
  const program = fileURLToPath(new URL("../../../bin/dispatch", import.meta.url));
  const environment = { ...process.env, HOME: server.dataDir, DISPATCH_PORT: new URL(server.api).port };
  const follow = (...words: string[]) => {
    const child = spawn(program, ["logs", ...words], { env: environment, stdio: ["ignore", "pipe", "pipe"] });
    const heard = { child, text: "", code: new Promise<number | null>((resolve) => child.on("exit", resolve)) };
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (heard.text += String(data)));
    return heard;
  };
  const all = follow("--all", "-f");
  await sleep(1500);
  const { name } = await dispatch.start("speaks", { lines: 20, ms: 200 });
  const one = follow("-f", name);
  await until("lines are shown", async () => (one.text.includes("line 3 ") ? true : undefined));
  expect((await dispatch.getRun(name)).finishedTime).toBeUndefined();
  expect(await one.code).toBe(0);
  expect(one.text).toContain("line 20 ");
  await until("all are followed", async () => (all.text.includes(`speaks ${name}: line 20 `) ? true : undefined));
  all.child.kill("SIGINT");
  await all.code;
});

test("a stop is not held up by those who follow", async () => {
  const listening = await listen("/v1/runs/logs");
  const before = performance.now();
  expect((await server.stop()).code).toBe(0);
  await listening.ended;
  expect(performance.now() - before).toBeLessThan(60_000);
});
