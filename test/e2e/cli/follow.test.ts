/** Commands that go on until they are interrupted, and events, against a real server. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type CommandResult, programPath, runCommand, writeFiles } from "../support/command-line.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server.ts";
import { until } from "../support/until.ts";

let server: ServerProcess;
let folder: string;

beforeAll(async () => {
  server = await startServer();
  folder = await temporaryFolder();
  await writeFiles(folder, {
    "hello.js": "module.exports = (context, params) => { console.log('hello ' + params.name); return params; };",
    "slow.js": "module.exports = () => new Promise((resolve) => setTimeout(resolve, 5000));",
  });
  await dispatch("create", "base-image", "nodejs-base", "dispatchframework/nodejs-base:0.0.12", "--language", "nodejs");
  await dispatch("create", "image", "nodejs", "nodejs-base");
  const made = await dispatch("create", "function", "hello", "hello.js", "--image", "nodejs", "--wait");
  expect(made).toMatchObject({ status: 0 });
  await dispatch("create", "function", "slow", "slow.js", "--image", "nodejs", "--wait");
});

afterAll(async () => {
  await server.dispose();
  await rm(folder, { recursive: true, force: true });
});

function dispatch(...words: string[]): Promise<CommandResult> {
  return runCommand(words, { cwd: folder, environment: { DISPATCH_PORT: new URL(server.api).port } });
}

/** A command that has been started: its output so far, and its end. */
function start(...words: string[]): Started {
  return startWith(new URL(server.api).port, words);
}

interface Started {
  output(): string;
  child: ChildProcess;
  ended: Promise<unknown[]>;
}

function startWith(port: string, words: string[]): Started {
  const env = { PATH: process.env.PATH ?? "", HOME: folder, DISPATCH_PORT: port };
  const child = spawn(programPath, words, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  return { output: () => text, child, ended: once(child, "close") };
}

/** Passes on to the server what comes, and keeps which paths were asked for. */
async function recordingProxy(): Promise<{ port: string; paths: string[] }> {
  const paths: string[] = [];
  const proxy = createServer((incoming, answer) => {
    paths.push(incoming.url ?? "");
    const { method, url, headers } = incoming;
    const outgoing = request(`${server.api}${url}`, { method, headers, agent: false }, (reply) => {
      answer.writeHead(reply.statusCode ?? 500, reply.headers);
      reply.pipe(answer);
    });
    incoming.pipe(outgoing.on("error", () => answer.destroy()));
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return { port: String((proxy.address() as AddressInfo).port), paths };
}

function hello(name: string): Promise<CommandResult> {
  return dispatch("exec", "hello", "--wait", "--input", JSON.stringify({ name }));
}

function shown(output: () => string, text: string): Promise<true> {
  return until(`${text} is shown`, () => (output().includes(text) ? true : undefined));
}

test("logs --follow prints the last run and every one that comes, until it is interrupted", async () => {
  await hello("first");
  const { output, child, ended } = start("logs", "hello", "--follow");
  await shown(output, "hello first\n");
  await hello("second");
  await hello("third");
  await shown(output, "hello first\nhello second\nhello third\n");
  child.kill("SIGINT");
  expect(await ended).toEqual([1, null]);
  expect(output()).toBe("hello first\nhello second\nhello third\ninterrupted\n");
});

test("get runs --follow prints new runs as rows without a heading", async () => {
  const { output, child, ended } = start("get", "runs", "hello", "--last", "--follow");
  await shown(output, "READY");
  const { stdout } = await dispatch("exec", "hello", "--wait", "--input", '{"name": "row"}', "-o", "name");
  await shown(output, stdout.trim());
  child.kill("SIGTERM");
  expect(await ended).toEqual([1, null]);
  expect(output().match(/STATUS/g)).toHaveLength(1);
});

test("get runs --follow is told of what changes and asks for no list again, and shows each state of a run once", async () => {
  const { port, paths } = await recordingProxy();
  const { output, child, ended } = startWith(port, ["get", "runs", "slow", "--follow", "-o", "json"]);
  await shown(output, "[]");
  const lists = (): string[] => paths.filter((path) => path.startsWith("/v1/runs?"));
  const before = lists().length;
  await dispatch("exec", "slow");
  await shown(output, '"status": "READY"');
  expect(output().match(/"status": "(INITIALIZED|CREATING)"/g)?.length).toBeGreaterThan(0);
  expect(output().match(/"status": "READY"/g)).toHaveLength(1);
  expect(lists().slice(before)).toEqual([]);
  child.kill("SIGINT");
  expect(await ended).toEqual([1, null]);
});

test("a run that the user does not wait for any longer goes on", async () => {
  const { output, child, ended } = start("exec", "slow", "--wait");
  const lastRun = async () => (await dispatch("get", "runs", "slow", "--last", "--json")).stdout;
  await until("the run is going on", async () => ((await lastRun()).includes('"CREATING"') ? true : undefined));
  child.kill("SIGINT");
  expect(await ended).toEqual([1, null]);
  expect(output()).toBe("interrupted; a run that has begun goes on: dispatch get runs slow --last\n");
  expect(await lastRun()).toContain('"CREATING"');
});

test("an event that is emitted runs the function that subscribes to it", async () => {
  const created = await dispatch("create", "subscription", "hello", "--name", "greet", "--event-type", "vm.deployed");
  expect(created).toEqual({ status: 0, stdout: "created subscription: greet\n", stderr: "" });
  const emitted = await dispatch("emit", "vm.deployed", "--data", '{"name": "event"}');
  expect(emitted).toEqual({ status: 0, stdout: "event emitted\n", stderr: "" });
  await until("the event's run has ended", async () => {
    const { stdout } = await dispatch("logs", "hello");
    return stdout === "hello event\n" ? true : undefined;
  });
  const { stdout: id } = await dispatch("get", "runs", "hello", "--last", "-o", "name");
  const described = await dispatch("describe", "run", id.trim());
  expect(described.stdout).toMatch(/\nEvent: {11}vm\.deployed\n/);
  expect((await dispatch("describe", "function", "hello")).stdout).toMatch(/\nUsed by: {9}Subscription greet\n/);
});

test("doctor finds this server well, but for the gateway's port, which nobody told it", async () => {
  const environment = { DISPATCH_PORT: new URL(server.api).port, DISPATCH_DATA_DIR: server.dataDir };
  const { stdout, stderr } = await runCommand(["doctor"], { cwd: folder, environment });
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^ok {7}server {9}http:\/\/127\.0\.0\.1:\d+ answers, version v/m);
  expect(stdout).toMatch(/^ok {7}languages {6}nodejs$/m);
  expect(stdout).toMatch(/^ok {7}data folder {4}.* free$/m);
});
