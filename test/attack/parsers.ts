/** Every parser that a stranger's bytes reach, each with the shapes that are worst for it. */
import { generateKeyPairSync } from "node:crypto";
import { gzipSync } from "node:zlib";
import { Header } from "tar";
import { typescript } from "../../src/adapters/languages/typescript.ts";
import { readEvent } from "../../src/core/cloud-events/cloud-event.ts";
import { bundleOf } from "../../src/core/functions/source-upload.ts";
import { verifyToken } from "../../src/core/iam/bearer-token.ts";
import { judgeForwarded } from "../../src/core/iam/forward-auth.ts";
import { runOperations } from "../../src/core/runs/contract.ts";
import { refuseDeep } from "../../src/core/shared/json-depth.ts";
import { elementTexts, endOfValue, memberText, parseBody, repeatedName } from "../../src/core/shared/json-text.ts";
import { passwords, verifyBasic } from "../../src/front/gateway/authentication/basic.ts";
import { bearerToken } from "../../src/front/gateway/authentication/bearer.ts";
import { verifySlackSignature } from "../../src/front/gateway/authentication/slack.ts";
import { contentOf } from "../../src/front/gateway/content-encoding.ts";
import { functionResponse } from "../../src/front/gateway/function-response.ts";
import { httpContext } from "../../src/front/gateway/http-context.ts";
import { readInput } from "../../src/front/gateway/input.ts";
import { requestFacts } from "../../src/front/gateway/request-facts.ts";
import { isSslCheckForm, isSslCheckQuery } from "../../src/front/gateway/slack-requests.ts";
import { loopback, trustedProxies } from "../../src/front/gateway/trusted-proxies.ts";
import { authenticate, refuseForeignPages } from "../../src/front/http/access.ts";
import { bodyText } from "../../src/front/http/body-text.ts";
import { bodyValidator, parameterValidator } from "../../src/front/http/validate.ts";
import { type Budget, document } from "./parser-budgets.ts";

/** A body, and a head of a request: the limits of the listeners. */
const BODY = 1024 * 1024;
const HEAD = 1024 * 1024;

type Shape = (bytes: number) => string;

/** A piece over and over. */
function many(piece: string, before = "", behind = ""): Shape {
  return (bytes) => before + piece.repeat(Math.max(1, Math.floor((bytes - before.length) / piece.length))) + behind;
}

const keys: Shape = (bytes) => `{${Array.from({ length: bytes / 10 }, (_, index) => `"${index}":0`).join(",")}}`;

const forms = {
  "names alone": many("a&"),
  "empty fields": many("&"),
  pairs: many("a=1&"),
  "nothing but equals signs": many("="),
  "many equals signs": many("=&="),
  "one long value": many("x", "a="),
  escapes: many("%41", "a="),
  "long characters, escaped": many("%e2%82%ac", "a="),
  "broken escapes": many("%", "a="),
  blanks: many("+", "a="),
  "escapes that are no text": many("%ff", "a="),
};

const input =
  (contentType: string, method = "POST") =>
  (text: string) =>
    readInput({ method, query: "", contentType, body: Buffer.from(text), anyType: false, maxJsonDepth: 1000 });

const json = {
  ordinary: document,
  "opening brackets": many("["),
  "nested objects": many('{"a":'),
  "closed nesting": (bytes: number) => "[".repeat(bytes / 2) + "]".repeat(bytes / 2),
  "escaped quotes": many('\\"', '{"'),
  backslashes: many("\\", '{"'),
  "a long number": many("1"),
  "something behind": many("x", "{}"),
  "values behind": many('{"a":1}'),
  blanks: many(" ", "", "1"),
  "many members": (bytes: number) => `{${Array.from({ length: bytes / 12 }, (_, at) => `"k${at}":${at}`).join(",")}}`,
  "empty strings": many('"",', "[", '""]'),
};

