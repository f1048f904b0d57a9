import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { serveAccepted } from "./listen.ts";

const LIMITS = { headersTimeout: 200, requestTimeout: 400, connectionsCheckingInterval: 50 };

let outer: Server | undefined;
afterEach(() => outer?.close());

/** Sends a part of a request to a server that accepts on its own, and waits until it is cut off. */
const cutOff = async (part: string): Promise<string> => {
  const inner = serveAccepted((_request, response) => response.end("whole"), LIMITS);
  outer = createServer((socket) => inner.emit("connection", socket)).listen(0, "127.0.0.1");
  await once(outer, "listening");
  const client = connect((outer.address() as AddressInfo).port, "127.0.0.1");
  client.write(part);
  return text(client);
};

test.each([
  ["headers", "GET / HTTP/1.1\r\nhost: a\r\nx-slow:"],
  ["a body", "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 9\r\n\r\n1"],
])("a connection that sends %s without end is cut off", async (_what, part) => {
  await expect(cutOff(part)).resolves.toBeDefined();
});
