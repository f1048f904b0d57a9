/** What is stored of a function, and how it looks on the wire (server.md 2.6). */
import type { Isolation } from "../pool/revision.ts";
import type { Limits, NetworkKind } from "../shared/ports.ts";
import { type WireStatus, wireStrings, wireTags } from "../shared/wire.ts";
import type { ResourceRecord } from "../store/resource-store.ts";
import type { FunctionResource } from "./contract.ts";

export interface FunctionDocument {
  readonly image: string;
  readonly handler: string;
  /** SHA-256 of the source bundle; null for a `sourceURL` that nothing can be had from. */
  readonly source: string | null;
  readonly schema: { readonly in: unknown; readonly out: unknown };
  readonly secrets: readonly string[] | null;
  readonly services: readonly string[] | null;
  /** Milliseconds; 0 is none. */
  readonly timeout: number;
  readonly tags: FunctionResource["tags"] | null;
  readonly env: Readonly<Record<string, string>>;
  readonly limits: NonNullable<FunctionResource["limits"]>;
  readonly network: NetworkKind | null;
  readonly retries: number;
  readonly retryFunctionErrors?: true;
  readonly isolation?: Isolation;
  readonly keepRuns?: NonNullable<FunctionResource["keepRuns"]>;
  readonly minWarm?: number;
  readonly status: WireStatus;
  readonly reason: readonly string[] | null;
  /** The revision that was built last, whether it serves or failed. */
  readonly faasId: string;
  /** Whether any build has ended yet. */
  readonly built: boolean;
  /** The last good revision: it answers calls, also while another one is built and after one that failed. */
  readonly serving: string | null;
}

export type FunctionRecord = ResourceRecord<FunctionDocument>;

const DEFAULT_LIMITS: Limits = { memory: 256, cpu: 1, pids: 64, disk: 64 };
const DEFAULT_CONCURRENCY = 16;

/** The limits in force for a function that names only some of them. */
export function limitsOf({ limits }: FunctionDocument): Limits & { readonly concurrency: number } {
  return {
    memory: limits.memory ?? DEFAULT_LIMITS.memory,
    cpu: limits.cpu ?? DEFAULT_LIMITS.cpu,
    pids: limits.pids ?? DEFAULT_LIMITS.pids,
    disk: limits.disk ?? DEFAULT_LIMITS.disk,
    concurrency: limits.concurrency ?? DEFAULT_CONCURRENCY,
  };
}

export function functionToWire({ id, name, created, document }: FunctionRecord): FunctionResource {
  return {
    createdTime: created,
    ...(Object.keys(document.env).length > 0 ? { env: { ...document.env } } : {}),
    faasId: document.faasId,
    id,
    image: document.image,
    ...(document.built ? { functionImageURL: `dispatch/func-${document.faasId}:latest` } : {}),
    ...(document.keepRuns === undefined ? {} : { keepRuns: document.keepRuns }),
    kind: "Function",
    handler: document.handler,
    ...(Object.keys(document.limits).length > 0 ? { limits: document.limits } : {}),
    ...(document.minWarm === undefined ? {} : { minWarm: document.minWarm }),
    name,
    ...(document.network === null ? {} : { network: document.network }),
    reason: wireStrings(document.reason),
    ...(document.isolation === undefined ? {} : { isolation: document.isolation }),
    ...(document.retries > 0 ? { retries: document.retries } : {}),
    ...(document.retryFunctionErrors ? { retryFunctionErrors: true } : {}),
    schema: { in: document.schema.in, out: document.schema.out },
    secrets: wireStrings(document.secrets),
    services: wireStrings(document.services?.length ? document.services : null),
    status: document.status,
    ...(document.timeout > 0 ? { timeout: document.timeout } : {}),
    tags: wireTags(document.tags),
  };
}
