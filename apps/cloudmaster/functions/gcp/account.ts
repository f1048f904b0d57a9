/** Compute Engine over REST: an authorized sender, and operations that are waited for. */
import { importPKCS8, SignJWT } from "jose";
import { InputError } from "../shared/context.ts";
import type { RestAnswer } from "../shared/rest.ts";
import { createSend, listAt, RestError, textAt, UnreachableError, valueAt } from "../shared/rest.ts";
import type { GcpSettings } from "./settings.ts";

/** One look at an operation waits up to two minutes at Google's (zoneOperations.wait). */
const WAIT_TIMEOUT_MS = 150_000;
const OPERATION_TIMEOUT_MS = 15 * 60_000;
const TOKEN_SECONDS = 3600;

export interface Compute {
  /** The body of the answer. `path` begins behind `/projects/`. */
  get(path: string): Promise<unknown>;
  /** All items of a list, page by page. */
  list(path: string, query?: Readonly<Record<string, string>>): Promise<unknown[]>;
  /** Sends a change with its mark of idempotence (a UUID) and waits until Google has made it. */
  change(method: "POST" | "DELETE", path: string, requestId: string, body?: unknown): Promise<void>;
}

export function openCompute(settings: GcpSettings): Compute {
  const send = createSend({ cloud: "Google Cloud", timeoutMs: WAIT_TIMEOUT_MS });
  let token: Promise<string> | undefined;
  const base = `${settings.endpoint}/compute/v1`;

  async function ask(method: "GET" | "POST" | "DELETE", url: string, body?: unknown): Promise<RestAnswer> {
    token ??= signToken(settings);
    const headers = { authorization: `Bearer ${await token}` };
    return send({ method, url, headers, ...(body === undefined ? {} : { body }) });
  }

  async function list(path: string, query: Readonly<Record<string, string>> = {}): Promise<unknown[]> {
    const items: unknown[] = [];
    for (let pageToken: string | undefined = ""; pageToken !== undefined; ) {
      const page: Record<string, string> = pageToken === "" ? { ...query } : { ...query, pageToken };
      const { body } = await ask("GET", `${base}/projects/${path}?${new URLSearchParams(page)}`);
      items.push(...listAt(body, "items"));
      pageToken = textAt(body, "nextPageToken");
    }
    return items;
  }

  async function change(method: "POST" | "DELETE", path: string, requestId: string, body?: unknown): Promise<void> {
    const url = `${base}/projects/${path}?${new URLSearchParams({ requestId })}`;
    let operation = (await ask(method, url, body)).body;
    const deadline = Date.now() + OPERATION_TIMEOUT_MS;
    while (!done(operation)) {
      if (Date.now() > deadline)
        throw new UnreachableError("Google Cloud did not finish the operation within 15 minutes");
      const name = encodeURIComponent(textAt(operation, "name") ?? "");
      const wait = `${base}/projects/${settings.project}/zones/${settings.zone}/operations/${name}/wait`;
      operation = (await ask("POST", wait)).body;
    }
  }

  return { list, change, get: async (path) => (await ask("GET", `${base}/projects/${path}`)).body };
}

/** @throws RestError with Google's own code when the operation failed, UnreachableError when it is no operation. */
function done(operation: unknown): boolean {
  const status = textAt(operation, "status");
  if (status === undefined || textAt(operation, "name") === undefined)
    throw new UnreachableError("Google Cloud answered something that is no operation");
  if (status !== "DONE") return false;
  const [error] = listAt(operation, "error", "errors");
  if (error === undefined) return true;
  const httpStatus = valueAt(operation, "httpErrorStatusCode");
  const message = `Google Cloud: ${textAt(error, "message") ?? textAt(error, "code") ?? "the operation failed"}`;
  throw new RestError(typeof httpStatus === "number" ? httpStatus : 409, message, operation);
}

/** A token that the service account signs itself: no round trip to a token server (google.aip.dev/auth/4111). */
async function signToken({ clientEmail, privateKey, privateKeyId, audience }: GcpSettings): Promise<string> {
  const key = await importPKCS8(privateKey, "RS256").catch(() => {
    throw new InputError(
      "`private_key` of the secret `gcp` is no private key: use the service account's file as it was downloaded",
    );
  });
  return new SignJWT({})
    .setProtectedHeader({ alg: "RS256", typ: "JWT", ...(privateKeyId === undefined ? {} : { kid: privateKeyId }) })
    .setIssuer(clientEmail)
    .setSubject(clientEmail)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime(`${TOKEN_SECONDS}s`)
    .sign(key);
}
