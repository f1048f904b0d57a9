/** One context of the configuration file; the keys and their order are the file's (cli-and-runtimes.md 1.1). */
export interface ContextSettings {
  readonly host?: string;
  readonly port?: number;
  readonly scheme?: string;
  readonly organization?: string;
  readonly cookie?: string;
  readonly insecure?: boolean;
  readonly namespace?: string;
  readonly "api-https-port"?: number;
  readonly "api-http-port"?: number;
  readonly serviceaccount?: string;
  readonly jwtprivatekey?: string;
  /** Read when present, written only by `login --token`. */
  readonly token?: string;
  readonly json?: boolean;
  readonly output?: string;
}

const strings = [
  "host",
  "scheme",
  "organization",
  "cookie",
  "namespace",
  "serviceaccount",
  "jwtprivatekey",
  "token",
  "output",
];
const numbers = ["port", "api-https-port", "api-http-port"];
const booleans = ["insecure", "json"];

/** The order in which a context is written. */
const writtenKeys = [
  "host",
  "port",
  "scheme",
  "organization",
  "cookie",
  "insecure",
  "namespace",
  "api-https-port",
  "api-http-port",
  "serviceaccount",
  "jwtprivatekey",
  "token",
] as const;

const alwaysWritten: ReadonlySet<string> = new Set(["host", "port", "scheme", "organization", "cookie", "insecure"]);

/** Picks the contexts out of a parsed file; keys count in any letter case. @throws Error when it has another form. */
export function readContexts(parsed: unknown): { current: string; contexts: Record<string, ContextSettings> } {
  const root = lowerKeys(parsed, "the file");
  const named = root.contexts === undefined ? {} : lowerKeys(root.contexts, '"contexts"');
  const contexts: Record<string, ContextSettings> = {};
  for (const [name, value] of Object.entries(named)) contexts[name] = readContext(name, value);
  return { current: typeof root.current === "string" ? root.current.toLowerCase() : "", contexts };
}

/** What of a context is written, in order, the optional keys only when they say something. */
export function writtenContext(context: ContextSettings): Record<string, unknown> {
  const entries = writtenKeys
    .map((key) => [key, context[key]] as const)
    .filter(([key, value]) => value !== undefined && (alwaysWritten.has(key) || Boolean(value)));
  return Object.fromEntries(entries);
}

function readContext(name: string, value: unknown): ContextSettings {
  const given = lowerKeys(value, `context "${name}"`);
  const context: Record<string, unknown> = {};
  for (const key of strings) if (typeof given[key] === "string") context[key] = given[key];
  for (const key of booleans) if (given[key] !== undefined) context[key] = given[key] === true || given[key] === "true";
  for (const key of numbers) if (given[key] !== undefined) context[key] = port(name, key, given[key]);
  return context;
}

function port(context: string, key: string, value: unknown): number {
  const number = typeof value === "string" ? Number(value || Number.NaN) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= 0 && number < 65536) return number;
  throw new Error(`"${key}" of context "${context}" must be a port number`);
}

function lowerKeys(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`${what} must be an object`);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key.toLowerCase(), item]));
}
