/** What the gateway asks of the rest of the server. `main.ts` gives it thin adapters over the core. */
import type { Endpoint } from "../../core/apis/endpoint.ts";
import type { EndpointTable } from "../../core/apis/matching.ts";
import type { KeyUse } from "../../core/runs/idempotency.ts";
import type { ProgramAddress } from "../../core/shared/ports.ts";
import type { Principal } from "../../core/shared/principal.ts";

/** One call of an endpoint, as the core gets it (server.md 5.5). */
export interface RunRequest {
  readonly organization: string;
  readonly functionName: string;
  /** JSON text. */
  readonly input: string;
  /** JSON text for the function's context. */
  readonly httpContext: string;
  /** JSON text for the record of the run: the same, with credentials masked (decision 13). */
  readonly recordedHttpContext: string;
  /** The `authorization` that is masked there: the record has it nowhere. */
  readonly credential: string | undefined;
  readonly blocking: boolean;
  /** The same use of a key gets the same run (decision 18c). */
  readonly idempotency: KeyUse | undefined;
  /** Whether the caller has hung up. */
  gone(): boolean;
}

/** How the run ended; of a run that is not blocking only the id counts. */
export interface RunResult {
  readonly runId: string;
  /** `READY` after success, `ERROR` after failure. */
  readonly status: string;
  /** JSON text. */
  readonly output?: string;
  readonly error?: { readonly type: string; readonly message: string };
  readonly timedOut?: boolean;
}

export interface GatewayPorts {
  /** Rejects with a DispatchError when there is no run: no such function, not READY, overloaded (with `retryAfter`). */
  run(request: RunRequest, principal: Principal): Promise<RunResult>;
  /** The values of a secret for authentication. Rejects when there is none of that name. */
  secret(organization: string, name: string): Promise<Readonly<Record<string, string>>>;
  /** Whose bearer token this is; undefined when nobody's. */
  verifyToken(token: string): Promise<Principal | undefined>;
  /** False for a signature that this organization received before, within the 10 minutes in which it could be sent again. */
  isFirst(organization: string, signature: string): Promise<boolean>;
  /** A caller of an endpoint was answered with 401 or 403. */
  refused(endpoint: Endpoint, status: number, address: string): void;
  readonly endpoints: Pick<EndpointTable, "match">;
  /** Undefined when there is none that may be called from outside. */
  driver(organization: string, name: string): CalledDriver | undefined;
  /** Unix milliseconds. */
  now(): number;
  readonly log: GatewayLog;
}

/** An event driver that may be called from outside. */
export interface CalledDriver {
  /** Undefined while its program does not run. */
  readonly address: ProgramAddress | undefined;
  /** Its state, in a word. */
  readonly status: string;
  /** Whether callers call in vain, because its program does not listen yet. */
  isDeaf(): boolean;
}

/** Fits pino. */
export interface GatewayLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface GatewayOptions {
  /** Addresses or CIDR blocks whose `X-Forwarded-*` headers count (decision 11). Default: the loopback. */
  readonly trustedProxies?: readonly string[];
  /** Bytes of a request body. Default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** Bytes of an event driver's answer. Default 6 MiB. */
  readonly maxAnswerBytes?: number;
  /** Milliseconds that an event driver has for its answer. Default 30 s. */
  readonly driverDeadline?: number;
  /** Levels to which JSON may nest. Default 1000. */
  readonly maxJsonDepth?: number;
}
