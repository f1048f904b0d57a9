/** Proxies that are really there: what they saw tells which way a request took. */
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { generate } from "selfsigned";
import { expect, onTestFinished, test } from "vitest";
import { proxyName, teachFetch } from "./environment.ts";
import { nodeTransport } from "./node-transport.ts";

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A proxy that answers plain requests itself and leads tunnels to a port of this machine. */
async function startProxy(tunnelPort = 0) {
  const seen: string[] = [];
  const server = createServer((incoming, outgoing) => {
    seen.push(`${incoming.method} ${incoming.url}`);
    outgoing.end("by proxy");
  });
  server.on("connect", (incoming, socket) => {
    seen.push(`CONNECT ${incoming.url}`);
    const far = connect(tunnelPort, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(far).pipe(socket);
    });
    for (const end of [far, socket]) end.on("error", () => {});
  });
  return { seen, address: `127.0.0.1:${await listen(server)}` };
}

function get(url: string, environment: Readonly<Record<string, string>>, insecure = false): Promise<string> {
  return nodeTransport({ insecure, environment })({ method: "GET", url, headers: {} }).then(({ text }) => text);
}

test("plain requests to other hosts go through http_proxy, with or without its scheme, in both spellings", async () => {
  const { seen, address } = await startProxy();
  for (const environment of [{ http_proxy: `http://${address}` }, { HTTP_PROXY: address }]) {
    expect(await get("http://dispatch.example.test/v1/x", environment)).toBe("by proxy");
  }
  expect(seen).toEqual(Array(2).fill("GET http://dispatch.example.test/v1/x"));
});

test("https goes through a tunnel, with the certificate checked as ever", async () => {
  const pem = await generate([{ name: "commonName", value: "dispatch.example.test" }]);
  const far = await listen(
    createTlsServer({ key: pem.private, cert: pem.cert }, (_incoming, outgoing) => outgoing.end("by tunnel")),
  );
  const { seen, address } = await startProxy(far);
  const environment = { https_proxy: `http://user:word@${address}` };
  expect(await get("https://dispatch.example.test:8443/", environment, true)).toBe("by tunnel");
  expect(seen).toEqual(["CONNECT dispatch.example.test:8443"]);
  await expect(get("https://dispatch.example.test:8443/", environment)).rejects.toThrow(/self-signed certificate/);
});

test("this machine and what no_proxy names is reached directly", async () => {
  const { seen, address } = await startProxy();
  const port = await listen(createServer((_incoming, outgoing) => outgoing.end("directly")));
  for (const host of ["127.0.0.1", "localhost", "dispatch.localhost"]) {
    expect(await get(`http://${host}:${port}/`, { http_proxy: address }).catch(String)).toMatch(/directly|ENOTFOUND/);
  }
  const left = { http_proxy: address, no_proxy: ".example.test" };
  await expect(get("http://dispatch.example.test/", left)).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
  for (const star of ["*", "intern.test, *"]) {
    await expect(get("http://dispatch.example.test/", { http_proxy: address, no_proxy: star })).rejects.toThrow(
      /ENOTFOUND|EAI_AGAIN/,
    );
  }
  expect(seen).toEqual([]);
});

test("a proxy that does not answer is named, without its password", async () => {
  const environment = { http_proxy: "http://user:word@127.0.0.1:1" };
  await expect(get("http://dispatch.example.test/", environment)).rejects.toThrow(
    "(the environment names the proxy http://127.0.0.1:1; no_proxy leaves hosts out)",
  );
  expect(proxyName("http://127.0.0.1/", environment)).toBeUndefined();
});

test("all_proxy stands for those that are not named, and no_proxy counts", async () => {
  const { seen, address } = await startProxy();
  const environment = { ALL_PROXY: address, no_proxy: "direct.test" };
  expect(await get("http://dispatch.example.test/", environment)).toBe("by proxy");
  await expect(get("http://direct.test/", environment)).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
  const both = { all_proxy: "http://127.0.0.1:1", http_proxy: address };
  expect(await get("http://dispatch.example.test/", both)).toBe("by proxy");
  expect(seen).toHaveLength(2);
});

test("a SOCKS proxy is refused in a sentence, where it would be asked", async () => {
  const environment = { all_proxy: "socks5h://user:word@127.0.0.1:1", NO_PROXY: "direct.test, .inner.test" };
  for (const url of ["http://dispatch.example.test/", "https://dispatch.example.test/"]) {
    await expect(get(url, environment)).rejects.toThrow(
      "a proxy that speaks socks5h cannot be used, only one of http:// or https:// (the environment names the proxy socks5h://127.0.0.1:1",
    );
    expect(() => teachFetch(url, environment)).toThrow("a proxy that speaks socks5h");
  }
  for (const host of ["direct.test", "a.inner.test"])
    await expect(get(`http://${host}/`, environment)).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
});
