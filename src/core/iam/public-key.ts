/** The public key of a service account: base64 of a PEM RSA public key (server.md 8.4). */
import { createPublicKey, type KeyObject } from "node:crypto";
import { DispatchError } from "../shared/errors.ts";

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** RFC 7518 3.3 asks for no less. */
const MINIMUM_BITS = 2048;

/** @throws BAD_REQUEST `error validating service account: ...` */
export function readPublicKey(base64: string): KeyObject {
  const text = base64.replace(/[\r\n]/g, "");
  if (text === "" || !BASE64.test(text)) throw invalid("public key is not base64 encoded");
  const key = parse(Buffer.from(text, "base64").toString("latin1"));
  if (key?.asymmetricKeyType !== "rsa") throw invalid("invalid public key or public key not in PEM format");
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < MINIMUM_BITS) throw invalid(`the RSA key has ${bits} bits, at least ${MINIMUM_BITS} are needed`);
  return key;
}

function parse(pem: string): KeyObject | undefined {
  if (pem.includes("PRIVATE KEY")) {
    throw invalid("this is a private key: keep it, and send the public one (openssl rsa -in KEY -pubout)");
  }
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}

/** The refusal of a service account, in the words that clients know. */
export function invalid(reason: string): DispatchError {
  return new DispatchError("BAD_REQUEST", { message: `error validating service account: ${reason}` });
}
