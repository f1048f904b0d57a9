/** The gateway with real functions behind it: what only the whole server can show (decisions 10, 12, 14, 17). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditRows } from "../support/database.ts";
import { Dispatch, parse, serverWith } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";

let server: ServerProcess;
let dispatch: Dispatch;
let gateway: Dispatch;

const echo = "module.exports = (context, payload) => ({ payload, method: context.httpContext.method });";

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"]));
  gateway = new Dispatch(server.gateway);
  await dispatch.createFunction("echo", { "f.js": echo });
  await dispatch.createFunction("other", { "f.js": "module.exports = () => 'the other';" });
});

afterAll(() => server.dispose());

async function endpoint(name: string, fields: object): Promise<void> {
  const body = { name, function: "echo", enabled: true, methods: ["GET", "POST"], uris: [`/${name}`], ...fields };
  expect((await dispatch.post("/v1/api", body)).status).toBe(200);
}

test("a form, a query and JSON arrive at the function, by both paths", async () => {
  await endpoint("hello", {});
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const posted = await gateway.raw("/dispatch-server/hello", {
    method: "POST",
    headers: form,
    body: "text=list&a=1&a=2",
  });
  expect(parse(posted)).toEqual({ payload: { text: "list", a: ["1", "2"] }, method: "POST" });
  expect(parse(await gateway.raw("/hello?name=Jon"))).toEqual({ payload: { name: "Jon" }, method: "GET" });
});

describe("a failure has its own status and never an empty 200", () => {
  const failures = [
    ["throws", "module.exports = () => { throw new Error('x'); };", {}, 502],
    ["bad-input", "module.exports = () => { throw new TypeError('x'); };", {}, 400],
    ["slow", "module.exports = () => new Promise(() => {});", { timeout: 100 }, 504],
  ] as const;

  test.each(failures)("%s", async (name, source, fields, status) => {
    await dispatch.createFunction(name, { "f.js": source }, fields);
    await endpoint(`fails-${name}`, { function: name });
    const answer = await gateway.raw(`/fails-${name}`);
    expect([answer.status, parse(answer)]).toEqual([
      status,
      { code: status, message: expect.any(String), runId: expect.any(String) },
    ]);
  });
});

test("of endpoints on one path the youngest answers, also after a restart, and the older one when it is gone", async () => {
  await endpoint("shared", {});
  await endpoint("younger", { function: "other", uris: ["/shared"] });
  expect((await gateway.raw("/shared")).text).toContain("the other");
  await server.stop();
  server = await startServer({ dataDir: server.dataDir });
  dispatch = new Dispatch(server.api);
  gateway = new Dispatch(server.gateway);
  expect((await gateway.raw("/shared")).text).toContain("the other");
  await dispatch.delete("/v1/api/younger");
  expect(parse(await gateway.raw("/shared"))).toMatchObject({ method: "GET" });
});

test("an Idempotency-Key holds at the gateway as well", async () => {
  await dispatch.createFunction("random", { "f.js": "module.exports = () => Math.random();" });
  await endpoint("random", { function: "random" });
  const headers = { "idempotency-key": "once", "content-type": "application/json" };
  const call = () => gateway.raw("/random", { method: "POST", headers, body: "{}" });
  const answers = await Promise.all([1, 2, 3, 4].map(call));
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
});

test("basic authentication lets in who knows the secret; each version of it that is read is in the audit log", async () => {
  await dispatch.post("/v1/secret", { name: "door", secrets: { username: "ada", password: "first-pass" } });
  await endpoint("locked", { authentication: "basic", authenticationSecret: "door" });
  const basic = (password: string) => ({ authorization: `Basic ${Buffer.from(`ada:${password}`).toString("base64")}` });
  expect((await gateway.raw("/locked")).status).toBe(401);
  expect((await gateway.raw("/locked", { headers: basic("wrong") })).status).toBe(401);
  for (let call = 0; call < 3; call++) {
    expect((await gateway.raw("/locked", { headers: basic("first-pass") })).status).toBe(200);
  }
  await dispatch.put("/v1/secret/door", { name: "door", secrets: { username: "ada", password: "second-pass" } });
  expect((await gateway.raw("/locked", { headers: basic("first-pass") })).status).toBe(401);
  expect((await gateway.raw("/locked", { headers: basic("second-pass") })).status).toBe(200);
  await server.stop();
  const readings = auditRows(server.dataDir).filter(
    ({ action, via, name }) => action === "use" && via === "gateway" && name === "door",
  );
  expect(readings).toHaveLength(2);
});
