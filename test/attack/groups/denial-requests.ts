/** Requests of a stranger, or of an account, that want to end the server, to keep it busy, or to fill it. */
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { Header } from "tar";
import { functionBody, parse } from "../../e2e/support/dispatch.ts";
import { type Attack, attacksOf, judge, nothingOf, type Verdict } from "../attack.ts";
import type { Target } from "../target.ts";

const ECHO = { "f.js": "module.exports = (context, payload) => payload ?? null;" };
const json = { "content-type": "application/json" };
const form = { "content-type": "application/x-www-form-urlencoded" };
const unwaited = { ...json, "x-dispatch-blocking": "false" };

const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);

/** Longer than this nobody may wait for a small answer of the server. */
const STANDSTILL_MS = 1000;

/** What the attack brought, and the longest that an honest caller waited meanwhile, in milliseconds. */
async function standstill<T>(
  target: Target,
  attack: Promise<T>,
): Promise<{ readonly result: T; readonly slowest: number }> {
  let ended = false;
  let slowest = 0;
  void attack
    .catch(() => undefined)
    .finally(() => {
      ended = true;
    });
  while (!ended) {
    const before = performance.now();
    await target.admin.raw("/healthz");
    slowest = Math.max(slowest, performance.now() - before);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { result: await attack, slowest };
}

/** Held when honest callers waited no longer than a second, and `wrong` finds nothing in the answers. */
async function withoutStandstill<T>(
  target: Target,
  attack: () => Promise<T>,
  wrong: (result: T) => string | undefined,
): Promise<Verdict> {
  const { result, slowest } = await standstill(target, attack());
  const fault = wrong(result);
  return judge(
    fault === undefined && slowest < STANDSTILL_MS,
    `${fault ?? "refused"}; others waited at most ${Math.round(slowest)} ms`,
  );
}

async function withSchema(target: Target, schema: object): Promise<string> {
  const name = await target.deploy("nodejs", ECHO["f.js"], { schema: { in: schema } });
  return target.publish(name);
}

const node = { type: "array", items: { $ref: "#/definitions/node" } };
const tree = { type: "object", properties: { tree: { $ref: "#/definitions/node" } }, definitions: { node } };

const schemas: Record<string, Attack["run"]> = {
  "end the server by deep JSON, for good": async (target) => {
    const path = await withSchema(target, tree);
    const body = `{"tree":${nested(20_000)}}`;
    const answers = [
      await target.knock(path, { headers: json, body }),
      await target.knock(path, { headers: unwaited, body }),
      await target.admin.post(
        "/v1/event",
        `{"eventType":"a.b","cloudEventsVersion":"0.1","source":"s","eventID":"1","data":${body}}`,
      ),
    ].map(({ status }) => status);
    await target.restart();
    const again = (await target.knock(path, { headers: json, body: '{"tree":[[]]}' })).status;
    return judge(answers.every((status) => status === 400) && again === 200, `${answers}, after a restart ${again}`);
  },

  "end the server by a schema that refers to itself or promises": async (target) => {
    const cycles = [
      { $ref: "#" },
      { allOf: [{ $ref: "#" }] },
      { $async: true, type: "object" },
      { definitions: { a: { $ref: "#/definitions/b" }, b: { $ref: "#/definitions/a" } }, $ref: "#/definitions/a" },
    ];
    const answers = await Promise.all(
      cycles.flatMap((schema) => [
        target.admin.post("/v1/function", functionBody(target.name("cycle"), ECHO, { schema: { in: schema } })),
        target.admin.post("/v1/function", functionBody(target.name("cycle"), ECHO, { schema: { out: schema } })),
      ]),
    );
    return nothingOf(
      answers.filter(({ status }) => status !== 400).map(({ text }) => text),
      `${answers.length} refused`,
    );
  },

  "fill the answer and the record with violations": async (target) => {
    const path = await withSchema(target, { items: { enum: Array.from({ length: 249 }, (_, n) => `country ${n}`) } });
    const body = `[${Array(48_000).fill(1).join(",")}]`;
    return withoutStandstill(
      target,
      () => target.knock(path, { headers: json, body }),
      ({ text }) => (text.length > 8192 ? `${text.length} bytes of answer` : undefined),
    );
  },

  "blow up an answer by a schema that doubles": async (target) => {
    const definitions: Record<string, object> = { d0: { type: "string" } };
    for (let level = 1; level <= 20; level++)
      definitions[`d${level}`] = { allOf: Array(2).fill({ $ref: `#/definitions/d${level - 1}` }) };
    const schema = { definitions, $ref: "#/definitions/d20" };
    const attack = async () => {
      const made = await target.admin.post(
        "/v1/function",
        functionBody(target.name("doubling"), ECHO, { schema: { in: schema } }),
      );
      if (made.status !== 201) return made;
      const { name } = parse<{ name: string }>(made);
      await target.admin.built(name);
      return target.admin.post(`/v1/runs?functionName=${name}`, { blocking: true, input: 1 });
    };
    return withoutStandstill(target, attack, ({ text }) =>
      text.length > 65_536 ? `${text.length} bytes of answer` : undefined,
    );
  },

  "stop everything by a check of 60,000 unique objects": async (target) => {
    const path = await withSchema(target, { uniqueItems: true });
    const body = JSON.stringify(Array.from({ length: 60_000 }, (_, n) => ({ n })));
    const attack = () =>
      Promise.all([target.knock(path, { headers: json, body }), target.knock(path, { headers: unwaited, body })]);
    return withoutStandstill(target, attack, ([waited]) =>
      waited.status === 400 ? undefined : `answer ${waited.status}`,
    );
  },

  "hide every run of a list behind one deep record": async (target) => {
    const source = "module.exports = () => { let a = []; for (let n = 0; n < 100000; n++) a = [a]; return a; };";
    const { error } = await target.evaluate("nodejs", source);
    const runs = await target.admin.runs();
    return judge(error?.type === "FunctionError" && runs.length > 0, error?.message ?? "it was recorded");
  },
};

const bodies: Record<string, Attack["run"]> = {
  "stop everything by forms of 1 MB, also unsigned ones at Slack endpoints": async (target) => {
    const open = await target.publish(await target.deploy("nodejs", ECHO["f.js"]));
    const secret = target.name("slack");
    await target.admin.post("/v1/secret", { name: secret, secrets: { signingSecret: "s" } });
    const slack = await target.publish(await target.deploy("nodejs", ECHO["f.js"]), {
      authentication: "slack",
      authenticationSecret: secret,
    });
    const body = "a&".repeat(500_000);
    const attack = () =>
      Promise.all([
        ...[open, slack, open, slack].map((path) => target.knock(path, { headers: form, body })),
        target.knock(`${open}?${"a&".repeat(100_000)}`, { method: "GET" }),
      ]);
    return withoutStandstill(target, attack, (answers) => answers.find(({ status }) => status >= 500)?.text);
  },

  "stop everything by uploads full of zeros": async (target) => {
    const header = new Header({ path: "f.js", size: 1, type: "File", mode: 0o644, mtime: new Date(0) });
    header.encode();
    const file = Buffer.concat([header.block ?? Buffer.alloc(0), Buffer.alloc(512, "x")]);
    const source = gzipSync(Buffer.concat([file, Buffer.alloc(48 * 1024 * 1024)])).toString("base64");
    const upload = () => target.admin.post("/v1/function", { name: target.name("zeros"), image: "nodejs", source });
    return withoutStandstill(
      target,
      () => Promise.all([upload(), upload(), upload()]),
      (answers) => answers.find(({ status }) => status !== 400)?.text,
    );
  },

  "unpack a bomb of 256 MB at the gateway": async (target) => {
    const path = await target.publish(await target.deploy("nodejs", ECHO["f.js"]));
    const bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024));
    const attack = () => target.knock(path, { headers: { ...json, "content-encoding": "gzip" }, body: bomb });
    return withoutStandstill(target, attack, ({ status }) => (status === 413 ? undefined : `answer ${status}`));
  },

  "fill the records with the parts of a request": async (target) => {
    const name = await target.deploy("nodejs", "module.exports = () => 1;");
    const path = await target.publish(name);
    const long = "x".repeat(400_000);
    const { status } = await target.knock(`${path}?a=${long}`, { headers: { "x-long": long }, body: "" });
    const kept = (await target.admin.get(`/v1/runs?functionName=${name}`)).text.length;
    return judge(kept < 2 * long.length + 40_000, `answer ${status}, ${Math.round(kept / 1024)} KB kept of 800 KB`);
  },

  "take the server's memory by lists of all runs": async (target) => {
    const name = await target.deploy("nodejs", "module.exports = () => 'x'.repeat(5e6);");
    for (let made = 0; made < 30; made += 5) await Promise.all(Array.from({ length: 5 }, () => target.admin.run(name)));
    const before = target.server.residentMebibytes();
    let most = before;
    const watch = setInterval(() => {
      most = Math.max(most, target.server.residentMebibytes());
    }, 20);
    const path = `/v1/runs?functionName=${name}`;
    const unread = await Promise.all(Array.from({ length: 20 }, () => unreadAnswer(target, path)));
    const lists = () => Promise.all(Array.from({ length: 3 }, () => drained(target, path)));
    const { slowest, result } = await standstill(target, lists());
    clearInterval(watch);
    for (const socket of unread) socket.destroy();
    await target.admin.delete(`/v1/function/${name}`);
    const largest = Math.round(Math.max(...result.map(({ bytes }) => bytes)) / 2 ** 20);
    const goesOn = result.every(({ next }) => next !== undefined);
    const detail = `lists of ${largest} of 150 MB cost ${Math.round(most - before)} MB; others waited at most ${Math.round(slowest)} ms`;
    return judge(largest <= 64 && goesOn && most - before < 400 && slowest < STANDSTILL_MS, detail);
  },
};

