/** The HTTP side of a driver that is called from outside: on the socket that it inherits (decisions 21). */
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { UsageError } from "./flags.ts";
import { TokenError } from "./gateway.ts";

export interface Received {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The one value of a header. */
  headerOf(name: string): string | undefined;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Goes as JSON. */
  readonly body?: object;
}

/** The request is not one that can be taken: the caller is told why. */
export class Refused extends Error {
  override name = "Refused";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const INHERITED = 3;
/** The gateway lets less through. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Rejects when nothing more can be taken. `ready` is called once it listens. @throws UsageError when nobody can call it */
export async function receive(
  handle: (request: Received) => Promise<Reply>,
  ready: () => Promise<void>,
): Promise<never> {
  if (process.env.LISTEN_FDS !== "1")
    throw new UsageError("this driver is called from outside: make its type with --expose (expose: true)");
  return new Promise((_, reject) => {
    const server = createServer(async (request, response) => {
      const { status, headers = {}, body } = await answerTo(handle, request, reject);
      const text = body === undefined ? "" : JSON.stringify(body);
      response.writeHead(status, { ...(body && { "Content-Type": "application/json" }), ...headers });
      response.end(text);
    });
    server.on("error", reject);
    server.listen({ fd: INHERITED }, () => void ready().catch(reject));
  });
}

async function answerTo(
  handle: (request: Received) => Promise<Reply>,
  request: IncomingMessage,
  end: (error: unknown) => void,
): Promise<Reply> {
  try {
    return await handle(await readRequest(request));
  } catch (error) {
    if (error instanceof Refused) return { status: error.status, body: { message: error.message } };
    if (error instanceof TokenError) end(error);
    else console.error(error instanceof Error ? error.message : String(error));
    return {
      status: 503,
      headers: { "Retry-After": "5" },
      body: { message: "the event cannot be taken now: try again" },
    };
  }
}

async function readRequest(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new Refused(413, `the body has more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  const { method = "GET", url = "/", headers, headersDistinct } = request;
  const headerOf = (name: string): string | undefined => {
    const values = headersDistinct[name] ?? [];
    return values.length === 1 ? values[0] : undefined;
  };
  const query = new URLSearchParams(url.slice(url.indexOf("?") + 1 || url.length));
  return { method, query, headers, body: Buffer.concat(chunks), headerOf };
}
