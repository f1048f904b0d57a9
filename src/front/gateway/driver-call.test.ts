/** Event drivers that are called from outside: the gateway on a real socket, drivers that behave and drivers that do not. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { createServer as createRawServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { raw, type Setup, start } from "./gateway.fixture.ts";

let folder: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "driver-call-"));
});

afterAll(() => rm(folder, { recursive: true }));

async function listening(server: Server): Promise<string> {
  const socket = join(folder, String(++count));
  server.listen(socket);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return socket;
}

/** The gateway before a driver; the address of the driver. */
async function before(socketPath: string | undefined, options: Setup["options"] = {}) {
  const running = await start({
    drivers: { "team-a/hook": { address: socketPath === undefined ? undefined : { socketPath } } },
    options,
  });
  return { ...running, url: `http://127.0.0.1:${running.port}/team-a/drivers/hook` };
}

async function driver(listener: RequestListener, options: Setup["options"] = {}) {
  const server = createServer(listener);
  onTestFinished(() => server.closeAllConnections());
  return before(await listening(server), options);
}

test("a driver gets method, path, query, headers and body, and its answer goes back", async () => {
  const { url } = await driver(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method, url: target, headers } = request;
    response.writeHead(207, { "X-Own": ["1", "2"], "Content-Type": "application/json", Connection: "close" });
    response.end(JSON.stringify({ method, target, headers, body: Buffer.concat(chunks).toString() }));
  });
  const headers = {
    "X-Hub-Signature-256": "sha256=00",
    "X-Forwarded-For": "203.0.113.9",
    Forwarded: "for=203.0.113.9",
  };
  const answer = await fetch(`${url}/a%2Fb?c=%20d`, { method: "PUT", headers, body: "bytes" });
  expect([answer.status, answer.headers.get("x-own")]).toEqual([207, "1, 2"]);
  const seen = (await answer.json()) as { headers: Record<string, string> };
  expect(seen).toMatchObject({ method: "PUT", target: "/a%2Fb?c=%20d", body: "bytes" });
  expect(seen.headers).toMatchObject({ "x-hub-signature-256": "sha256=00", "x-forwarded-for": "203.0.113.9" });
  expect(seen.headers.forwarded).toBeUndefined();
  expect(seen.headers["x-forwarded-host"]).toMatch(/^127\.0\.0\.1:\d+$/);
});

test("what a stranger says of other addresses does not reach the driver", async () => {
  const { url } = await driver((request, response) => void response.end(request.headers["x-forwarded-for"]), {
    trustedProxies: ["192.0.2.1"],
  });
  expect(await (await fetch(url, { headers: { "X-Forwarded-For": "203.0.113.9" } })).text()).toBe("127.0.0.1");
});

test("only exposed drivers have an address, and endpoints go before them", async () => {
  const { port, url } = await driver((_, response) => void response.end("driver"));
  const origin = `http://127.0.0.1:${port}`;
  for (const path of [
    "/team-b/drivers/hook",
    "/team-a/drivers/other",
    "/team-a/drivers",
    "/drivers/hook",
    "/team-a/drivers/hookx",
  ])
    expect([path, (await fetch(origin + path)).status]).toEqual([path, 404]);
  expect(await (await fetch(`${url}/`)).text()).toBe("driver");
  expect(await (await fetch(`${url}?q`)).text()).toBe("driver");
  const paths = ["/team-a/drivers/hook"];
  const socketPath = await listening(createServer((_, response) => void response.end("driver")));
  const shadowed = await start({
    drivers: { "team-a/hook": { address: { socketPath } } },
    endpoint: { paths, methods: ["GET"] },
  });
  const laid = await fetch(`http://127.0.0.1:${shadowed.port}${paths[0]}`);
  expect([laid.status, shadowed.runs.length]).toEqual([200, 1]);
});

test("a body over the limit is refused before the driver hears of it", async () => {
  let heard = 0;
  const { url } = await driver((_, response) => {
    heard += 1;
    response.end();
  });
  const answer = await fetch(url, { method: "POST", body: Buffer.alloc(2 * 1024 * 1024) });
  expect(answer.status).toBe(413);
  expect(await answer.text()).toContain("max-body-bytes");
  expect(heard).toBe(0);
});

test("a driver that hangs, ends or speaks nonsense costs its caller no more than the deadline", async () => {
  const hanging = await driver(() => {}, { driverDeadline: 100 });
  const answer = await fetch(hanging.url);
  expect([answer.status, await answer.json()]).toEqual([
    504,
    { message: "the event driver hook did not answer within 0.1 s" },
  ]);
  const half = await driver((_, response) => void response.write("never whole"), { driverDeadline: 100 });
  expect((await fetch(half.url)).status).toBe(504);

  const dying = await before(
    await listening(createRawServer((socket) => void socket.once("data", () => socket.destroy()))),
  );
  expect((await fetch(dying.url)).status).toBe(502);
  const cut = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort";
  const cutting = await before(
    await listening(createRawServer((socket) => void socket.once("data", () => socket.end(cut)))),
  );
  expect((await fetch(cutting.url)).status).toBe(502);
  const nonsense = await before(
    await listening(createRawServer((socket) => void socket.once("data", () => socket.end("220 mail.example\r\n")))),
  );
  expect((await fetch(nonsense.url)).status).toBe(502);
});

test("a driver that is not there is told apart from one that never was", async () => {
  for (const socket of [undefined, join(folder, "nobody")]) {
    const { url } = await before(socket);
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await answer.text()).toContain("does not run at the moment (READY)");
  }
});

test("a driver that runs and lets nobody in is told from one that is slow, with its state", async () => {
  const socketPath = await listening(createRawServer(() => {}));
  const { port } = await start({
    drivers: { "team-a/hook": { address: { socketPath }, status: "CREATING", isDeaf: () => true } },
  });
  const answer = await fetch(`http://127.0.0.1:${port}/team-a/drivers/hook`);
  expect([answer.status, answer.headers.get("retry-after"), await answer.json()]).toEqual([
    ...[503, "5"],
    { message: "the event driver hook runs, but does not listen yet (CREATING): try again" },
  ]);
});

test("an answer that is too large or smuggles a second one is not passed on", async () => {
  const large = await driver((_, response) => void response.end(Buffer.alloc(2000)), { maxAnswerBytes: 1000 });
  expect((await fetch(large.url)).status).toBe(502);
  const two = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
  const smuggling = await before(
    await listening(createRawServer((socket) => void socket.once("data", () => socket.end(two)))),
  );
  const request = "GET /team-a/drivers/hook HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  expect(await raw(smuggling.port, request)).not.toContain("evil");
});

test("one driver answers sixteen at once; the next is asked to come again, and others are not held up", async () => {
  const release: (() => void)[] = [];
  const { url } = await driver((_, response) => void release.push(() => response.end("done")));
  const first = Array.from({ length: 16 }, () => fetch(url));
  await expect.poll(() => release.length).toBe(16);
  const refused = await fetch(url);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
  for (const end of release.splice(0)) end();
  expect((await Promise.all(first)).map(({ status }) => status)).toEqual(Array(16).fill(200));
  const next = fetch(url);
  await expect.poll(() => release.length).toBe(1);
  release[0]?.();
  expect((await next).status).toBe(200);
});
