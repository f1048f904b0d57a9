import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Api } from "../../../src/core/apis/contract.ts";
import { type Dispatch, errorOf, parse, serverWith } from "../support/dispatch.ts";
import { type Answer, type Sending, send } from "../support/http.ts";
import type { ServerProcess } from "../support/server.ts";

const echo = "module.exports = (context, params) => ({ ...params, context });";
const text = "module.exports = () => 'Hi Ada';";
const nothing = "module.exports = () => undefined;";
const boom = "module.exports = () => { throw new Error('boom'); };";
const teapot = "module.exports = () => ({ statusCode: 418, headers: { 'x-pot': 'tea' }, body: 'short and stout' });";
const count = "let calls = 0; module.exports = () => ({ calls: ++calls });";
const sleep = "module.exports = () => new Promise(() => {});";

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"], {
    flags: ["--enable-tls"],
    listeners: ["api", "gateway", "gatewayTls"],
  }));
  const functions = { echo, text, nothing, boom, teapot, count };
  await Promise.all(Object.entries(functions).map(([name, code]) => dispatch.createFunction(name, { "f.js": code })));
  await dispatch.createFunction("sleep", { "f.js": sleep }, { timeout: 1000 });
});

afterAll(async () => {
  await server?.dispose();
});

async function createApi(name: string, fields: Partial<Api> = {}): Promise<Api> {
  const api = { name, function: "echo", enabled: true, methods: ["POST"], uris: [`/${name}`], ...fields };
  const answer = await dispatch.post("/v1/api", api);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return parse(answer);
}

/** On the plain listener, below the organization. */
function call(path: string, sending: Sending = {}): Promise<Answer> {
  return send(`${server.gateway}/dispatch-server${path}`, { method: "POST", ...sending });
}

