import { createServer } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { closeServer, listen, readBody } from "../../simulator/listener.ts";
import type { Door, DoorOptions } from "../../test/door.ts";
import { startDoor } from "../../test/door.ts";
import echo from "../echo/main.ts";
import type { Context } from "../shared/context.ts";
import cloudmaster from "./main.ts";
import type { Message } from "./message.ts";

const running = { id: "i-1", name: "vmtest01", status: "running", state: "running" };
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe("without a response_url the answer is the result", () => {
  test("list shows the machines of a cloud", async () => {
    const { door } = await start({ aws: () => [running] });
    expect(await cloudmaster({ dispatch: door }, { text: "list aws", user_id: "U024BE7LH" })).toEqual({
      response_type: "in_channel",
      text: "list aws (asked by <@U024BE7LH>)",
      attachments: [
        {
          color: "good",
          title: "aws: 1 machine",
          fallback: "aws: 1 machine\nvmtest01: running (i-1)",
          fields: [{ title: "vmtest01", value: "running (i-1)", short: true }],
        },
      ],
    });
    expect(door.runs).toEqual([
      { functionName: "aws", blocking: true, input: { command: "list" }, secrets: ["aws"], idempotencyKey: undefined },
    ]);
  });

  test.each([
    ["create vmtest01 on aws", () => running, "good", "created vmtest01 on aws"],
    ["create vmtest01 on aws", () => ({ ...running, existing: true }), "warning", "vmtest01 is on aws already"],
    ["delete vmtest01 on aws", () => [running], "good", "deleted vmtest01 on aws"],
    ["list aws", () => [], "good", "aws: no machines"],
    ["list aws", () => Array.from({ length: 60 }, () => running), "good", "aws: 60 machines"],
    ["create vmtest01 on aws", () => "nonsense", "danger", "vmtest01 on aws"],
    ["create vmtest01 on gcp", () => running, "warning", "vmtest01 on gcp"],
  ])("%s", async (text, aws, color, title) => {
    const { door } = await start({ aws });
    const message = (await cloudmaster({ dispatch: door }, { text })) as Message;
    expect(message.attachments).toMatchObject([{ color, title }]);
  });

  test("a cloud that fails is told in its own words, the others go on", async () => {
    const aws = () => {
      throw new Error("AWS does not accept <the> key");
    };
    const { door } = await start({ aws, azure: () => [running] });
    const message = (await cloudmaster({ dispatch: door }, { text: "list all" })) as Message;
    expect(message.attachments).toMatchObject([
      { color: "danger", title: "aws", text: "AWS does not accept &lt;the&gt; key" },
      { color: "good", title: "azure: 1 machine" },
      { color: "warning", title: "gcp", text: "gcp is not set up yet: there is no function `gcp` here." },
      { color: "warning", title: "vsphere" },
    ]);
  });

  test("echo says it back, without calling everybody", async () => {
    const { door } = await start({ echo });
    const echoed = await cloudmaster({ dispatch: door }, { text: "echo hello &lt;!channel&gt; &amp;amp;" });
    expect(echoed).toEqual({ response_type: "in_channel", text: "hello &lt;!channel&gt; &amp;amp;" });
  });

  test("echo without its function says so", async () => {
    const { door } = await start({});
    expect(await cloudmaster({ dispatch: door }, { text: "echo hello" })).toMatchObject({
      attachments: [{ color: "danger", text: "function echo not found" }],
    });
  });
});

test.each([
  [{ text: "" }, "Cloudmaster looks after virtual machines."],
  [{}, "Cloudmaster looks after virtual machines."],
  [{ text: "lst aws" }, "I do not know the word “lst”. Did you mean “list”?"],
  [{ text: "&lt;!channel&gt;" }, "I do not know the word “&lt;!channel&gt;”."],
])("%j explains the commands to the person who asked, and nobody else", async (payload, text) => {
  const message = (await cloudmaster({}, payload)) as Message;
  expect(message).toMatchObject({ response_type: "ephemeral", text });
  expect(message.attachments?.[0]?.fields?.[0]).toMatchObject({ title: "create &lt;vm&gt; on &lt;cloud|all&gt;" });
});

