/** Webhooks: senders sign the bytes that they send, and nobody else starts a function. */
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Dispatch, parse, serverWith } from "../support/dispatch.ts";
import { send } from "../support/http.ts";
import type { ServerProcess } from "../support/server.ts";

let server: ServerProcess;
let dispatch: Dispatch;
let calls = 0;

const SECRET = "It's a Secret to Everybody";
/** Base64 of what the sender signs with. */
const STANDARD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"]));
  await dispatch.createFunction("echo", {
    "f.js": "let runs = 0; module.exports = ({ httpContext }, input) => ({ input, httpContext, runs: ++runs });",
  });
  await dispatch.post("/v1/secret", {
    name: "sender",
    secrets: { signingSecret: "new", previousSigningSecret: SECRET },
  });
  await dispatch.post("/v1/secret", { name: "standard", secrets: { signingSecret: STANDARD } });
  await dispatch.post("/v1/secret", { name: "empty", secrets: { other: "x" } });
  const hmac = { authentication: "hmac", authenticationSecret: "sender" };
  await endpoint("github", { authentication: "github", authenticationSecret: "sender" });
  await endpoint("standard", { authentication: "standard-webhooks", authenticationSecret: "standard" });
  await endpoint("plain", { ...hmac, signature: { header: "X-Signature", algorithm: "sha512", encoding: "base64" } });
  await endpoint("timed", { ...hmac, signature: { header: "X-Signature", prefix: "v1=", timeHeader: "X-Time" } });
  await endpoint("closed", { authentication: "github", authenticationSecret: "empty" });
});

afterAll(() => server.dispose());

const endpoint = (name: string, fields: object) =>
  dispatch.post("/v1/api", {
    ...{ name, function: "echo", enabled: true, methods: ["POST"], uris: [`/${name}`], protocols: ["http"] },
    ...fields,
  });

