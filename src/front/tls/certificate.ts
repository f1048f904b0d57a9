/** The certificate of the HTTPS listeners: the user's own, or a self-signed one that is made once (server.md 1.6). */
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { SettingError } from "../../settings/convert.ts";

export interface CertificatePaths {
  readonly certificate: string;
  readonly key: string;
}

/** PEM texts. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const VALID_DAYS = 365;

/** @throws SettingError when only one path is given or a file cannot be read. */
export async function loadCertificate(
  paths: CertificatePaths,
  dataDir: string,
  hosts: readonly string[],
): Promise<Certificate> {
  if (paths.certificate === "" && paths.key === "") return selfSigned(dataDir, hosts);
  if (paths.certificate === "") throw new SettingError("missing TLS Certificate file: give --tls-certificate, too");
  if (paths.key === "")
    throw new SettingError("missing TLS Certificate private key file: give --tls-certificate-key, too");
  return { cert: readPem(paths.certificate), key: readPem(paths.key) };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new SettingError(`cannot read ${path}: ${error instanceof Error ? error.message : error}`);
  }
}

async function selfSigned(dataDir: string, hosts: readonly string[]): Promise<Certificate> {
  const certPath = join(dataDir, "dispatch_self_signed_cert.pem");
  const keyPath = join(dataDir, "dispatch_private_key.pem");
  const found = [certPath, keyPath].filter((path) => existsSync(path));
  if (found.length === 1)
    throw new SettingError(`${found[0]} has lost its other half: delete it, and a new pair is made`);
  if (found.length === 2) return { cert: readPem(certPath), key: readPem(keyPath) };
  const made = await make(hosts);
  await writeFile(keyPath, made.key, { mode: 0o600, flag: "wx" });
  await writeFile(certPath, made.cert, { mode: 0o644, flag: "wx" });
  return made;
}

async function make(hosts: readonly string[]): Promise<Certificate> {
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
