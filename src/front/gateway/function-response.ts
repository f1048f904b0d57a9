/**
 * The HTTP answer that a function shapes itself: `{statusCode, headers, multiValueHeaders, cookies, body, isBase64Encoded}`,
 * as adapters of web frameworks make it for other platforms (decision 12).
 */
import { type Answer, jsonAnswer } from "./answer.ts";
import { encoded } from "./encode-text.ts";

/** What the gateway sets itself, and what would change how the connection is read: left out, as frameworks always set some. */
const dropped = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-authenticate",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "x-dispatch-run-id",
]);

/** Of several spellings of one name all values are sent, except where HTTP allows one: there the last counts. */
const single = new Set([
  ...["age", "content-disposition", "content-encoding", "content-language", "content-location", "content-range"],
  ...["content-type", "date", "etag", "expires", "last-modified", "location", "retry-after", "server"],
]);

/** The function's answer is not one that can be sent; the message tells its author why. */
export class BadFunctionResponse extends Error {
  override name = "BadFunctionResponse";
}

type Headers = Record<string, string | readonly string[]>;

/** Says whether an output is meant as an answer: an object with a `statusCode`. */
export function isFunctionResponse(output: unknown): output is { readonly statusCode: unknown } {
  return typeof output === "object" && output !== null && !Array.isArray(output) && Object.hasOwn(output, "statusCode");
}

interface FunctionResponse {
  readonly statusCode: unknown;
  readonly headers?: unknown;
  readonly multiValueHeaders?: unknown;
  readonly cookies?: unknown;
  readonly body?: unknown;
  readonly isBase64Encoded?: unknown;
}

/** @throws BadFunctionResponse */
export function functionResponse(output: FunctionResponse): Answer {
  const status = statusCode(output.statusCode);
  const headers = responseHeaders(output);
  const { body } = output;
  if (body === undefined || body === null || body === "") return { status, headers };
  if (output.isBase64Encoded === true) return { status, headers: withType(headers, BYTES), body: bytesOf(body) };
  if (typeof body !== "string") return encoded(withOwnHeaders(jsonAnswer(status, body), headers));
  return encoded({ status, headers: withType(headers, "text/plain; charset=utf-8"), body });
}

const BYTES = "application/octet-stream";

/** Node's decoder skips what does not belong, in silence. */
function bytesOf(text: unknown): Buffer {
  const isText = typeof text === "string" && /^[A-Za-z0-9+/\-_\r\n]*={0,2}[\r\n]*$/.test(text);
  // One letter behind groups of four holds six bits, which are no byte.
  if (!isText || text.replace(/[\r\n=]/g, "").length % 4 === 1)
    throw new BadFunctionResponse("isBase64Encoded is true, so body must be base64 text");
  return Buffer.from(text, "base64");
}

/** As text, too: other platforms take `"200"`. */
function statusCode(given: unknown): number {
  const value = typeof given === "string" && /^\d{3}$/.test(given) ? Number(given) : given;
  if (typeof value === "number" && Number.isInteger(value) && value >= 200 && value <= 599) return value;
  throw new BadFunctionResponse(`statusCode must be a whole number from 200 to 599, but is ${JSON.stringify(given)}`);
}

/** Those of `multiValueHeaders` replace those of `headers`; each cookie is a Set-Cookie header more. */
function responseHeaders({ headers, multiValueHeaders, cookies }: FunctionResponse): Headers {
  const multiple = headerValues("multiValueHeaders", multiValueHeaders);
  const merged = new Map([...headerValues("headers", headers), ...multiple]);
  if (cookies !== undefined && cookies !== null) {
    if (!Array.isArray(cookies)) throw new BadFunctionResponse("cookies must be a list of texts");
    const given = cookies.map((cookie) => checkedValue("set-cookie", cookie));
    const known = merged.get("set-cookie");
    merged.set("set-cookie", { name: known?.name ?? "Set-Cookie", values: [...(known?.values ?? []), ...given] });
  }
  const sent: Headers = Object.create(null);
  for (const { name, values } of merged.values()) if (values.length > 0) sent[name] = oneOrMany(values);
  return sent;
}

interface HeaderValues {
  /** As the function spelt it first. */
  readonly name: string;
  readonly values: readonly string[];
}

/** By lower-case name. */
function headerValues(member: string, value: unknown): Map<string, HeaderValues> {
  const found = new Map<string, HeaderValues>();
  if (value === undefined || value === null) return found;
  if (typeof value !== "object" || Array.isArray(value))
    throw new BadFunctionResponse(`${member} must be an object of header names and values`);
  for (const [name, content] of Object.entries(value)) {
    const key = checkedName(name).toLowerCase();
    if (content === null || content === undefined || dropped.has(key)) continue;
    const given = [content].flat().map((item) => checkedValue(name, item));
    const values = single.has(key) ? given.slice(-1) : given;
    const before = single.has(key) ? [] : (found.get(key)?.values ?? []);
    found.set(key, { name: found.get(key)?.name ?? name, values: [...before, ...values] });
  }
  return found;
}

function oneOrMany(values: readonly string[]): string | readonly string[] {
  const [only] = values;
  return values.length === 1 && only !== undefined ? only : values;
}

function checkedName(name: string): string {
  if (/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return name;
  throw new BadFunctionResponse(`${JSON.stringify(name)} is no header name`);
}

function checkedValue(name: string, value: unknown): string {
  const text =
    typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "\n";
  // Anything else than printable Latin-1 and tabs would end the header, or be refused by Node in the middle of the answer.
  if (/[^\t\x20-\x7e\x80-\xff]/.test(text))
    throw new BadFunctionResponse(
      `the value of header ${name} must be text of printable Latin-1 characters, without line breaks`,
    );
  return text;
}

function withType(headers: Headers, type: string): Headers {
  const isTyped = Object.keys(headers).some((name) => name.toLowerCase() === "content-type");
  return isTyped ? headers : { "Content-Type": type, ...headers };
}

/** The function's own headers win, in whatever case it wrote them. */
function withOwnHeaders(answer: Answer, own: Headers): Answer {
  const named = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  const kept = Object.entries(answer.headers).filter(([name]) => !named.has(name.toLowerCase()));
  return { ...answer, headers: { ...Object.fromEntries(kept), ...own } };
}
