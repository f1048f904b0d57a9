/** The built-in drivers that are called from outside, as their senders call them: through the gateway, in a real sandbox. */
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Dispatch, parse, serverWith } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

let server: ServerProcess;
let dispatch: Dispatch;

const SECRET = "It's a Secret to Everybody";
const STANDARD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

beforeAll(async () => {
  ({ server, dispatch } = await serverWith([]));
  const images = { receiver: "dispatchframework/dispatch-events-cloudevents:kubecon-demo", grid: "eventgrid" };
  for (const [name, image] of Object.entries(images))
    await dispatch.post("/v1/event/drivertypes", { name, image, expose: true });
  await dispatch.post("/v1/event/drivertypes", { name: "closed", image: "cloudevents" });
  await dispatch.post("/v1/secret", { name: "signing", secrets: { signingSecret: SECRET } });
  await dispatch.post("/v1/secret", { name: "standard", secrets: { signingSecret: STANDARD } });
  await dispatch.post("/v1/secret", { name: "code", secrets: { "shared-secret": "let-me-in" } });
  await make("open", "receiver", {});
  await make("github", "receiver", { auth: "github" }, "signing");
  await make("standard", "receiver", { auth: "standard-webhooks", source: "shop" }, "standard");
  await make("plain", "receiver", { auth: "hmac", header: "X-Sign", prefix: "v1=" }, "signing");
  await make("grid", "grid", {}, "code");
  // Only deliveries are told apart: the log of events has whatever was sent again, too.
  await dispatch.post("/v1/event/subscriptions", { name: "all", eventType: "*.>", function: "nosuch" });
  for (const name of ["open", "github", "standard", "plain", "grid?code=let-me-in"]) await answers(name);
  await until("it says so", async () => ((await driver("open")).status === "READY" ? true : undefined));
});

afterAll(() => server.dispose());

const make = (name: string, type: string, settings: Record<string, string>, secret?: string) =>
  dispatch.post("/v1/event/drivers", {
    ...{ name, type, config: Object.entries(settings).map(([key, value]) => ({ key, value })) },
    ...(secret === undefined ? {} : { secrets: [secret] }),
  });

const driver = async (name: string) =>
  parse<{ status: string; reason: string[] | null }>(await dispatch.get(`/v1/event/drivers/${name}`));

/** Also right after a start of the server, when what was READY before is still on record. */
const answers = (name: string) =>
  until(`${name} answers`, async () => ((await call(name, "", {}, "PUT")).status === 405 ? true : undefined));

const call = (name: string, body: string | Buffer, headers: Record<string, string>, method = "POST") =>
  fetch(`${server.gateway}/dispatch-server/drivers/${name}`, {
    ...{ method, headers: { "Content-Type": "application/json", ...headers } },
    ...(method === "OPTIONS" ? {} : { body: typeof body === "string" ? body : new Uint8Array(body) }),
  });

/** What was delivered of a type. */
const delivered = async (type: string) =>
  parse<{ eventType: string; eventID: string; source: string }[]>(
    await dispatch.get("/v1/event/deliveries?limit=1000"),
  ).filter(({ eventType }) => eventType === type);

const hex = (text: string) => createHmac("sha256", SECRET).update(text).digest("hex");
const cloudEvent = (fields: object) => JSON.stringify({ specversion: "1.0", source: "/s", id: "1", ...fields });
const structured = { "Content-Type": "application/cloudevents+json" };

