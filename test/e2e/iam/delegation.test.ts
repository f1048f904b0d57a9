/** Rights follow the person, whatever way a call takes (decisions 14, 16, 17 and 18e). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Api } from "../../../src/core/apis/contract.ts";
import { type Dispatch, errorOf, functionBody, parse } from "../support/dispatch.ts";
import { send } from "../support/http.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { administratorOf, bearer, createAccount, grant, signedToken } from "./accounts.ts";

const ORGANIZATION = "team-a";
const CLEAR = "OpenSesame";

const echo = "module.exports = ({ secrets }, payload) => ({ secrets, payload });";

/** Asks the door as its payload says; with a token, with a cookie, or with both. */
const caller = `module.exports = async ({ dispatch }, { method = "POST", path, body, token }) => {
  const headers = { "x-dispatch-org": dispatch.organization, "content-type": "application/json" };
  if (token) headers.authorization = "Bearer " + dispatch.token; else headers.cookie = "cookie";
  const answer = await fetch(dispatch.url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  return { status: answer.status, text: await answer.text() };
};`;

const calls = { echo: { "f.js": echo }, caller: { "f.js": caller } };
const stealing = { blocking: true, input: 1, secrets: ["door"] };

let server: ServerProcess;
let admin: Dispatch;

/** A signed-in account that may do exactly this. */
async function accountWith(name: string, rules: Readonly<Record<string, readonly string[]>>): Promise<Dispatch> {
  const keys = await createAccount(admin, name);
  for (const [resource, actions] of Object.entries(rules))
    await grant(admin, `${name}-${resource}`, { subjects: [name], resources: [resource], actions: [...actions] });
  return bearer(server, ORGANIZATION, signedToken(`${ORGANIZATION}/${name}`, keys));
}

beforeAll(async () => {
  server = await startServer({ flags: ["--auth", "token"] });
  admin = await administratorOf(server, ORGANIZATION);
  await admin.createImage("nodejs");
  await Promise.all(Object.entries(calls).map(([name, files]) => admin.createFunction(name, files)));
  await admin.post("/v1/secret", { name: "door", secrets: { password: CLEAR } });
});

afterAll(() => server?.dispose());

describe("an account with function and runs alone reads no secret", () => {
  let thief: Dispatch;

  beforeAll(async () => {
    thief = await accountWith("thief", { function: ["*"], runs: ["*"] });
    await thief.createFunction("thiefs-caller", { "f.js": caller });
  });

  test("directly", async () => {
    expect((await thief.get("/v1/secret/door")).status).toBe(403);
    const run = await thief.run("echo", 1, { secrets: ["door"] });
    expect(run.error?.message).toContain("may not use secret");
  });

  test.each(["thiefs-caller", "caller"])("through the door of %s, with a token and without", async (name) => {
    for (const token of [true, false]) {
      const { output } = await thief.run(name, { path: "/v1/runs?functionName=echo", body: stealing, token });
      const { status, text } = output as { status: number; text: string };
      expect([token, status]).toEqual([token, 200]);
      expect(text).toContain("which may not use secret in organization team-a: no policy allows it");
      expect(text).not.toContain(CLEAR);
    }
  });

  test("through its own function when the administrator calls it", async () => {
    const { output } = await admin.run("thiefs-caller", {
      path: "/v1/runs?functionName=echo",
      body: stealing,
      token: true,
    });
    expect(JSON.stringify(output)).toContain("acts for service account team-a/thief, which may not use secret");
  });

  test("through functions, endpoints and subscriptions that name it", async () => {
    const body = functionBody("thiefs-own", calls.echo, { secrets: ["door"] });
    const api = { name: "thiefs", function: "echo", uris: ["/thiefs"], methods: ["POST"], enabled: true };
    const subscription = { name: "thiefs", eventType: "a.b", function: "echo", secrets: ["door"] };
    const guarded = { ...api, authentication: "basic", authenticationSecret: "door" };
    expect((await thief.post("/v1/function", body)).status).toBe(403);
    expect((await thief.post("/v1/api", api)).status).toBe(403);
    expect((await thief.post("/v1/event/subscriptions", subscription)).status).toBe(403);
    const builder = await accountWith("builder", { api: ["*"], runs: ["*"], event: ["*"] });
    for (const refused of [
      await builder.post("/v1/api", guarded),
      await builder.post("/v1/api", { ...api, authentication: "slack" }),
      await builder.post("/v1/event/subscriptions", subscription),
    ])
      expect([refused.status, errorOf(refused).message]).toEqual([403, expect.stringContaining("may not use secret")]);
  });

  test("with the right to use it, its function is given it", async () => {
    await grant(admin, "thief-reformed", { subjects: ["thief"], resources: ["secret"], actions: ["use"] });
    const { output } = await thief.run("thiefs-caller", { path: "/v1/runs?functionName=echo", body: stealing });
    expect(JSON.parse((output as { text: string }).text).output).toEqual({ secrets: { password: CLEAR }, payload: 1 });
    await admin.delete("/v1/iam/policy/thief-reformed");
  });
});

