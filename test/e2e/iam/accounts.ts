/** For tests: service accounts with real keys, and callers that sign in as them. */
import { createSign, generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Dispatch } from "../support/dispatch.ts";
import type { ServerProcess } from "../support/server.ts";

export interface KeyPair {
  readonly privateKey: string;
  /** As service accounts carry it: base64 of the PEM text. */
  readonly publicKey: string;
}

export function keyPair(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return { privateKey, publicKey: Buffer.from(publicKey).toString("base64") };
}

/** A token as the command line makes it; `account` is `organization/name`. */
export function signedToken(account: string, { privateKey }: KeyPair, claims: object = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const payload = { iss: account, iat: now - 60, exp: now + 3600, ...claims };
  const text = [{ alg: "RS256", typ: "JWT" }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${text}.${createSign("RSA-SHA256").update(text).sign(privateKey, "base64url")}`;
}

/** A caller who signs in with a bearer token. */
export function bearer(server: ServerProcess, organization: string, token: string): Dispatch {
  return new Dispatch(server.api, { cookie: "", authorization: `Bearer ${token}`, "x-dispatch-org": organization });
}

/** The administrator of a server with `--auth token`, at work in one organization. */
export async function administratorOf(server: ServerProcess, organization: string): Promise<Dispatch> {
  const token = await readFile(join(server.dataDir, "admin-token"), "utf8");
  return bearer(server, organization, token.trim());
}

/** Creates a service account and returns its keys. */
export async function createAccount(manager: Dispatch, name: string): Promise<KeyPair> {
  const keys = keyPair();
  const answer = await manager.post("/v1/iam/serviceaccount", { name, publicKey: keys.publicKey });
  if (answer.status !== 201) throw new Error(`account ${name}: ${answer.status} ${answer.text}`);
  return keys;
}

/** Lets subjects do something. */
export async function grant(
  manager: Dispatch,
  name: string,
  rule: { readonly subjects: string[]; readonly resources: string[]; readonly actions: string[] },
  global = false,
): Promise<void> {
  const answer = await manager.post("/v1/iam/policy", { name, global, rules: [rule] });
  if (answer.status !== 201) throw new Error(`policy ${name}: ${answer.status} ${answer.text}`);
}
