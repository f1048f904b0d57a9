/** Which NATS, which subjects, and who asks. */
import { createHash } from "node:crypto";
import {
  type Authenticator,
  credsAuthenticator,
  type NodeConnectionOptions,
  nkeyAuthenticator,
} from "@nats-io/transport-node";
import { listOf, UsageError } from "../shared/flags.ts";
import { readTls } from "../shared/tls.ts";

export interface StreamSettings {
  readonly stream: string;
  /** The consumer that remembers how far this driver has got. */
  readonly durable: string;
  /** What a consumer that is new begins with. */
  readonly deliver: "new" | "all";
}

export interface NatsSettings {
  readonly connection: NodeConnectionOptions;
  readonly subjects: readonly string[];
  /** Members of a group share what comes; "" for none. */
  readonly queue: string;
  /** Undefined without JetStream. */
  readonly stream: StreamSettings | undefined;
  /** The type of all events; "" for that of the subject. */
  readonly type: string;
  readonly source: string;
}

type Texts = Readonly<Record<string, string | undefined>>;

const PING_MS = 15_000;
const CONNECT_MS = 10_000;

/** @throws UsageError that names what is missing or wrong */
export function readNatsSettings(flags: Texts, environment: Texts): NatsSettings {
  if (/@/.test(flags.servers ?? ""))
    throw new UsageError("servers has a password in it: put user and password into a secret, or the whole of servers");
  const subjects = listOf(flags.subject ?? "");
  const { stream = "", queue = "" } = flags;
  if (subjects.length === 0 && stream === "")
    throw new UsageError("subject is missing: set it to a subject such as orders.new or orders.>, or set stream");
  if (stream !== "" && queue !== "")
    throw new UsageError("queue is for subjects without a stream: drivers with the same durable share a stream");
  return {
    connection: connectionOf((key) => flags[key] || environment[key.toUpperCase()] || ""),
    subjects,
    queue,
    stream: stream === "" ? undefined : streamOf(stream, subjects, flags),
    type: flags.type ?? "",
    source: flags.source ?? "",
  };
}

function streamOf(stream: string, subjects: readonly string[], { durable, deliver }: Texts): StreamSettings {
  if (deliver !== "new" && deliver !== "all")
    throw new UsageError(
      `deliver is ${deliver}: use new (what comes from the first start on) or all (what is kept, too)`,
    );
  const digest = createHash("sha256").update(subjects.join(",")).digest("hex").slice(0, 12);
  return { stream, deliver, durable: durable || `dispatch-${digest}` };
}

/** Its secrets come by the environment only: `username` and `password`, `token`, `creds` or `nkey`. */
function connectionOf(get: (key: string) => string): NodeConnectionOptions {
  const addresses = listOf(get("servers"));
  if (addresses.length === 0) throw new UsageError("servers is missing: set it to an address such as nats://host:4222");
  const { servers, user, pass } = withoutUser(addresses);
  const named = { user: get("username") || user, pass: get("password") || pass, token: get("token") };
  const tls = readTls(get);
  const isSecure = tls !== undefined || addresses.some((address) => address.startsWith("tls://"));
  return {
    servers,
    ...Object.fromEntries(Object.entries(named).filter(([, value]) => value !== "")),
    ...authenticatorOf(get("creds"), get("nkey")),
    ...(isSecure ? { tls: tls ?? {} } : {}),
    ...{ name: "dispatch", reconnect: false, timeout: CONNECT_MS, pingInterval: PING_MS, maxPingOut: 2 },
  };
}

function authenticatorOf(creds: string, nkey: string): { readonly authenticator?: Authenticator } {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  if (creds === "" && nkey === "") return {};
  try {
    // The library finds a block only when its last line ends.
    const authenticator =
      creds === "" ? nkeyAuthenticator(bytes(nkey.trim())) : credsAuthenticator(bytes(`${creds.trim()}\n`));
    // It reads the keys when it is asked for the first time.
    authenticator("nonce");
    return { authenticator };
  } catch {
    throw new UsageError("creds or nkey of the secret cannot be read: creds is the text of a .creds file, nkey a seed");
  }
}

/** `nats://user:password@host:4222`, as other clients take it. */
function withoutUser(addresses: readonly string[]): { servers: string[]; user: string; pass: string } {
  const parts = addresses.map((address) => /^(?:\w+:\/\/)?(?:([^:@]*)(?::([^@]*))?@)?(.*)$/.exec(address) ?? []);
  const [, user = "", pass = ""] = parts.find(([, name]) => name !== undefined) ?? [];
  return { servers: parts.map(([, , , server = ""]) => server), user: decoded(user), pass: decoded(pass) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