function json(body: unknown, headers: Readonly<Record<string, string>> = {}): Sending {
  return { headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}

function form(body: string, headers: Readonly<Record<string, string>> = {}): Sending {
  return { headers: { "content-type": "application/x-www-form-urlencoded", ...headers }, body };
}

describe("an endpoint", () => {
  test("answers with what its function makes of the request, and the record keeps both", async () => {
    await createApi("cloudmaster", { protocols: ["http", "https"] });
    const answer = await call("/cloudmaster?x=1", json({ name: "Jon" }));
    expect([answer.status, answer.headers["content-type"]]).toEqual([200, "application/json"]);
    expect(parse(answer)).toMatchObject({
      name: "Jon",
      context: {
        httpContext: { method: "POST", args: "x=1", upstream_uri: "echo", "upstream-uri": "echo" },
        secrets: {},
      },
    });
    const run = await dispatch.getRun(String(answer.headers["x-dispatch-run-id"]));
    expect(run).toMatchObject({ functionName: "echo", status: "READY", input: { name: "Jon" } });
  });

  test("answers forms, queries and empty bodies over http and https", async () => {
    await createApi("forms", { methods: ["POST", "GET", "PUT"] });
    expect(parse(await call("/forms", form("name=VMware&place=Palo+Alto")))).toMatchObject({ place: "Palo Alto" });
    expect(parse(await call("/forms?a=1&a=2", { method: "GET" }))).toMatchObject({ a: ["1", "2"] });
    const secure = await send(`${server.addresses.gatewayTls}/dispatch-server/forms`, { method: "PUT" });
    expect(parse(secure)).toMatchObject({ context: { httpContext: { method: "PUT", scheme: "https" } } });
  });

  test("of the gateway organization answers without the prefix as well, another organization's does not", async () => {
    await createApi("bare");
    expect((await send(`${server.gateway}/bare`, { method: "POST" })).status).toBe(200);
    expect((await send(`${server.gateway}/other/bare`, { method: "POST" })).status).toBe(404);
  });

  test("is gone at once when it is disabled or deleted", async () => {
    const api = await createApi("shortlived");
    expect((await call("/shortlived")).status).toBe(200);
    await dispatch.put("/v1/api/shortlived", { ...api, enabled: false });
    expect((await call("/shortlived")).text).toBe('{"message":"no API found with those values"}\n');
    await dispatch.put("/v1/api/shortlived", api);
    expect((await call("/shortlived")).status).toBe(200);
    expect(parse<Api>(await dispatch.delete("/v1/api/shortlived")).status).toBe("DELETING");
    expect((await call("/shortlived")).status).toBe(404);
  });

  test("gives way to a younger one on its path until that is deleted, and both say so", async () => {
    await createApi("older", { function: "text", uris: ["/shared"] });
    const younger = await createApi("younger", { uris: ["/shared"] });
    expect(younger.reason).toEqual([expect.stringContaining("shadows API older")]);
    expect((await call("/shared")).headers["content-type"]).toBe("application/json");
    expect(parse<Api>(await dispatch.get("/v1/api/older")).reason).toEqual([
      expect.stringContaining("shadowed by API younger"),
    ]);
    await dispatch.delete("/v1/api/younger");
    expect((await call("/shared")).text).toBe("Hi Ada");
  });

  test("may be there before its function, and says what it waits for", async () => {
    const api = await createApi("early", { function: "late" });
    expect([api.status, api.reason]).toEqual(["INITIALIZED", [expect.stringContaining("function late not found")]]);
    expect([(await call("/early")).status, (await call("/early")).text]).toEqual([
      404,
      '{"message":"function late not found"}\n',
    ]);
    await dispatch.createFunction("late", { "f.js": text });
    expect(parse<Api>(await dispatch.get("/v1/api/early")).status).toBe("READY");
    expect((await call("/early")).text).toBe("Hi Ada");
  });

  test("with an authentication that nobody knows is refused", async () => {
    const answer = await dispatch.post("/v1/api", { name: "x", function: "echo", authentication: "oauth2" });
    expect(answer.status).toBe(400);
    expect(errorOf(answer).message).toContain("public, basic, token, slack");
  });
});

describe("results", () => {
  test("text is text, nothing is an empty 200, a shaped answer is what the function says", async () => {
    await createApi("text", { function: "text" });
    await createApi("nothing", { function: "nothing" });
    await createApi("teapot", { function: "teapot", httpResponse: true });
    expect(await call("/text")).toMatchObject({ status: 200, text: "Hi Ada" });
    expect(await call("/nothing")).toMatchObject({ status: 200, text: "" });
    const shaped = await call("/teapot");
    expect([shaped.status, shaped.headers["x-pot"], shaped.text]).toEqual([418, "tea", "short and stout"]);
  });

  test("errors say code, message and run", async () => {
    await createApi("boom", { function: "boom", cors: true });
    const answer = await call("/boom", json({}));
    const runId = answer.headers["x-dispatch-run-id"];
    expect(answer.status).toBe(502);
    expect(parse(answer)).toEqual({ code: 502, message: expect.stringContaining("boom"), runId });
    expect(answer.headers["access-control-allow-origin"]).toBe("*");
  });

  test("a function that takes too long is a 504", async () => {
    await createApi("sleep", { function: "sleep" });
    expect((await call("/sleep", json({}))).status).toBe(504);
  });

  test("a call that does not wait gets 202 and the id of a run that ends on its own", async () => {
    await createApi("later", { function: "text" });
    const answer = await call("/later", json({}, { "x-dispatch-blocking": "false" }));
    expect([answer.status, answer.text]).toEqual([202, ""]);
    expect(await dispatch.finished(String(answer.headers["x-dispatch-run-id"]))).toMatchObject({ output: "Hi Ada" });
  });

  test("the same idempotency key gets the same run", async () => {
    await createApi("once", { function: "count" });
    const once = json({}, { "idempotency-key": "order-1" });
    const [first, second] = [await call("/once", once), await call("/once", once)];
    expect(second.headers["x-dispatch-run-id"]).toBe(first.headers["x-dispatch-run-id"]);
    expect(second.text).toBe(first.text);
  });
});

describe("the door", () => {
  test("https-only is https-only, but a proxy on the loopback may vouch for the caller", async () => {
    await createApi("secure", { protocols: ["https"] });
    expect(await call("/secure", json({}))).toMatchObject({
      status: 400,
      text: '{"message":"Please use HTTPS protocol"}\n',
    });
    expect((await send(`${server.addresses.gatewayTls}/dispatch-server/secure`, { method: "POST" })).status).toBe(200);
    expect((await call("/secure", json({}, { "x-forwarded-proto": "https" }))).status).toBe(200);
  });

  test("a preflight is answered without a run", async () => {
    await createApi("ui", { methods: ["GET"], cors: true });
    const answer = await call("/ui", { method: "OPTIONS", headers: { "access-control-request-method": "GET" } });
    expect([answer.status, answer.text, answer.headers["access-control-allow-headers"]]).toEqual([200, "", "*"]);
    expect(answer.headers["x-dispatch-run-id"]).toBeUndefined();
  });

  test("credentials of a public call reach the function, not the record", async () => {
    await createApi("open");
    const answer = await call("/open", json({}, { authorization: "Bearer s3cret" }));
    expect(parse(answer)).toMatchObject({ context: { httpContext: { authorization: "Bearer s3cret" } } });
    const record = await dispatch.get(`/v1/runs/${answer.headers["x-dispatch-run-id"]}`);
    expect(parse(record)).toMatchObject({ httpContext: { authorization: "***" } });
  });

  test("also where the function returns them, prints them or throws them", async () => {
    const authorization = "Bearer s3cret-of-the-caller";
    const sends = `({ httpContext: { authorization } }, { fails }) => {
      console.log("asked with", authorization);
      if (fails) throw new Error("nobody knows " + authorization.slice(7));
      return { authorization, bare: authorization.slice(7) };
    };`;
    await dispatch.createFunction("sends", { "f.js": `module.exports = ${sends}` });
    await createApi("sends", { function: "sends" });
    const answer = await call("/sends", json({}, { authorization }));
    expect(parse(answer)).toEqual({ authorization, bare: "s3cret-of-the-caller" });
    const record = await dispatch.get(`/v1/runs/${answer.headers["x-dispatch-run-id"]}`);
    const output = { authorization: "***", bare: "***" };
    expect(parse(record)).toMatchObject({ output, logs: { stdout: ["asked with ***"] } });
    const failed = await call("/sends", json({ fails: true }, { authorization }));
    const failure = await dispatch.get(
      `/v1/runs/${failed.headers["x-dispatch-run-id"] ?? parse<{ runId: string }>(failed).runId}`,
    );
    expect(parse(failure)).toMatchObject({ error: { message: "nobody knows ***" } });
    expect(failure.text).not.toContain("s3cret");
  });

  test("basic lets in who knows the password in the secret, as soon as it is there", async () => {
    await createApi("guarded", { function: "text", authentication: "basic", authenticationSecret: "door" });
    const credentials = { authorization: `Basic ${btoa("ada:pw")}` };
    expect((await call("/guarded", json({}, credentials))).status).toBe(503);
    await dispatch.post("/v1/secret", { name: "door", secrets: { username: "ada", password: "pw" } });
    expect((await call("/guarded", json({}, credentials))).text).toBe("Hi Ada");
    expect((await call("/guarded", json({}))).headers["www-authenticate"]).toContain("Basic");
    await dispatch.put("/v1/secret/door", { name: "door", secrets: { username: "ada", password: "new" } });
    expect((await call("/guarded", json({}, credentials))).status).toBe(401);
  });

  test("token wants a bearer token", async () => {
    await createApi("tokened", { authentication: "token" });
    expect((await call("/tokened", json({}, { authorization: "Bearer nobody" }))).status).toBe(401);
  });

  test("a body past a megabyte is refused by name", async () => {
    await createApi("big");
    const answer = await call("/big", json("x".repeat(1024 * 1024)));
    expect([answer.status, answer.text]).toEqual([413, expect.stringContaining("max-body-bytes")]);
  });
});

describe("Slack", () => {
  const body = "team_id=T1&trigger_id=1.2.3&command=%2Fcloudmaster&text=list";

  function signed(secret: string, at = Date.now()): Sending {
    const timestamp = String(Math.floor(at / 1000));
    const digest = createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex");
    return form(body, { "x-slack-request-timestamp": timestamp, "x-slack-signature": `v0=${digest}` });
  }

  test("a signed command runs once, however often Enter is pressed; others do not run", async () => {
    await createApi("slash", { function: "count", authentication: "slack" });
    await dispatch.post("/v1/secret", { name: "slack", secrets: { signingSecret: "s3cret" } });
    const first = await call("/slash", signed("s3cret"));
    const second = await call("/slash", signed("s3cret", Date.now() + 2000));
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.headers["x-dispatch-run-id"]).toBe(first.headers["x-dispatch-run-id"]);
    expect((await call("/slash", signed("wrong"))).status).toBe(401);
    expect((await call("/slash", signed("s3cret", Date.now() - 600_000))).status).toBe(401);
    expect((await call("/slash", form(body))).status).toBe(401);
  });

  test("the certificate check is answered with an empty 200", async () => {
    await createApi("checked", { authentication: "slack" });
    expect(await call("/checked?ssl_check=1", { method: "GET" })).toMatchObject({ status: 200, text: "" });
    expect(await call("/checked", form("ssl_check=1&token=x"))).toMatchObject({ status: 200, text: "" });
  });
});
