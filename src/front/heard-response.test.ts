import { once } from "node:events";
import { request as httpRequest, type RequestListener } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { listen } from "./listen.ts";

async function serving(listener: RequestListener): Promise<number> {
  const { port, close } = await listen({ listener, stop: () => {} }, { host: "127.0.0.1", port: 0 });
  onTestFinished(() => close(100));
  return port;
}

const refusing: RequestListener = (_request, response) => {
  response.writeHead(413, { "Content-Length": 3 });
  response.end("no\n");
};

const reading: RequestListener = async (request, response) => {
  response.end(`${(await text(request)).length} bytes`);
};

/** Sends everything before it reads anything, as many simple clients do. */
async function sendThenRead(port: number, head: string, bytes: number): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1" });
  await once(socket, "connect");
  socket.pause();
  socket.write(`${head}\r\nContent-Length: ${bytes}\r\n\r\n`);
  const piece = Buffer.alloc(64 * 1024);
  for (let sent = 0; sent < bytes; sent += piece.length) await written(socket, piece.subarray(0, bytes - sent));
  return text(socket);
}

function written(socket: Socket, piece: Buffer): Promise<void> {
  return new Promise((resolve, reject) => socket.write(piece, (error) => (error ? reject(error) : resolve())));
}

test("a refusal reaches who sends twenty megabytes before reading", async () => {
  const port = await serving(refusing);
  const answer = await sendThenRead(port, "POST / HTTP/1.1\r\nHost: x\r\nConnection: close", 20_000_000);
  expect(answer).toMatch(/^HTTP\/1.1 413 [\s\S]*\r\n\r\nno\n$/);
});

test("a refusal comes at once, and the connection can be used again when the rest was dropped", async () => {
  const port = await serving((request, response) => (request.method === "GET" ? reading : refusing)(request, response));
  const socket = connect({ port, host: "127.0.0.1" });
  socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n1");
  const [first] = (await once(socket, "data")) as [Buffer];
  expect(first.toString()).toMatch(/^HTTP\/1.1 413 /);
  socket.write("2345GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  expect(await text(socket)).toContain("0 bytes");
});

test("who asks before sending is told to, or refused without a byte", async () => {
  const ask = async (listener: RequestListener) => {
    const port = await serving(listener);
    const headers = { Expect: "100-continue", "Content-Length": 5 };
    const asking = httpRequest({ port, host: "127.0.0.1", method: "POST", headers });
    let told = false;
    asking.once("continue", () => {
      told = true;
      asking.end("12345");
    });
    const [response] = await once(asking, "response");
    const body = await text(response);
    asking.destroy();
    return { told, body, status: response.statusCode };
  };
  expect(await ask(reading)).toEqual({ told: true, body: "5 bytes", status: 200 });
  expect(await ask(refusing)).toEqual({ told: false, body: "no\n", status: 413 });
});

test("who has closed its own half gets the answer", async () => {
  const port = await serving(async (request, response) => {
    await sleep(100);
    await reading(request, response);
  });
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.end("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345");
  expect(await text(socket)).toMatch(/^HTTP\/1.1 200 [\s\S]*5 bytes/);
});

test("who never goes on sending is left after a pause", async () => {
  const port = await serving(refusing);
  const socket = connect({ port, host: "127.0.0.1" });
  socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n1");
  const begun = performance.now();
  expect(await text(socket)).toContain("413");
  expect(performance.now() - begun).toBeLessThan(60_000);
});
