/** Drivers and real servers that speak TLS only: whom a driver believes, whom the server lets in, and what each refusal says. */
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePorts } from "../../../apps/cloudmaster/simulator/listener.ts";
import { readNatsSettings } from "../../../src/event-drivers/nats/settings.ts";
import { watchOnce as watchNats } from "../../../src/event-drivers/nats/watch.ts";
import { readPostgresSettings } from "../../../src/event-drivers/postgres/settings.ts";
import { watchOnce as watchPostgres } from "../../../src/event-drivers/postgres/watch.ts";
import { makeSelfSigned } from "../../../src/front/tls/self-signed.ts";
import { NATS_USER, NatsServer, NO_NATS, natsProgram } from "../../support/nats.ts";
import { addressIn, NO_POSTGRES, PostgresServer, postgresPrograms, runSql } from "../../support/postgres.ts";

const NOBODY = 65_534;
const folder = mkdtempSync(join(tmpdir(), "dispatch-source-tls-"));
const server = await makeSelfSigned(["127.0.0.1"]);
const client = clientPair();
const stranger = await makeSelfSigned(["127.0.0.1"]);
const nats = natsProgram();
const postgres = postgresPrograms();
const because = (program: string | undefined, why: string) => (program === undefined ? ` (SKIPPED: ${why})` : "");

/** The databases insist on a key that nobody else can read. */
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, 0o600);
  if (process.getuid?.() === 0 && name.startsWith("pg")) chownSync(path, NOBODY, NOBODY);
  return path;
}

/** Self-signed, and for clients: `makeSelfSigned` makes certificates of servers. */
function clientPair(): { readonly cert: string; readonly key: string } {
  const [cert, key] = [join(folder, "client.pem"), join(folder, "client.key")];
  const words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=client", "-days", "2"];
  execFileSync("openssl", [...words, "-addext", "extendedKeyUsage=clientAuth", "-keyout", key, "-out", cert], {
    stdio: "ignore",
  });
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

beforeAll(() => chmodSync(folder, 0o755));
afterAll(() => rmSync(folder, { recursive: true }));

test.skipIf(nats === undefined)(`nats over TLS with client certificates${because(nats, NO_NATS)}`, async () => {
  const files = {
    cert: file("nats.pem", server.cert),
    key: file("nats.key", server.key),
    ca: file("ca.pem", client.cert),
  };
  const flags = ["--tls", "--tlscert", files.cert, "--tlskey", files.key, "--tlscacert", files.ca, "--tlsverify"];
  const running = await NatsServer.create(nats ?? "", flags);
  const user = { USERNAME: NATS_USER.username, PASSWORD: NATS_USER.password };
  const pair = { CLIENT_CERTIFICATE: client.cert, CLIENT_KEY: client.key };
  const watch = (secret: Record<string, string>): Promise<string> => {
    const given = { servers: `127.0.0.1:${running.port}`, subject: "a", source: "nats" };
    const settings = readNatsSettings(given, { ...user, ...secret });
    return outcome((ready) => watchNats({ settings, ready, take: async () => {} }));
  };
  try {
    expect(await watch({ CERTIFICATE: server.cert, ...pair })).toBe("ready");
    expect(await watch({ CERTIFICATE: stranger.cert, ...pair })).toMatch(/cannot be reached: .*certificate/);
    expect(await watch({ CERTIFICATE: server.cert })).toMatch(/cannot be reached: .*certificate/i);
    expect(await watch({ CERTIFICATE: server.cert, ...pair, PASSWORD: "wr0ng" })).toMatch(/refuses this user/);
  } finally {
    await running.dispose();
  }
});

test.skipIf(postgres === undefined)(`postgres over TLS${because(postgres, NO_POSTGRES)}`, async () => {
  const [port = 0] = await freePorts(1);
  const running = new PostgresServer(postgres ?? "", port);
  const rules = "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n";
  writeFileSync(join(running.folder, "data/pg_hba.conf"), rules);
  const [cert, key] = [file("pg.pem", server.cert), file("pg.key", server.key)];
  await running.start(["ssl=on", `ssl_cert_file=${cert}`, `ssl_key_file=${key}`]);
  const sql = `${addressIn(running.folder, "postgres")}&port=${port}`;
  const watch = (query: string, secret: Record<string, string>): Promise<string> => {
    const url = `postgres://teller:p4ss@127.0.0.1:${port}/postgres${query}`;
    const settings = readPostgresSettings({ channel: 'o"ne, two' }, { URL: url, ...secret });
    const heard = (ready: () => Promise<void>): Promise<never> =>
      watchPostgres({
        settings,
        ready: () => runSql(sql, [`select pg_notify('o"ne', 'not JSON')`]),
        take: async ({ channel, payload }) => {
          expect([channel, payload]).toEqual(['o"ne', "not JSON"]);
          await ready();
        },
      });
    return outcome(heard);
  };
  try {
    await runSql(sql, ["create user teller password 'p4ss'"]);
    expect(await watch("?sslmode=require", { CERTIFICATE: server.cert })).toBe("ready");
    expect(await watch("", { CERTIFICATE: server.cert })).toBe("ready");
    expect(await watch("?sslmode=no-verify", {})).toBe("ready");
    expect(await watch("?sslmode=verify-full", {})).toMatch(/the certificate of PostgreSQL .* is not believed/);
    expect(await watch("", { CERTIFICATE: stranger.cert })).toMatch(/is not believed .*`certificate`/);
    expect(await watch("", {})).toMatch(/refuses this user: no pg_hba.conf entry .*no encryption/);
  } finally {
    await running.dispose();
  }
});

/** `ready`, or the words of what kept it from that. */
function outcome(watch: (ready: () => Promise<void>) => Promise<never>): Promise<string> {
  return new Promise((resolve) => {
    const ready = async (): Promise<void> => {
      resolve("ready");
      throw new Error("that is all");
    };
    watch(ready).catch((error: unknown) => resolve(error instanceof Error ? error.message : String(error)));
  });
}
