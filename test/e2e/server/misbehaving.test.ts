/** Functions and uploads that misbehave: each gets its error, the server and all other functions go on. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { archiveOf, type Entry } from "../support/archive.ts";
import type { Dispatch } from "../support/dispatch.ts";
import { errorOf, functionBody, serverWith } from "../support/dispatch.ts";
import type { ServerProcess } from "../support/server.ts";

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  const flags = ["--max-upload-bytes", "2000000", "--max-source-bytes", "3000000"];
  ({ server, dispatch } = await serverWith(["nodejs", "python3"], { flags }));
  await dispatch.createFunction("well", { "f.js": "module.exports = () => 'well';" });
});

afterEach(async () => {
  expect((await dispatch.run("well")).output).toBe("well");
});

afterAll(() => server.dispose());

describe("an upload is refused with 400 and its reason when it has", () => {
  const file = { path: "f.js", content: "module.exports = () => 1;" };
  const hostile: readonly (readonly [string, readonly Entry[], RegExp])[] = [
    ["an absolute path", [{ ...file, path: "/etc/cron.d/x" }], /path "\/etc\/cron\.d\/x" in the source is absolute/],
    ["a path that leads out", [{ ...file, path: "../../x.js" }], /leads out of the source with `\.\.`/],
    ["a symbolic link", [file, { path: "l", type: "SymbolicLink", linkpath: "/etc/passwd" }], /has a link: "l"/],
    ["a hard link", [file, { path: "l", type: "Link", linkpath: "/etc/shadow" }], /has a link: "l"/],
    ["a device", [file, { path: "d", type: "CharacterDevice" }], /neither a file nor a folder: "d"/],
    ["no file", [{ path: "d/", type: "Directory" }], /is empty/],
    [
      "too much in it",
      [{ path: "bomb.js", content: Buffer.alloc(4_000_000) }],
      /unpacked it has more than 3000000 bytes/,
    ],
  ];

  test.each(hostile)("%s", async (_what, entries, message) => {
    const answer = await dispatch.post("/v1/function", {
      name: "hostile",
      image: "nodejs",
      source: archiveOf(entries),
    });
    expect([answer.status, errorOf(answer).message]).toEqual([400, expect.stringMatching(message)]);
    expect((await dispatch.get("/v1/function/hostile")).status).toBe(404);
  });

  test("too many entries", async () => {
    const entries = Array.from({ length: 10_001 }, (_, index) => ({ path: `${index}`, type: "Directory" as const }));
    const tar = Buffer.from(archiveOf(entries), "base64");
    const answer = await dispatch.post("/v1/function", {
      name: "many",
      image: "nodejs",
      source: tar.toString("base64"),
    });
    expect([answer.status, errorOf(answer).message]).toEqual([
      400,
      expect.stringMatching(/too many entries|unpacked it has more/),
    ]);
  });

  test("no archive in it", async () => {
    for (const bytes of [Buffer.from("text"), gzipSync("text"), gzipSync(Buffer.alloc(0))]) {
      const answer = await dispatch.post("/v1/function", {
        name: "none",
        image: "nodejs",
        source: bytes.toString("base64"),
      });
      expect([answer.status, errorOf(answer).message]).toEqual([400, expect.stringMatching(/^source: The source is /)]);
    }
  });

  test("and with 413 by the name of the setting when it is too large", async () => {
    const answer = await dispatch.post("/v1/function", {
      name: "large",
      image: "nodejs",
      source: "A".repeat(2_000_001),
    });
    expect([answer.status, errorOf(answer).message]).toEqual([
      413,
      "the request body is larger than 2000000 bytes (setting max-upload-bytes)",
    ]);
  });
});

/** The head of a large upload, and a first byte of it: the rest never comes. */
async function beginUpload(): Promise<Socket> {
  const { hostname, port, host } = new URL(server.api);
  const socket = connect(Number(port), hostname).on("error", () => undefined);
  await once(socket, "connect");
  const headers = `Host: ${host}\r\nCookie: cookie\r\nX-Dispatch-Org: dispatch-server\r\nContent-Type: application/json`;
  socket.write(`POST /v1/function HTTP/1.1\r\n${headers}\r\nContent-Length: 1900000\r\n\r\n{`);
  return socket;
}

test("large uploads are read two at a time: a third one waits until one of them has ended", async () => {
  const slow = await Promise.all([beginUpload(), beginUpload()]);
  await sleep(300); // so that both are being read
  const source = "A".repeat(1_500_000);
  const third = dispatch.post("/v1/function", { name: "third", image: "nodejs", source });
  const small = await dispatch.post("/v1/function", { name: "small", image: "nodejs", source: "AAAA" });
  expect(small.status).toBe(400);
  expect(await Promise.race([third, sleep(1000, "waits")])).toBe("waits");
  slow[0]?.destroy();
  expect((await third).status).toBe(400);
  slow[1]?.destroy();
});

interface Misbehaviour {
  readonly source: string;
  readonly image?: string;
  readonly fields?: object;
  readonly type: string;
  readonly message: RegExp;
}

const python = (body: string) => `import os, sys\ndef handle(context, payload):\n${body}\n`;

