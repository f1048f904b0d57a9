/** CloudEvents 1.0 in its three HTTP forms, as senders of today make them; functions see the names of both versions. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../support/command-line.ts";
import { type Dispatch, parse, serverWith } from "../support/dispatch.ts";
import { send } from "../support/http.ts";
import type { ServerProcess } from "../support/server.ts";
import { until } from "../support/until.ts";

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"]));
  await dispatch.createFunction("note", { "f.js": "module.exports = ({ event }, data) => ({ event, data });" });
  await dispatch.post("/v1/event/subscriptions", { name: "all", eventType: "com.example.>", function: "note" });
});

afterAll(() => server.dispose());

const attributes = { specversion: "1.0", type: "com.example.made", source: "/shop", subject: "order 7" };
const base = { Cookie: "c", "X-Dispatch-Org": "dispatch-server" };

const post = (headers: Record<string, string>, body: string | Buffer) =>
  send(`${server.api}/v1/event`, { method: "POST", headers: { ...base, ...headers }, body });

interface Seen {
  readonly event: Readonly<Record<string, unknown>>;
  readonly data: unknown;
}

const seen = (id: string): Promise<Seen> =>
  until(`the event ${id} has arrived`, async () =>
    (await dispatch.runs("?functionName=note"))
      .flatMap(({ output }) => (output ? [output as unknown as Seen] : []))
      .find(({ event }) => event.id === id),
  );

test("structured: data is kept as it was sent, attributes have both names", async () => {
  const body = `{"specversion":"1.0","id":"s1","type":"com.example.made","source":"/shop","subject":"order 7","region":"eu","time":"2026-01-02T03:04:05Z","data":{"n":1.50}}`;
  const answer = await post({ "Content-Type": "application/cloudevents+json; charset=utf-8" }, body);
  expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('"data":{"n":1.50}')]);
  const { event, data } = await seen("s1");
  expect(data).toEqual({ n: 1.5 });
  expect(event).toMatchObject({
    ...attributes,
    id: "s1",
    eventID: "s1",
    eventType: "com.example.made",
    cloudEventsVersion: "0.1",
    extensions: { subject: "order 7", region: "eu" },
  });
});

test("as plain JSON, and with bytes", async () => {
  const event = { ...attributes, id: "p1", datacontenttype: "application/octet-stream", data_base64: "AAEC" };
  expect((await post({ "Content-Type": "application/json" }, JSON.stringify(event))).status).toBe(200);
  expect((await seen("p1")).data).toBe("AAEC");
});

describe("binary mode", () => {
  const ce = (id: string) => ({
    "ce-specversion": "1.0",
    "ce-type": "com.example.made",
    "ce-source": "/shop",
    "ce-id": id,
  });

  test.each([
    ["JSON", "application/json", '{"a":1}', { a: 1 }],
    ["text", "text/plain", "good morning", "good morning"],
    ["bytes", "image/png", Buffer.from([0, 255]), "AP8="],
  ])("%s", async (id, type, body, expected) => {
    const answer = await post({ ...ce(id), "ce-subject": "gr%C3%BCn", "Content-Type": type }, body);
    expect(answer.status).toBe(200);
    const { event, data } = await seen(id);
    expect([data, event.datacontenttype, event.subject]).toEqual([expected, type, "grün"]);
  });

  test("without data", async () => {
    expect((await post(ce("none"), "")).status).toBe(200);
    expect((await seen("none")).data).toBeNull();
  });
});

test("a batch is taken whole or not at all", async () => {
  const type = { "Content-Type": "application/cloudevents-batch+json" };
  const events = ["b1", "b2", "b3"].map((id) => ({ ...attributes, id, data: id }));
  const answer = await post(type, JSON.stringify(events));
  expect([answer.status, parse<{ eventID: string }[]>(answer).map(({ eventID }) => eventID)]).toEqual([
    200,
    ["b1", "b2", "b3"],
  ]);
  expect((await seen("b3")).data).toBe("b3");
  const exact = await post(
    type,
    `[${JSON.stringify({ ...attributes, id: "b0" }).slice(0, -1)},"data":{"n":12345678901234567890}}]`,
  );
  expect(exact.text).toContain('"data":{"n":12345678901234567890}');
  const refused = await post(
    type,
    JSON.stringify([
      { ...attributes, id: "b4" },
      { ...attributes, id: "" },
    ]),
  );
  expect([refused.status, parse<{ message: string }>(refused).message]).toEqual([
    400,
    "Error validating event: event 2 of the batch: id is missing",
  ]);
  const runs = await dispatch.runs("?functionName=note");
  expect(JSON.stringify(runs)).not.toContain('"b4"');
});

test.each([
  [{ ...attributes, specversion: "2.0", id: "x" }, 'specversion is "2.0", not "1.0"'],
  [{ specversion: "1.0", type: "t" }, "id is missing; source is missing"],
  [{ ...attributes, specversion: undefined, id: "x" }, "specversion is missing"],
  [{ ...attributes, specversion: 1, id: 7 }, 'specversion is 1, not "1.0"; id is no text'],
  [{ ...attributes, id: "x", "Bad-Name": 1 }, "Bad-Name is no attribute: names have small letters and digits only"],
  [{ ...attributes, id: "x", type: "a b" }, "type may have 128 letters, digits, dots, dashes and underscores"],
  [{ ...attributes, id: "x", time: "yesterday" }, 'time is no RFC 3339 time: "yesterday"'],
  [{ ...attributes, id: "x", dataschema: "schema.json" }, "dataschema is no absolute URI"],
  [
    { ...attributes, id: "x", datacontenttype: "text/plain", data: {} },
    "data is no text, and datacontenttype is text/plain",
  ],
  [{ ...attributes, id: "x", data: 1, data_base64: "AA==" }, "data and data_base64 are both there: send one"],
])("%o is refused with what is wrong", async (event, reason) => {
  const answer = await post({ "Content-Type": "application/cloudevents+json" }, JSON.stringify(event));
  expect([answer.status, parse<{ message: string }>(answer).message]).toEqual([
    400,
    `Error validating event: ${reason}`,
  ]);
});

test.each(["application/json", "application/cloudevents+json"])(
  "an attribute that nests without end is refused by its depth as %s",
  async (type) => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const body = `{"specversion":"1.0","id":"d","type":"com.example.made","source":"/shop","region":${deep}}`;
    const answer = await post({ "Content-Type": type }, body);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining("1000 levels")]);
  },
);

test("data that is not what its type says is refused", async () => {
  const ce = { "ce-specversion": "1.0", "ce-type": "com.example.made", "ce-source": "/shop", "ce-id": "bad" };
  const bytes = await post({ ...ce, "Content-Type": "text/plain" }, Buffer.from([0xff, 0xfe]));
  expect([bytes.status, bytes.text]).toEqual([400, expect.stringContaining("data is not UTF-8")]);
  const json = await post({ ...ce, "Content-Type": "application/json" }, "{no json");
  const reason = "data is no JSON, and datacontenttype is application/json: Expected property name";
  expect([json.status, json.text]).toEqual([400, expect.stringContaining(reason)]);
});

test("an event of 2 MB is refused with the limit and its setting", async () => {
  const event = { ...attributes, id: "huge", data: "x".repeat(2 * 1024 * 1024) };
  const answer = await post({ "Content-Type": "application/cloudevents+json" }, JSON.stringify(event));
  expect([answer.status, answer.text]).toEqual([413, expect.stringContaining("setting max-body-bytes")]);
});

const command = (...words: string[]) =>
  runCommand(words, { cwd: server.dataDir, environment: { DISPATCH_PORT: new URL(server.api).port } });

test("the command line emits each form", async () => {
  for (const format of ["0.1", "structured", "binary"]) {
    const more = format === "0.1" ? [] : ["--extension", "subject=grün 7"];
    const words = ["--data", '{"n":12345678901234567890}', "--format", format, "--event-id", `cli-${format}`, ...more];
    const emitted = await command("emit", "com.example.made", ...words);
    expect([format, emitted.stdout, emitted.stderr]).toEqual([format, "event emitted\n", ""]);
    const { event, data } = await seen(`cli-${format}`);
    expect([event.source, event.subject, Object.keys(data as object)]).toEqual([
      ...["dispatch", format === "0.1" ? undefined : "grün 7", ["n"]],
    ]);
  }
  await writeFile(
    join(server.dataDir, "events.json"),
    JSON.stringify(["c1", "c2"].map((id) => ({ ...attributes, id, data: id }))),
  );
  expect((await command("emit", "--batch", "events.json")).stdout).toBe("2 events emitted\n");
  expect((await seen("c2")).data).toBe("c2");
  const wrong = await command("emit", "t", "--format", "2.0");
  expect([wrong.status, wrong.stderr]).toEqual([1, expect.stringContaining("use one of 0.1, structured, binary")]);
});

const good = { ...attributes, id: "good" };
const JSON_BYTES = "data is no JSON, and datacontenttype is application/json: Unexpected token '\\u0001'";

test.each<[name: string, content: string | Buffer, words: readonly string[], sentence: string]>([
  [
    "large.json",
    JSON.stringify("x".repeat(2 * 1024 * 1024)),
    ["t", "--data-from-file", "large.json"],
    "[Code: 413] the request body is larger than 1048576 bytes (setting max-body-bytes)",
  ],
  [
    "old.json",
    JSON.stringify([good, { ...good, specversion: "0.3" }]),
    ["--batch", "old.json"],
    '[Code: 400] Error validating event: event 2 of the batch: specversion is "0.3", not "1.0"',
  ],
  [
    "bare.json",
    '[{"specversion":"1.0","type":"t"}]',
    ["--batch", "bare.json"],
    "[Code: 400] Error validating event: event 1 of the batch: id is missing; source is missing",
  ],
  [
    "one.json",
    JSON.stringify(good),
    ["--batch", "one.json"],
    "[Code: 400] Error validating event: a batch is a JSON array of events",
  ],
  [
    "bytes.json",
    JSON.stringify([{ ...good, datacontenttype: "application/json", data_base64: "AQID" }]),
    ["--batch", "bytes.json"],
    `[Code: 400] Error validating event: event 1 of the batch: ${JSON_BYTES}`,
  ],
  [
    "bytes.bin",
    Buffer.from([1, 2]),
    "t --format structured --binary --content-type application/json --data-from-file bytes.bin".split(" "),
    `[Code: 400] Error validating event: ${JSON_BYTES}`,
  ],
  [
    "bad.json",
    "{a:1}",
    ["t", "--data-from-file", "bad.json"],
    "Error reading event data: bad.json must be JSON: invalid character 'a' looking for beginning of object key string",
  ],
  [
    "bad.json",
    "{a:1}",
    ["--batch", "bad.json"],
    "Error reading events: bad.json must be JSON: invalid character 'a' looking for beginning of object key string",
  ],
])("the command line says what is wrong with %s", async (name, content, words, sentence) => {
  await writeFile(join(server.dataDir, name), content);
  expect(await command("emit", ...words)).toEqual({ status: 1, stdout: "", stderr: `${sentence}\n` });
  expect((await dispatch.runs("?functionName=note")).some(({ output }) => isGood(output))).toBe(false);
});

function isGood(output: unknown): boolean {
  return (output as Seen | undefined)?.event.id === good.id;
}

test("elsewhere these types are refused as before", async () => {
  const headers = { ...base, "Content-Type": "application/cloudevents+json", "ce-specversion": "1.0" };
  const answer = await send(`${server.api}/v1/secret`, { method: "POST", headers, body: "{}" });
  expect(answer.status).toBe(415);
});