const part = 'Content-Disposition: form-data; name="a"';
const multipart = {
  "many parts": many(`--b\r\n${part}\r\n\r\n1\r\n`),
  "parts without end": many("--b\r\n"),
  "almost boundaries": many("\r\n--bb", `--bbb\r\n${part}\r\n\r\n`),
  "line breaks": many("\r\n", `--b\r\n${part}\r\n\r\n`),
  "half line breaks": many("\r", `--b\r\n${part}\r\n\r\n`),
  "many headers": many("X: y\r\n", "--b\r\n"),
  "a long header": many("x", "--b\r\nX: "),
  "quotes in a name": many('\\"', '--b\r\nContent-Disposition: form-data; name="', '"\r\n\r\n1\r\n--b--'),
  "parameters of a part": many(";a=b", "--b\r\nContent-Disposition: form-data", "\r\n\r\n1\r\n--b--"),
  "one large field": many("x", `--b\r\n${part}\r\n\r\n`, "\r\n--b--"),
};

const typescriptSources = {
  constructors: many("constructor("),
  "open brackets": many("("),
  "commas and blanks": many(", "),
  blanks: many(" ", "("),
  "blank lines": many("\n"),
  "lines with a word": many("private x;\n"),
  "a long line with a word": many("a", "private "),
  words: many("enum "),
  "members on one line": many("private "),
  "at signs": many(" @"),
  "imported names": many("import a"),
  "open angles": many("=<a"),
  "one open angle": many("a", "return <"),
};

const lines = {
  "one letter": many("a"),
  blanks: many(" ", "Basic ", "!"),
  commas: many(","),
  addresses: many("127.0.0.1,"),
  "long addresses": many("::1,"),
  colons: many(":"),
  brackets: many("["),
  digits: many("1", "127.0.0.1:", "x"),
  slashes: many("/"),
  dots: many("../", "/"),
  escapes: many("%2f", "/"),
  semicolons: many("; "),
  "broken escapes": many("%", "/"),
  base64: many("A", "Basic "),
  token: many("a", "Bearer "),
};

const proxies = trustedProxies(loopback);

function factsOf(url: string, headers: Record<string, string>) {
  const request = { url, method: "GET", headers, socket: { remoteAddress: "127.0.0.1" } };
  return requestFacts(request as unknown as Parameters<typeof requestFacts>[0], proxies);
}

const endpoint = { authentication: "public", functionName: "f", rawBody: false } as const;
const facts = factsOf("/", { host: "x" });

const rules = {
  auth: "none",
  loopbackOnly: true,
  origins: new Set<string>(),
  isAdministrator: () => false,
  runOf: () => undefined,
  accountOf: async () => Promise.reject(new Error("nobody")),
} as unknown as Parameters<typeof authenticate>[0];

const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const claims = (text: string) => Buffer.from(text).toString("base64url");
const head = claims('{"alg":"RS256"}');

const tokens = {
  dots: many("."),
  "a long signature": many("A", `${head}.${claims('{"iss":"a/b","exp":9999999999}')}.`),
  "a long payload": (bytes: number) => `${head}.${claims(`{"iss":"${"a/".repeat(bytes / 3)}"}`)}.AA`,
  "a deep payload": (bytes: number) => `${head}.${claims("[".repeat(bytes / 2))}.AA`,
  "a long head": (bytes: number) => `${claims(`{"alg":"${"R".repeat(bytes / 2)}"}`)}.e30.AA`,
};

const block = (path: string, size = 0, type: "File" | "ExtendedHeader" = "File"): Buffer => {
  const header = new Header({ path, size, type, mode: 0o644, mtime: new Date(0) });
  header.encode();
  return header.block ?? Buffer.alloc(0);
};
const packed = (...pieces: Buffer[]) => gzipSync(Buffer.concat(pieces), { level: 1 }).toString("base64");
const file = Buffer.concat([block("a.js", 1), Buffer.alloc(512, "x")]);
const blocks = (bytes: number, make: (at: number) => Buffer) =>
  Buffer.concat(Array.from({ length: Math.min(9000, bytes / 512) }, (_, at) => make(at)));

