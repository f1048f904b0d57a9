import { createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { createServer } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { closeServer, listen, readBody } from "../listener.ts";
import { ALICE } from "./form.ts";
import { renderPost } from "./render.ts";
import type { SlackOptions } from "./workspace.ts";
import { startSlack } from "./workspace.ts";

const signingSecret = "8f742231b10e8888abcd99yyyzzz85a5";
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe("a typed command", () => {
  test("comes as Slack sends it: a form with all fields, signed over its raw bytes", async () => {
    const app = await startApp(() => ({ body: "" }));
    const { slack } = await start(app.url);
    await slack.type("echo <hello> & more");
    const [{ headers, body }] = app.requests as [Received];
    expect(headers["content-type"]).toBe("application/x-www-form-urlencoded");
    const base = `v0:${headers["x-slack-request-timestamp"]}:${body}`;
    const signature = `v0=${createHmac("sha256", signingSecret).update(base).digest("hex")}`;
    expect(headers["x-slack-signature"]).toBe(signature);
    expect(Object.fromEntries(new URLSearchParams(body))).toMatchObject({
      command: "/cloudmaster",
      text: "echo &lt;hello&gt; &amp; more",
      user_id: ALICE.id,
      team_id: "T0001",
      response_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/commands\/T0001\/1\//),
      trigger_id: expect.any(String),
    });
  });

  test.each([
    ["plain text", { body: "hello" }, { text: "hello", onlyFor: ALICE.id }],
    ["JSON", json({ text: "hello" }), { text: "hello", onlyFor: ALICE.id }],
    ["an attachment", json({ attachments: [{ title: "t" }] }), { attachments: [{ title: "t", fields: [] }] }],
    ["an error", { status: 500, body: "" }, { text: '/cloudmaster failed with the error "dispatch_failed"' }],
    ["a broken message", json({}), { text: '/cloudmaster failed with the error "dispatch_failed"' }],
  ])("that is answered with %s", async (_what, answer, shown) => {
    const { slack } = await start((await startApp(() => answer)).url);
    await slack.type("x");
    expect(slack.posts).toHaveLength(2);
    expect(slack.posts[1]).toMatchObject(shown);
  });

  test("that is answered for the channel is seen by all", async () => {
    const { slack } = await start((await startApp(() => json({ text: "hi", response_type: "in_channel" }))).url);
    await slack.type("x");
    expect(slack.posts[1]).not.toHaveProperty("onlyFor");
  });

  test("that is answered with nothing shows nothing", async () => {
    const { slack } = await start((await startApp(() => ({ body: "" }))).url);
    await slack.type("x");
    expect(slack.posts).toHaveLength(1);
  });

  test("that is not answered in time shows operation_timeout", async () => {
    const app = await startApp(() => new Promise<never>(() => {}));
    const { slack } = await start(app.url, { timeoutMs: 20 });
    await slack.type("x");
    expect(slack.posts[1]).toMatchObject({ kind: "slackbot", text: expect.stringContaining("operation_timeout") });
  });

  test("that reaches nobody shows dispatch_failed", async () => {
    const { slack } = await start("http://127.0.0.1:1/");
    await slack.type("x");
    expect(slack.posts[1]?.text).toContain("dispatch_failed");
  });

  test("that somebody forged has a wrong signature", async () => {
    const app = await startApp(() => ({ status: 401, body: "no" }));
    const { slack } = await start(app.url);
    expect(await slack.forge("delete all")).toMatchObject({ status: 401 });
    const [{ headers, body }] = app.requests as [Received];
    const base = `v0:${headers["x-slack-request-timestamp"]}:${body}`;
    expect(headers["x-slack-signature"]).not.toBe(
      `v0=${createHmac("sha256", signingSecret).update(base).digest("hex")}`,
    );
  });
});

describe("posts of an app", () => {
  test("a response_url takes five posts within thirty minutes", async () => {
    const app = await startApp(() => ({ body: "" }));
    let now = Date.now();
    const { slack } = await start(app.url, { now: () => now });
    await slack.type("one");
    await slack.type("two");
    const [one = "", two = ""] = app.requests.map(({ body }) => new URLSearchParams(body).get("response_url") ?? "");
    for (let use = 0; use < 5; use++) expect((await post(one, { text: "late" })).status).toBe(200);
    expect(await post(one, { text: "late" })).toMatchObject({ status: 404, body: "used_url" });
    now += 30 * 60_000 + 1;
    expect(await post(two, { text: "late" })).toMatchObject({ status: 404, body: "expired_url" });
    expect(slack.posts.filter((each) => each.text === "late")).toHaveLength(5);
  });

  test("the incoming webhook takes one message a second", async () => {
    let now = Date.now();
    const { slack } = await start("http://127.0.0.1:1/", { now: () => now });
    expect((await post(slack.webhookUrl, { text: "first" })).status).toBe(200);
    expect(await post(slack.webhookUrl, { text: "second" })).toMatchObject({ status: 429, retryAfter: "1" });
    now += 1000;
    expect((await post(slack.webhookUrl, { text: "third" })).status).toBe(200);
    expect(slack.posts.map((each) => each.text)).toEqual(["first", "third"]);
  });

  test.each([
    ["{", 400, "invalid_payload"],
    ["{}", 400, "no_text"],
  ])("%s is refused", async (body, status, reason) => {
    const { slack } = await start("http://127.0.0.1:1/");
    const response = await fetch(slack.webhookUrl, { method: "POST", body });
    expect([response.status, await response.text()]).toEqual([status, reason]);
  });

  test("an unknown address is refused", async () => {
    const { slack } = await start("http://127.0.0.1:1/");
    expect((await post(`${slack.url}/services/T/B/guess`, { text: "x" })).status).toBe(404);
  });
});

test("a post looks as a person would see it", () => {
  const fields = [
    { title: "Id", value: "i-1", short: true },
    { title: "Status", value: "running", short: true },
    { title: "Note", value: "a &lt;b&gt;", short: false },
  ];
  const lines = renderPost(
    {
      author: "cloudmaster",
      kind: "app",
      text: "list aws (asked by <@U0ALICE01>) &lt;!channel&gt;",
      attachments: [{ color: "good", title: "created vmtest01", text: "one\ntwo", fields }],
      onlyFor: ALICE.id,
      afterMs: 41.7,
    },
    { names: new Map([[ALICE.id, ALICE.name]]) },
  );
  expect(lines).toEqual([
    "cloudmaster  APP · only visible to you · after 42 ms",
    "list aws (asked by @alice) <!channel>",
    "┃ created vmtest01",
    "┃ one",
    "┃ two",
    "┃ Id: i-1                     Status: running",
    "┃ Note: a <b>",
  ]);
});

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface AppAnswer {
  readonly status?: number;
  readonly type?: string;
  readonly body: string;
}

function json(value: unknown): AppAnswer {
  return { type: "application/json", body: JSON.stringify(value) };
}

async function start(commandUrl: string, options: Partial<SlackOptions> = {}) {
  const slack = await startSlack({ signingSecret, commandUrl, ...options });
  closers.push(slack.close);
  return { slack };
}

async function startApp(answer: () => AppAnswer | Promise<AppAnswer>) {
  const requests: Received[] = [];
  const server = createServer(async (request, response) => {
    requests.push({ headers: request.headers, body: (await readBody(request)).toString() });
    const { status = 200, type = "text/plain", body } = await answer();
    response.writeHead(status, { "Content-Type": type }).end(body);
  });
  const { url } = await listen(server, 0);
  closers.push(() => closeServer(server));
  return { url, requests };
}

async function post(url: string, message: unknown) {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(message) });
  return { status: response.status, body: await response.text(), retryAfter: response.headers.get("retry-after") };
}