describe("cloudevents", () => {
  test("takes every form and version of CloudEvents, and says what it does not take", async () => {
    expect((await call("open", cloudEvent({ type: "ce.structured" }), structured)).status).toBe(200);
    const old = { specversion: "0.2", type: "ce.old", source: "/s", id: "1", contenttype: "text/plain", data: "words" };
    expect((await call("open", JSON.stringify(old), { ...structured, "X-Callback-URL": "http://back" })).status).toBe(
      200,
    );
    const headers = { "ce-specversion": "1.0", "ce-type": "ce.binary", "ce-source": "/s", "ce-id": "1" };
    expect((await call("open", '{"a":1}', headers)).status).toBe(200);
    const batch = { "Content-Type": "application/cloudevents-batch+json" };
    expect((await call("open", `[${cloudEvent({ type: "ce.batch" })}]`, batch)).status).toBe(200);
    for (const type of ["ce.structured", "ce.old", "ce.binary", "ce.batch"])
      expect([type, (await delivered(type)).length]).toEqual([type, 1]);
    const events = await dispatch.get("/v1/event/events?limit=20");
    expect(events.text).toContain('"driver":"open"');

    expect((await call("open", "{}", {})).status).toBe(415);
    expect((await call("open", "{", structured)).status).toBe(400);
    const bad = await call("open", cloudEvent({ type: "no type" }), structured);
    expect([bad.status, await bad.text()]).toEqual([400, expect.stringContaining("type may have 128 letters")]);
    expect((await call("open", Buffer.alloc(2 * 1024 * 1024), structured)).status).toBe(413);
    expect((await call("open", "", {}, "PUT")).status).toBe(405);
    const asked = await call("open", "", { "WebHook-Request-Origin": "sender.example" }, "OPTIONS");
    expect([asked.status, asked.headers.get("webhook-allowed-origin")]).toEqual([200, "sender.example"]);
  });

  test("takes of GitHub what is signed, and delivers it once, under whatever name it comes again", async () => {
    const body = JSON.stringify({ ref: "main", repository: { html_url: "https://github.com/o/r" } });
    const headers = {
      "X-GitHub-Event": "push",
      "X-GitHub-Delivery": "d-1",
      "X-Hub-Signature-256": `sha256=${hex(body)}`,
    };
    expect((await call("github", body, headers)).status).toBe(200);
    expect((await call("github", body, { ...headers, "X-GitHub-Delivery": "d-2" })).status).toBe(200);
    expect(await delivered("github.push")).toMatchObject([{ source: "https://github.com/o/r" }]);
    const forged = { ...headers, "X-Hub-Signature-256": `sha256=${hex(`${body} `)}` };
    const answer = await call("github", body, forged);
    expect([answer.status, await answer.text()]).toEqual([
      401,
      expect.stringContaining("is the secret that of the sender?"),
    ]);
    const { "X-Hub-Signature-256": _, ...unsigned } = headers;
    expect((await call("github", body, unsigned)).status).toBe(401);
    expect((await call("github", `${body} `, headers)).status).toBe(401);
  });

  test("takes a message of Standard Webhooks once, over a kill of the server too", async () => {
    const sign = (id: string, time: number, body: string) => {
      const key = Buffer.from(STANDARD.slice("whsec_".length), "base64");
      const signature = createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64");
      return { "webhook-id": id, "webhook-timestamp": String(time), "webhook-signature": `v1,${signature}` };
    };
    const now = Math.floor(Date.now() / 1000);
    const body = JSON.stringify({ type: "order.made", timestamp: "2026-11-28T12:00:00Z", data: { order: 7 } });
    const headers = sign("m-1", now, body);
    expect((await call("standard", body, headers)).status).toBe(200);
    expect((await call("standard", body, headers)).status).toBe(401);
    expect((await call("standard", body, { ...headers, "webhook-id": "m-2" })).status).toBe(401);
    expect((await call("standard", body, sign("m-3", now - 600, body))).status).toBe(401);
    const binary = { "ce-specversion": "1.0", "ce-type": "order.made", "ce-source": "x", "ce-id": "other" };
    expect((await call("standard", body, { ...sign("m-4", now, body), ...binary })).status).toBe(400);

    await server.kill();
    server = await startServer({ dataDir: server.dataDir });
    dispatch = new Dispatch(server.api);
    for (const name of ["open", "github", "standard", "plain", "grid?code=let-me-in"]) await answers(name);
    expect((await call("standard", body, headers)).status).toBe(200);
    expect(await delivered("order.made")).toMatchObject([{ eventID: "m-1", source: "shop" }]);
  });

  test("takes what an HMAC over the body proves, and no attributes that it does not cover", async () => {
    const event = cloudEvent({ type: "plain.made" });
    expect((await call("plain", event, { ...structured, "X-Sign": `v1=${hex(event)}` })).status).toBe(200);
    expect((await call("plain", event, { ...structured, "X-Sign": hex(event) })).status).toBe(401);
    const binary = { "ce-specversion": "1.0", "ce-type": "plain.made", "ce-source": "x", "ce-id": "2" };
    expect((await call("plain", event, { ...binary, "X-Sign": `v1=${hex(event)}` })).status).toBe(400);
    expect(await delivered("plain.made")).toHaveLength(1);
  });

  test.each([
    ["no secret", "receiver", { auth: "github" }, undefined, /auth github needs a secret with the key signingSecret/],
    ["a secret that nothing uses", "receiver", {}, "signing", /set auth to github, standard-webhooks or hmac/],
    ["no header", "receiver", { auth: "hmac" }, "signing", /auth hmac needs header/],
    ["no address", "closed", {}, undefined, /make its type with --expose/],
  ])("with %s it does not start, and says why", async (_, type, settings, secret, reason) => {
    await make("broken", type, settings, secret);
    const found = await until("it is in ERROR", async () => {
      const now = await driver("broken");
      return now.status === "ERROR" ? now : undefined;
    });
    expect(found.reason?.[0]).toMatch(reason);
    await dispatch.delete("/v1/event/drivers/broken");
  });
});

