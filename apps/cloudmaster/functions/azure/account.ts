/** Azure Resource Manager: an authorized sender, and operations that are waited for. */
import { setTimeout as delay } from "node:timers/promises";
import type { RestAnswer, RestRequest, Send } from "../shared/rest.ts";
import { createSend, listAt, RestError, textAt, UnreachableError, waitMs } from "../shared/rest.ts";
import type { AzureSettings } from "./settings.ts";

/** Versions of the API, one for each resource provider (learn.microsoft.com/rest/api). */
const API_VERSIONS = { compute: "2024-07-01", disks: "2024-03-02", network: "2024-05-01", skus: "2021-07-01" } as const;
export type ApiFamily = keyof typeof API_VERSIONS;

/** How long an operation may take, and the pause between two looks at it when Azure names none; milliseconds. */
const OPERATION_TIMEOUT_MS = 15 * 60_000;
const POLL_MS = 2_000;

export interface Arm {
  /** The body of the answer. `path` begins behind the host, without `api-version`. */
  get(family: ApiFamily, path: string, query?: Readonly<Record<string, string>>): Promise<unknown>;
  /** All values of a list, page by page. */
  list(family: ApiFamily, path: string, query?: Readonly<Record<string, string>>): Promise<unknown[]>;
  /** Sends a change and waits until Azure has made it. */
  change(method: "PUT" | "POST" | "DELETE", family: ApiFamily, path: string, body?: unknown): Promise<void>;
}

export function openArm(settings: AzureSettings): Arm {
  const send = createSend({ cloud: "Azure" });
  const authorize = createAuthorize(settings, createSend({ cloud: "Microsoft Entra" }));

  const ask = async (request: RestRequest): Promise<RestAnswer> =>
    send({ ...request, headers: { authorization: `Bearer ${await authorize()}` } });
  const address = (family: ApiFamily, path: string, query: Readonly<Record<string, string>> = {}) =>
    `${settings.endpoint}${path}?${new URLSearchParams({ "api-version": API_VERSIONS[family], ...query })}`;

  async function list(family: ApiFamily, path: string, query?: Readonly<Record<string, string>>): Promise<unknown[]> {
    const values: unknown[] = [];
    for (let url: string | undefined = address(family, path, query); url !== undefined; ) {
      const { body } = await ask({ method: "GET", url });
      values.push(...listAt(body, "value"));
      url = nextLink(settings.endpoint, body);
    }
    return values;
  }

  return {
    list,
    get: async (family, path, query) => (await ask({ method: "GET", url: address(family, path, query) })).body,
    change: async (method, family, path, body) => {
      const answer = await ask({ method, url: address(family, path), ...(body === undefined ? {} : { body }) });
      await settled(ask, answer, settings.endpoint);
    },
  };
}

/** A token for the application, asked for once and kept for the call (OAuth 2.0 client credentials, RFC 6749 4.4). */
function createAuthorize(settings: AzureSettings, send: Send): () => Promise<string> {
  let token: Promise<string> | undefined;
  return () => {
    token ??= fetchToken(settings, send);
    return token;
  };
}

async function fetchToken({ tenant, clientId, password, authority }: AzureSettings, send: Send): Promise<string> {
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: password,
    scope: "https://management.azure.com/.default",
  });
  const url = `${authority}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`;
  const answer = await send({ method: "POST", url, body });
  const token = textAt(answer.body, "access_token");
  if (token === undefined) throw new UnreachableError("Microsoft Entra gave no token in its answer");
  return token;
}

/** Waits for the end of a long-running operation (Azure REST guidelines: Azure-AsyncOperation, else Location). */
async function settled(
  ask: (request: RestRequest) => Promise<RestAnswer>,
  first: RestAnswer,
  endpoint: string,
): Promise<void> {
  const operation = first.headers.get("azure-asyncoperation");
  const location = operation ?? (first.status === 202 ? first.headers.get("location") : null);
  if (location === null) return;
  const url = sameHost(endpoint, location);
  const deadline = Date.now() + OPERATION_TIMEOUT_MS;
  for (let answer = first; ; ) {
    await delay(answer.headers.has("retry-after") ? waitMs(answer.headers, POLL_MS) : POLL_MS);
    answer = await ask({ method: "GET", url });
    if (ended(answer, operation !== null)) return;
    if (Date.now() > deadline) throw new UnreachableError("Azure did not finish the operation within 15 minutes");
  }
}

/** @throws RestError with Azure's own code when the operation failed. */
function ended({ status, body }: RestAnswer, isOperation: boolean): boolean {
  if (!isOperation) return status !== 202;
  const state = textAt(body, "status");
  if (state === "Succeeded") return true;
  if (state !== "Failed" && state !== "Canceled") return false;
  const words = textAt(body, "error", "message") ?? `the operation ended as ${state}`;
  throw new RestError(409, `Azure: ${words}`, body);
}

/** Addresses in answers are followed on the same host only: the token goes nowhere else. @throws UnreachableError */
function sameHost(endpoint: string, address: string): string {
  const url = URL.parse(address, endpoint);
  if (url?.origin !== new URL(endpoint).origin) throw new UnreachableError("Azure named an address on another host");
  return url.href;
}

function nextLink(endpoint: string, body: unknown): string | undefined {
  const link = textAt(body, "nextLink");
  return link === undefined ? undefined : sameHost(endpoint, link);
}