const misbehaviours: Readonly<Record<string, Misbehaviour>> = {
  "throws a text": { source: "module.exports = () => { throw 'plain'; };", type: "FunctionError", message: /^plain$/ },
  "throws nothing": {
    source: "module.exports = () => { throw undefined; };",
    type: "FunctionError",
    message: /^undefined$/,
  },
  "rejects later, outside of its call": {
    source: "module.exports = () => new Promise(() => { Promise.reject(new Error('stray')); });",
    type: "FunctionError",
    message: /^stray$/,
  },
  "never answers": {
    source: "module.exports = () => new Promise(() => {});",
    fields: { timeout: 200 },
    type: "FunctionError",
    message: /^Function execution exceeded the timeout$/,
  },
  "returns a BigInt": {
    source: "module.exports = () => 1n;",
    type: "FunctionError",
    message: /cannot be written as JSON: .*BigInt/,
  },
  "returns a circle": {
    source: "module.exports = () => { const a = {}; a.a = a; return a; };",
    type: "FunctionError",
    message: /cannot be written as JSON: .*circular/,
  },
  "returns a function": {
    source: "module.exports = () => () => 1;",
    type: "FunctionError",
    message: /cannot be written as JSON: it is a function/,
  },
  "returns too much": {
    source: "module.exports = () => 'x'.repeat(7 << 20);",
    type: "FunctionError",
    message: /longer than the limit of 6291456 bytes/,
  },
  "returns NaN from Python": {
    source: python("  return float('nan')"),
    image: "python3",
    type: "FunctionError",
    message: /cannot be written as JSON/,
  },
  "returns an object from Python": {
    source: python("  return object()"),
    image: "python3",
    type: "FunctionError",
    message: /cannot be written as JSON: .*object is not JSON serializable/,
  },
  exits: {
    source: "module.exports = () => process.exit(3);",
    type: "FunctionError",
    message: /^the function ended its process \(exit code 3\)$/,
  },
  "exits in Python": {
    source: python("  os._exit(4)"),
    image: "python3",
    type: "FunctionError",
    message: /^the function ended its process \(exit code 4\)$/,
  },
  "kills itself": {
    source: "module.exports = () => { process.kill(process.pid, 'SIGKILL'); return new Promise(() => {}); };",
    type: "FunctionError",
    message: /ended its process \(signal SIGKILL\)/,
  },
  "crashes in Python": {
    source: python("  import ctypes; ctypes.string_at(0)"),
    image: "python3",
    type: "FunctionError",
    message: /ended its process \(signal SIGSEGV\)/,
  },
  "takes 4 GB": {
    source: python("  data = [b'x' * (64 << 20) for _ in range(64)]\n  return len(data)"),
    image: "python3",
    type: "FunctionError",
    message: /^the function exceeded its memory limit of 256 MB$|MemoryError/,
  },
  "recurses for ever": {
    source: "const f = () => f() + 1; module.exports = f;",
    type: "FunctionError",
    message: /Maximum call stack size exceeded/,
  },
  "closes its channel": {
    source: "module.exports = () => { require('fs').closeSync(3); return new Promise(() => {}); };",
    fields: { timeout: 2000 },
    type: "FunctionError",
    message: /ended its process|exceeded the timeout/,
  },
};

describe("a function that", () => {
  test.each(Object.entries(misbehaviours))(
    "%s fails alone, and is as it was at its next call",
    async (what, misbehaviour) => {
      const { source, image = "nodejs", fields, type, message } = misbehaviour;
      const name = what.replaceAll(/[^A-Za-z0-9]+/g, "-");
      await dispatch.createFunction(name, { [image === "nodejs" ? "f.js" : "f.py"]: source }, { image, ...fields });
      for (const attempt of [1, 2]) {
        const { status, error } = await dispatch.run(name);
        expect([attempt, status, error?.type, error?.message]).toEqual([
          attempt,
          "ERROR",
          type,
          expect.stringMatching(message),
        ]);
      }
    },
  );

  test("prints 100 MB keeps the first of it, and a line says so", async () => {
    const source =
      "module.exports = () => { const line = 'x'.repeat(99); for (let i = 0; i < 1e6; i++) console.log(line); return 'done'; };";
    await dispatch.createFunction("prints", { "f.js": source });
    const { output, logs } = await dispatch.run("prints");
    expect(output).toBe("done");
    expect(logs?.stdout?.length).toBeLessThan(11_000);
    expect(logs?.stdout?.at(-1)).toMatch(/^\.\.\. log limit of 1 MB reached, the rest is left out \(\d+ bytes\)$/);
  });

  test("prints one line without an end is held to the same limit", async () => {
    await dispatch.createFunction("endless-line", {
      "f.js":
        "module.exports = () => { for (let i = 0; i < 400; i++) process.stdout.write('y'.repeat(1e4)); return 1; };",
    });
    const { output, logs } = await dispatch.run("endless-line");
    expect(output).toBe(1);
    expect(JSON.stringify(logs).length).toBeLessThan(1_200_000);
  });

  test("is busy while another call comes is called by as many workers as it may have", async () => {
    const source = "module.exports = () => new Promise((resolve) => setTimeout(resolve, 300, process.pid));";
    await dispatch.createFunction("busy", { "f.js": source }, { limits: { concurrency: 2 } });
    const runs = await Promise.all(Array.from({ length: 6 }, () => dispatch.run("busy")));
    expect(runs.every(({ status }) => status === "READY")).toBe(true);
  });
});

describe("a name", () => {
  test.each(["", "-a", "a.b", "a/b", "a b", "ä", "../x"])("%j is refused", async (name) => {
    const answer = await dispatch.post("/v1/function", functionBody(name, { "f.js": "0" }));
    expect([answer.status, errorOf(answer).code]).toEqual([422, 605]);
  });

  test.each(["__proto__", "constructor", "_", "9", "a-b_c"])("%s is a name like any other", async (name) => {
    const built = await dispatch.createFunction(name, { "f.js": "module.exports = () => 1;" });
    expect(built.status).toBe("READY");
    expect((await dispatch.run(name)).output).toBe(1);
  });
});