describe("a function", () => {
  test("may through the door what its author may, and nothing of the administrator's who calls it", async () => {
    const writer = await accountWith("writer", { function: ["*"] });
    await writer.createFunction("writers", { "f.js": caller });
    const { output } = await admin.run("writers", { path: "/v1/runs?functionName=echo", body: { blocking: true } });
    expect(output).toEqual({
      status: 403,
      text: expect.stringContaining("acts for service account team-a/writer, which may not create runs"),
    });
  });

  test("of an account that was deleted runs no more, and says whose it was and what to do", async () => {
    const leaver = await accountWith("leaver", { function: ["*"], runs: ["*"] });
    await leaver.createFunction("left-behind", calls.echo);
    expect((await admin.run("left-behind")).status).toBe("READY");
    await admin.delete("/v1/iam/serviceaccount/leaver");
    const refused = await admin.post("/v1/runs?functionName=left-behind", { blocking: true });
    expect([refused.status, errorOf(refused).message]).toEqual([
      403,
      "function left-behind acts for service account team-a/leaver, which was deleted: write it again (dispatch update), which makes it act for whoever does that",
    ]);
    await admin.updateFunction("left-behind", calls.echo);
    expect((await admin.run("left-behind")).status).toBe("READY");
  });
});

test("what acts for an account that was deleted is in ERROR, with the reason and what to do", async () => {
  const writer = await accountWith("gone", { function: ["*"], runs: ["*"], api: ["*"], event: ["*"], alert: ["*"] });
  await writer.createFunction("of-gone", calls.echo);
  await writer.post("/v1/api", { name: "of-gone", function: "echo", enabled: true, uris: ["/of-gone"] });
  await writer.post("/v1/event/subscriptions", { name: "of-gone", eventType: "a.b", function: "echo" });
  await writer.post("/v1/alert", { name: "of-gone", when: "run-failed", function: "echo" });
  await admin.post("/v1/api", { name: "to-gone", function: "of-gone", enabled: true, uris: ["/to-gone"] });
  const paths = ["/v1/function/of-gone", "/v1/api/of-gone", "/v1/event/subscriptions/of-gone", "/v1/alert/of-gone"];
  const standing = async (path: string) => {
    const { status, reason } = parse<{ status: string; reason?: string[] | null }>(await admin.get(path));
    return [path, status, reason?.[0]];
  };
  for (const path of paths) expect((await standing(path))[1]).toBe("READY");
  await admin.delete("/v1/iam/serviceaccount/gone");
  const why = "acts for service account team-a/gone, which was deleted: write it again (dispatch update)";
  for (const path of paths) expect(await standing(path)).toEqual([path, "ERROR", expect.stringContaining(`it ${why}`)]);
  const through = `calls get 403: function of-gone ${why}`;
  expect(await standing("/v1/api/to-gone")).toEqual([
    expect.any(String),
    "INITIALIZED",
    expect.stringContaining(through),
  ]);
  const taken = parse<object>(await admin.get("/v1/event/subscriptions/of-gone"));
  expect((await admin.put("/v1/event/subscriptions/of-gone", taken)).status).toBe(200);
  expect((await standing("/v1/event/subscriptions/of-gone")).slice(1)).toEqual(["READY", undefined]);
});

