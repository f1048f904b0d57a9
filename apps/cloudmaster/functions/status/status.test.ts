import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { closeServer, listen, readBody } from "../../simulator/listener.ts";

const PROGRAM = `
import json, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import status
try:
    print(json.dumps({"output": status.handle(*json.loads(sys.argv[2]))}))
except Exception as error:
    print(json.dumps({"type": type(error).__name__, "message": str(error)}))
`;

const hasPython = await promisify(execFile)("python3", ["--version"]).then(
  () => true,
  () => false,
);
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

describe.skipIf(!hasPython)(hasPython ? "function status" : "function status (SKIPPED: no python3 here)", () => {
  test("posts the message to the webhook, with markup made harmless", async () => {
    const webhook = await startWebhook(200);
    expect(await handle(webhook.url, { message: "vm <web-1> is up & running" })).toEqual({ output: { text: "ok" } });
    expect(webhook.bodies).toEqual([{ text: "vm &lt;web-1&gt; is up &amp; running" }]);
  });

  test.each([
    ["an input without message", "http://127.0.0.1:1", {}, /needs an input like/],
    ["an input that is no object", "http://127.0.0.1:1", null, /needs an input like/],
    ["a secret without statusUrl", "", { message: "x" }, /no web address under `statusUrl`/],
    ["a statusUrl that is a file", "file:///etc/passwd", { message: "x" }, /no web address under `statusUrl`/],
  ])("%s is the caller's mistake", async (_what, url, payload, message) => {
    expect(await handle(url, payload)).toEqual({ type: "ValueError", message: expect.stringMatching(message) });
  });

  test("a webhook that is busy says when to try again, without its address", async () => {
    const webhook = await startWebhook(429, { "Retry-After": "7" });
    const message = "the webhook refused the message: 429 Too Many Requests, try again in 7 s";
    expect(await handle(webhook.url, { message: "x" })).toEqual({ type: "RuntimeError", message });
  });

  test("a redirect is not followed", async () => {
    const target = await startWebhook(200);
    const source = await startWebhook(302, { Location: target.url });
    expect(await handle(source.url, { message: "x" })).toMatchObject({ message: expect.stringMatching(/302/) });
    expect(target.bodies).toEqual([]);
  });
});

async function handle(statusUrl: string, payload: unknown): Promise<unknown> {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  const call = JSON.stringify([{ secrets: { statusUrl } }, payload]);
  const { stdout } = await promisify(execFile)("python3", ["-B", "-c", PROGRAM, folder, call]);
  return JSON.parse(stdout);
}

async function startWebhook(status: number, headers: Record<string, string> = {}) {
  const bodies: unknown[] = [];
  const server = createServer(async (request, response) => {
    const body = (await readBody(request)).toString();
    if (body !== "") bodies.push(JSON.parse(body));
    response.writeHead(status, headers).end();
  });
  const { url } = await listen(server, 0);
  closers.push(() => closeServer(server));
  return { bodies, url: `${url}/services/secret` };
}
