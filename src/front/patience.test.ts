import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { expectUpload, holdUpload, keepPatience } from "./patience.ts";

const limits = { headersTimeout: 200, requestTimeout: 300, connectionsCheckingInterval: 50 };
const pace = { grace: 200, rate: 1000, every: 50 };

const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => void close()));

async function send(
  listener: (request: IncomingMessage, response: ServerResponse) => void,
  head: string,
): Promise<Socket> {
  const server = createServer(limits, listener).listen(0, "127.0.0.1");
  keepPatience(server);
  closing.push(() => server.close());
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.write(head);
  return socket;
}

const head = "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 2000\r\n\r\n";

const upload = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  holdUpload(request, response);
  await sleep(500);
  expectUpload(request, pace);
  const body = await text(request).catch(() => "");
  response.end(`${body.length} bytes`);
};

test("an upload that waited for its turn and keeps coming may take longer than other requests", async () => {
  const socket = await send(upload, head);
  const answer = text(socket);
  for (let part = 0; part < 10; part++) {
    await sleep(100);
    socket.write("x".repeat(200));
  }
  expect(await answer).toMatch(/^HTTP\/1.1 200 [\s\S]*2000 bytes$/);
});

test("one that only trickles is cut off, with a word", async () => {
  const socket = await send(upload, head);
  const trickle = setInterval(() => socket.write("x"), 50);
  const answer = await text(socket.on("error", () => undefined)).catch(() => "reset");
  clearInterval(trickle);
  expect(answer).toMatch(/^HTTP\/1.1 408 |^reset$/);
});

test("every other request is cut off when its time is up, and nonsense at once", async () => {
  const reading = (request: IncomingMessage, response: ServerResponse) =>
    void text(request).then(
      () => response.end(),
      () => undefined,
    );
  expect(await text(await send(reading, head))).toMatch(/^HTTP\/1.1 408 /);
  expect(await text(await send(reading, "nonsense\r\n\r\n"))).toMatch(/^HTTP\/1.1 400 /);
});