/** By the bytes that they unpack to. */
const archives = {
  "zeros behind the end": (bytes: number) => packed(file, Buffer.alloc(1024 + bytes)),
  "zeros up to what is allowed": (bytes: number) => packed(file, Buffer.alloc(1024 + bytes / 8)),
  "one large file": (bytes: number) => packed(block("a.js", bytes), Buffer.alloc(bytes, "x")),
  "empty files": (bytes: number) => packed(blocks(bytes, (at) => block(`${at}.js`))),
  "deep paths": (bytes: number) => packed(blocks(bytes, (at) => block(`${"a/".repeat(40)}${at}`))),
  "extended headers": (bytes: number) =>
    packed(blocks(bytes / 2, () => Buffer.concat([block("x", 512, "ExtendedHeader"), Buffer.alloc(512, "6 a=b\n")]))),
  "one large extended header": (bytes: number) =>
    packed(block("x", bytes / 8, "ExtendedHeader"), Buffer.alloc(bytes / 8, "6 a=b\n")),
  "padding without text": (bytes: number) => `${"=".repeat(bytes)}A`,
  "line breaks in base64": (bytes: number) => packed(file, Buffer.alloc(1024)) + "\r\n".repeat(bytes / 2),
};

const bombs = {
  gzip: (bytes: number) => gzipSync(Buffer.alloc(bytes * 100)).toString("latin1"),
  "many members": (bytes: number) =>
    gzipSync("")
      .toString("latin1")
      .repeat(bytes / 20),
};

const validateRun = bodyValidator(runOperations.createRun.body);
const validateLimit = parameterValidator("limit", "query", { type: "integer" });
const validateName = parameterValidator("name", "path", { type: "string", pattern: "^[\\w\\d\\-]+$" });

const runs = {
  ordinary: (bytes: number) => `{"input":${document(bytes)}}`,
  "wrong secrets": many("1,", '{"secrets":[', "1]}"),
  "wrong tags": many('{"key":1},', '{"tags":[', "1]}"),
  "unknown members": (bytes: number) =>
    `{${Array.from({ length: bytes / 12 }, (_, at) => `"k${at}":${at}`).join(",")}}`,
  "a member in capitals": many('"INPUT":1,', "{", '"x":1}'),
};

const signature = { timestamp: "1", signature: `v0=${"0".repeat(64)}` };

