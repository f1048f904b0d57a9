/** Flags, environment and configuration file, and what is said of mistakes in them (server.md 1.1). */
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Dispatch, errorOf, serverWith } from "../support/dispatch.ts";
import { runServer, startServer, temporaryFolder } from "../support/server.ts";
import { isPostgres, sqliteOnly } from "../support/server-database.ts";

let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe("a mistake ends the start with exit status 1 and a sentence", () => {
  const mistakes: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["an unknown flag", ["--prot", "1"], /unknown flag: --prot \(did you mean --port\?\)/],
    ["a flag without its value", ["--port"], /flag needs an argument: --port/],
    ["a stray argument", ["local"], /local/],
    ["a port that is none", ["--port", "70000"], /--port is "70000": expected a whole number from 0 to 65535/],
    ["a duration that is none", ["--stop-grace", "soon"], /--stop-grace is "soon": expected a duration such as 20s/],
    ["a kind that is none", ["--sandbox", "jail"], /--sandbox is "jail": expected bubblewrap or none/],
    ["a file that is not there", ["--config", "/nonexistent/c.yaml"], /\/nonexistent\/c\.yaml/],
    ["a file of an unknown form", ["--config", "/etc/passwd"], /must end in \.yaml, \.yml, \.json or \.toml/],
    [
      "a name that is none",
      ["--server-names", "http://a.example:1"],
      /--server-names is "http:\/\/a\.example:1": expected a host name/,
    ],
    ["a service at the door's port", ["--allow-host-service", "127.0.0.1:8080"], /port 8080 leads to Dispatch itself/],
    ["a service of another host", ["--allow-host-service", "10.0.0.1:80"], /expected a loopback address and port/],
  ];

  test.each(mistakes)("%s", async (_what, flags, message) => {
    const { code, stderr, stdout } = await runServer(["--data-dir", join(folder, "never"), ...flags]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^Error: /);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("JSON that breaks off is named by its place: what stands there may be a password", async () => {
    const path = await file("broken.json", '{"db": "postgres://u:hunter2@h/d"\n oops}');
    const { code, stderr } = await runServer(["--config", path]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("it is not valid JSON: line 2 column 2")]);
    expect(stderr).not.toContain("hunter2");
  });

  test.each([
    ["c.yaml", "prot: 1\n"],
    ["c.json", '{"prot": 1}'],
    ["c.toml", "prot = 1\n"],
  ])("an unknown key in %s, with the nearest word", async (name, text) => {
    const path = await file(name, text);
    const { code, stderr } = await runServer(["--config", path]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("unknown key prot")]);
    expect(stderr).toContain("did you mean port?");
    expect(stderr).toContain(path);
  });

  test("a broken file, with its place", async () => {
    const { code, stderr } = await runServer(["--config", await file("broken.yaml", "port: [1\nhost: x\n")]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/broken\.yaml.*line \d/)]);
  });

  test("a folder that cannot be made where nothing can be", async () => {
    const { code, stderr } = await runServer(["--data-dir", "/proc/nosuch/data"]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("cannot make the data folder /proc/nosuch/data: ENOENT"),
    ]);
  });

  test("a port that is taken", async () => {
    const server = await startServer();
    const port = new URL(server.gateway).port;
    await expect(startServer({ flags: ["--gateway-port", port] })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: another program uses it already: stop it, or name another port with --gateway-port`,
    );
    await server.dispose();
  });
});

test("--help and --version print and end", async () => {
  const help = await runServer(["--help"]);
  expect([help.code, help.stderr]).toEqual([0, ""]);
  expect(help.stdout).toContain("--data-dir DIR");
  expect((await runServer(["--version"])).stdout).toMatch(/^dispatch-server \d+\.\d+\.\d+\n$/);
});

test.each([
  ["f.yaml", "MAX-BODY-BYTES: 2000\n"],
  ["f.json", '{"max-body-bytes": 2000}'],
  ["f.toml", "max-body-bytes = 2000\n"],
])("a flag wins over the environment, that over %s, that over the default", async (name, text) => {
  const config = await file(name, text);
  const limitOf = async (flags: readonly string[], environment: Record<string, string>): Promise<string> => {
    const server = await startServer({ flags, environment });
    const answer = await new Dispatch(server.api).post("/v1/secret", { name: "x".repeat(1_100_000) });
    await server.dispose();
    return /than (\d+) bytes/.exec(errorOf(answer).message)?.[1] ?? "";
  };
  const environment = { DISPATCH_CONFIG: config };
  expect(await limitOf([], environment)).toBe("2000");
  expect(await limitOf([], { ...environment, DISPATCH_MAX_BODY_BYTES: "3000" })).toBe("3000");
  expect(await limitOf(["--max-body-bytes", "4000"], { ...environment, DISPATCH_MAX_BODY_BYTES: "3000" })).toBe("4000");
});

test("keys of the older product are taken where it had them", async () => {
  const config = await file("old.yaml", "local: { gateway-tls-port: 0, events-gateway: 'x:1' }\nresync-period: 20s\n");
  const server = await startServer({ flags: ["--config", config] });
  await server.dispose();
});

describe("functions", () => {
  const probe = { "f.js": "module.exports = () => ({ uid: process.getuid(), root: require('fs').readdirSync('/') });" };

  test("run without a sandbox when told so, which is warned of", async () => {
    const { server, dispatch } = await serverWith(["nodejs", "python3"], { flags: ["--sandbox", "none"] });
    await dispatch.createFunction("probe", probe);
    await dispatch.createFunction(
      "python",
      { "f.py": "def handle(c, p):\n    print('hi')\n    return p\n" },
      { image: "python3" },
    );
    expect((await dispatch.run("probe")).output).toMatchObject({ uid: process.getuid?.() });
    expect(await dispatch.run("python", 1)).toMatchObject({ output: 1, logs: { stdout: ["hi"] } });
    expect(server.log.some(({ level, msg }) => level === 40 && msg.startsWith("--sandbox none"))).toBe(true);
    await server.dispose();
  });

  test("have no network when told so", async () => {
    const { server, dispatch } = await serverWith(["nodejs"], { flags: ["--function-network", "none"] });
    const interfaces = "module.exports = () => Object.keys(require('os').networkInterfaces());";
    await dispatch.createFunction("offline", { "f.js": interfaces });
    expect(((await dispatch.run("offline")).output as string[]).filter((name) => name !== "lo")).toEqual([]);
    await server.dispose();
  });

  test("share the host's network when told so, which is warned of", async () => {
    const { server, dispatch } = await serverWith(["nodejs"], { flags: ["--function-network", "host"] });
    const reach = "module.exports = async (c, url) => (await fetch(url)).status;";
    await dispatch.createFunction("reach", { "f.js": reach });
    expect((await dispatch.run("reach", `${server.gateway}/nothing`)).output).toBe(404);
    expect(server.log.some(({ level, msg }) => level === 40 && msg.startsWith("--function-network host"))).toBe(true);
    await server.dispose();
  });

  test("are no administrators on the host's network either, where the API itself is before them", async () => {
    const { server, dispatch } = await serverWith(["nodejs"], { flags: ["--allow-host-network"] });
    const source = `module.exports = async ({ dispatch }, { method = "GET", path, headers, body }) => {
      const all = { "x-dispatch-org": dispatch.organization, "content-type": "application/json", ...headers };
      return (await fetch(dispatch.url + path, { method, headers: all, body })).status;
    };`;
    const hasty = `module.exports = ({ dispatch }, count) => {
      const body = JSON.stringify({ name: "planted", secrets: { a: "b" } });
      const head = "POST /v1/secret HTTP/1.1\\r\\nhost: 127.0.0.1\\r\\ncookie: c\\r\\ncontent-type: application/json\\r\\n" +
        "x-dispatch-org: dispatch-server\\r\\nconnection: close\\r\\ncontent-length: " + body.length + "\\r\\n\\r\\n";
      for (let i = 0; i < count; i++) require("net").connect(new URL(dispatch.url).port, "127.0.0.1").on("error", () => {}).end(head + body).destroySoon();
      return new Promise((resolve) => setTimeout(resolve, 1000, count));
    };`;
    const network = { network: "host" };
    await dispatch.createFunction("ask", { "f.js": source }, network);
    await dispatch.createFunction("hasty", { "f.js": hasty }, network);
    const ask = async (payload: object) => (await dispatch.run("ask", payload)).output;
    const cookie = { cookie: "cookie" };
    expect([
      await ask({ path: "/v1/secret", headers: cookie }),
      await ask({ path: "/v1/secret" }),
      await ask({ path: "/v1/secret", headers: { authorization: "Bearer x" } }),
      await ask({ path: "/metrics" }),
      await ask({
        path: "/v1/runs?functionName=hasty",
        method: "POST",
        headers: cookie,
        body: '{"blocking":true,"input":50}',
      }),
    ]).toEqual([403, 401, 401, 401, 200]);
    expect((await dispatch.get("/v1/secret/planted")).status).toBe(404);
    expect((await dispatch.get("/v1/secret")).status).toBe(200);
    await server.dispose();
  });
});

test.skipIf(isPostgres)(
  `the data folder is made for its owner alone, the database where --db-file says${sqliteOnly}`,
  async () => {
    await mkdir(join(folder, "elsewhere"));
    const dbFile = join(folder, "elsewhere/deep/own.db");
    const server = await startServer({ flags: ["--db-file", dbFile] });
    await server.stop();
    expect((await stat(server.dataDir)).mode & 0o777).toBe(0o700);
    expect((await stat(dbFile)).mode & 0o777).toBe(0o600);
    await server.dispose();
  },
);
