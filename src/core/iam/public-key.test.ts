import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { expect, test } from "vitest";
import { readPublicKey } from "./public-key.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const small = generateKeyPairSync("rsa", { modulusLength: 1024 });
const elliptic = generateKeyPairSync("ec", { namedCurve: "P-256" });

function pem(key: KeyObject, type: "spki" | "pkcs1" | "pkcs8" = "spki"): string {
  return key.export({ type, format: "pem" } as Parameters<KeyObject["export"]>[0]).toString();
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

test("a public RSA key is read in both of its PEM forms, also with broken lines", () => {
  for (const text of [base64(pem(rsa.publicKey)), base64(pem(rsa.publicKey, "pkcs1"))]) {
    expect(readPublicKey(text).equals(rsa.publicKey)).toBe(true);
    expect(readPublicKey(text.replace(/.{64}/g, "$&\n")).equals(rsa.publicKey)).toBe(true);
  }
});

const format = "invalid public key or public key not in PEM format";
const refused = [
  ["nothing", "", "public key is not base64 encoded"],
  ["the PEM text itself", pem(rsa.publicKey), "public key is not base64 encoded"],
  ["base64 of another alphabet", "-_-_", "public key is not base64 encoded"],
  ["base64 without its padding", "QQ", "public key is not base64 encoded"],
  ["some other text", base64("hello"), format],
  ["a key of another kind", base64(pem(elliptic.publicKey)), format],
  ["a key that can be broken", base64(pem(small.publicKey)), "the RSA key has 1024 bits, at least 2048 are needed"],
] as const;

test.each(refused)("%s is refused in words", (_what, text, reason) => {
  expect(() => readPublicKey(text)).toThrow(`error validating service account: ${reason}`);
});

test("a private key is refused, and not repeated", () => {
  const text = pem(rsa.privateKey, "pkcs8");
  expect(() => readPublicKey(base64(text))).toThrow(/^error validating service account: this is a private key/);
  expect(() => readPublicKey(base64(text))).not.toThrow(text.split("\n")[1]);
});