export const parsers: readonly Budget[] = [
  {
    name: "query",
    largest: HEAD,
    shapes: forms,
    read: (query) =>
      readInput({
        method: "GET",
        query,
        contentType: undefined,
        body: Buffer.alloc(0),
        anyType: false,
        maxJsonDepth: 1000,
      }),
  },
  { name: "urlencoded form", largest: BODY, shapes: forms, read: input("application/x-www-form-urlencoded") },
  {
    name: "form in Latin-1",
    largest: BODY,
    shapes: forms,
    read: input("application/x-www-form-urlencoded; charset=iso-8859-1"),
  },
  { name: "multipart form", largest: BODY, shapes: multipart, read: input("multipart/form-data; boundary=b") },
  {
    name: "multipart form with a long boundary",
    largest: BODY,
    shapes: { ...multipart, "almost boundaries": many(`\r\n--${"b".repeat(69)}`) },
    read: input(`multipart/form-data; boundary=${"b".repeat(900)}`),
  },
  { name: "JSON body", json: true, largest: BODY, shapes: json, read: input("application/json") },
  {
    name: "JSON in UTF-16",
    largest: BODY,
    shapes: { ordinary: document },
    read: (text) =>
      readInput({
        method: "POST",
        query: "",
        contentType: "application/json; charset=utf-16le",
        body: Buffer.from(text, "utf16le"),
        anyType: false,
        maxJsonDepth: 1000,
      }),
  },
  {
    name: "content type",
    largest: HEAD,
    shapes: lines,
    read: (type) =>
      readInput({
        method: "POST",
        query: "",
        contentType: type,
        body: Buffer.from("x"),
        anyType: true,
        maxJsonDepth: 1000,
      }),
  },
  {
    name: "compressed body",
    largest: BODY,
    shapes: bombs,
    read: (body) => contentOf("gzip", Buffer.from(body, "latin1"), BODY),
    offThread: true,
  },
  {
    name: "body of the API",
    json: true,
    largest: BODY,
    shapes: json,
    read: (text) => {
      const body = bodyText({ "content-type": "application/json" }, Buffer.from(text));
      refuseDeep(body, 1000, "the body");
      return parseBody(body);
    },
  },
  { name: "keys of a body", largest: BODY, shapes: { ordinary: document, "many keys": keys }, read: repeatedName },
  { name: "members of a body", largest: BODY, shapes: json, read: (text) => memberText(text, "input") },
  { name: "elements of a batch", largest: BODY, shapes: json, read: (text) => elementTexts(text) },
  {
    name: "TypeScript of a function",
    largest: 2 * BODY,
    shapes: typescriptSources,
    read: (text) => typescript.isNeeded?.([{ path: "a.ts", mode: 0o644, bytes: Buffer.from(text) }]),
  },
  { name: "end of a value", largest: BODY, shapes: json, read: (text) => endOfValue(text, 0) },
  { name: "fields of a run", json: true, largest: BODY, shapes: runs, read: (text) => validateRun(JSON.parse(text)) },
  {
    name: "event",
    largest: BODY,
    shapes: json,
    read: (text) => readEvent({ eventType: "a", cloudEventsVersion: "0.1", source: "s" }, text),
  },
  {
    name: "number in a query",
    largest: HEAD,
    shapes: { digits: many("1"), minus: many("-") },
    read: (text) => validateLimit(text),
  },
  { name: "name in a path", largest: HEAD, shapes: lines, read: (text) => validateName(text) },
  { name: "request line", largest: HEAD, shapes: { ...lines, ...forms }, read: (url) => factsOf(url, { host: "x" }) },
  { name: "host", largest: HEAD, shapes: lines, read: (host) => factsOf("/", { host }) },
  {
    name: "forwarded headers",
    largest: HEAD,
    shapes: lines,
    read: (way) => factsOf("/", { host: "x", "x-forwarded-for": way, "x-forwarded-proto": way }),
  },
  {
    name: "headers for the function",
    largest: HEAD,
    shapes: lines,
    read: (text) =>
      httpContext(facts, { authorization: text, [text]: "a", cookie: text }, "1.1", endpoint, Buffer.alloc(0)),
  },
  { name: "password", largest: HEAD, shapes: lines, read: (text) => verifyBasic(text, passwords({ a: "b" })) },
  { name: "bearer header", largest: HEAD, shapes: lines, read: bearerToken },
  {
    name: "JSON web token",
    largest: HEAD,
    shapes: tokens,
    read: (token) => verifyToken(token, () => publicKey, Date.now()),
  },
  {
    name: "caller of the API",
    largest: HEAD,
    shapes: lines,
    read: (text) => authenticate(rules, { authorization: text, cookie: text }),
  },
  {
    name: "page that calls",
    largest: HEAD,
    shapes: lines,
    read: (text) => {
      refuseForeignPages(rules, { host: "localhost", origin: text });
      refuseForeignPages(rules, { host: text });
    },
  },
  {
    name: "request behind a login proxy",
    largest: HEAD,
    shapes: lines,
    read: (path) =>
      judgeForwarded(
        { permits: () => true } as unknown as Parameters<typeof judgeForwarded>[0],
        { kind: "administrator", id: "a", organization: "a", via: "rest" },
        { method: "GET", path, organization: "" },
      ),
  },
  {
    name: "Slack's certificate check",
    largest: BODY,
    shapes: forms,
    read: (text) => [
      isSslCheckQuery("GET", `ssl_check&${text}`),
      isSslCheckForm("application/x-www-form-urlencoded", Buffer.from(text)),
    ],
  },
  {
    name: "Slack's signature",
    largest: BODY,
    shapes: { ordinary: document, zeros: many("0") },
    read: (text) => [
      verifySlackSignature(signature, Buffer.from(text), ["s"], 1000),
      verifySlackSignature({ timestamp: text, signature: text }, Buffer.alloc(0), ["s"], 1000),
    ],
  },
  {
    name: "upload",
    largest: 16 * 1024 * 1024,
    shapes: archives,
    read: (text) => bundleOf(text, { unpackedBytes: 256 * 1024 * 1024, entries: 10_000 }),
    offThread: true,
  },
  {
    name: "answer of a function",
    largest: BODY,
    shapes: { base64: many("A"), "base64 with an end": many("=", "A"), "line breaks": many("\r\n") },
    read: (body) => functionResponse({ statusCode: 200, body, isBase64Encoded: true }),
  },
];
