import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { expect, onTestFinished, test } from "vitest";
import { nodeTransport } from "./node-transport.ts";

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return (server.address() as AddressInfo).port;
}

function get(url: string) {
  return { method: "GET", url, headers: {} };
}

test("carries a body with its length and reads an answer of many pieces", async () => {
  const port = await listen(
    createHttpServer(async (incoming, outgoing) => {
      outgoing.write(`${incoming.method} ${incoming.headers["content-length"]} `);
      for await (const chunk of incoming) outgoing.write(chunk);
      outgoing.end(" größe");
    }),
  );
  const request = { method: "POST", url: `http://127.0.0.1:${port}/x`, headers: {}, body: '"ü"' };
  expect(await nodeTransport({ insecure: false, environment: {} })(request)).toEqual({
    status: 200,
    text: 'POST 4 "ü" größe',
  });
});

test("speaks https with certificates that are known, named, or not asked for", async () => {
  const pem = await generate([{ name: "commonName", value: "localhost" }], {
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
    ],
  });
  const folder = mkdtempSync(join(tmpdir(), "dispatch-client-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "ca.pem");
  writeFileSync(path, pem.cert);
  const port = await listen(
    createServer({ key: pem.private, cert: pem.cert }, (_incoming, outgoing) => outgoing.end("ok")),
  );
  const url = `https://127.0.0.1:${port}/`;
  await expect(nodeTransport({ insecure: false, environment: {} })(get(url))).rejects.toThrow(
    /self-signed certificate.*--insecure/,
  );
  expect((await nodeTransport({ insecure: true, environment: {} })(get(url))).text).toBe("ok");
  for (const name of ["DISPATCH_EXTRA_CA_CERTS", "SSL_CERT_FILE"]) {
    expect((await nodeTransport({ insecure: false, environment: { [name]: path } })(get(url))).text).toBe("ok");
  }
  const missing = nodeTransport({ insecure: false, environment: { SSL_CERT_FILE: `${path}.no` } })(get(url));
  await expect(missing).rejects.toThrow(/the certificates of SSL_CERT_FILE cannot be read: ENOENT/);
});

test("an answer that breaks off is an error", async () => {
  const port = await listen(
    createTcpServer((socket) => {
      socket.resume().end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[");
    }),
  );
  await expect(nodeTransport({ insecure: false, environment: {} })(get(`http://127.0.0.1:${port}/`))).rejects.toThrow(
    /^unexpected error received from server: Get http:/,
  );
});
