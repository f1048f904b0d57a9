/** For tests: the command line in this process, and an HTTP server that answers with recorded answers. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { runCli } from "./cli.ts";

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CallOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly signal?: AbortSignal;
  /** The machine's clock; the right time without. */
  readonly now?: () => number;
}

/** Runs one call; HOME is an empty folder unless `env` says otherwise. */
export async function call(words: readonly string[], options: CallOptions = {}): Promise<Outcome> {
  const written = { stdout: "", stderr: "" };
  const into = (stream: keyof typeof written) => (text: string) => {
    written[stream] += text;
  };
  const status = await runCli(words, {
    stdout: into("stdout"),
    stderr: into("stderr"),
    replaceLine: into("stderr"),
    stdin: async () => options.stdin ?? "",
    lines: async function* () {
      yield* (options.stdin ?? "").split("\n").slice(0, -1);
    },
    env: { HOME: options.env?.HOME ?? temporaryFolder({}), ...options.env },
    cwd: options.cwd ?? temporaryFolder({}),
    stderrIsTerminal: false,
    signal: options.signal ?? new AbortController().signal,
    now: options.now ?? Date.now,
  });
  return { status, ...written };
}

/** A folder with these files, removed after the test. */
export function temporaryFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "dispatch-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

export interface RecordedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  /** The server's end of the connection. */
  readonly local: { readonly address: string | undefined; readonly port: number | undefined };
  readonly body: unknown;
  /** The body as it was sent. */
  readonly text: string;
}

export interface RecordedAnswer {
  readonly status: number;
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
}

export type Answering = (request: RecordedRequest) => RecordedAnswer;

/** Starts a server on a free port of the loopback; `env` makes the command line talk to it. */
export async function recordedServer(answer: Answering) {
  const requests: RecordedRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const request = await recorded(incoming);
    requests.push(request);
    const { status, body } = answer(request);
    outgoing.writeHead(status, body === undefined ? {} : { "Content-Type": "application/json" });
    outgoing.end(typeof body === "string" || body === undefined ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.address() as AddressInfo;
  return { requests, port, env: { DISPATCH_PORT: String(port) } };
}

/** Answers by `METHOD path` (without query); anything else is 404. */
export function routes(table: Readonly<Record<string, RecordedAnswer>>): Answering {
  return ({ method, url }) => {
    const path = url.split("?")[0] ?? "";
    return table[`${method} ${path}`] ?? { status: 404, body: { code: 404, message: "resource does not exist" } };
  };
}

async function recorded(incoming: IncomingMessage): Promise<RecordedRequest> {
  const text = await textOf(incoming);
  const body: unknown = text === "" ? undefined : JSON.parse(text);
  const { localAddress: address, localPort: port } = incoming.socket;
  const local = { address, port };
  return { method: incoming.method ?? "", url: incoming.url ?? "", headers: incoming.headers, local, body, text };
}
