/**
 * Settings of the older product that have no effect here (server.md 1.1 and 1.2). They are accepted wherever they were, so that
 * an old configuration starts; the log names once what stands in their place.
 */

export interface Legacy {
  readonly type: "string" | "boolean";
  /** What there is instead: the rest of a sentence. */
  readonly instead: string;
  /** Group of the configuration file besides the top level. */
  readonly section?: string;
  readonly secret?: true;
}

const oneServer = "this server does all of it itself";
const embedded = "the embedded database has no accounts; --db names one of PostgreSQL, with its user";
const noRegistry = "functions need no images of Docker, so no registry is asked";

/** Flags, environment variables and keys of the file. */
export const legacyFlags: Readonly<Record<string, Legacy>> = {
  "db-database": { type: "string", instead: embedded },
  "db-username": { type: "string", instead: embedded },
  "db-password": { type: "string", instead: embedded, secret: true },
  "resync-period": { type: "string", instead: "changes take effect at once, nothing is polled" },
  "registry-auth": { type: "string", instead: noRegistry, secret: true },
  "image-registry": { type: "string", instead: noRegistry },
  "disable-registry": { type: "boolean", instead: noRegistry },
  "image-manager": { type: "string", instead: oneServer },
  "function-manager": { type: "string", instead: oneServer },
  "secret-store": { type: "string", instead: oneServer },
  tracer: { type: "string", instead: "GET /metrics has the figures of every run" },
  "docker-host": { type: "string", instead: "functions run in sandboxes on this machine", section: "local" },
  "events-gateway": { type: "string", instead: "event drivers find the server by themselves", section: "local" },
};

/** Keys of the file that never were flags; the key itself or everything below it. */
const legacyKeys: Readonly<Record<string, string>> = {
  "image.pull-period": noRegistry,
  "apis.gateway-host": "--gateway-host says where the gateway listens",
  "events.transport": "events travel inside the server",
  "events.ingress-host": "events come in through the API",
  "functions.image-pull-secret": noRegistry,
  "functions.func-default-limits": "limits stand in each function",
  "functions.func-default-requests": "limits stand in each function",
  "functions.file-image-manager": noRegistry,
  identity: "--auth says who may call the API",
};

/** What stands in the place of a key that only the file ever had; undefined when it never was one. */
export function legacyKey(key: string): string | undefined {
  const entry = Object.entries(legacyKeys).find(([known]) => key === known || key.startsWith(`${known}.`));
  return entry?.[1];
}
