import { type AddressInfo, createServer } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { nodeTransport } from "./node-transport.ts";

/** A server that writes these pieces to each connection once it has been asked something, and ends it. */
async function serve(pieces: readonly string[]) {
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", async (question) => {
      asked.push(question.toString("latin1"));
      for (const piece of pieces) {
        socket.write(piece, "latin1");
        await nextTurn();
      }
      socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/x?a=%20b` };
}

async function outcome(method: string, url: string): Promise<unknown> {
  const request = { method, url, headers: { Accept: "application/json" } };
  const answer = nodeTransport({ insecure: false, environment: {} })(request);
  return answer.catch((error: Error) => error.message.replace(/(Get|Post) http:\S+ /, ""));
}

const ok = "HTTP/1.1 200 OK\r\nConnection: close\r\n";

const usual = [
  ["a length", [`${ok}Content-Length: 2\r\n\r\n[]`]],
  ["a length, in pieces", [`${ok}Content-Length: 6\r\n\r\n`, '["', "\xc3", '\xbc"]']],
  ["nothing", [`${ok}Content-Length: 0\r\n\r\n`]],
  ["chunks", [`${ok}Transfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n00A\r\n,22222222]\r\n0\r\n\r\n`]],
  ["chunks, in pieces", [`${ok}transfer-encoding:chunked\r\n\r\n`, "1\r", "\n[\r\n1\r\n", "]\r\n0\r\n", "\r\n"]],
  ["a failure", ["HTTP/1.1 404 Not Found\r\nconnection:close\r\nContent-Length: 2\r\n\r\n{}"]],
  ["a cursor", [`${ok}X-Dispatch-Next-Cursor: \t n2 \r\nContent-Length: 2\r\n\r\n[]`]],
] as const;

test.each(usual)("reads an answer with %s by one question, as node:http does", async (_name, pieces) => {
  const { url, asked } = await serve(pieces);
  const answer = await outcome("GET", url);
  expect(answer).toMatchObject({ status: expect.any(Number), text: expect.any(String) });
  expect(asked).toEqual([
    `GET /v1/x?a=%20b HTTP/1.1\r\nAccept: application/json\r\nHost: ${new URL(url).host}\r\nConnection: close\r\n\r\n`,
  ]);
  expect(answer).toEqual(await outcome("POST", url));
});

const unusual = [
  [
    "an earlier one before it",
    [`HTTP/1.1 102 Processing\r\nConnection: close\r\n\r\n${ok}Content-Length: 2\r\n\r\n[]`],
  ],
  ["no end of the connection", ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"]],
  ["a head in pieces", ["HTTP/1.1 200 OK\r\nConnec", "tion: close\r\nContent-Length: 2\r\n\r\n[]"]],
  ["an older version", ["HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n[]"]],
  ["a body up to the end", [`${ok}\r\n[1, 2]`]],
  ["no body", ["HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"]],
  ["a field of several lines", [`${ok}X-A: 1\r\n  2\r\nContent-Length: 2\r\n\r\n[]`]],
  ["two lengths", [`${ok}Content-Length: 2\r\nContent-Length: 3\r\n\r\n[]`]],
  ["a length and chunks", [`${ok}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`]],
  ["chunks of notes", [`${ok}Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n[]\r\n0\r\nX-Sum: 1\r\n\r\n`]],
  ["a chunk of the wrong length", [`${ok}Transfer-Encoding: chunked\r\n\r\n1\r\n[]\r\n0\r\n\r\n`]],
  ["a chunk of no length", [`${ok}Transfer-Encoding: chunked\r\n\r\n-1\r\n[]\r\n0\r\n\r\n`]],
  ["chunks that break off", [`${ok}Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n`]],
  ["a length that is not reached", [`${ok}Content-Length: 9\r\n\r\n[]`]],
  ["more than its length", [`${ok}Content-Length: 1\r\n\r\n[]`]],
  ["no status", ["HTTP/1.1 OK\r\nConnection: close\r\n\r\n"]],
  ["no HTTP", ["SSH-2.0-OpenSSH_9.6\r\nconnection: close\r\n\r\n"]],
  ["no byte", []],
] as const;

test.each(unusual)("leaves an answer with %s to node:http", async (_name, pieces) => {
  const { url } = await serve(pieces);
  expect(await outcome("GET", url)).toEqual(await outcome("POST", url));
});
