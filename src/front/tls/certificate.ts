/** Pairs of certificate and key in PEM files, read and judged before any listener gets them. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { messageOf } from "../../core/shared/message-of.ts";
import type { Certificate } from "../../core/shared/ports.ts";
import { SettingError } from "../../settings/convert.ts";

export interface CertificatePaths {
  readonly certificate: string;
  readonly key: string;
}

/** @throws SettingError when only one path is given, a file cannot be read, or the two do not belong together. */
export async function readPair(paths: CertificatePaths): Promise<Certificate> {
  if (paths.certificate === "") throw new SettingError("missing TLS Certificate file: give --tls-certificate, too");
  if (paths.key === "")
    throw new SettingError("missing TLS Certificate private key file: give --tls-certificate-key, too");
  const [cert, key] = await Promise.all([readPem(paths.certificate), readPem(paths.key)]);
  judge({ cert, key }, paths);
  return { cert, key };
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new SettingError(`cannot read ${path}: ${messageOf(error)}`);
  }
}

/** A listener would accept most of these and fail at every handshake. */
function judge({ cert, key }: Certificate, paths: CertificatePaths): void {
  const leaf = parsed(() => new X509Certificate(cert), `${paths.certificate} holds no PEM certificate`);
  const privateKey = parsed(() => createPrivateKey(key), `${paths.key} holds no PEM private key without a passphrase`);
  if (!leaf.checkPrivateKey(privateKey))
    throw new SettingError(`the key ${paths.key} does not belong to the certificate ${paths.certificate}`);
  parsed(() => createSecureContext({ cert, key }), `${paths.certificate} cannot be used for TLS`);
}

function parsed<T>(parse: () => T, problem: string): T {
  try {
    return parse();
  } catch (error) {
    throw new SettingError(`${problem} (${messageOf(error)})`);
  }
}

/** From when to when a certificate is valid, Unix milliseconds. */
function validityOf({ cert }: Certificate): { readonly from: number; readonly to: number } {
  const { validFrom, validTo } = new X509Certificate(cert);
  return { from: Date.parse(validFrom), to: Date.parse(validTo) };
}

/** When a certificate is due for renewal: a third of its lifetime before it expires. Unix milliseconds. */
export function renewalTime(certificate: Certificate): number {
  const { from, to } = validityOf(certificate);
  return to - (to - from) / 3;
}

/** Whether it is in force and need not be renewed yet. One of a clock that was set back since is not in force for long. */
export function isFresh(certificate: Certificate): boolean {
  const now = Date.now();
  return validityOf(certificate).from <= now && now < renewalTime(certificate);
}

/** The day and time when a certificate ends, ISO 8601. */
export function expiryOf(certificate: Certificate): string {
  return new Date(validityOf(certificate).to).toISOString();
}
