/** HTTPS with files: renewed by somebody else as certbot does it, broken, mismatched; and with a pair of the server's own. */
import { mkdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeSelfSigned } from "../../../src/front/tls/self-signed.ts";
import { runServer, type ServerProcess, startServer, temporaryFolder } from "../support/server.ts";
import { until } from "../support/until.ts";
import { handshake, open, statusOver } from "./handshake.ts";

/** `/etc/letsencrypt` in small: `archive` has every pair, `live` links to the newest. */
class Certbot {
  readonly #folder: string;
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get flags(): string[] {
    return ["--enable-tls", "--tls-certificate", this.live("fullchain"), "--tls-certificate-key", this.live("privkey")];
  }

  live(name: string): string {
    return join(this.#folder, "live", `${name}.pem`);
  }

  async renew(): Promise<void> {
    const { cert, key } = await makeSelfSigned([]);
    const number = ++this.#count;
    await Promise.all(["archive", "live"].map((name) => mkdir(join(this.#folder, name), { recursive: true })));
    await writeFile(join(this.#folder, "archive", `fullchain${number}.pem`), cert);
    await writeFile(join(this.#folder, "archive", `privkey${number}.pem`), key);
    for (const name of ["privkey", "fullchain"]) {
      await symlink(join("..", "archive", `${name}${number}.pem`), `${this.live(name)}.new`);
      await rename(`${this.live(name)}.new`, this.live(name));
    }
  }
}

async function scratchFolder(): Promise<string> {
  const folder = await temporaryFolder();
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function certbotServer(): Promise<{ certbot: Certbot; server: ServerProcess; url: string }> {
  const certbot = new Certbot(await scratchFolder());
  await certbot.renew();
  const server = await startServer({ listeners: ["apiTls"], flags: certbot.flags });
  onTestFinished(() => server.dispose());
  return { certbot, server, url: server.addresses.apiTls ?? "" };
}

test("a renewed certificate serves new connections, and an open one goes on", async () => {
  const { certbot, url } = await certbotServer();
  const before = await handshake(url);
  const connection = await open(url);
  expect(await statusOver(connection, "/healthz")).toBe("HTTP/1.1 200 OK");
  await certbot.renew();
  await until("the new certificate is in use", async () => {
    connection.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return (await handshake(url)).serial === before.serial ? undefined : true;
  });
  connection.removeAllListeners("data");
  expect(await statusOver(connection, "/healthz")).toBe("HTTP/1.1 200 OK");
  connection.destroy();
});

test("a renewal that went wrong is logged, the old certificate goes on, and the next good one is taken", async () => {
  const { certbot, server, url } = await certbotServer();
  const before = await handshake(url);
  const good = await readFile(certbot.live("privkey"), "utf8");
  await writeFile(certbot.live("privkey"), good.slice(0, 60));
  const line = await until("the refusal is logged", () =>
    server.log.find(({ msg }) => msg.startsWith("TLS: the new certificate is not used")),
  );
  expect(line.msg).toContain(certbot.live("privkey"));
  expect(line.msg).not.toContain(good.slice(30, 55));
  expect((await handshake(url)).serial).toBe(before.serial);
  await certbot.renew();
  await until("the good one is in use", async () =>
    (await handshake(url)).serial === before.serial ? undefined : true,
  );
});

test("HTTPS speaks TLS 1.2 and 1.3 with ECDHE and AES-GCM, and nothing weaker", async () => {
  const { url } = await certbotServer();
  expect((await handshake(url)).protocol).toBe("TLSv1.3");
  const older = await handshake(url, { maxVersion: "TLSv1.2" });
  expect(older.cipher).toMatch(/^ECDHE-.*AES(128|256)-GCM/);
  await expect(handshake(url, { minVersion: "TLSv1", maxVersion: "TLSv1.1" })).rejects.toThrow();
  await expect(handshake(url, { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA256" })).rejects.toThrow();
  await expect(handshake(url, { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-CHACHA20-POLY1305" })).rejects.toThrow();
});

test("a key that belongs to another certificate is refused at the start, by name", async () => {
  const folder = await scratchFolder();
  const [one, other] = await Promise.all([makeSelfSigned([]), makeSelfSigned([])]);
  const paths = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  await Promise.all([writeFile(paths.cert, one.cert), writeFile(paths.key, other.key)]);
  const flags = ["--enable-tls", "--tls-certificate", paths.cert, "--tls-certificate-key", paths.key, "--port", "0"];
  const { code, stderr } = await runServer([...flags, "--data-dir", folder]);
  expect(code).toBe(1);
  expect(stderr).toContain(`the key ${paths.key} does not belong to the certificate ${paths.cert}`);
});

test("without files a private pair is made once and used again after a restart", async () => {
  const dataDir = await scratchFolder();
  const flags = ["--enable-tls", "--disable-http"];
  const first = await startServer({ dataDir, flags, listeners: ["apiTls", "gatewayTls"] });
  const { serial } = await handshake(first.addresses.apiTls ?? "");
  expect(first.addresses.api).toBeUndefined();
  await first.stop();
  const second = await startServer({ dataDir, flags, listeners: ["gatewayTls"] });
  onTestFinished(() => second.dispose());
  expect((await handshake(second.addresses.gatewayTls ?? "")).serial).toBe(serial);
  expect((await stat(join(dataDir, "dispatch_private_key.pem"))).mode & 0o777).toBe(0o600);
});
