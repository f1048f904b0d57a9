/** Pebble, the test server of Let's Encrypt: a real ACME authority on the loopback, with a DNS where every name leads here. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { makeSelfSigned } from "../../../src/front/tls/self-signed.ts";
import { send } from "../support/http.ts";
import { temporaryFolder } from "../support/server.ts";
import { until } from "../support/until.ts";

/** Why tests with Pebble cannot run here; "" when they can. */
export const pebbleMissing =
  spawnSync("sh", ["-c", "command -v pebble && command -v pebble-challtestsrv"]).status === 0
    ? ""
    : " (SKIPPED: pebble is not installed: apt-get install pebble)";

export interface PebbleOptions {
  /** Where it looks for http-01 answers. */
  readonly httpPort: number;
  /** Where it looks for tls-alpn-01 certificates. */
  readonly tlsPort: number;
  /** Seconds that its certificates are valid. */
  readonly validity?: number;
}

export interface Pebble {
  readonly directoryUrl: string;
  /** PEM file with the certificate of the authority's own HTTPS. */
  readonly caFile: string;
  /** What it logged, to see which challenges it tried. */
  readonly log: () => string;
  stop(): Promise<void>;
}

export async function startPebble({ httpPort, tlsPort, validity }: PebbleOptions): Promise<Pebble> {
  const folder = await temporaryFolder();
  const [port, management, dns, dnsManagement] = await freePorts(4);
  const { cert, key } = await makeSelfSigned([]);
  const paths = { certificate: join(folder, "cert.pem"), privateKey: join(folder, "key.pem") };
  await Promise.all([writeFile(paths.certificate, cert), writeFile(paths.privateKey, key)]);
  const pebble = {
    ...paths,
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    httpPort,
    tlsPort,
    ocspResponderURL: "",
    externalAccountBindingRequired: false,
    ...(validity === undefined ? {} : { certificateValidityPeriod: validity }),
  };
  const configPath = join(folder, "pebble.json");
  await writeFile(configPath, JSON.stringify({ pebble }));
  const names = run("pebble-challtestsrv", [
    ...["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", ""],
    ...["-dns01", `127.0.0.1:${dns}`, "-management", `127.0.0.1:${dnsManagement}`],
  ]);
  const authority = run("pebble", ["-config", configPath, "-dnsserver", `127.0.0.1:${dns}`], {
    PEBBLE_VA_NOSLEEP: "1",
  });
  const directoryUrl = `https://127.0.0.1:${port}/dir`;
  await until("pebble answers", () => send(directoryUrl).catch(() => undefined));
  return {
    directoryUrl,
    caFile: paths.certificate,
    log: authority.log,
    stop: async () => {
      await Promise.all([names.stop(), authority.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Running {
  log(): string;
  stop(): Promise<void>;
}

function run(program: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): Running {
  const child: ChildProcess = spawn(program, args, { env: { PATH: process.env.PATH, ...environment } });
  const ended = once(child, "close");
  const texts: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => texts.push(chunk.toString()));
  return {
    log: () => texts.join(""),
    stop: async () => {
      child.kill();
      await ended;
    },
  };
}

/** Ports that were free a moment ago, for programs that cannot choose their own. */
export async function freePorts(count: number): Promise<number[]> {
  const probes = await Promise.all(
    Array.from({ length: count }, async () => {
      const probe = createServer().listen(0, "127.0.0.1");
      await once(probe, "listening");
      return probe;
    }),
  );
  return probes.map((probe) => {
    const address = probe.address();
    probe.close();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
}