describe("eventgrid", () => {
  const event = (id: string) => ({
    ...{ id, eventType: "Microsoft.Storage.BlobCreated", subject: "/blobs/a", topic: "/subscriptions/1" },
    ...{ eventTime: "2026-11-28T12:00:00Z", dataVersion: "1", data: { url: "https://a" } },
  });
  const code = "grid?code=let-me-in";

  test("answers both handshakes, for whoever knows the shared secret", async () => {
    const asked = {
      ...event("v"),
      eventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
      data: { validationCode: "512d38b6" },
    };
    const headers = { "aeg-event-type": "SubscriptionValidation" };
    const answer = await call(code, JSON.stringify([asked]), headers);
    expect([answer.status, await answer.json()]).toEqual([200, { validationResponse: "512d38b6" }]);
    expect((await call(code, JSON.stringify([asked, asked]), headers)).status).toBe(400);
    expect((await call(code, "[{}]", headers)).status).toBe(400);
    const greeted = await call(code, "", { "WebHook-Request-Origin": "eventgrid.azure.net" }, "OPTIONS");
    expect([greeted.status, greeted.headers.get("webhook-allowed-origin")]).toEqual([200, "eventgrid.azure.net"]);
    for (const wrong of ["grid", "grid?code=guess"])
      expect([wrong, (await call(wrong, JSON.stringify([asked]), headers)).status]).toEqual([wrong, 401]);
  });

  test("takes its own schema and CloudEvents, all of a request or nothing", async () => {
    const headers = { "aeg-event-type": "Notification" };
    expect((await call(code, JSON.stringify([event("g-1"), event("g-2")]), headers)).status).toBe(200);
    expect((await call(code, JSON.stringify([event("g-3"), { id: "g-4" }]), headers)).status).toBe(400);
    const current = cloudEvent({ type: "Microsoft.Storage.BlobCreated", id: "g-5" });
    expect((await call(code, current, { ...headers, ...structured })).status).toBe(200);
    expect((await call(code, "words", { "Content-Type": "text/plain" })).status).toBe(415);
    const ids = (await delivered("Microsoft.Storage.BlobCreated")).map(({ eventID }) => eventID);
    expect(ids.toSorted()).toEqual(["g-1", "g-2", "g-5"]);
  });
});
