/** Bodies and answers as programs of all kinds send them. */
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Dispatch, parse, serverWith } from "../support/dispatch.ts";
import { type Sending, send } from "../support/http.ts";
import type { ServerProcess } from "../support/server.ts";

const echo = "module.exports = (context, payload) => payload;";
const raw =
  "module.exports = ({ httpContext }, payload) => ({ payload, raw: httpContext.rawBody, as: httpContext.rawBodyEncoding });";
const headers =
  "module.exports = (context, { name, value }) => ({ statusCode: 200, headers: { 'content-type': 'text/html', [name]: value }, body: '<p>hi</p>' });";
const cookies =
  "module.exports = () => ({ statusCode: 200, headers: { 'X-A': '1', 'x-a': '2' }, cookies: ['a=1', 'b=2'], multiValueHeaders: { 'X-M': ['3', '4'] }, isBase64Encoded: true, body: 'AP8=' });";

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"]));
  const functions = { echo, raw, headers, cookies };
  await Promise.all(Object.entries(functions).map(([name, code]) => dispatch.createFunction(name, { "f.js": code })));
  for (const name of Object.keys(functions)) await createApi(name, { httpResponse: true });
  await createApi("any", { function: "raw", rawBody: true });
});

afterAll(async () => {
  await server?.dispose();
});

async function createApi(name: string, fields: object): Promise<void> {
  const api = { name, function: name, enabled: true, uris: [`/${name}`], methods: ["POST", "GET"], ...fields };
  expect((await dispatch.post("/v1/api", api)).status).toBe(200);
}

const call = (path: string, sending: Sending = {}) =>
  send(`${server.gateway}/dispatch-server${path}`, { method: "POST", ...sending });

const json = { "content-type": "application/json" };
const form = { "content-type": "application/x-www-form-urlencoded" };

test.each([
  ["JSON in gzip", gzipSync('{"a":"hello"}'), { ...json, "content-encoding": "gzip" }],
  ["JSON in br", brotliCompressSync('{"a":"hello"}'), { ...json, "content-encoding": "br" }],
  ["a form in gzip", gzipSync("a=hello"), { ...form, "content-encoding": "gzip" }],
  ["a form in deflate", deflateSync("a=hello"), { ...form, "content-encoding": "deflate" }],
])("%s reaches the function as what it is", async (_, body, sent) => {
  expect(parse(await call("/echo", { headers: sent, body }))).toEqual({ a: "hello" });
});

test("Latin-1 is read where its type says so, and refused where it does not", async () => {
  const body = Buffer.from('{"a":"Zo\xeb"}', "latin1");
  const named = { "content-type": "application/json; charset=iso-8859-1" };
  expect(parse(await call("/echo", { headers: named, body }))).toEqual({ a: "Zoë" });
  expect((await call("/echo", { headers: json, body })).status).toBe(400);
  const escaped = { "content-type": `${form["content-type"]}; charset=iso-8859-1` };
  expect(parse(await call("/echo", { headers: escaped, body: "a=Zo%EB" }))).toEqual({ a: "Zoë" });
});

test("a bomb and an unknown coding are refused with the reason", async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  expect((await call("/echo", { headers: { ...json, "content-encoding": "gzip" }, body: bomb })).status).toBe(413);
  const unknown = await call("/echo", { headers: { ...json, "content-encoding": "compress" }, body: "x" });
  expect([unknown.status, unknown.text]).toEqual([415, expect.stringContaining("content encoding")]);
});

test("the API takes plain UTF-8 and says so", async () => {
  const post = (sent: object, body: Buffer) =>
    dispatch.raw("/v1/runs?functionName=echo", {
      method: "POST",
      headers: { ...dispatch.headers, ...json, ...sent },
      body,
    });
  const answers = [
    await post({ "content-encoding": "gzip" }, gzipSync("{}")),
    await post({ "content-type": "application/json; charset=iso-8859-1" }, Buffer.from("{}")),
    await post({}, Buffer.from('{"input":"Zo\xeb"}', "latin1")),
  ];
  expect(answers.map(({ status }) => status)).toEqual([415, 415, 400]);
  expect(answers.map(({ text }) => text).join()).toMatch(
    /content encoding gzip.*charset iso-8859-1.*not UTF-8: byte 12/s,
  );
});

const webhook = '{ "action": "opened", "number": 1.0, "title": "caf\\u00e9" }';
const signature = `sha256=${createHmac("sha256", "k").update(webhook).digest("hex")}`;

test("a function can check the signature of a webhook over the bytes that were signed", async () => {
  const sent = { ...json, "x-hub-signature-256": signature };
  expect(parse(await call("/raw", { headers: sent, body: webhook }))).toEqual({
    payload: { action: "opened", number: 1, title: "café" },
    raw: webhook,
    as: "utf8",
  });
  expect(parse(await call("/raw", { headers: json, body: webhook }))).not.toHaveProperty("raw");
});

test("an endpoint with raw bodies takes any type", async () => {
  const text = await call("/any", { headers: { "content-type": "text/plain; charset=UTF-8" }, body: webhook });
  expect(parse(text)).toEqual({ payload: webhook, raw: webhook, as: "utf8" });
  const body = Buffer.from([0x89, 0x50, 0xff, 0x00]);
  const image = await call("/any", { headers: { "content-type": "image/png" }, body });
  expect(parse(image)).toEqual({ payload: "iVD/AA==", raw: "iVD/AA==", as: "base64" });
  const packed = gzipSync("{}");
  const zipped = await call("/any", { headers: { ...json, "content-encoding": "gzip" }, body: packed });
  expect(parse(zipped)).toEqual({ payload: {}, raw: packed.toString("base64"), as: "base64" });
  expect((await call("/raw", { headers: { "content-type": "text/plain" }, body: "x" })).status).toBe(400);
});

test.each([
  ["content-length", "9"],
  ["Connection", "keep-alive"],
  ["keep-alive", "timeout=5"],
  ["Transfer-Encoding", "chunked"],
])("a header that the gateway sets itself may come from a framework: %s", async (name, value) => {
  const answer = await call("/headers", { headers: json, body: JSON.stringify({ name, value }) });
  expect([answer.status, answer.text]).toEqual([200, "<p>hi</p>"]);
});

test("answers carry bytes, cookies and several values of a name", async () => {
  const answer = await fetch(`${server.gateway}/dispatch-server/cookies`, { method: "POST" });
  expect(Buffer.from(await answer.arrayBuffer())).toEqual(Buffer.from([0, 255]));
  expect(answer.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  expect([answer.headers.get("x-a"), answer.headers.get("x-m")]).toEqual(["1, 2", "3, 4"]);
});

test.each([
  ["413 at an endpoint", "/dispatch-server/echo", 413],
  ["404 at none", "/nosuch-organization/x", 404],
])("%s reaches who sends everything before reading", async (_, path, status) => {
  const { hostname, port } = new URL(server.gateway);
  const socket = connect({ host: hostname, port: Number(port) });
  await once(socket, "connect");
  socket.pause();
  const body = Buffer.alloc(20_000_000, "x");
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  socket.write(head);
  await new Promise<void>((resolve, reject) => socket.write(body, (error) => (error ? reject(error) : resolve())));
  expect(await textOf(socket)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
});

test("who closes its half of the connection gets its answer", async () => {
  const { hostname, port } = new URL(server.gateway);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  socket.end(
    'POST /dispatch-server/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}',
  );
  expect(await textOf(socket)).toMatch(/^HTTP\/1.1 200 [\s\S]*{"a":1}/);
});
