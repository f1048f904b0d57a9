/** The pair that is there when nobody brought one: self-signed, made once, made again before it expires, and after a clock was set (server.md 1.6). */
import { existsSync } from "node:fs";

import { hostname } from "node:os";
import { join } from "node:path";
import type { Certificate } from "../../core/shared/ports.ts";
import { replaceFile } from "../../core/shared/replace-file.ts";
import { SettingError } from "../../settings/convert.ts";
import { isFresh, readPair } from "./certificate.ts";

const VALID_DAYS = 365;

/** Reads the pair in the data folder, or makes it. @throws SettingError when one half is missing or they do not fit. */
export async function selfSigned(dataDir: string, hosts: readonly string[]): Promise<Certificate> {
  const paths = {
    certificate: join(dataDir, "dispatch_self_signed_cert.pem"),
    key: join(dataDir, "dispatch_private_key.pem"),
  };
  const found = Object.values(paths).filter((path) => existsSync(path));
  if (found.length === 1)
    throw new SettingError(`${found[0]} has lost its other half: delete it, and a new pair is made`);
  const known = found.length === 2 ? await readPair(paths) : undefined;
  if (known !== undefined && isFresh(known)) return known;
  const made = await makeSelfSigned(hosts);
  await replaceFile(paths.key, made.key, { mode: 0o600 });
  await replaceFile(paths.certificate, made.cert, { mode: 0o644 });
  return made;
}

/** A new pair for this machine's names and `hosts`, kept nowhere. */
export async function makeSelfSigned(hosts: readonly string[]): Promise<Certificate> {
  // The bundle offers the default only: it cannot see the names that a CommonJS module exports.
  const { default: selfsigned } = await import("selfsigned");
  const names = [...new Set(["localhost", hostname(), "127.0.0.1", "::1", ...hosts])].filter(
    (name) => name !== "0.0.0.0" && name !== "::",
  );
  const notBeforeDate = new Date(Date.now() - 60_000);
  const notAfterDate = new Date(Date.now() + VALID_DAYS * 24 * 60 * 60 * 1000);
  const pems = await selfsigned.generate(
    [
      { name: "organizationName", value: "Dispatch" },
      { name: "commonName", value: hostname() },
    ],
    {
      keyType: "ec",
      curve: "P-256",
      algorithm: "sha256",
      notBeforeDate,
      notAfterDate,
      extensions: [
        { name: "basicConstraints", cA: false },
        { name: "keyUsage", digitalSignature: true },
        { name: "extKeyUsage", serverAuth: true },
        { name: "subjectAltName", altNames: names.map(altName) },
      ],
    },
  );
  return { cert: pems.cert, key: pems.private };
}

function altName(name: string): { type: 2; value: string } | { type: 7; ip: string } {
  return /^[\d.]+$|:/.test(name) ? { type: 7, ip: name } : { type: 2, value: name };
}
