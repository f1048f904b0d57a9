/** The nats driver's two ways to show a key, before a real server that knows its users by nothing else. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nkeys } from "@nats-io/transport-node";
import { afterAll, expect, test } from "vitest";
import { readNatsSettings } from "../../../src/event-drivers/nats/settings.ts";
import { watchOnce } from "../../../src/event-drivers/nats/watch.ts";
import { NatsServer, NO_NATS, natsProgram } from "../../support/nats.ts";

type Pair = ReturnType<typeof nkeys.createUser>;

const program = natsProgram();
const skipped = program === undefined ? ` (SKIPPED: ${NO_NATS})` : "";
const folder = mkdtempSync(join(tmpdir(), "dispatch-nats-keys-"));
const REFUSED = /refuses this user: check username and password, token, creds or nkey of the secret/;

afterAll(() => rmSync(folder, { recursive: true }));

const seedOf = (pair: Pair): string => new TextDecoder().decode(pair.getSeed());

/** A token as NATS has it: who is described, signed by whoever vouches. */
function tokenOf(type: string, signer: Pair, subject: Pair, claims: object = {}): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const [iss, sub, iat] = [signer.getPublicKey(), subject.getPublicKey(), Math.floor(Date.now() / 1000)];
  const nats = { type, version: 2, ...claims };
  const signed = `${part({ typ: "JWT", alg: "ed25519-nkey" })}.${part({ jti: sub, iat, iss, sub, name: type, nats })}`;
  return `${signed}.${Buffer.from(signer.sign(new TextEncoder().encode(signed))).toString("base64url")}`;
}

function credsOf(token: string, user: Pair): string {
  const block = (name: string, text: string): string => `-----BEGIN ${name}-----\n${text}\n------END ${name}------\n`;
  return `${block("NATS USER JWT", token)}\n${block("USER NKEY SEED", seedOf(user))}`;
}

async function serverWith(configuration: string): Promise<NatsServer> {
  const path = join(folder, "nats.conf");
  writeFileSync(path, configuration);
  return NatsServer.create(program ?? "", ["-c", path]);
}

/** `ready`, or the words of what kept the driver from that. */
function outcome({ port }: NatsServer, secret: Record<string, string>): Promise<string> {
  const given = { servers: `127.0.0.1:${port}`, subject: "a", source: "nats" };
  const settings = readNatsSettings(given, secret);
  return new Promise((resolve) => {
    const ready = async (): Promise<void> => {
      resolve("ready");
      throw new Error("that is all");
    };
    const watch = watchOnce({ settings, ready, take: async () => {} });
    watch.catch((error: unknown) => resolve(error instanceof Error ? error.message : String(error)));
  });
}

test.skipIf(program === undefined)(`a user that a NATS server knows by its nkey only${skipped}`, async () => {
  const [user, stranger] = [nkeys.createUser(), nkeys.createUser()];
  const server = await serverWith(`authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`);
  try {
    expect(await outcome(server, { NKEY: `${seedOf(user)}\n` })).toBe("ready");
    expect(await outcome(server, { NKEY: seedOf(stranger) })).toMatch(REFUSED);
    expect(await outcome(server, {})).toMatch(REFUSED);
    expect(() => readNatsSettings({ servers: "a", subject: "a" }, { NKEY: "nonsense" })).toThrow("cannot be read");
  } finally {
    await server.dispose();
  }
});

test.skipIf(program === undefined)(
  `a user of an account of NATS, by the text of its .creds file${skipped}`,
  async () => {
    const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()];
    const endless = { subs: -1, data: -1, payload: -1 };
    const limits = { ...endless, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
    const server = await serverWith(`
    operator: ${tokenOf("operator", operator, operator)}
    resolver: MEMORY
    resolver_preload: { ${account.getPublicKey()}: ${tokenOf("account", operator, account, { limits })} }`);
    const token = tokenOf("user", account, user, { ...endless, pub: {}, sub: {} });
    const forged = tokenOf("user", nkeys.createAccount(), user, { ...endless, pub: {}, sub: {} });
    try {
      expect(await outcome(server, { CREDS: credsOf(token, user) })).toBe("ready");
      expect(await outcome(server, { CREDS: credsOf(forged, user) })).toMatch(REFUSED);
      expect(await outcome(server, { CREDS: credsOf(token, nkeys.createUser()) })).toMatch(REFUSED);
    } finally {
      await server.dispose();
    }
  },
);
