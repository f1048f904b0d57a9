/** What the published command line depends on: the seventeen rules of server.md 0, in their order. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { unterminatedSourceOf } from "../support/archive.ts";
import { Dispatch } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { OldClient } from "./old-client.ts";
import { blanked } from "./wire-text.ts";

const SOURCE = { "hello.js": "module.exports = (context, params) => params;\n" };

let server: ServerProcess;
let client: OldClient;
let dispatch: Dispatch;

beforeAll(async () => {
  server = await startServer();
  client = new OldClient(server.api);
  dispatch = new Dispatch(server.api);
  await dispatch.createImage("nodejs");
  await dispatch.createFunction("echo", SOURCE);
});

afterAll(() => server.dispose());

const run = (body: string) => client.send("POST", "/v1/runs?functionName=echo", body);

test("1: success has exactly the status that the generated client expects", async () => {
  const secret = '{"name":"one","secrets":null,"tags":null}';
  const api = '{"function":"echo","hosts":null,"methods":null,"name":"one","protocols":null,"tags":null,"uris":null}';
  const statuses = [
    (await client.send("POST", "/v1/api", api)).status,
    (await client.send("POST", "/v1/secret", secret)).status,
    (await client.send("PUT", "/v1/secret/one", secret)).status,
    (await client.send("DELETE", "/v1/secret/one")).status,
    (await run('{"blocking":true,"input":null,"secrets":null,"services":null,"tags":null}')).status,
    (await run('{"input":null,"secrets":null,"services":null,"tags":null}')).status,
  ];
  expect(statuses).toEqual([200, 201, 201, 204, 200, 202]);
});

test("2: errors are code and message; a 404 says 404 in its body, on which apply depends", async () => {
  for (const [method, path, body] of [
    ["PUT", "/v1/secret/nosuch", '{"name":"nosuch"}'],
    ["PUT", "/v1/event/drivers/nosuch", '{"name":"nosuch","type":"t"}'],
    ["GET", "/v1/event/subscriptions/nosuch", undefined],
  ] as const) {
    const answer = await client.send(method, path, body);
    expect([answer.status, answer.text]).toEqual([
      404,
      expect.stringMatching(/^\{"code":404,"message":"[\w ]+ nosuch not found"\}$/),
    ]);
  }
});

test("3: JSON is application/json and nothing else; an empty 204 has no type", async () => {
  const answers = [
    await client.send("GET", "/v1/function"),
    await client.send("GET", "/v1/nonexistent"),
    await client.send("GET", "/healthz"),
  ];
  for (const { headers } of answers) expect(headers["content-type"]).toBe("application/json");
  await client.send("POST", "/v1/secret", '{"name":"typeless"}');
  const gone = await client.send("DELETE", "/v1/secret/typeless");
  expect([gone.status, gone.text, gone.headers["content-type"]]).toEqual([204, "", undefined]);
});

test("4: null is welcome wherever a list, an object or a map is", async () => {
  const bodies = [
    ["/v1/secret", '{"name":"nulls","secrets":null,"tags":null}'],
    [
      "/v1/image",
      '{"baseImageName":"nodejs-base","groups":null,"name":"nulls","reason":null,"runtimeDependencies":null,"systemDependencies":null,"tags":null}',
    ],
    ["/v1/event/drivertypes", '{"config":null,"image":"i","name":"nulls","tags":null}'],
    [
      "/v1/function",
      `{"env":null,"image":"nodejs","limits":null,"name":"nulls","reason":null,"schema":null,"secrets":null,"services":null,"source":"${unterminatedSourceOf(SOURCE)}","tags":null}`,
    ],
  ] as const;
  for (const [path, body] of bodies)
    expect([path, (await client.send("POST", path, body)).status]).toEqual([path, 201]);
});

test("5: unknown keys are ignored, keys come in any letter case", async () => {
  const body =
    '{"NAME":"anycase","DockerURL":"dispatchframework/python3-base:0.0.13","LANGUAGE":"python3","whatever":{"a":[1]}}';
  const created = await client.send("POST", "/v1/baseimage", body);
  expect([created.status, JSON.parse(created.text)]).toMatchObject([
    201,
    { name: "anycase", dockerUrl: "dispatchframework/python3-base:0.0.13" },
  ]);
});

test("6: the organization is required, and not empty", async () => {
  for (const organization of [{}, { "x-dispatch-org": "" }]) {
    const answer = await client.bare("GET", "/v1/event/subscriptions", { cookie: "unset", ...organization });
    const expected = '{"code":602,"message":"X-Dispatch-Org in header is required"}';
    expect([answer.status, answer.text]).toEqual([422, expected]);
  }
});

test("7: a cookie or an authorization, whatever it says, and not empty", async () => {
  const organization = { "x-dispatch-org": "dispatch-server" };
  const ask = async (headers: Record<string, string>) =>
    (await client.bare("GET", "/v1/event/drivers", { ...organization, ...headers })).status;
  expect(await ask({ cookie: "unset" })).toBe(200);
  expect(await ask({ authorization: "Bearer cookie" })).toBe(200);
  expect(await ask({ cookie: "" })).toBe(401);
  expect(await ask({})).toBe(401);
});

test("8: since may be the zero time of Go", async () => {
  const [first] = JSON.parse((await client.send("GET", "/v1/runs?since=-62135596800")).text) as { name: string }[];
  expect(first).toBeDefined();
  const one = await client.send("GET", `/v1/runs/${first?.name}?functionName=echo&since=-62135596800`);
  expect(one.status).toBe(200);
});

test("9: resources have seconds, runs exact nanoseconds", async () => {
  const { text } = await run('{"blocking":true,"input":{}}');
  expect(text).toMatch(/"executedTime":1\d{18},/);
  expect(text).toMatch(/"finishedTime":1\d{18},/);
  expect((await client.send("GET", "/v1/function/echo")).text).toMatch(/"createdTime":1\d{9},/);
  expect((await client.send("GET", "/v1/event/drivertypes")).text).toMatch(/"created-time":1\d{9},/);
});

test("10: what tables print is in every answer", async () => {
  await client.send("POST", "/v1/event/drivertypes", '{"image":"i","name":"t"}');
  await client.send("POST", "/v1/event/drivers", '{"name":"d","type":"t"}');
  await client.send("POST", "/v1/event/subscriptions", '{"eventType":"e","function":"f","name":"s"}');
  const needed = [
    ["/v1/api/one", ["name", "function"]],
    ["/v1/event/drivers/d", ["name", "type"]],
    ["/v1/event/subscriptions/s", ["name", "eventType", "function"]],
    ["/v1/baseimage/nodejs-base", ["name", "dockerUrl", "language"]],
    ["/v1/image/nodejs", ["name", "baseImageName"]],
    ["/v1/event/drivertypes/t", ["name", "image"]],
    ["/v1/function/echo", ["name", "image"]],
  ] as const;
  for (const [path, keys] of needed) {
    const resource = JSON.parse((await client.send("GET", path)).text) as Record<string, unknown>;
    for (const key of keys) expect([path, key, typeof resource[key]]).toEqual([path, key, "string"]);
  }
});

test("11: lists without anything are []", async () => {
  const empty = new OldClient(server.api, { "x-dispatch-org": "nobody" });
  const lists = ["function", "image", "baseimage", "secret", "api", "runs", "application", "iam/policy"];
  const events = ["subscriptions", "drivers", "drivertypes"].map((kind) => `event/${kind}`);
  for (const list of [...lists, ...events]) {
    const answer = await empty.send("GET", `/v1/${list}`);
    expect([list, answer.status, answer.text]).toEqual([list, 200, "[]\n"]);
  }
});

test("12: slashes at the end are optional, and paths are cleaned behind the first two segments", async () => {
  const paths = [
    "/v1/secret/",
    "/v1/event/drivers/",
    "/v1/event//drivers",
    "/v1/event/./drivers",
    "/v1/event/x/../drivers",
  ];
  for (const path of paths) expect([path, (await client.send("GET", path)).status]).toEqual([path, 200]);
  const beyond = await client.send("GET", "/v1/event/../secret/x");
  expect([beyond.status, beyond.text]).toEqual([
    404,
    '{"code":404,"message":"path /v1/event/../secret/x was not found"}',
  ]);
  const event = '{"cloudEventsVersion":"0.1","eventType":"t","source":"s","eventID":"1"}';
  expect((await client.send("POST", "/v1/event/", event)).status).toBe(200);
});

test("13: a source is a gzipped tar without an end, as the published command line packs it", async () => {
  const source = unterminatedSourceOf({ "hello.js": "module.exports = () => 42;\n" });
  const body = `{"image":"nodejs","handler":"","name":"packed","source":"${source}","tags":null}`;
  expect((await client.send("POST", "/v1/function", body)).status).toBe(201);
  expect((await dispatch.built("packed")).status).toBe("READY");
  expect((await dispatch.run("packed")).output).toBe(42);
});

test("14: /healthz is 200 and JSON for anybody", async () => {
  const answer = await client.bare("GET", "/healthz", {});
  expect([answer.status, answer.headers["content-type"]]).toEqual([200, "application/json"]);
  const keys = ["version", "commit", "buildDate", "goVersion", "compiler", "platform"];
  expect(Object.keys((JSON.parse(answer.text) as { version: object }).version)).toEqual(keys);
});

test("15: DELETE comes with a type and without a body", async () => {
  await client.send("POST", "/v1/event/drivertypes", '{"image":"i","name":"short"}');
  const headers = { cookie: "unset", "x-dispatch-org": "dispatch-server", "content-type": "application/json" };
  expect((await client.bare("DELETE", "/v1/event/drivertypes/short", headers)).status).toBe(200);
});

test("16: a blocking run is waited for on one connection", async () => {
  await dispatch.createFunction("slow", {
    "slow.js": "module.exports = () => new Promise((done) => setTimeout(done, 1200, 'late'));\n",
  });
  const answer = await client.send("POST", "/v1/runs?functionName=slow", '{"blocking":true}');
  expect([answer.status, (JSON.parse(answer.text) as { output: string }).output]).toEqual([200, "late"]);
});

test("17: /v1/version answers what the command line prints", async () => {
  const answer = await client.send("GET", "/v1/version");
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.text)).toMatchObject({
    version: expect.stringMatching(/^v\d/),
    platform: expect.any(String),
  });
  expect(blanked(answer.text)).toMatch(/\n$/);
});
