/** Inputs and schemas that would end a server, or keep it busy: each fails as one run, and nobody else hears of it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rowsOf } from "../support/database.ts";
import {
  Dispatch,
  errorOf,
  functionBody,
  ORGANIZATION,
  parse,
  type RunObject,
  serverWith,
} from "../support/dispatch.ts";
import { type Answer, send } from "../support/http.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const echo = { "f.js": "module.exports = (context, payload) => payload ?? null;" };
const node = { type: "array", items: { $ref: "#/definitions/node" } };
const tree = { type: "object", properties: { tree: { $ref: "#/definitions/node" } }, definitions: { node } };
const countries = { items: { enum: Array.from({ length: 249 }, (_, n) => `country ${n}`) } };
const unique = { uniqueItems: true };
const objects = JSON.stringify(Array.from({ length: 60_000 }, (_, n) => ({ n })));

const nested = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"], { flags: ["--stop-grace", "2s"] }));
  for (const [name, schema] of Object.entries({ tree, countries, unique, plain: null })) {
    await dispatch.createFunction(name, echo, schema === null ? {} : { schema: { in: schema } });
    await dispatch.post("/v1/api", api(name));
    await dispatch.post("/v1/event/subscriptions", { name, eventType: `for.${name}`, function: name });
  }
});

afterAll(() => server.dispose());

function api(name: string): object {
  const protocols = ["http"];
  return {
    name,
    function: name,
    enabled: true,
    uris: [`/${name}`],
    methods: ["POST"],
    protocols,
    authentication: "public",
  };
}

function post(name: string, body: string, headers: Record<string, string> = {}): Promise<Answer> {
  const json = { "content-type": "application/json", ...headers };
  return send(`${server.gateway}/${ORGANIZATION}/${name}`, { method: "POST", headers: json, body });
}

const unwaited = { "x-dispatch-blocking": "false" };

/** The server answers others at once while `during` is going on. */
async function livesOn<T>(during: Promise<T>): Promise<T> {
  let ended = false;
  let slowest = 0;
  void during.finally(() => {
    ended = true;
  });
  while (!ended) {
    const before = performance.now();
    expect((await send(`${server.api}/healthz`)).status).toBe(200);
    slowest = Math.max(slowest, performance.now() - before);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(slowest).toBeLessThan(5000);
  return during;
}

describe("JSON that nests too deep is refused at every door", () => {
  const message = "the request body nests deeper than 1000 levels (setting max-json-depth)";

  test.each([
    ["the gateway", () => post("plain", nested(5000))],
    ["the gateway, when nobody waits", () => post("tree", `{"tree":${nested(20_000)}}`, unwaited)],
    ["POST /v1/runs", () => dispatch.post("/v1/runs?functionName=plain", `{"blocking":true,"input":${nested(1000)}}`)],
    ["POST /v1/event", () => dispatch.post("/v1/event", event("for.tree", nested(5000)))],
    ["POST /v1/secret", () => dispatch.post("/v1/secret", `{"name":"deep","secrets":${nested(100_000)}}`)],
    ["POST /v1/function", () => dispatch.post("/v1/function", `{"name":"deep","schema":{"in":${nested(50_000)}}}`)],
  ])("%s", async (_, refused) => {
    const answer = await refused();
    expect([answer.status, errorOf(answer).message]).toEqual([400, message]);
  });

  test("but not what just fits, which can be listed afterwards", async () => {
    expect((await post("plain", nested(1000))).status).toBe(200);
    expect((await dispatch.runs("?functionName=plain"))[0]?.status).toBe("READY");
  });

  test("and in a result, as the function's error", async () => {
    const deep = "module.exports = () => { let a = []; for (let n = 0; n < 1500; n++) a = [a]; return a; };";
    await dispatch.createFunction("deep", { "f.js": deep });
    expect((await dispatch.run("deep")).error).toMatchObject({
      type: "FunctionError",
      message: "the result of the function nests deeper than 1000 levels (setting max-json-depth)",
    });
  });
});

function event(type: string, data: string): string {
  const fields = { cloudEventsVersion: "0.1", eventType: type, source: "test", eventID: "1" };
  return `${JSON.stringify(fields).slice(0, -1)},"data":${data}}`;
}

describe("a schema that refers to itself", () => {
  test("checks what is deep, and the run goes on", async () => {
    expect((await post("tree", `{"tree":${nested(990)}}`)).status).toBe(200);
    const wrong = await post("tree", `{"tree":${"[".repeat(500)}1${"]".repeat(500)}}`);
    expect([wrong.status, errorOf(wrong).message]).toEqual([400, expect.stringContaining("must be of type array")]);
  });

  test.each([
    ["without end", { $ref: "#" }],
    ["without end, in allOf", { type: "object", allOf: [{ $ref: "#" }] }],
    ["or that promises an answer for later", { $async: true, type: "object" }],
  ])("%s is refused at creation", async (_, schema) => {
    const answer = await dispatch.post("/v1/function", functionBody("endless", echo, { schema: { in: schema } }));
    expect([answer.status, errorOf(answer).message]).toEqual([
      400,
      expect.stringMatching(/^could not decode schema\.in: (it|\$)/),
    ]);
  });
});

test("97 KB that violate an enum 48,000 times are told in a few lines, and kept in a few KB", async () => {
  const answer = await livesOn(post("countries", `[${Array(48_000).fill(1).join(",")}]`));
  expect(answer.status).toBe(400);
  expect(answer.text.length).toBeLessThan(6000);
  const [run] = await dispatch.runs("?functionName=countries");
  expect(JSON.stringify(run?.error).length + JSON.stringify(run?.reason).length).toBeLessThan(16_000);
});

test("a check that would take minutes is ended, and the server goes on", async () => {
  const answer = await livesOn(post("unique", objects));
  expect([answer.status, errorOf(answer).message]).toEqual([400, expect.stringContaining("takes longer than 2 s")]);
  expect((await dispatch.run("unique", [1, 2])).status).toBe("READY");
});

test("the same when nobody waits: the run ends as an InputError", async () => {
  const answers = [
    await post("unique", objects, unwaited),
    await dispatch.post("/v1/event", event("for.unique", objects)),
  ];
  expect(answers.map(({ status }) => status)).toEqual([202, 200]);
  const runs = await until("both have ended", async () => {
    const found = (await dispatch.runs("?functionName=unique")).filter(({ blocking }) => blocking !== true);
    return found.length === 2 && found.every(({ finishedTime }) => finishedTime !== undefined) ? found : undefined;
  });
  expect(runs.map(({ error }) => error?.type)).toEqual(["InputError", "InputError"]);
});

test("the message of an error is kept up to a limit", async () => {
  const long = "module.exports = () => { throw new Error('m'.repeat(5e5)); };";
  await dispatch.createFunction("long", { "f.js": long });
  const { error } = await dispatch.run("long");
  expect(error?.message.length).toBeLessThan(17_000);
});

describe("what a stop leaves behind", () => {
  test("a stop ends within its grace while checks are under way, and the next start takes the run up", async () => {
    const { name } = parse<RunObject>(await dispatch.post("/v1/runs?functionName=unique", `{"input":${objects}}`));
    const before = performance.now();
    expect(await server.stop()).toMatchObject({ code: 0 });
    expect(performance.now() - before).toBeLessThan(60_000);
    await restart();
    expect((await dispatch.finished(name)).error?.type).toBe("InputError");
  });

  test("a run at which the server ended three times is given up, and said; others go on", {
    timeout: 150_000,
  }, async () => {
    const poisoned = parse<RunObject>(await dispatch.post("/v1/runs?functionName=unique", `{"input":${objects}}`));
    await server.kill();
    for (let starts = 0; starts < 10 && takeUpsOf(poisoned.name) < 3; starts++) {
      await restart();
      // Its check takes two seconds; a busy machine begins it later.
      await new Promise((resolve) => setTimeout(resolve, 500 + 150 * starts));
      await server.kill();
    }
    await restart();
    const given = await dispatch.finished(poisoned.name);
    expect(given.error).toMatchObject({ type: "SystemError", message: expect.stringContaining("ended 3 times") });
    expect(server.log.some(({ msg }) => msg.includes("it is given up"))).toBe(true);
    expect((await dispatch.run("plain", 1)).output).toBe(1);
  });
});

function takeUpsOf(id: string): number {
  const sql = `select attempts from work where kind = 'run' and id = '${id}'`;
  return rowsOf<{ attempts: number }>(server.dataDir, sql)[0]?.attempts ?? 0;
}

async function restart(): Promise<void> {
  server = await startServer({ dataDir: server.dataDir, flags: ["--stop-grace", "2s"] });
  dispatch = new Dispatch(server.api);
}
