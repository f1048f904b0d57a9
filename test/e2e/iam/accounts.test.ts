/** Service accounts at work on a server with `--auth token` (server.md 8, decisions 14, 15 and 17). */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Dispatch, errorOf, functionBody, parse } from "../support/dispatch.ts";
import { send } from "../support/http.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { administratorOf, bearer, createAccount, grant, type KeyPair, keyPair, signedToken } from "./accounts.ts";

const ORGANIZATION = "team-a";
const ECHO = { "echo.js": "module.exports = ({ secrets }, payload) => ({ payload, secrets });" };

let server: ServerProcess;
let admin: Dispatch;
let ci: Dispatch;
let keys: KeyPair;

beforeAll(async () => {
  server = await startServer({ flags: ["--auth", "token"] });
  admin = await administratorOf(server, ORGANIZATION);
  keys = await createAccount(admin, "ci");
  ci = bearer(server, ORGANIZATION, signedToken("team-a/ci", keys));
  await admin.createImage("nodejs");
  await admin.createFunction("echo", ECHO);
  await admin.post("/v1/secret", {
    name: "door",
    secrets: { password: "OpenSesame" },
    tags: [{ key: "a", value: "b" }],
  });
});

afterAll(() => server?.dispose());

/** What the account answers to a rule, given and taken away again. */
async function allowed<T>(resource: string, action: string, attempt: () => Promise<T>): Promise<T> {
  await grant(admin, "temporary", { subjects: ["ci"], resources: [resource], actions: [action] });
  try {
    return await attempt();
  } finally {
    await admin.delete("/v1/iam/policy/temporary");
  }
}

describe("a service account", () => {
  test("may nothing without a policy, and is told what is missing", async () => {
    const answer = await ci.get("/v1/function");
    const message = "service account team-a/ci may not get function in organization team-a: no policy allows it";
    expect([answer.status, errorOf(answer)]).toEqual([403, { code: 403, message }]);
    expect((await ci.get("/home")).status).toBe(200);
  });

  test("may what a policy says from the moment it is answered, and no longer than it stands", async () => {
    const lists = await allowed("function", "get", async () => [
      (await ci.get("/v1/function")).status,
      (await ci.get("/v1/image")).status,
      (await ci.delete("/v1/function/echo")).status,
    ]);
    expect(lists).toEqual([200, 403, 403]);
    expect((await ci.get("/v1/function")).status).toBe(403);
  });

  test("lists secrets without their values until it may reveal them", async () => {
    await grant(admin, "lister", { subjects: ["ci"], resources: ["secret"], actions: ["get"] });
    const blind = await ci.get("/v1/secret");
    expect([blind.status, blind.text]).toEqual([200, expect.not.stringContaining("OpenSesame")]);
    expect(parse(blind)).toMatchObject([{ name: "door", tags: [{ key: "a", value: "b" }] }]);
    expect((await ci.get("/v1/secret/door")).text).not.toContain("OpenSesame");
    const seen = await allowed("secret", "reveal", () => ci.get("/v1/secret/door"));
    expect(parse(seen)).toMatchObject({ secrets: { password: "OpenSesame" } });
    await admin.delete("/v1/iam/policy/lister");
  });

  test("hands a secret to a function only with the right to use it", async () => {
    await grant(admin, "runner", { subjects: ["ci"], resources: ["runs"], actions: ["*"] });
    const refused = await ci.run("echo", {}, { secrets: ["door"] });
    expect(refused).toMatchObject({ status: "ERROR", error: { type: "InputError" } });
    expect(refused.error?.message).toMatch(/\[Code: 403\] service account team-a\/ci may not use secret/);
    const run = await allowed("secret", "use", () => ci.run("echo", {}, { secrets: ["door"] }));
    expect(run.output).toEqual({ payload: {}, secrets: { password: "OpenSesame" } });
    await admin.delete("/v1/iam/policy/runner");
  });

  test("cannot read a secret through a function of its own making", async () => {
    const thief = functionBody("thief", ECHO, { secrets: ["door"] });
    const created = await allowed("function", "*", () => ci.post("/v1/function", thief));
    expect([created.status, errorOf(created).message]).toEqual([403, expect.stringContaining("may not use secret")]);
    const changed = await allowed("function", "*", () =>
      ci.put("/v1/function/echo", functionBody("echo", ECHO, { secrets: ["door"] })),
    );
    expect(changed.status).toBe(403);
  });

  test("may read the metrics of all organizations by a global policy only", async () => {
    expect((await allowed("metrics", "get", () => ci.get("/metrics"))).status).toBe(403);
    await grant(admin, "monitor", { subjects: ["team-a/ci"], resources: ["metrics"], actions: ["get"] }, true);
    expect((await ci.get("/metrics")).text).toContain("dispatch_runs_total");
    await admin.delete("/v1/iam/policy/monitor");
  });
});