describe("an endpoint", () => {
  const post = (path: string) => send(`${server.gateway}/${ORGANIZATION}${path}`, { method: "POST" });
  const api = (name: string) => ({
    name,
    function: "caller",
    uris: [`/${name}`],
    methods: ["POST"],
    enabled: true,
  });

  test("is written by those who may run functions, and by no others", async () => {
    const pusher = await accountWith("pusher", { api: ["*"] });
    const refused = await pusher.post("/v1/api", api("pushed"));
    expect([refused.status, errorOf(refused).message]).toEqual([403, expect.stringContaining("may not create runs")]);
    await admin.post("/v1/api", api("kept"));
    expect((await pusher.put("/v1/api/kept", api("kept"))).status).toBe(403);
  });

  test("acts for whoever wrote it, as long as they may run functions and are there", async () => {
    const author = await accountWith("author", { api: ["*"], runs: ["create"] });
    expect((await author.post("/v1/api", api("authored"))).status).toBe(200);
    const input = { path: "/v1/runs?functionName=echo", body: stealing };
    const through = await send(`${server.gateway}/${ORGANIZATION}/authored`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(input),
    });
    expect([through.status, through.text.includes(CLEAR)]).toEqual([200, false]);
    expect(through.text).toContain("which may not use secret");
    expect(parse<Api>(await admin.get("/v1/api/authored")).status).toBe("READY");
    await admin.delete("/v1/iam/policy/author-runs");
    expect((await post("/authored")).status).toBe(403);
    const { status, reason } = parse<Api>(await admin.get("/v1/api/authored"));
    const sentence =
      "it acts for service account team-a/author, which may not create runs in organization team-a: no policy allows it";
    expect([status, reason?.[0]]).toEqual(["ERROR", sentence]);
    await admin.delete("/v1/iam/serviceaccount/author");
    const gone = await post("/authored");
    expect([gone.status, gone.text]).toEqual([
      403,
      expect.stringContaining("endpoint authored acts for service account team-a/author, which was deleted"),
    ]);
  });
});

describe("events", () => {
  test("are subscribed to by those who may run functions, and deliveries act for them", async () => {
    const listener = await accountWith("listener", { event: ["*"] });
    const subscription = { name: "heard", eventType: "vm.heard", function: "caller" };
    const refused = await listener.post("/v1/event/subscriptions", subscription);
    expect([refused.status, errorOf(refused).message]).toEqual([403, expect.stringContaining("may not create runs")]);
    await grant(admin, "listener-runs", { subjects: ["listener"], resources: ["runs"], actions: ["create"] });
    expect((await listener.post("/v1/event/subscriptions", subscription)).status).toBe(201);
    const data = { path: "/v1/runs?functionName=echo", body: stealing };
    const event = { cloudEventsVersion: "0.1", eventType: "vm.heard", source: "test", eventID: "1", data };
    expect((await admin.post("/v1/event", event)).status).toBe(200);
    const run = await until("the delivery has ended", async () =>
      (await admin.runs("?functionName=caller")).find(({ input, finishedTime }) => {
        return finishedTime !== undefined && JSON.stringify(input) === JSON.stringify(data);
      }),
    );
    expect(JSON.stringify(run.output)).not.toContain(CLEAR);
  });

  test("may be sent with the right to emit alone", async () => {
    const emitter = await accountWith("emitter", { event: ["emit"] });
    const event = { cloudEventsVersion: "0.1", eventType: "vm.sent", source: "test", eventID: "1" };
    expect((await emitter.post("/v1/event", event)).status).toBe(200);
    expect((await emitter.get("/v1/event/subscriptions")).status).toBe(403);
    const subscription = { name: "mine", eventType: "vm.*", function: "echo" };
    expect((await emitter.post("/v1/event/subscriptions", subscription)).status).toBe(403);
    const old = await accountWith("old-emitter", { event: ["create"] });
    expect((await old.post("/v1/event", event)).status).toBe(200);
  });
});

test("authors are nowhere on the wire", async () => {
  for (const path of ["/v1/function", "/v1/api", "/v1/event/subscriptions"])
    expect(parse<object[]>(await admin.get(path)).filter((one) => "author" in one || "people" in one)).toEqual([]);
});