interface Drained {
  readonly bytes: number;
  readonly next: string | string[] | undefined;
}

/** Takes an answer without keeping it, which would hold up the one who measures. */
async function drained(target: Target, path: string): Promise<Drained> {
  const request = get(`${target.server.api}${path}`, { headers: target.admin.headers });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  let bytes = 0;
  for await (const chunk of response) bytes += (chunk as Buffer).length;
  return { bytes, next: response.headers["x-dispatch-next-cursor"] };
}

/** Somebody asks, and takes nothing of the answer. */
async function unreadAnswer(target: Target, path: string): Promise<Socket> {
  const { hostname, port } = new URL(target.server.api);
  const socket = connect(Number(port), hostname).on("error", () => undefined);
  await once(socket, "connect");
  const headers = Object.entries(target.admin.headers).map(([header, value]) => `${header}: ${value}\r\n`);
  socket.pause().write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers.join("")}\r\n`);
  return socket;
}

/** Opens connections that never finish their request. */
async function halfRequests(address: string, count: number): Promise<Socket[]> {
  const { hostname, port } = new URL(address);
  const sockets = Array.from({ length: count }, () => connect(Number(port), hostname).on("error", () => undefined));
  await Promise.all(sockets.map((socket) => once(socket, "connect").catch(() => undefined)));
  for (const socket of sockets)
    socket.resume().write("POST /v1/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n");
  return sockets;
}

const HALF_REQUESTS_AT_DOOR = `
import socket, time, urllib.parse
def handle(context, payload):
    url = urllib.parse.urlparse(context["dispatch"]["url"])
    kept, begun = [], time.time()
    for _ in range(400):
        try:
            one = socket.create_connection((url.hostname, url.port), 3)
            one.sendall(b"POST /v1/runs HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 1000\\r\\n")
            one.settimeout(60)
            kept.append(one)
        except OSError: break
    for one in kept:
        try:
            while one.recv(1000): pass
        except OSError: pass
    return [len(kept), time.time() - begun]`;

const CLOSED_WITHIN_S = 50;

const connections: Record<string, Attack["run"]> = {
  "hold connections with half requests at API, gateway and door": async (target) => {
    const { api, gateway } = target.server;
    const name = await target.deploy("python3", HALF_REQUESTS_AT_DOOR, { timeout: 60_000 });
    const atDoor = target.admin.run(name);
    const held = [...(await halfRequests(api, 400)), ...(await halfRequests(gateway, 400))];
    const begun = performance.now();
    const honest = await target.admin.raw("/v1/version");
    const closed = await Promise.race([
      Promise.all(held.map((socket) => (socket.closed ? undefined : once(socket, "close")))).then(() => true),
      new Promise<boolean>((resolve) => setTimeout(resolve, CLOSED_WITHIN_S * 1000, false).unref()),
    ]);
    const seconds = Math.round((performance.now() - begun) / 1000);
    for (const socket of held) socket.destroy();
    const { output, error } = await atDoor;
    const [, atDoorSeconds = Number.POSITIVE_INFINITY] = (output ?? []) as number[];
    const detail = `closed after ${closed ? seconds : "more than 50"} s, at the door after ${Math.round(atDoorSeconds)} s ${error?.message ?? ""}`;
    return judge(closed && honest.status < 400 && atDoorSeconds < CLOSED_WITHIN_S, detail);
  },
};

export const denialByRequests = attacksOf("denial", { ...schemas, ...bodies, ...connections });
