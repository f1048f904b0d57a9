/** Wrapped data keys: version byte, 12 bytes of nonce, 16 bytes of tag, the data key under AES-256-GCM. */
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from "node:crypto";

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const ALGORITHM = "aes-256-gcm";
/** Binds a wrapped key to its purpose, so that no other value under the same master key can stand in for one. */
const PURPOSE = Buffer.from("dispatch data key v1");

/** @throws RangeError unless the data key has 32 bytes. */
export function wrapKey(master: KeyObject, dataKey: Buffer): Buffer {
  if (dataKey.length !== KEY_BYTES) throw new RangeError(`A data key has ${KEY_BYTES} bytes, not ${dataKey.length}.`);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, master, nonce, { authTagLength: TAG_BYTES }).setAAD(PURPOSE);
  const body = Buffer.concat([cipher.update(dataKey), cipher.final()]);
  return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), body]);
}

/** @throws Error that names `source` when the wrapped key was altered or made by another master key. */
export function unwrapKey(master: KeyObject, wrapped: Buffer, source: string): Buffer {
  const wholeLength = 1 + NONCE_BYTES + TAG_BYTES + KEY_BYTES;
  if (wrapped.length !== wholeLength || wrapped[0] !== VERSION) throw refusal(source);
  const nonce = wrapped.subarray(1, 1 + NONCE_BYTES);
  const tag = wrapped.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv(ALGORITHM, master, nonce, { authTagLength: TAG_BYTES })
    .setAAD(PURPOSE)
    .setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(wrapped.subarray(1 + NONCE_BYTES + TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw refusal(source, cause);
  }
}

function refusal(source: string, cause?: unknown): Error {
  return new Error(`The data key was altered, or it belongs to another master key than the one in ${source}.`, {
    cause,
  });
}