describe("a token", () => {
  test("ends with its account and with its key", async () => {
    const first = await createAccount(admin, "short-lived");
    const caller = bearer(server, ORGANIZATION, signedToken("team-a/short-lived", first));
    expect((await caller.get("/home")).status).toBe(200);
    await admin.put("/v1/iam/serviceaccount/short-lived", { name: "short-lived", publicKey: keyPair().publicKey });
    expect((await caller.get("/home")).status).toBe(401);
    await admin.put("/v1/iam/serviceaccount/short-lived", { name: "short-lived", publicKey: first.publicKey });
    expect((await caller.get("/home")).status).toBe(200);
    await admin.delete("/v1/iam/serviceaccount/short-lived");
    expect((await caller.get("/home")).status).toBe(401);
  });

  test("that is wrong is refused with the reason, and nothing of it in the log", async () => {
    const expired = signedToken("team-a/ci", keys, { exp: 1 });
    const answer = await bearer(server, ORGANIZATION, expired).get("/v1/function");
    expect([answer.status, errorOf(answer)]).toEqual([
      401,
      { code: 401, message: "unable to validate bearer token: it has expired (exp)" },
    ]);
    const forged = await bearer(server, ORGANIZATION, signedToken("team-a/ci", keyPair())).get("/v1/function");
    expect(errorOf(forged).message).toBe("unable to validate bearer token: no service account verifies it");
    expect(JSON.stringify(server.log)).not.toContain(expired.split(".")[2]);
  });

  test("is needed: a cookie opens nothing", async () => {
    const stranger = new Dispatch(server.api, { "x-dispatch-org": ORGANIZATION });
    expect((await stranger.get("/v1/function")).status).toBe(401);
    expect((await stranger.get("/metrics")).status).toBe(401);
    expect((await stranger.get("/v1/version")).status).toBe(200);
  });
});

describe("a proxy that asks at /v1/iam/auth", () => {
  const asked = (caller: Dispatch, method: string, path: string) => {
    const about = { "x-original-method": method, "x-auth-request-redirect": path };
    const { authorization = "" } = caller.headers;
    return caller.raw("/v1/iam/auth", { headers: { authorization, ...about } });
  };

  test("hears 202 with the organization, or an empty 403", async () => {
    const answer = await allowed("function", "get", () => asked(ci, "GET", "/v1/function/x"));
    expect([answer.status, answer.headers["x-dispatch-org"], answer.text]).toEqual([202, ORGANIZATION, ""]);
    const refused = await asked(ci, "DELETE", "/v1/function/x");
    expect([refused.status, refused.headers["x-dispatch-org"], refused.text]).toEqual([403, undefined, ""]);
    expect((await asked(admin, "GET", "/v1/function/x")).status).toBe(403);
  });

  test("hears 401 as JSON for a stranger", async () => {
    const answer = await admin.raw("/v1/iam/auth");
    expect([answer.status, errorOf(answer).code]).toEqual([401, 401]);
  });
});

describe("an endpoint with token authentication", () => {
  const call = (token?: string) =>
    send(`${server.gateway}/team-a/guarded`, {
      method: "POST",
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });

  beforeAll(async () => {
    const api = { name: "guarded", function: "echo", authentication: "token", enabled: true, uris: ["/guarded"] };
    expect((await admin.post("/v1/api", api)).status).toBe(200);
  });

  test("lets accounts of its own organization and the administrator in", async () => {
    expect((await call(signedToken("team-a/ci", keys))).status).toBe(200);
    expect((await call(admin.headers.authorization?.replace("Bearer ", ""))).status).toBe(200);
  });

  test("lets nobody else in", async () => {
    const elsewhere = await createAccount(await administratorOf(server, "team-b"), "ci");
    expect((await call(signedToken("team-b/ci", elsewhere))).status).toBe(403);
    expect((await call(signedToken("team-a/ci", elsewhere))).status).toBe(401);
    expect((await call("cookie")).status).toBe(401);
    expect((await call()).status).toBe(401);
  });
});

describe("the command line", () => {
  const program = fileURLToPath(new URL("../../../bin/dispatch", import.meta.url));
  let home: string;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "dispatch-home-"));
    await writeFile(join(home, "robot.pem"), keys.privateKey, { mode: 0o600 });
    await writeFile(join(home, "robot.pub.pem"), Buffer.from(keys.publicKey, "base64"));
  });

  afterAll(() => rm(home, { recursive: true }));

  function dispatch(...words: string[]): { status: number | null; text: string } {
    const { PATH = "" } = process.env;
    const env = { PATH, HOME: home, DISPATCH_DATA_DIR: server.dataDir, DISPATCH_PORT: new URL(server.api).port };
    const { status, stdout, stderr } = spawnSync(program, words, { env, cwd: home, encoding: "utf8" });
    return { status, text: (stdout + stderr).trim() };
  }

  test("makes an account and a policy as the local administrator, then works as that account", () => {
    const organization = ["--organization", "team-c"];
    const robot = [...organization, "--service-account", "robot", "--jwt-private-key", "robot.pem"];
    expect(dispatch("iam", "create", "organization", "team-c").text).toBe("Created organization: team-c");
    const account = ["iam", "create", "serviceaccount", "robot", "--public-key", "robot.pub.pem"];
    expect(dispatch(...account, ...organization).text).toBe("Create service account: robot");
    expect(dispatch("get", "functions", ...robot)).toMatchObject({
      status: 1,
      text: expect.stringMatching(/Code: 403/),
    });
    const policy = ["iam", "create", "policy", "readers", "--subject", "robot", "--action", "get", "--resource", "*"];
    expect(dispatch(...policy, ...organization).text).toBe("Created policy: readers");
    expect(dispatch("get", "functions", ...robot).status).toBe(0);
    expect(dispatch("iam", "get", "policies", ...robot, "-o", "name").text).toContain("readers");
    expect(dispatch("delete", "function", "x", ...robot).text).toMatch(/may not delete function/);
    expect(dispatch("login", ...robot)).toEqual({ status: 0, text: "You have successfully logged in" });
    expect(dispatch("get", "functions").status).toBe(0);
    expect(dispatch("iam", "delete", "policy", "readers").text).toMatch(/team-c\/robot may not delete iam/);
    expect(dispatch("logout").status).toBe(0);
    expect(dispatch("iam", "delete", "policy", "readers").text).toBe("Deleted policy: readers");
    expect(dispatch("get", "functions", ...robot).status).toBe(1);
  });
});
