/** The HTTP answer that a function shapes itself: `{statusCode, headers, body, isBase64Encoded}` (decision 12). */
import { type Answer, jsonAnswer } from "./answer.ts";

/** What the gateway sets itself, and what would change how the connection is read. */
const reserved = new Set([
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

/** The function's answer is not one that can be sent; the message tells its author why. */
export class BadFunctionResponse extends Error {
  override name = "BadFunctionResponse";
}

type Headers = Record<string, string | readonly string[]>;

/** Says whether an output is meant as an answer: an object with a `statusCode`. */
export function isFunctionResponse(output: unknown): output is { readonly statusCode: unknown } {
  return typeof output === "object" && output !== null && !Array.isArray(output) && Object.hasOwn(output, "statusCode");
}

/** @throws BadFunctionResponse */
export function functionResponse(output: {
  readonly statusCode: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly isBase64Encoded?: unknown;
}): Answer {
  const status = statusCode(output.statusCode);
  const headers = responseHeaders(output.headers ?? {});
  const { body } = output;
  if (body === undefined || body === null || body === "") return { status, headers };
  if (typeof body !== "string") return withOwnHeaders(jsonAnswer(status, body), headers);
  const content = output.isBase64Encoded === true ? Buffer.from(body, "base64") : body;
  return withOwnHeaders({ status, headers: { "Content-Type": "text/plain; charset=utf-8" }, body: content }, headers);
}

function statusCode(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 200 && value <= 599) return value;
  throw new BadFunctionResponse(`statusCode must be a whole number from 200 to 599, but is ${JSON.stringify(value)}`);
}

function responseHeaders(value: unknown): Headers {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new BadFunctionResponse("headers must be an object of header names and values");
  const headers: Headers = Object.create(null);
  for (const [name, content] of Object.entries(value)) {
    if (content === null || content === undefined) continue;
    headers[checkedName(name)] = Array.isArray(content)
      ? content.map((item) => checkedValue(name, item))
      : checkedValue(name, content);
  }
  return headers;
}

function checkedName(name: string): string {
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) throw new BadFunctionResponse(`${JSON.stringify(name)} is no header name`);
  if (reserved.has(name.toLowerCase()))
    throw new BadFunctionResponse(`header ${name} is set by the gateway: leave it out of headers`);
  return name;
}

function checkedValue(name: string, value: unknown): string {
  const text =
    typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "\n";
  // Anything else than printable Latin-1 and tabs would end the header, or be refused by Node in the middle of the answer.
  if (/[^\t\x20-\x7e\x80-\xff]/.test(text))
    throw new BadFunctionResponse(
      `the value of header ${name} must be text without line breaks and control characters`,
    );
  return text;
}

/** The function's own headers win, in whatever case it wrote them. */
function withOwnHeaders(answer: Answer, own: Headers): Answer {
  const named = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  const kept = Object.entries(answer.headers).filter(([name]) => !named.has(name.toLowerCase()));
  return { ...answer, headers: { ...Object.fromEntries(kept), ...own } };
}
