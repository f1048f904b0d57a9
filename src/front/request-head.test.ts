/** Heads of requests as nobody's library sends them, at a server that is made as all listeners are. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { serveAccepted } from "./listen.ts";

let outer: Server | undefined;
afterEach(() => outer?.close());

/** Status and body of the answer to these bytes; a request that is taken says its host and path. */
async function answerTo(request: string): Promise<string> {
  const inner = serveAccepted(({ headers, url }, response) => response.end(`${headers.host} ${url}`));
  outer = createServer((socket) => inner.emit("connection", socket)).listen(0, "127.0.0.1");
  await once(outer, "listening");
  const client = connect((outer.address() as AddressInfo).port, "127.0.0.1");
  client.write(request);
  const whole = await text(client);
  const [, status, body] = /^HTTP\/1\.1 (\d+) [\s\S]*?\r\n\r\n(?:[\da-f]+\r\n)?(.*)/.exec(whole) ?? [];
  return `${status} ${body}`;
}

const END = "connection: close\r\n\r\n";

test.each([
  [
    "two of them",
    "GET /a HTTP/1.1\r\nhost: a\r\nHost: b\r\n",
    "the Host header stands more than once (a, b): send one",
  ],
  [
    "one of them twice",
    "GET /a HTTP/1.0\r\nhost: a\r\nhost: a\r\n",
    "the Host header stands more than once (a, a): send one",
  ],
  ["none", "GET /a HTTP/1.1\r\n", "the Host header is missing: it names the server that the request means"],
  ["none, in HTTP/2.0 as a text", "GET /a HTTP/2.0\r\n", "the Host header is missing"],
  ["a list", "GET /a HTTP/1.1\r\nhost: a, b\r\n", 'must be a name or an address, with a port or without one: "a, b"'],
  ["somebody's name in it", "GET /a HTTP/1.1\r\nhost: b@a\r\n", "must be a name or an address"],
  ["a path in it", "GET /a HTTP/1.1\r\nhost: a/b\r\n", "must be a name or an address"],
  ["a port that is none", "GET /a HTTP/1.1\r\nhost: a:b\r\n", "must be a name or an address"],
  ["a target with somebody's name", "GET http://b@a/a HTTP/1.1\r\nhost: a\r\n", "must be a name or an address"],
])("a request whose host is %s is 400 and says so", async (_what, head, sentence) => {
  const answer = await answerTo(`${head}${END}`);
  expect(answer).toMatch(/^400 \{"code":400,"message":".*"\}$/);
  expect(JSON.parse(answer.slice(4)).message).toContain(sentence);
});

test.each([
  ["HTTP/1.0 without one", "GET /a HTTP/1.0\r\n", "undefined /a"],
  ["a name with a port", "GET /a HTTP/1.1\r\nhost: chat_1.example.com:8081\r\n", "chat_1.example.com:8081 /a"],
  ["an address", "GET /a HTTP/1.1\r\nhost: [::1]:80\r\n", "[::1]:80 /a"],
  ["nothing in it", "GET /a HTTP/1.1\r\nhost:\r\n", " /a"],
  ["the target's, not the header's", "GET http://b:1/c?d HTTP/1.1\r\nhost: a\r\n", "b:1 /c?d"],
  ["the target's, without a path", "GET HTTPS://b?d HTTP/1.1\r\nhost: a\r\n", "b /?d"],
  ["one, for the server as a whole", "OPTIONS * HTTP/1.1\r\nhost: a\r\n", "a *"],
])("a request whose host is %s is taken", async (_what, head, said) => {
  expect(await answerTo(`${head}${END}`)).toBe(`200 ${said}`);
});

test.each([
  ["a target that is no path", "GET * HTTP/1.1\r\nhost: a\r\n", "400", 'must be a path that begins with /: "*"'],
  ["another scheme", "GET ftp://a/b HTTP/1.1\r\nhost: a\r\n", "400", "must be a path that begins with /"],
  [
    "a coding",
    "POST /a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n",
    "501",
    '"gzip, chunked" is not known',
  ],
  ["an expectation", "GET /a HTTP/1.1\r\nhost: a\r\nexpect: tea\r\n", "417", "Expect: tea cannot be met"],
  ["a folded line", "GET /a HTTP/1.1\r\nhost: a\r\nb: c\r\n d\r\n", "400", "not HTTP/1.1: Unexpected whitespace"],
  [
    "two lengths",
    "POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ncontent-length: 2\r\n",
    "400",
    "Duplicate Content-Length",
  ],
  ["too many headers", `GET /a HTTP/1.1\r\nhost: a\r\n${"b: c\r\n".repeat(3000)}`, "431", "too long or too many"],
])("%s that nobody can take is refused in a sentence", async (_what, head, status, sentence) => {
  const answer = await answerTo(`${head}${END}0\r\n\r\n`);
  expect([answer.slice(0, 3), JSON.parse(answer.slice(4)).code]).toEqual([status, Number(status)]);
  expect(JSON.parse(answer.slice(4)).message).toContain(sentence);
});
