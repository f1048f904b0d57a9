/** The load generator: keep-alive connections that each send one request at a time, until a fixed number was answered. */
import { connect, type Socket } from "node:net";
import { AnswerReader } from "./http-answer.ts";

export interface Request {
  /** `http://127.0.0.1:8080/v1/runs` */
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body, or what makes it from the number of the request (from 0 on) at the moment when it is sent. */
  readonly body?: string | ((index: number) => string);
  /** The status of a good answer; 200 when it is left out. */
  readonly status?: number;
  /** Milliseconds from an answer to the next request over the same connection; none without. */
  readonly pause?: number;
}

export interface LoadResult {
  /** Milliseconds of every request. */
  readonly latencies: Float64Array;
  readonly seconds: number;
  /** Answers with another status. */
  readonly errors: number;
}

/** Sends the request `count` times over `clients` connections. @throws Error when a connection breaks. */
export async function load(request: Request, clients: number, count: number): Promise<LoadResult> {
  const { port, hostname } = new URL(request.url);
  const bytesOf = requestBytes(request);
  const latencies = new Float64Array(count);
  const sockets = await Promise.all(Array.from({ length: clients }, () => open(Number(port), hostname)));
  const begun = performance.now();
  const counter = { sent: 0, answered: 0, errors: 0 };
  try {
    await Promise.all(sockets.map((socket) => client(socket, bytesOf, latencies, counter, request)));
    return { latencies, seconds: (performance.now() - begun) / 1000, errors: counter.errors };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

interface Counter {
  sent: number;
  answered: number;
  errors: number;
}

/** One connection: resolves when no request is left to send and its own are answered. */
function client(
  socket: Socket,
  bytesOf: BytesOf,
  latencies: Float64Array,
  counter: Counter,
  { status: good = 200, pause = 0 }: Request,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let sentAt = 0;
    const next = (): void => {
      if (counter.sent === latencies.length) {
        resolve();
        return;
      }
      const bytes = bytesOf(counter.sent++);
      sentAt = performance.now();
      socket.write(bytes);
    };
    const reader = new AnswerReader((status) => {
      latencies[counter.answered++] = performance.now() - sentAt;
      if (status !== good) counter.errors++;
      if (pause === 0) next();
      else setTimeout(next, pause);
    });
    socket.on("data", (chunk: Buffer) => reader.feed(chunk));
    socket.once("error", reject);
    socket.once("end", () => reject(new Error("the server closed a connection")));
    next();
  });
}

function open(port: number, host: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host, noDelay: true }, () => resolve(socket));
    socket.once("error", reject);
  });
}

type BytesOf = (index: number) => Buffer;

function requestBytes({ url, method = "POST", headers = {}, body = "" }: Request): BytesOf {
  const { host, pathname, search } = new URL(url);
  const lines = [
    `${method} ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  const head = lines.join("\r\n");
  const bytes = (text: string): Buffer =>
    Buffer.from(`${head}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  if (typeof body === "function") return (index) => bytes(body(index));
  const same = bytes(body);
  return () => same;
}
