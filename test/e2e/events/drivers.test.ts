/** Event drivers as people use them: real programs in real sandboxes, whose events start functions. */
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../support/command-line.ts";
import { Dispatch, parse, serverWith } from "../support/dispatch.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server.ts";
import { until } from "../support/until.ts";

interface DriverObject {
  readonly name: string;
  readonly status: string;
  readonly reason: readonly string[] | null;
}

let server: ServerProcess;
let dispatch: Dispatch;
let flags: string[];

/** Speaks as a program of the older driver library does: a first look without anything, then events with its token. */
const OWN_PROGRAM = `#!/usr/bin/env node
const endpoint = process.argv.find((word) => word.startsWith("--dispatch-api-endpoint=")).split("=")[1];
const url = "http://" + endpoint + "/v1/event/ingest";
await fetch(url);
const before = process.env.DISPATCH_BOOKMARK ?? "none";
console.log("secret is", process.env.API_KEY);
const event = { cloudEventsVersion: "0.1", eventType: "own.event", source: "own", eventID: before + "+1", data: { before } };
const query = "?authToken=" + process.env.AUTH_TOKEN + "&bookmark=" + encodeURIComponent(before + "+1");
const headers = { "Content-Type": "application/json", Cookie: "unset" };
const answer = await fetch(url + query, { method: "POST", headers, body: JSON.stringify(event) });
console.log("pushed", answer.status);
const forbidden = await fetch("http://" + endpoint + "/v1/secret", { headers: { Cookie: "unset", "X-Dispatch-Org": "dispatch-server" } });
console.log("secrets", forbidden.status);
setTimeout(() => process.exit(7), 1500);
`;

/** Answers on the socket that it inherits, and tells what else it could reach; `/die` and `/hang` are its bad habits. */
const EXPOSED_PROGRAM = `#!/usr/bin/env node
import { createServer } from "node:http";
import { readdirSync } from "node:fs";
const endpoint = process.argv.find((word) => word.startsWith("--dispatch-api-endpoint=")).split("=")[1];
const server = createServer((request, response) => {
  if (request.url === "/die") process.exit(3);
  if (request.url === "/hang") return;
  response.end(JSON.stringify({ pid: process.pid, url: request.url, descriptors: process.env.LISTEN_FDS }));
});
server.listen({ fd: 3 }, () => fetch("http://" + endpoint + "/v1/event/ingest"));
`;

/** As one in a container: it listens on port 80, or on that of its environment, and looks at no descriptor. */
const OLD_PROGRAM = `#!/usr/bin/env node
import { createServer } from "node:http";
const words = Object.fromEntries(process.argv.slice(2).map((word) => word.slice(2).split("=")));
const server = createServer(async (request, response) => {
  if (request.url === "/die") process.exit(3);
  let body = "";
  for await (const chunk of request) body += chunk;
  response.end(JSON.stringify({ said: words.say, method: request.method, url: request.url, length: body.length }));
});
const port = words.from === "environment" ? process.env.PORT : 80;
server.listen(port, () => fetch("http://" + words["dispatch-api-endpoint"] + "/v1/event/ingest"));
`;

beforeAll(async () => {
  const folder = await temporaryFolder();
  await chmod(folder, 0o755);
  await writeFile(join(folder, "own.mjs"), OWN_PROGRAM);
  await chmod(join(folder, "own.mjs"), 0o755);
  await writeFile(join(folder, "exposed.mjs"), EXPOSED_PROGRAM);
  await chmod(join(folder, "exposed.mjs"), 0o755);
  await writeFile(join(folder, "old.mjs"), OLD_PROGRAM);
  await chmod(join(folder, "old.mjs"), 0o755);
  flags = ["--driver-programs", folder];
  ({ server, dispatch } = await serverWith(["nodejs"], { flags }));
  await dispatch.createFunction("note", { "f.js": "module.exports = ({ event }, input) => [event.type, input];" });
  await dispatch.post("/v1/event/drivertypes", { name: "ticker", image: "dispatchframework/ticker:0.0.2" });
  await dispatch.post("/v1/event/drivertypes", { name: "own", image: join(folder, "own.mjs") });
  const exposed = { name: "exposed", image: join(folder, "exposed.mjs"), expose: true };
  await dispatch.post("/v1/event/drivertypes", exposed);
  await dispatch.post("/v1/event/drivertypes", { name: "old", image: join(folder, "old.mjs"), expose: true });
  await dispatch.post("/v1/event/drivertypes", { ...exposed, name: "inner", expose: false });
});

afterAll(() => server.dispose());

const driver = async (name: string): Promise<DriverObject> =>
  parse<DriverObject>(await dispatch.get(`/v1/event/drivers/${name}`));

const isReady = (name: string) =>
  until(`the driver ${name} is READY`, async () => ((await driver(name)).status === "READY" ? true : undefined));

const runsOf = async (functionName: string) =>
  (await dispatch.runs(`?functionName=${functionName}`)).map(({ output }) => output);