const call = (name: string, body: string | Buffer, headers: Record<string, string>, query = "") =>
  send(`${server.gateway}/dispatch-server/${name}${query}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });

const now = () => Math.floor(Date.now() / 1000);
const hex = (text: string | Buffer, secret = SECRET) => createHmac("sha256", secret).update(text).digest("hex");

describe("github", () => {
  test("takes GitHub's own example, over the bytes as they were sent", async () => {
    const body = "Hello, World!";
    const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    const answer = await call("github", body, { "x-hub-signature-256": signature, "content-type": "text/plain" });
    expect(hex(body)).toBe(signature.slice(7));
    // A body that is no JSON is refused behind the signature, not before.
    expect(answer.status).not.toBe(401);
    const spaced = '{ "zen" :  "caf\\u00e9",\n"n": 1.0 }';
    const good = await call("github", spaced, { "x-hub-signature-256": `sha256=${hex(spaced)}` }, "?zen=other");
    expect(good.status).toBe(200);
    const { input, httpContext } = parse<{ input: unknown; httpContext: object }>(good);
    expect(input).toEqual({ zen: "café", n: 1 });
    expect(JSON.stringify(httpContext)).not.toContain(hex(spaced));
  });

  test.each<[string, (body: string) => Record<string, string>]>([
    ["without a signature", () => ({})],
    ["with another secret's", (body) => ({ "x-hub-signature-256": `sha256=${hex(body, "other")}` })],
    ["with another body's", () => ({ "x-hub-signature-256": `sha256=${hex("{}")}` })],
    ["without its prefix", (body) => ({ "x-hub-signature-256": hex(body) })],
    ["with that of the older header", (body) => ({ "x-hub-signature": `sha1=${hex(body)}` })],
    ["with nothing behind the prefix", () => ({ "x-hub-signature-256": "sha256=" })],
    ["with what is no hexadecimal", () => ({ "x-hub-signature-256": `sha256=${"zz".repeat(32)}` })],
  ])("refuses a request %s", async (_, headers) => {
    const body = '{"n":1}';
    const answer = await call("github", body, headers(body));
    expect([answer.status, answer.text]).toEqual([401, expect.stringContaining("signature")]);
  });

  test("takes none while its secret has nothing to sign with, and says so to its owner", async () => {
    const answer = await call("closed", "{}", { "x-hub-signature-256": `sha256=${hex("{}", "")}` });
    expect(answer.status).toBe(503);
    expect(parse(await dispatch.get("/v1/api/closed"))).toMatchObject({
      reason: ["secret empty has no `signingSecret`: calls get 503 until it has one"],
    });
  });
});

describe("standard-webhooks", () => {
  const key = Buffer.from(STANDARD.slice(6), "base64");
  const signed = (id: string, time: number, body: string) => ({
    "webhook-id": id,
    "webhook-timestamp": String(time),
    "webhook-signature": `v1,${createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64")}`,
  });

  test("takes a request once; one that the sender sends again under its name runs nothing again", async () => {
    const headers = signed("msg_1", now(), '{"a":1}');
    const first = await call("standard", '{"a":1}', {
      ...headers,
      "webhook-signature": `v1,bm8= v2,x ${headers["webhook-signature"]}`,
    });
    expect(first.status).toBe(200);
    const replayed = await call("standard", '{"a":1}', headers);
    expect([replayed.status, replayed.text]).toEqual([401, expect.stringContaining("it was received before")]);
    const again = await call("standard", '{"a":1}', signed("msg_1", now() + 1, '{"a":1}'));
    expect([again.status, parse<{ runs: number }>(again).runs]).toEqual([200, parse<{ runs: number }>(first).runs]);
  });

  test.each([
    ["too old", () => signed("msg_2", now() - 301, "{}"), "more than 5 minutes"],
    ["too early", () => signed("msg_3", now() + 400, "{}"), "more than 5 minutes"],
    [
      "named otherwise than it was signed",
      () => ({ ...signed("msg_4", now(), "{}"), "webhook-id": "msg_5" }),
      "does not fit",
    ],
    [
      "without a time",
      () => ({ ...signed("msg_6", now(), "{}"), "webhook-timestamp": "soon" }),
      "not a number of seconds",
    ],
    [
      "without a version that is known",
      () => ({ ...signed("msg_7", now(), "{}"), "webhook-signature": "v1a,x" }),
      "version v1",
    ],
  ])("refuses one that is %s", async (_, headers, reason) => {
    const answer = await call("standard", "{}", headers());
    expect([answer.status, answer.text]).toEqual([401, expect.stringContaining(reason)]);
  });
});

describe("hmac", () => {
  test("has its header, algorithm and encoding from the endpoint", async () => {
    const signature = createHmac("sha512", SECRET).update("[1]").digest("base64");
    expect((await call("plain", "[1]", { "x-signature": signature })).status).toBe(200);
    expect((await call("plain", "[1]", { "x-signature": hex("[1]") })).status).toBe(401);
  });

  test("with a time takes each request once, and within five minutes", async () => {
    const sign = (time: number) => ({ "x-time": String(time), "x-signature": `v1=${hex(`${time}.{}`)}` });
    expect((await call("timed", "{}", sign(now()))).status).toBe(200);
    const time = now() - 60;
    expect((await call("timed", "{}", sign(time))).status).toBe(200);
    expect((await call("timed", "{}", sign(time))).text).toContain("it was received before");
    expect((await call("timed", "{}", sign(now() - 400))).text).toContain("more than 5 minutes");
    expect((await call("timed", "{}", { ...sign(now()), "x-time": String(now() - 30) })).text).toContain(
      "does not fit",
    );
  });

  test.each<[object, string]>([
    [{ authentication: "hmac" }, "needs authenticationSecret: the name of a secret with signingSecret"],
    [{ authentication: "hmac", authenticationSecret: "sender" }, "needs signature.header"],
    [{ authentication: "token", signature: { header: "x" } }, "signature belongs to authentication hmac"],
    [{ authentication: "webhook" }, "use one of public, basic, token, slack, github, standard-webhooks, hmac"],
  ])("%j is refused with what to write", async (fields, message) => {
    const answer = await endpoint(`bad-${++calls}`, fields);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(message)]);
  });
});
