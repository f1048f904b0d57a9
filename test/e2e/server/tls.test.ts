/** HTTPS of API and gateway (server.md 1.6). */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:tls";
import { expect, test } from "vitest";
import { Dispatch } from "../support/dispatch.ts";
import { runServer, startServer } from "../support/server.ts";

function fingerprintOf(address: string): Promise<string> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

test("a certificate is made once, API and gateway answer with it over HTTPS, and plain HTTP goes on", async () => {
  const flags = ["--enable-tls"];
  const listeners = ["api", "gateway", "apiTls", "gatewayTls"] as const;
  const server = await startServer({ flags, listeners });
  const { api = "", apiTls = "", gatewayTls = "" } = server.addresses;
  expect((await new Dispatch(apiTls).get("/v1/secret")).text).toBe("[]\n");
  expect((await new Dispatch(api).get("/v1/secret")).status).toBe(200);
  expect((await new Dispatch(gatewayTls).get("/nothing")).status).toBe(404);
  const fingerprint = await fingerprintOf(apiTls);
  expect(await fingerprintOf(gatewayTls)).toBe(fingerprint);
  await server.stop();
  const again = await startServer({ dataDir: server.dataDir, flags, listeners });
  expect(await fingerprintOf(again.addresses.apiTls ?? "")).toBe(fingerprint);
  await again.stop();
  await server.dispose();
});

test("--disable-http leaves HTTPS alone, and functions work", async () => {
  const server = await startServer({ flags: ["--enable-tls", "--disable-http"], listeners: ["apiTls", "gatewayTls"] });
  expect(Object.keys(server.addresses).sort()).toEqual(["apiTls", "gatewayTls"]);
  const dispatch = new Dispatch(server.api);
  await dispatch.createImage("nodejs");
  const callback = `module.exports = async ({ dispatch }) => {
    const headers = { cookie: "cookie", "x-dispatch-org": dispatch.organization, "content-type": "application/json" };
    return (await fetch(dispatch.url + "/v1/runs?functionName=nosuch", { method: "POST", headers, body: "{}" })).status;
  };`;
  await dispatch.createFunction("callback", { "f.js": callback });
  expect((await dispatch.run("callback")).output).toBe(404);
  await server.dispose();
});

test("a path without the other is refused at the start", async () => {
  const certificate = await runServer(["--enable-tls", "--tls-certificate-key", "k.pem"]);
  expect([certificate.code, certificate.stderr]).toEqual([1, expect.stringContaining("missing TLS Certificate file")]);
  const key = await runServer(["--enable-tls", "--tls-certificate", "c.pem"]);
  expect([key.code, key.stderr]).toEqual([1, expect.stringContaining("missing TLS Certificate private key file")]);
});

test("a certificate of one's own is used", async () => {
  const first = await startServer({ flags: ["--enable-tls"], listeners: ["apiTls"] });
  const fingerprint = await fingerprintOf(first.addresses.apiTls ?? "");
  await first.stop();
  const names = ["dispatch_self_signed_cert.pem", "dispatch_private_key.pem"].map((name) => join(first.dataDir, name));
  const [certificate = "", key = ""] = names;
  expect((await readFile(certificate, "utf8")).startsWith("-----BEGIN CERTIFICATE-----")).toBe(true);
  const flags = ["--enable-tls", "--tls-certificate", certificate, "--tls-certificate-key", key];
  const second = await startServer({ flags, listeners: ["apiTls"] });
  expect(await fingerprintOf(second.addresses.apiTls ?? "")).toBe(fingerprint);
  await second.dispose();
  await first.dispose();
});