test("a ticker ticks, follows its configuration and a restart of the server, and ends when it is deleted", async () => {
  await dispatch.createFunction("tick", { "f.js": "module.exports = ({ event }) => event.type;" });
  await dispatch.post("/v1/event/subscriptions", { name: "ticks", eventType: "ticker.tick", function: "tick" });
  const config = (seconds: string) => ({ name: "tick1", type: "ticker", config: [{ key: "seconds", value: seconds }] });
  expect((await dispatch.post("/v1/event/drivers", config("0.2"))).status).toBe(201);
  await isReady("tick1");
  await until("it has ticked twice", async () => ((await runsOf("tick")).length >= 2 ? true : undefined));

  await dispatch.put("/v1/event/drivers/tick1", config("never"));
  await until("a bad configuration shows", async () => ((await driver("tick1")).status === "ERROR" ? true : undefined));
  expect((await driver("tick1")).reason).toEqual([
    "the driver ended (exit code 1): seconds is never: use a number from 0.1 to 86400",
  ]);
  await dispatch.put("/v1/event/drivers/tick1", config("0.2"));
  await isReady("tick1");

  await server.kill();
  server = await startServer({ dataDir: server.dataDir, flags });
  dispatch = new Dispatch(server.api);
  await isReady("tick1");
  const before = (await runsOf("tick")).length;
  await until("it ticks again", async () => ((await runsOf("tick")).length > before ? true : undefined));

  expect(parse<DriverObject>(await dispatch.delete("/v1/event/drivers/tick1")).status).toBe("DELETING");
  expect((await dispatch.get("/v1/event/drivers/tick1")).status).toBe(404);
});

test("a clock tells what it missed while the server was away, or sends it late", async () => {
  await dispatch.post("/v1/event/drivertypes", { name: "cron", image: "cron" });
  const clock = (name: string, catchup: string) =>
    dispatch.post("/v1/event/drivers", {
      ...{ name, type: "cron" },
      config: Object.entries({ cron: "* * * * *", source: name, catchup }).map(([key, value]) => ({ key, value })),
    });
  await Promise.all([clock("tells", "skip"), clock("repeats", "all")]);
  interface Kept {
    readonly event: { readonly type: string; readonly time?: string; readonly data?: { readonly count: number } };
  }
  const sent = async (source: string) =>
    parse<{ event: { source: string } }[]>(await dispatch.get("/v1/event/events?limit=200"))
      .filter(({ event }) => event.source === source)
      .map((kept) => (kept as unknown as Kept).event)
      .toReversed();
  for (const name of ["tells", "repeats"])
    await until(`${name} has sent`, async () => ((await sent(name)).length > 0 ? true : undefined));
  await server.kill();
  await new Promise((resolve) => setTimeout(resolve, 4000));
  server = await startServer({ dataDir: server.dataDir, flags });
  dispatch = new Dispatch(server.api);
  const missed = await until("what was missed is told", async () =>
    (await sent("tells")).find(({ type }) => type === "cron.missed"),
  );
  expect(missed.data?.count).toBeGreaterThanOrEqual(3);
  await until("the clocks go on", async () => {
    const times = (await sent("repeats")).map(({ time = "" }) => Date.parse(time));
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(gaps.every((gap) => gap === 1000)).toBe(true);
    return times.length >= 8 ? true : undefined;
  });
  const environment = { DISPATCH_PORT: new URL(server.api).port };
  const cli = (words: string[]) => runCommand(words, { cwd: server.dataDir, environment });
  const { next, last } = parse<{ next: number[]; last: { time: number }[] }>(
    await dispatch.get("/v1/event/schedules/tells"),
  );
  expect(next.slice(1).map((time, index) => time - (next[index] ?? 0))).toEqual([1000, 1000, 1000, 1000]);
  const ages = last.map(({ time }) => time);
  expect(ages.length).toBeGreaterThan(0);
  expect(ages).toEqual(ages.toSorted((one, other) => other - one));
  await dispatch.put("/v1/event/drivers/tells", {
    ...{ name: "tells", type: "cron" },
    config: Object.entries({ cron: "0 30 8 1 1 *", timezone: "Europe/Berlin" }).map(([key, value]) => ({ key, value })),
  });
  expect((await cli(["get", "schedules"])).stdout).toMatch(
    /tells +\| 0 30 8 1 1 \* +\| Europe\/Berlin +\|.*-01-01T07:30:00Z/,
  );
  const listed = JSON.parse((await cli(["get", "schedule", "tells", "--json"])).stdout) as { next: number[] };
  expect(listed.next.map((time) => new Date(time).toISOString().slice(5))).toEqual(
    Array(5).fill("01-01T07:30:00.000Z"),
  );
  for (const name of ["tells", "repeats"]) await dispatch.delete(`/v1/event/drivers/${name}`);
});

