/** Which database, which channels, and who asks. */
import type { ClientConfig } from "pg";
import { listOf, UsageError } from "../shared/flags.ts";
import { readTls, type TlsSettings } from "../shared/tls.ts";

export interface PostgresSettings {
  readonly connection: ClientConfig;
  readonly channels: readonly string[];
  /** The type of all events; "" for that of the channel. */
  readonly type: string;
  readonly source: string;
}

type Texts = Readonly<Record<string, string | undefined>>;

/** What a name may have in PostgreSQL, in bytes; a longer one would be cut there, and never heard. */
const LONGEST_NAME = 63;

/**
 * `url` is `postgres://user:password@host:port/database`; or `host`, `port`, `database`, `username`, `password` stand apart.
 * @throws UsageError that names what is missing or wrong
 */
export function readPostgresSettings(flags: Texts, environment: Texts): PostgresSettings {
  const channels = listOf(flags.channel ?? "");
  if (channels.length === 0)
    throw new UsageError("channel is missing: set it to the channel of NOTIFY, or to some with commas");
  const long = channels.find((channel) => Buffer.byteLength(channel) > LONGEST_NAME);
  if (long !== undefined) throw new UsageError(`the channel ${long} has more than ${LONGEST_NAME} bytes`);
  const get = (key: string): string => flags[key] || environment[key.toUpperCase()] || "";
  const { mode, ...base } = get("url") === "" ? { ...apart(get), mode: "" } : fromUrl(get("url"));
  const ssl = sslOf(get("sslmode") || mode, readTls(get));
  return {
    connection: {
      ...base,
      ...(ssl === undefined ? {} : { ssl }),
      ...{ application_name: "dispatch", connectionTimeoutMillis: 10_000, query_timeout: 10_000, keepAlive: true },
    },
    channels,
    type: flags.type ?? "",
    source: flags.source ?? "",
  };
}

function apart(get: (key: string) => string): ClientConfig {
  const [host, user] = [get("host"), get("username")];
  if (host === "" || user === "")
    throw new UsageError(
      "host or username missing: give the driver a secret with url, or with host, username and password",
    );
  const port = Number(get("port") || 5432);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new UsageError(`port is ${get("port")}: use a number from 1 to 65535`);
  return { host, port, user, password: get("password"), database: get("database") || user };
}

const VERIFIED = ["require", "verify-ca", "verify-full"];

/** As `sslmode` says; without it there is TLS when the secret has something for it. Who is believed by name is verified. @throws UsageError */
function sslOf(mode: string, tls: TlsSettings | undefined): ClientConfig["ssl"] {
  if (mode === "disable") return false;
  if (mode === "no-verify") return { ...tls, rejectUnauthorized: false };
  if (VERIFIED.includes(mode)) return { ...tls };
  if (mode === "") return tls && { ...tls };
  throw new UsageError(
    `sslmode is ${mode}: use verify-full (require and verify-ca mean the same here), no-verify or disable`,
  );
}

/** Its `sslmode` stands apart: the client would forget the certificates because of it. */
function fromUrl(text: string): ClientConfig & { readonly mode: string } {
  const connectionString = checked(text);
  const url = new URL(connectionString);
  const mode = url.searchParams.get("sslmode") ?? "";
  if (mode === "") return { connectionString, mode };
  url.searchParams.delete("sslmode");
  return { connectionString: url.href, mode };
}

function checked(connectionString: string): string {
  if (!/^postgres(?:ql)?:\/\/./.test(connectionString) || !URL.canParse(connectionString))
    throw new UsageError("url is no address of PostgreSQL: write it as postgres://user:password@host:5432/database");
  return connectionString;
}
