/** Every setting of the server as data: flags, environment, configuration file, help and checks derive from it. */

export type SettingValue = string | number | boolean | readonly string[];

interface Base {
  readonly group: "General" | "API" | "Gateway" | "TLS" | "Functions" | "Limits";
  readonly help: string;
  /** What stands behind the flag in the help. */
  readonly value?: string;
  /** Group of the configuration file besides the top level (server.md 1.1). */
  readonly section?: string;
  /** Never shown: `config` prints that it is set, and nothing more. */
  readonly secret?: true;
}

export type Definition = Base &
  (
    | {
        readonly type: "string";
        readonly default: string;
        readonly choices?: readonly string[];
        /** Words that used to be choices: why they are none here. */
        readonly refused?: Readonly<Record<string, string>>;
      }
    | { readonly type: "number"; readonly default: number; readonly min?: number; readonly max?: number }
    | { readonly type: "boolean"; readonly default: boolean }
    /** Go style, `1m30s`; milliseconds inside. */
    | { readonly type: "duration"; readonly default: string }
    | { readonly type: "list"; readonly default: readonly string[] }
  );

const port = { type: "number", min: 0, max: 65535, value: "PORT" } as const;

export const definitions = {
  "data-dir": {
    group: "General",
    type: "string",
    default: "",
    value: "DIR",
    help: "where everything is kept (default: dispatch in the user's data folder)",
  },
  "db-backend": {
    group: "General",
    type: "string",
    default: "sqlite",
    choices: ["sqlite", "boltdb"],
    refused: { postgres: "name the database itself with --db postgres://user@host/name" },
    value: "NAME",
    help: "database: sqlite, embedded (boltdb, the older name, means the same)",
  },
  db: {
    group: "General",
    type: "string",
    default: "",
    value: "URL",
    help: "a PostgreSQL database, postgres://user@host/name (default: SQLite in the data folder)",
  },
  "db-file": {
    group: "General",
    type: "string",
    default: "",
    value: "FILE",
    help: "database file (default: dispatch.db in the data folder)",
  },
  "audit-anchor": {
    group: "General",
    type: "string",
    default: "",
    value: "FILE",
    help: "append every seal of the audit log to this file, or with the word log to the server's log",
  },
  "audit-archive": {
    group: "General",
    type: "string",
    default: "",
    value: "FOLDER",
    help: "where entries go that are older than keep-audit; audit in the data folder without it",
  },
  debug: { group: "General", type: "boolean", default: false, help: "log debug lines, too" },

  host: { group: "API", type: "string", default: "127.0.0.1", value: "ADDRESS", help: "address of the API" },
  port: { group: "API", ...port, default: 8080, help: "HTTP port of the API; 0 takes a free one" },
  "disable-http": {
    group: "API",
    type: "boolean",
    default: false,
    help: "no plain HTTP; only together with --enable-tls",
  },
  auth: {
    group: "API",
    type: "string",
    default: "",
    choices: ["", "none", "token"],
    value: "KIND",
    help: "none or token (default: none on a loopback address, else token)",
  },
  "allow-origin": {
    group: "API",
    type: "list",
    default: [],
    value: "ORIGIN",
    help: "pages of this origin, such as http://localhost:3000, may call the API under --auth none; repeatable",
  },

  "gateway-host": {
    group: "Gateway",
    type: "string",
    default: "",
    value: "ADDRESS",
    help: "address of the gateway (default: that of the API)",
  },
  "gateway-port": { group: "Gateway", ...port, default: 8081, section: "local", help: "HTTP port of the gateway" },
  "gateway-tls-port": { group: "Gateway", ...port, default: 8444, section: "local", help: "HTTPS port of the gateway" },
  "gateway-organization": {
    group: "Gateway",
    type: "string",
    default: "dispatch-server",
    value: "NAME",
    help: "the organization whose endpoints also answer without its name in the path",
  },
  "gateway-hosts": {
    group: "Gateway",
    type: "list",
    default: [],
    value: "NAME=ORGANIZATION",
    help: "a host name that only this organization's endpoints may use (others are the gateway organization's); repeatable",
  },
  "trusted-proxies": {
    group: "Gateway",
    type: "list",
    default: ["127.0.0.0/8", "::1/128"],
    value: "CIDR",
    help: "proxies whose X-Forwarded headers count",
  },

  "enable-tls": { group: "TLS", type: "boolean", default: false, help: "open the HTTPS listeners of API and gateway" },
  "tls-port": { group: "TLS", ...port, default: 8443, help: "HTTPS port of the API" },
  "tls-certificate": {
    group: "TLS",
    type: "string",
    default: "",
    value: "FILE",
    help: "PEM certificate chain (default: self-signed, made at first start)",
  },
  "tls-certificate-key": {
    group: "TLS",
    type: "string",
    default: "",
    value: "FILE",
    help: "PEM key of the certificate",
  },
  "lets-encrypt-domain": {
    group: "TLS",
    type: "string",
    default: "",
    value: "NAME",
    help: "obtain and renew the certificate of this host name by ACME; wins over --tls-certificate",
  },
  "lets-encrypt-email": {
    group: "TLS",
    type: "string",
    default: "",
    value: "ADDRESS",
    help: "where the certificate authority writes before a certificate expires",
  },
  "lets-encrypt-directory": {
    group: "TLS",
    type: "string",
    default: "https://acme-v02.api.letsencrypt.org/directory",
    value: "URL",
    help: "the ACME directory of the certificate authority",
  },
  "lets-encrypt-ca": {
    group: "TLS",
    type: "string",
    default: "",
    value: "FILE",
    help: "PEM root certificate of a private certificate authority",
  },

  runtime: {
    group: "Functions",
    type: "string",
    default: "process",
    choices: ["process", "docker", "both"],
    value: "KIND",
    help: "where functions run: in sandboxes (process), in containers (docker), or as the base image says (both)",
  },
  "docker-socket": {
    group: "Functions",
    type: "string",
    default: "/var/run/docker.sock",
    value: "FILE",
    help: "the socket of the Docker engine, for --runtime docker and both",
  },
  sandbox: {
    group: "Functions",
    type: "string",
    default: "bubblewrap",
    choices: ["bubblewrap", "none"],
    value: "KIND",
    help: "how functions are locked in: bubblewrap, or none (they run as this user!)",
  },
  "function-network": {
    group: "Functions",
    type: "string",
    default: "isolated",
    choices: ["isolated", "none", "host"],
    value: "KIND",
    help: "network of functions that name none: isolated, none or host",
  },
  "driver-programs": {
    group: "Functions",
    type: "string",
    default: "",
    value: "FOLDER",
    help: "folder of your own event driver programs; a driver type names one by its path",
  },
  "allow-host-network": {
    group: "Functions",
    type: "boolean",
    default: false,
    help: "functions may ask for the host's network",
  },
  "allow-host-service": {
    group: "Functions",
    type: "list",
    default: [],
    value: "HOST:PORT",
    help: "a service of this host that functions reach at the same loopback address; repeatable",
  },
  "server-names": {
    group: "Functions",
    type: "list",
    default: [],
    value: "NAME[:PORT]",
    help: "names and addresses of this server that functions call back by (default: certificate, host name, interfaces)",
  },
  "warm-workers": {
    group: "Functions",
    type: "number",
    default: 2,
    min: 0,
    max: 64,
    value: "N",
    help: "started workers that wait for each image in use",
  },
  "max-workers": {
    group: "Functions",
    type: "number",
    default: 0,
    min: 0,
    max: 10000,
    value: "N",
    help: "workers at once (default: by the machine's memory)",
  },
  "worker-idle-timeout": {
    group: "Functions",
    type: "duration",
    default: "10m",
    value: "TIME",
    help: "after this an idle worker of a function ends",
  },

  "max-body-bytes": {
    group: "Limits",
    type: "number",
    default: 1024 * 1024,
    min: 1024,
    value: "BYTES",
    help: "size of runs, events and gateway requests",
  },
  "max-upload-bytes": {
    group: "Limits",
    type: "number",
    default: 64 * 1024 * 1024,
    min: 1024,
    value: "BYTES",
    help: "size of an uploaded function, encoded",
  },
  "max-source-bytes": {
    group: "Limits",
    type: "number",
    default: 256 * 1024 * 1024,
    min: 1024,
    value: "BYTES",
    help: "size of a function's source, unpacked",
  },
  "max-output-bytes": {
    group: "Limits",
    type: "number",
    default: 6 * 1024 * 1024,
    min: 1024,
    value: "BYTES",
    help: "size of a function's result",
  },
  "max-json-depth": {
    group: "Limits",
    type: "number",
    default: 1000,
    min: 16,
    max: 10_000,
    value: "N",
    help: "levels to which objects and arrays of a request, an event or a result may nest",
  },
  "max-log-bytes": {
    group: "Limits",
    type: "number",
    default: 1024 * 1024,
    min: 1024,
    value: "BYTES",
    help: "size of the logs of a run",
  },
  "keep-runs": {
    group: "Limits",
    type: "duration",
    default: "720h",
    value: "TIME",
    help: "how long runs are kept; 0s is for ever",
  },
  "keep-runs-per-function": {
    group: "Limits",
    type: "number",
    default: 100_000,
    min: 0,
    value: "N",
    help: "the newest so many runs of a function are kept; 0 keeps all",
  },
  "keep-runs-per-organization": {
    group: "Limits",
    type: "number",
    default: 1_000_000,
    min: 0,
    value: "N",
    help: "the newest so many runs of an organization are kept; 0 keeps all",
  },
  "keep-dead-letters": {
    group: "Limits",
    type: "duration",
    default: "720h",
    value: "TIME",
    help: "how long dead letters are kept; 0s is for ever",
  },
  "keep-events": {
    group: "Limits",
    type: "duration",
    default: "168h",
    value: "TIME",
    help: "how long events and the log of their deliveries are kept; 0s is for ever",
  },
  "keep-audit": {
    group: "Limits",
    type: "duration",
    default: "0s",
    value: "TIME",
    help: "how long entries of the audit log stay in the database; older ones go to files first; 0s is for ever",
  },
  "min-free-bytes": {
    group: "Limits",
    type: "number",
    default: 64 * 1024 * 1024,
    min: 0,
    value: "BYTES",
    help: "room on the disk below which new work is refused; 0 refuses none",
  },
  "max-list": {
    group: "Limits",
    type: "number",
    default: 10_000,
    min: 1,
    max: 1_000_000,
    value: "N",
    help: "entries of a list; the header x-dispatch-next-cursor says how to go on",
  },
  "max-queue": {
    group: "Limits",
    type: "number",
    default: 1000,
    min: 1,
    max: 1_000_000,
    value: "N",
    help: "calls that may wait for one function",
  },
  "max-waiting-events": {
    group: "Limits",
    type: "number",
    default: 100_000,
    min: 0,
    value: "N",
    help: "events that may wait for a subscription that is paused or whose function is not there; further ones are dead letters at once; 0 is no bound",
  },
  "max-wait": {
    group: "Limits",
    type: "duration",
    default: "60s",
    value: "TIME",
    help: "how long a call may wait for a worker",
  },
  "max-function-memory": {
    group: "Limits",
    type: "number",
    default: 0,
    min: 0,
    max: 1048576,
    value: "MB",
    help: "memory that a function may ask for (default: that of the machine)",
  },
  "max-function-cpu": {
    group: "Limits",
    type: "number",
    default: 0,
    min: 0,
    max: 4096,
    value: "N",
    help: "processors that a function may ask for (default: those of the machine, at least 4)",
  },
  "max-function-pids": {
    group: "Limits",
    type: "number",
    default: 4096,
    min: 8,
    max: 32768,
    value: "N",
    help: "processes and threads that a function may ask for",
  },
  "max-function-disk": {
    group: "Limits",
    type: "number",
    default: 10240,
    min: 1,
    max: 1048576,
    value: "MB",
    help: "size of /tmp that a function may ask for",
  },
  "max-function-concurrency": {
    group: "Limits",
    type: "number",
    default: 256,
    min: 1,
    max: 4096,
    value: "N",
    help: "workers at once that a function may ask for",
  },
  "max-function-min-warm": {
    group: "Limits",
    type: "number",
    default: 8,
    min: 0,
    max: 4096,
    value: "N",
    help: "workers that a function may keep although nobody calls (minWarm)",
  },
  "max-function-timeout": {
    group: "Limits",
    type: "duration",
    default: "0s",
    value: "TIME",
    help: "longest time-out of a function, and that of those that name none; 0s is no bound",
  },
  "stop-grace": {
    group: "Limits",
    type: "duration",
    default: "15s",
    value: "TIME",
    help: "how long running calls may take to end when the server stops",
  },
} as const satisfies Readonly<Record<string, Definition>>;

export type SettingName = keyof typeof definitions;

type ValueOf<D extends Definition> = D extends { type: "number" | "duration" }
  ? number
  : D extends { type: "boolean" }
    ? boolean
    : D extends { type: "list" }
      ? readonly string[]
      : string;

/** The settings in force; durations in milliseconds. */
export type Settings = { readonly [N in SettingName]: ValueOf<(typeof definitions)[N]> };
