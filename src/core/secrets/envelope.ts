/**
 * Envelope encryption of secret values: AES-256-GCM under a data key of their own, which the master key wraps.
 * Organization, name and version are associated data, so a value cannot be moved to another secret or rolled back.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { Keys } from "../shared/ports.ts";

/** What is stored; base64 fields. */
export interface SealedValues {
  readonly version: number;
  readonly key: string;
  readonly nonce: string;
  readonly data: string;
}

export type SecretValues = Readonly<Record<string, string>>;

export interface SecretIdentity {
  readonly organization: string;
  readonly name: string;
}

/** Encrypts the values with a fresh data key. */
export async function seal(
  keys: Keys,
  identity: SecretIdentity,
  version: number,
  values: SecretValues,
): Promise<SealedValues> {
  const dataKey = randomBytes(32);
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", dataKey, nonce).setAAD(associatedData(identity, version));
  const data = Buffer.concat([cipher.update(JSON.stringify(values)), cipher.final(), cipher.getAuthTag()]);
  const key = await keys.wrap(dataKey);
  dataKey.fill(0);
  return { version, key: key.toString("base64"), nonce: nonce.toString("base64"), data: data.toString("base64") };
}

/** @throws Error when the master key is another one or the stored bytes were altered. */
export async function unseal(keys: Keys, identity: SecretIdentity, sealed: SealedValues): Promise<SecretValues> {
  const dataKey = await keys.unwrap(Buffer.from(sealed.key, "base64"));
  const data = Buffer.from(sealed.data, "base64");
  const decipher = createDecipheriv("aes-256-gcm", dataKey, Buffer.from(sealed.nonce, "base64"))
    .setAAD(associatedData(identity, sealed.version))
    .setAuthTag(data.subarray(-16));
  const text = Buffer.concat([decipher.update(data.subarray(0, -16)), decipher.final()]).toString();
  dataKey.fill(0);
  return JSON.parse(text) as SecretValues;
}

function associatedData({ organization, name }: SecretIdentity, version: number): Buffer {
  return Buffer.from(JSON.stringify(["dispatch secret", organization, name, version]));
}