test("a program of the operator pushes with its token, is started again where it stopped, and may nothing else", async () => {
  await dispatch.post("/v1/secret", { name: "key", secrets: { "api-key": "s3cr3t-value" } });
  await dispatch.post("/v1/event/subscriptions", { name: "owns", eventType: "own.event", function: "note" });
  await dispatch.post("/v1/event/drivers", { name: "own1", type: "own", secrets: ["key"] });
  await until("it was started again and went on", async () => {
    const outputs = JSON.stringify(await runsOf("note"));
    return outputs.includes('"before":"none"') && outputs.includes('"before":"none+1"') ? true : undefined;
  });
  const environment = { DISPATCH_PORT: new URL(server.api).port };
  const { stdout, stderr } = await runCommand(["logs", "driver", "own1"], { cwd: server.dataDir, environment });
  expect(stdout).toMatch(/^secret is \*\*\*\npushed 200\nsecrets 403\n/);
  expect(stderr).toMatch(/\[dispatch\] the driver ended \(exit code 7\); next start in [\d.]+ s/);
  await dispatch.delete("/v1/event/drivers/own1");
});

test("a program outside of the operator's folder is refused with the remedy", async () => {
  await dispatch.post("/v1/event/drivertypes", { name: "shadow", image: "/etc/shadow" });
  await dispatch.post("/v1/event/drivers", { name: "shadow1", type: "shadow" });
  const found = await until("it is in ERROR", async () => {
    const now = await driver("shadow1");
    return now.status === "ERROR" ? now : undefined;
  });
  expect(found.reason?.[0]).toMatch(
    /^err pulling image \/etc\/shadow: program files must be in .* \(--driver-programs\)/,
  );
});

test("an exposed driver is called through the gateway, each on its own, over its end and a restart of the server", async () => {
  for (const name of ["hook1", "hook2"]) await dispatch.post("/v1/event/drivers", { name, type: "exposed" });
  await dispatch.post("/v1/event/drivers", { name: "inner1", type: "inner" });
  const url = (name: string) => `${server.gateway}/dispatch-server/drivers/${name}`;
  const answered = (name: string, path = "") =>
    until(`${name} answers`, async () => {
      const answer = await fetch(url(name) + path);
      return answer.status === 200 ? ((await answer.json()) as { url: string; descriptors: string }) : undefined;
    });
  expect(await answered("hook1", "/deep/er?q=1")).toMatchObject({ url: "/deep/er?q=1", descriptors: "1" });
  expect(await answered("hook2")).toMatchObject({ url: "/" });
  const { port } = new URL(server.gateway);
  expect(parse<{ url: string }>(await dispatch.get("/v1/event/drivers/hook1")).url).toBe(
    `http://0.0.0.0:${port}/dispatch-server/drivers/hook1`,
  );
  expect((await fetch(url("inner1"))).status).toBe(404);
  await isReady("hook2");

  expect((await fetch(`${url("hook1")}/die`)).status).toBe(502);
  expect((await fetch(url("hook2"))).status).toBe(200);
  await answered("hook1");

  await server.kill();
  server = await startServer({ dataDir: server.dataDir, flags });
  dispatch = new Dispatch(server.api);
  await Promise.all([answered("hook1"), answered("hook2")]);

  await dispatch.delete("/v1/event/drivers/hook1");
  expect((await fetch(url("hook1"))).status).toBe(404);
  for (const name of ["hook2", "inner1"]) await dispatch.delete(`/v1/event/drivers/${name}`);
});

test("programs that listen on port 80 are called unchanged, each in a network of its own, over their end and a restart", async () => {
  const drivers = { old1: [], old2: [{ key: "from", value: "environment" }] };
  for (const [name, config] of Object.entries(drivers)) {
    const say = { key: "say", value: name };
    await dispatch.post("/v1/event/drivers", { name, type: "old", config: [...config, say] });
  }
  const url = (name: string) => `${server.gateway}/dispatch-server/drivers/${name}`;
  const answered = (name: string) =>
    until(`${name} answers`, async () => {
      const asked = { method: "PUT", body: "x".repeat(300_000) };
      const answer = await fetch(`${url(name)}/deep?q=1`, { ...asked, signal: AbortSignal.timeout(2000) }).catch(
        () => undefined,
      );
      return answer?.status === 200 ? ((await answer.json()) as object) : undefined;
    });
  const all = async () => {
    for (const name of Object.keys(drivers))
      expect(await answered(name)).toEqual({ said: name, method: "PUT", url: "/deep?q=1", length: 300_000 });
  };
  await all();
  await Promise.all(Object.keys(drivers).map(isReady));
  expect((await fetch(`${url("old1")}/die`)).status).toBe(502);
  await all();
  await server.kill();
  server = await startServer({ dataDir: server.dataDir, flags });
  dispatch = new Dispatch(server.api);
  await all();
  for (const name of Object.keys(drivers)) await dispatch.delete(`/v1/event/drivers/${name}`);
  expect((await fetch(url("old1"))).status).toBe(404);
});