describe("with a response_url", () => {
  test.each([
    ["create vmtest01 on aws", { response_type: "ephemeral", text: "creating vmtest01 on aws ..." }, 1],
    ["delete vmtest01 on all", { response_type: "ephemeral", text: "deleting vmtest01 on all ..." }, 4],
    ["stop vmtest01 on gcp", { response_type: "ephemeral", text: "stopping vmtest01 on gcp ..." }, 1],
    ["list aws", { response_type: "ephemeral", text: "listing aws ..." }, 1],
    ["echo hello", { text: "ok" }, 1],
  ])("%s is answered at once and the result of each cloud follows", async (text, answer, posts) => {
    const { door, slack, slash } = await start({ aws: () => [running], echo });
    expect(await slash(text)).toEqual(answer);
    await door.close();
    expect(slack.posts).toHaveLength(posts);
    for (const post of slack.posts) expect(post).toMatchObject({ response_type: "in_channel" });
  });

  test("the answer does not wait for a slow cloud", async () => {
    const cloud = Promise.withResolvers<unknown>();
    const { door, slack, slash } = await start({ aws: () => cloud.promise });
    expect(await slash("list aws")).toMatchObject({ text: "listing aws ..." });
    expect(slack.posts).toEqual([]);
    cloud.resolve([running]);
    await door.close();
    expect(slack.posts).toMatchObject([{ attachments: [{ title: "aws: 1 machine" }] }]);
  });

  test("Slack's second sending of the same command has the same idempotency key", async () => {
    const { door, slash } = await start({ aws: () => [] });
    for (const trigger_id of ["1.2.a", "1.2.a", "1.2.b"]) await slash("list aws", { trigger_id });
    const [first, second, third] = door.runs.filter((run) => !run.blocking).map((run) => run.idempotencyKey);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  test("on a host that is not listed nothing is started", async () => {
    const { door, slash } = await start({ aws: () => [] });
    const answer = (await slash("list aws", { response_url: "http://169.254.169.254/" })) as Message;
    expect(answer.attachments?.[0]?.text).toMatch(/on 169\.254\.169\.254, which is not allowed/);
    expect(door.runs).toEqual([]);
  });

  test("a follow-up cannot be asked for through the gateway", async () => {
    const { door, slack, slash } = await start({ aws: () => [running] });
    expect(await slash("list aws", { follow_up: "yes" })).toMatchObject({ text: "listing aws ..." });
    expect(slack.posts).toEqual([]);
    await door.close();
  });

  test("a follow-up may not post elsewhere either", async () => {
    const payload = { text: "list aws", follow_up: "yes", response_url: "https://evil.example/" };
    const { door } = await start({ aws: () => [] });
    await expect(cloudmaster({ dispatch: door }, payload)).rejects.toMatchObject({ name: "InputError" });
    expect(door.runs).toEqual([]);
  });

  test("a door that refuses is told to the person", async () => {
    const { door, slash } = await start({});
    const answer = (await slash("list aws", {}, { ...door, token: "expired" })) as Message;
    expect(answer.attachments).toMatchObject([{ color: "danger", text: "not authorized" }]);
  });
});

interface Started {
  readonly door: Door;
  readonly slack: { readonly posts: readonly unknown[] };
  slash(text: string, fields?: Record<string, string>, dispatch?: Context["dispatch"]): Promise<unknown>;
}

/** A door with the functions, `cloudmaster` among them, and a place that takes what is posted to `response_url`. */
async function start(functions: DoorOptions["functions"]): Promise<Started> {
  const slack = await startReceiver();
  const secrets = { responseHosts: slack.host };
  const withSecrets = (context: Context, payload: unknown) => cloudmaster({ ...context, secrets }, payload);
  const door = await startDoor({ functions: { cloudmaster: withSecrets, ...functions } });
  closers.push(door.close);
  return {
    door,
    slack,
    slash: (text, fields = {}, dispatch = door) =>
      cloudmaster({ secrets, dispatch, httpContext: { method: "POST" } }, { text, response_url: slack.url, ...fields }),
  };
}

async function startReceiver() {
  const posts: unknown[] = [];
  const server = createServer(async (request, response) => {
    posts.push(JSON.parse((await readBody(request)).toString()));
    response.end("ok");
  });
  const { url } = await listen(server, 0);
  closers.push(() => closeServer(server));
  return { posts, url: `${url}/commands/T1/1/x`, host: new URL(url).host };
}
