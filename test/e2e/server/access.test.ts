/** Who may call the API, and from where (decisions 15). */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Dispatch, errorOf } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";

describe("without authentication, on the loopback", () => {
  let server: ServerProcess;
  let dispatch: Dispatch;

  beforeAll(async () => {
    server = await startServer();
    dispatch = new Dispatch(server.api);
  });

  afterAll(() => server.dispose());

  test.each(["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "10.0.0.5"])(
    "a call for the host %s is 403: a page may have bent a name to this machine",
    async (host) => {
      const answer = await dispatch.raw("/v1/secret", { headers: { ...dispatch.headers, host } });
      expect([answer.status, errorOf(answer).message]).toEqual([
        403,
        `the name ${host} in the Host header is not this machine's loopback: use 127.0.0.1 or localhost, or start the server with --auth token`,
      ]);
    },
  );

  test.each(["http://evil.example", "null", "https://localhost.evil.example"])(
    "a page of %s may not call",
    async (origin) => {
      const answer = await dispatch.raw("/v1/secret", { headers: { ...dispatch.headers, origin } });
      expect(answer.status).toBe(403);
    },
  );

  test.each(["localhost", "127.0.0.1:80", "[::1]:8080"])("the loopback may be called %s", async (host) => {
    expect((await dispatch.raw("/v1/secret", { headers: { ...dispatch.headers, host } })).status).toBe(200);
  });

  test.each(["/metrics", "/docs", "/openapi.json", "/healthz", "/v1/version", "/nosuch"])(
    "%s asks for the name of this machine, too",
    async (path) => {
      const answer = await dispatch.raw(path, { headers: { host: "evil.example" } });
      expect(answer.status).toBe(403);
    },
  );

  test("the server's own pages may call, pages of other ports only when they are named", async () => {
    const from = async (at: ServerProcess, origin: string) =>
      (await new Dispatch(at.api).raw("/v1/secret", { headers: { ...dispatch.headers, origin } })).status;
    const own = await from(server, new URL(server.api).origin);
    const other = await from(server, "http://localhost:3000");
    const open = await startServer({ flags: ["--allow-origin", "http://localhost:3000/"] });
    const named = await from(open, "http://localhost:3000");
    await open.dispose();
    expect([own, other, named]).toEqual([200, 403, 200]);
  });
});

describe("with --auth token", () => {
  let server: ServerProcess;
  let dispatch: Dispatch;
  let token: string;

  beforeAll(async () => {
    server = await startServer({ flags: ["--auth", "token"] });
    dispatch = new Dispatch(server.api);
    token = (await readFile(join(server.dataDir, "admin-token"), "utf8")).trim();
  });

  afterAll(() => server.dispose());

  const withToken = (value: string) => ({ "x-dispatch-org": "o", authorization: `Bearer ${value}` });

  test("the administrator's token lies in the data folder, for its owner alone", async () => {
    expect((await stat(join(server.dataDir, "admin-token"))).mode & 0o777).toBe(0o600);
    expect(token.length).toBeGreaterThanOrEqual(43);
    expect(JSON.stringify(server.log)).not.toContain(token);
  });

  test("whoever guesses waits for the answers after five of a second, is named in the log, and holds up nobody else", async () => {
    const since = performance.now();
    const seconds = (): number => (performance.now() - since) / 1000;
    const guesses = Array.from({ length: 15 }, async (_, at) => {
      const { status } = await dispatch.raw("/v1/secret", { headers: withToken(`guess${at}`) });
      return { status, seconds: seconds() };
    });
    const right = await dispatch.raw("/v1/secret", { headers: withToken(token) });
    const rightAfter = seconds();
    const answers = await Promise.all(guesses);
    expect([right.status, ...new Set(answers.map(({ status }) => status))]).toEqual([200, 401]);
    expect(answers.filter((answer) => answer.seconds > 0.9).length).toBeGreaterThanOrEqual(10);
    expect(answers.filter((answer) => answer.seconds > rightAfter).length).toBeGreaterThanOrEqual(10);
    expect(server.log.map(({ msg }) => msg)).toContainEqual(expect.stringContaining("wrong credentials at the API"));
  });

  test("calls work with it, from any name and page, and are 401 with any other", async () => {
    expect((await dispatch.raw("/v1/secret", { headers: withToken(token) })).status).toBe(200);
    const headers = { ...withToken(token), host: "dispatch.example", origin: "http://other.example" };
    expect((await dispatch.raw("/v1/secret", { headers })).status).toBe(200);
    for (const other of ["", "x", token.slice(1), `${token}x`]) {
      expect((await dispatch.raw("/v1/secret", { headers: withToken(other) })).status).toBe(401);
    }
    expect((await dispatch.get("/v1/secret")).status).toBe(401);
  });

  test("health stays open, metrics do not", async () => {
    expect((await dispatch.raw("/healthz")).status).toBe(200);
    expect((await dispatch.raw("/metrics")).status).toBe(401);
    expect((await dispatch.raw("/metrics", { headers: withToken(token) })).status).toBe(200);
  });

  test("the token holds over a restart", async () => {
    await server.stop();
    server = await startServer({ dataDir: server.dataDir, flags: ["--auth", "token"] });
    dispatch = new Dispatch(server.api);
    expect((await dispatch.raw("/v1/secret", { headers: withToken(token) })).status).toBe(200);
  });
});

describe("on every address", () => {
  test("a token is needed without being asked for", async () => {
    const server = await startServer({ flags: ["--host", "0.0.0.0"] });
    const dispatch = new Dispatch(server.api.replace("0.0.0.0", "127.0.0.1"));
    expect((await dispatch.get("/v1/secret")).status).toBe(401);
    await server.dispose();
  });

  test("--auth none is obeyed and warned of", async () => {
    const server = await startServer({ flags: ["--host", "0.0.0.0", "--auth", "none"] });
    const warning = "--auth none on 0.0.0.0: whoever reaches this address is the administrator";
    expect(server.log.filter(({ msg }) => msg === warning)).toMatchObject([{ level: 40 }]);
    await server.dispose();
  });

  test("the gateway alone leaves the API as it is", async () => {
    const server = await startServer({ flags: ["--gateway-host", "0.0.0.0"] });
    expect(server.gateway).toMatch(/^http:\/\/0\.0\.0\.0:/);
    expect((await new Dispatch(server.api).get("/v1/secret")).status).toBe(200);
    await server.dispose();
  });
});
