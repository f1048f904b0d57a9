import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { hostname, networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeSelfSigned } from "../front/tls/self-signed.ts";
import { readSettings } from "./read.ts";
import { serverNames } from "./server-names.ts";

async function namesWith(...flags: string[]) {
  const invocation = await readSettings(flags, {});
  if (invocation.kind !== "start") throw new Error("no settings");
  return serverNames(invocation.settings, 8080);
}

test("a name, an address and a port each are understood; the API's port is the default", async () => {
  expect(await namesWith("--server-names", "Dispatch.example.com,10.1.2.3:80,[2001:db8::7]:81,2001:db8::8")).toEqual([
    { host: "dispatch.example.com", port: 8080 },
    { host: "10.1.2.3", port: 80 },
    { host: "2001:db8::7", port: 81 },
    { host: "2001:db8::8", port: 8080 },
  ]);
});

test.each([
  "a b",
  "http://a",
  "a:0",
  "a:70000",
  "-a",
  "1.2.3",
  "0.0.0.0",
  "::",
  "224.0.0.1",
  "10.0.2.3",
  "*.example.com",
  "a;reboot",
])("%s is refused with a sentence", async (text) => {
  await expect(namesWith("--server-names", text)).rejects.toThrow(`--server-names is "${text}": expected a host name`);
});

test("by default the server is known by its host name, its interfaces' addresses and its certificate's names", async () => {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "cert.pem");
  writeFileSync(file, (await makeSelfSigned(["dispatch.example.com", "*.wild.example.com"])).cert);
  const names = await namesWith("--enable-tls", "--tls-certificate", file, "--tls-certificate-key", file);
  const hosts = names.map(({ host }) => host);
  const outer = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const addresses = outer
    .filter(({ internal, family }) => !internal && family === "IPv4")
    .map(({ address }) => address);
  expect(hosts).toEqual(expect.arrayContaining([hostname().toLowerCase(), "dispatch.example.com", ...addresses]));
  expect(hosts).not.toContain("localhost");
  expect(hosts.filter((host) => host.includes("*"))).toEqual([]);
  expect(new Set(names.map(({ port }) => port))).toEqual(new Set([8080]));
});

test("a service of the host cannot lie where the door is", async () => {
  await expect(namesWith("--server-names", "a:9", "--allow-host-service", "127.0.0.1:9")).rejects.toThrow(
    "in the functions' network port 9 leads to Dispatch itself",
  );
});
