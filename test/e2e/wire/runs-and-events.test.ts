/** Runs, events and what they start, compared with the recorded answers key by key (wire-examples.md 6, 7, 9 and 11). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Dispatch } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { OldClient } from "./old-client.ts";
import { blanked } from "./wire-text.ts";

let server: ServerProcess;
let client: OldClient;
let dispatch: Dispatch;

const functions: Record<string, string> = {
  "hello-js":
    'module.exports = (context, { name, place = "Nowhere" }) => ({ myField: ["Hello,", name, "from", place].join(" ") });',
  debug: "module.exports = (context, params) => ({ context, params });",
  boom: 'module.exports = () => { console.error("about to fail"); throw new Error("boom"); };',
  relay: `module.exports = async ({ dispatch }) => {
    const event = { cloudEventsVersion: "0.1", eventType: "relay.again", source: "relay", eventID: crypto.randomUUID() };
    const answer = await fetch(dispatch.url + "/v1/event", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: "Bearer " + dispatch.token,
        "x-dispatch-org": dispatch.organization,
      },
      body: JSON.stringify(event),
    });
    return answer.status;
  };`,
};

beforeAll(async () => {
  server = await startServer();
  client = new OldClient(server.api);
  dispatch = new Dispatch(server.api);
  await dispatch.createImage("nodejs");
  await Promise.all(
    Object.entries(functions).map(([name, text]) => dispatch.createFunction(name, { [`${name}.js`]: text })),
  );
});

afterAll(() => server.dispose());

const ids = '"faasId":"<uuid>"';

describe("a run", () => {
  test("that blocks is 200 with its result", async () => {
    const body = '{"blocking":true,"input":{"name":"Jon"},"reason":null,"secrets":[],"services":null,"tags":null}';
    const answer = await client.send("POST", "/v1/runs?functionName=hello-js", body);
    expect([answer.status, blanked(answer.text)]).toEqual([
      200,
      `{"blocking":true,"executedTime":<nanoseconds>,${ids},"finishedTime":<nanoseconds>,"functionId":"<uuid>","functionName":"hello-js","input":{"name":"Jon"},"logs":{"stderr":null,"stdout":null},"name":"<uuid>","output":{"myField":"Hello, Jon from Nowhere"},"reason":null,"secrets":[],"services":null,"status":"READY","tags":[]}\n`,
    ]);
  });

  test("that does not is 202 as it was accepted, without an end", async () => {
    const answer = await client.send(
      "POST",
      "/v1/runs?functionName=hello-js",
      '{"blocking":false,"input":{"name":"Jon"}}',
    );
    expect([answer.status, blanked(answer.text)]).toEqual([
      202,
      `{"executedTime":<nanoseconds>,${ids},"functionId":"<uuid>","functionName":"hello-js","input":{"name":"Jon"},"name":"<uuid>","reason":null,"secrets":null,"services":null,"status":"INITIALIZED","tags":[]}\n`,
    ]);
  });

  test("that failed is 200, too, with the error, the reason, the logs and an end", async () => {
    const answer = await client.send("POST", "/v1/runs?functionName=boom", '{"blocking":true,"input":{}}');
    expect(answer.status).toBe(200);
    const shown = blanked(answer.text).replace(/"stacktrace":\[[^\]]+\]/, '"stacktrace":["…"]');
    expect(shown).toBe(
      `{"blocking":true,"error":{"message":"boom","stacktrace":["…"],"type":"FunctionError"},"executedTime":<nanoseconds>,${ids},"finishedTime":<nanoseconds>,"functionId":"<uuid>","functionName":"boom","input":{},"logs":{"stderr":["about to fail"],"stdout":null},"name":"<uuid>","reason":["error running function: boom: boom"],"secrets":null,"services":null,"status":"ERROR","tags":[]}\n`,
    );
  });

  test("without its secret ends as an InputError that names it", async () => {
    const body = '{"blocking":true,"secrets":["nosuch"]}';
    const run = JSON.parse((await client.send("POST", "/v1/runs?functionName=debug", body)).text) as object;
    const message =
      "error when retrieving secrets from secret store: failed to get secrets from secret store: [Code: 404] secret nosuch not found";
    expect(run).toMatchObject({
      error: { message, type: "InputError" },
      reason: [`error running function: debug: ${message}`],
      secrets: ["nosuch"],
      status: "ERROR",
    });
  });

  test("keeps numbers as they were sent", async () => {
    const input = '{"big":12345678901234567890,"one":1.0}';
    const answer = await client.send("POST", "/v1/runs?functionName=debug", `{"blocking":true,"input":${input}}`);
    expect(answer.text).toContain(`"input":${input}`);
  });

  test("with an event of any version shows it without its data, and checks only its first stage", async () => {
    const event = '{"cloudEventsVersion":"0.9","eventType":"t","source":"s","data":{"a":1}}';
    const answer = await client.send("POST", "/v1/runs?functionName=debug", `{"blocking":true,"event":${event}}`);
    const run = JSON.parse(answer.text) as { event: object; output: { context: { event: object } } };
    expect(run.event).toMatchObject({ cloudEventsVersion: "0.9", data: { a: 1 } });
    expect(run.output.context.event).toMatchObject({ eventType: "t", type: "t", source: "s", data: null });
    const bad = await client.send("POST", "/v1/runs?functionName=debug", '{"event":{"eventType":"t"}}');
    expect([bad.status, bad.text]).toEqual([
      422,
      '{"code":602,"message":"event.cloudEventsVersion in body is required"}',
    ]);
  });
});

describe("an event", () => {
  const subscribe = (name: string, eventType: string, functionName: string, secrets = "null") =>
    client.send(
      "POST",
      "/v1/event/subscriptions",
      `{"eventType":"${eventType}","function":"${functionName}","name":"${name}","secrets":${secrets},"tags":null}`,
    );
  /** The ended runs of a function whose event has this type. */
  const runsOf = (eventType: string, count: number): Promise<string[]> =>
    until(`${count} runs of ${eventType} have ended`, async () => {
      const { text } = await client.send("GET", "/v1/runs?functionName=debug");
      const runs = (
        JSON.parse(text) as { name: string; event?: { eventType: string }; finishedTime?: number }[]
      ).filter((run) => run.event?.eventType === eventType && run.finishedTime !== undefined);
      if (runs.length < count) return undefined;
      return Promise.all(runs.map(async ({ name }) => (await client.send("GET", `/v1/runs/${name}`)).text));
    });

  test("is echoed, and starts the function that subscribed to it", async () => {
    expect((await subscribe("debug-sub", "test.event", "debug")).status).toBe(201);
    const event =
      '"eventType":"test.event","cloudEventsVersion":"0.1","source":"dispatch","eventID":"b93f9363-b8a9-4985-9ef9-c1a43d02f081","eventTime":"2026-11-22T14:50:20.654Z","contentType":"application/json"';
    const answer = await client.send("POST", "/v1/event", `{${event},"data":{"name":"Jon"}}`);
    expect([answer.status, answer.text]).toEqual([200, `{${event},"data":{"name":"Jon"}}\n`]);
    const [run = ""] = await runsOf("test.event", 1);
    expect(run).toContain(`"event":{${event},"data":null},`);
    expect(run).toContain('"input":{"name":"Jon"},');
    expect(run).toContain('"reason":null,"secrets":null,"services":null,"status":"READY"');
    const { output } = JSON.parse(run) as { output: { context: { event: object }; params: object } };
    expect(output.params).toEqual({ name: "Jon" });
    expect(output.context.event).toEqual({
      ...(JSON.parse(`{${event}}`) as object),
      data: null,
      specversion: "1.0",
      type: "test.event",
      id: "b93f9363-b8a9-4985-9ef9-c1a43d02f081",
      time: "2026-11-22T14:50:20.654Z",
      datacontenttype: "application/json",
    });
  });

  test("reaches every subscription of its organization once, and no other organization's", async () => {
    const stranger = new OldClient(server.api, { "x-dispatch-org": "stranger" });
    await subscribe("all", "each.>", "debug");
    await subscribe("one", "each.*", "debug");
    await subscribe("missing", "each.vm", "nosuchfn");
    const event = '{"cloudEventsVersion":"0.1","eventType":"each.vm","source":"s","eventID":"1"}';
    expect((await stranger.send("POST", "/v1/event", event)).status).toBe(200);
    expect((await client.send("POST", "/v1/event", event)).status).toBe(200);
    expect(await runsOf("each.vm", 2)).toHaveLength(2);
  });

  test("brings the secrets of its subscription", async () => {
    await client.send("POST", "/v1/secret", '{"name":"mail","secrets":{"user":"ada"}}');
    await subscribe("secretive", "with.secret", "debug", '["mail"]');
    const event = '{"cloudEventsVersion":"0.1","eventType":"with.secret","source":"s","eventID":"1"}';
    await client.send("POST", "/v1/event", event);
    const [run = ""] = await runsOf("with.secret", 1);
    const { secrets, output } = JSON.parse(run) as { secrets: string[]; output: { context: { secrets: object } } };
    expect([secrets, output.context.secrets]).toEqual([["mail"], { user: "ada" }]);
  });

  test("that nobody subscribed to is accepted; one without time shows the zero time", async () => {
    const event = '"eventType":"no.subscriber","cloudEventsVersion":"0.1","source":"s","eventID":"1"';
    const answer = await client.send("POST", "/v1/event", `{${event}}`);
    const echoed = `{${event},"eventTime":"0001-01-01T00:00:00.000Z","data":null}\n`;
    expect([answer.status, answer.text]).toEqual([200, echoed]);
  });

  test("of a type that was subscribed to before does not arrive after the subscription changed", async () => {
    await subscribe("moving", "moving.before", "debug");
    const changed = '{"eventType":"moving.after","function":"debug","name":"moving"}';
    expect((await client.send("PUT", "/v1/event/subscriptions/moving", changed)).status).toBe(200);
    for (const type of ["moving.before", "moving.after"]) {
      const event = `{"cloudEventsVersion":"0.1","eventType":"${type}","source":"s","eventID":"1"}`;
      await client.send("POST", "/v1/event", event);
    }
    await runsOf("moving.after", 1);
    expect(await runsOf("moving.before", 0)).toEqual([]);
  });

  test("that its own function emits again and again ends where runs may not go deeper", async () => {
    await subscribe("circle", "relay.again", "relay");
    const event = '{"cloudEventsVersion":"0.1","eventType":"relay.again","source":"s","eventID":"1"}';
    await client.send("POST", "/v1/event", event);
    await until("the circle has ended", () =>
      server.log.find(({ msg }) =>
        /^an event was not delivered: function relay was called through more than 8/.test(msg),
      ),
    );
    const { text } = await client.send("GET", "/v1/runs?functionName=relay");
    expect(JSON.parse(text)).toHaveLength(9);
  });

  test("that was acknowledged has its run after a power cut", async () => {
    const own = await startServer();
    const first = new Dispatch(own.api);
    await first.createImage("nodejs");
    await first.createFunction("debug", { "debug.js": functions.debug ?? "" });
    await first.post("/v1/event/subscriptions", { name: "s", eventType: "cut", function: "debug" });
    const event = { cloudEventsVersion: "0.1", eventType: "cut", source: "s", eventID: "1" };
    expect((await first.post("/v1/event", event)).status).toBe(200);
    await own.kill();
    const again = await startServer({ dataDir: own.dataDir });
    const restarted = new Dispatch(again.api);
    const [run] = await until("the event has its run", async () => {
      const runs = await restarted.runs();
      return runs[0]?.finishedTime === undefined ? undefined : runs;
    });
    expect(run).toMatchObject({ functionName: "debug" });
    await again.stop();
    await own.dispose();
  });
});
