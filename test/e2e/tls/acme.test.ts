/** Certificates from a real ACME authority: each of the two proofs, renewal, restart, and an authority that is not there. */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { send } from "../support/http.ts";
import { type ServerOptions, type ServerProcess, startServer, temporaryFolder } from "../support/server.ts";
import { until } from "../support/until.ts";
import { handshake } from "./handshake.ts";
import { freePorts, type Pebble, type PebbleOptions, pebbleMissing, startPebble } from "./pebble.ts";

const DOMAIN = "chat.example.test";

async function scratchFolder(): Promise<string> {
  const folder = await temporaryFolder();
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

interface Ports {
  readonly http: number;
  readonly tls: number;
  readonly closed: number;
}

async function ports(): Promise<Ports> {
  const [http = 0, tls = 0, closed = 0] = await freePorts(3);
  return { http, tls, closed };
}

async function pebble(options: PebbleOptions): Promise<Pebble> {
  const started = await startPebble(options);
  onTestFinished(() => started.stop());
  return started;
}

async function server({ http, tls }: Ports, { directoryUrl, caFile }: Pebble, more: ServerOptions = {}) {
  const started = await startServer({
    listeners: ["gatewayTls"],
    ...more,
    flags: [
      "--enable-tls",
      ...["--gateway-port", String(http), "--gateway-tls-port", String(tls)],
      ...["--lets-encrypt-domain", DOMAIN, "--lets-encrypt-directory", directoryUrl, "--lets-encrypt-ca", caFile],
      ...(more.flags ?? []),
    ],
  });
  onTestFinished(() => started.dispose());
  return started;
}

function issuedTo({ addresses }: ServerProcess, wanted: (serial: string) => boolean = () => true) {
  return until("the certificate of the authority is in use", async () => {
    const seen = await handshake(addresses.gatewayTls ?? "", { servername: DOMAIN });
    return seen.issuer.startsWith("Pebble") && wanted(seen.serial) ? seen : undefined;
  });
}

describe.skipIf(pebbleMissing !== "")(`with an ACME authority${pebbleMissing}`, () => {
  test("a name is proved in a TLS handshake, and both HTTPS listeners get the certificate", async () => {
    const chosen = await ports();
    const authority = await pebble({ httpPort: chosen.closed, tlsPort: chosen.tls });
    const running = await server(chosen, authority, { listeners: ["apiTls", "gatewayTls"], flags: ["--disable-http"] });
    const { serial } = await issuedTo(running);
    expect((await handshake(running.addresses.apiTls ?? "")).serial).toBe(serial);
    expect((await send(`${running.addresses.apiTls}/healthz`)).status).toBe(200);
  });

  test("a name is proved over plain HTTP when the TLS port cannot be reached from outside", async () => {
    const chosen = await ports();
    const authority = await pebble({ httpPort: chosen.http, tlsPort: chosen.closed });
    const running = await server(chosen, authority);
    await issuedTo(running);
    const { status } = await send(`${running.gateway}/.well-known/acme-challenge/unknown`);
    expect(status).toBe(404);
  });

  test("a certificate outlives a restart, and its key is private", async () => {
    const chosen = await ports();
    const authority = await pebble({ httpPort: chosen.closed, tlsPort: chosen.tls });
    const dataDir = await scratchFolder();
    const first = await server(chosen, authority, { dataDir });
    const { serial } = await issuedTo(first);
    await until("it is stored", () => first.log.find(({ msg }) => msg.endsWith("is in use")));
    await first.stop();
    await authority.stop();
    const second = await server(chosen, authority, { dataDir });
    expect((await handshake(second.addresses.gatewayTls ?? "")).serial).toBe(serial);
    const [authorityDir = ""] = await readdir(join(dataDir, "acme"));
    for (const name of await readdir(join(dataDir, "acme", authorityDir)))
      expect((await stat(join(dataDir, "acme", authorityDir, name))).mode & 0o777, name).toBe(0o600);
  });

  test("a certificate is renewed before it expires while the server runs", async () => {
    const chosen = await ports();
    const authority = await pebble({ httpPort: chosen.closed, tlsPort: chosen.tls, validity: 9 });
    const running = await server(chosen, authority);
    const first = await issuedTo(running);
    await issuedTo(running, (serial) => serial !== first.serial);
  });

  test("a name that the authority does not believe is explained, and HTTPS goes on with a certificate of its own", async () => {
    const chosen = await ports();
    const authority = await pebble({ httpPort: chosen.closed, tlsPort: chosen.closed });
    const running = await server(chosen, authority);
    const line = await until("the refusal is logged", () =>
      running.log.find(({ msg }) => msg.startsWith(`TLS: no certificate for ${DOMAIN}`)),
    );
    expect(line.msg).toMatch(/tls-alpn-01: .*http-01: .*port 80 or 443.*next attempt in 20 min$/);
    expect((await handshake(running.addresses.gatewayTls ?? "")).issuer).not.toMatch(/^Pebble/);
  });
});

test("an authority that cannot be reached is asked again in a minute", async () => {
  const chosen = await ports();
  const nobody = `https://127.0.0.1:${chosen.closed}/dir`;
  const running = await startServer({
    listeners: ["gatewayTls"],
    flags: ["--enable-tls", "--lets-encrypt-domain", DOMAIN, "--lets-encrypt-directory", nobody],
  });
  onTestFinished(() => running.dispose());
  const line = await until("the failure is logged", () =>
    running.log.find(({ msg }) => msg.startsWith("TLS: the certificate authority cannot be reached")),
  );
  expect(line.msg).toContain("ECONNREFUSED");
  expect(line.msg).toMatch(/next attempt in 1 min$/);
});
