/**
 * How long a request may take. node:http gives each request the same time, but a large upload on a slow line needs more: it
 * may go on as long as enough bytes arrive. One that is slower is cut off, because others wait for its place.
 */
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

export interface UploadPace {
  /** Milliseconds before the pace is checked. */
  readonly grace: number;
  /** Bytes a second that must come after that, on average: 64 MB then have 17 minutes. */
  readonly rate: number;
  /** Milliseconds between two checks. */
  readonly every: number;
}

const UPLOAD: UploadPace = { grace: 30_000, rate: 64 * 1024, every: 5_000 };

/** Connections that may take longer than others. */
const patient = new WeakSet<Duplex>();

/** The request may wait for its turn, unread; its time is counted from `expectUpload` on. */
export function holdUpload({ socket }: IncomingMessage, response: ServerResponse): void {
  patient.add(socket);
  response.once("close", () => patient.delete(socket));
}

/** Its body is read from now on: checks its pace. */
export function expectUpload(request: IncomingMessage, { grace, rate, every }: UploadPace = UPLOAD): void {
  const { socket } = request;
  const since = performance.now();
  const before = socket.bytesRead;
  const look = setInterval(() => {
    const due = ((performance.now() - since - grace) / 1000) * rate;
    if (due > 0 && socket.bytesRead - before < due) cutOff(socket, tooSlow);
  }, every);
  const end = (): void => clearInterval(look);
  request.once("end", end).once("close", end);
}

interface Refused {
  readonly code: number;
  readonly message: string;
}

const tooSlow: Refused = { code: 408, message: "the request took too long to arrive: send it at once" };

const refusals: Readonly<Record<string, Refused>> = {
  HPE_HEADER_OVERFLOW: { code: 431, message: "the headers of the request are too long or too many: send fewer" },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    code: 413,
    message: "the extensions of a chunk are too long: send chunks without them",
  },
  ERR_HTTP_REQUEST_TIMEOUT: tooSlow,
};

/** Ends connections that send no HTTP or take too long, as node:http does, except those that may take longer. */
export function keepPatience(server: Server): void {
  server.on("clientError", ({ code = "", reason }: ParseError, socket) => {
    if (code === "ERR_HTTP_REQUEST_TIMEOUT" && patient.has(socket)) return;
    cutOff(
      socket,
      refusals[code] ?? { code: 400, message: `the request is not HTTP/1.1: ${reason ?? "it broke off"}` },
    );
  });
}

/** What the parser says; its reason is one of its own sentences. */
interface ParseError extends NodeJS.ErrnoException {
  readonly reason?: string;
}

/** Says why, unless another answer has begun already. */
function cutOff(socket: Duplex & { _httpMessage?: ServerResponse | null }, refused: Refused): void {
  const isAnswered = socket._httpMessage?.headersSent === true;
  if (socket.writable && !isAnswered) socket.write(answerOf(refused));
  socket.destroy();
}

function answerOf(refused: Refused): string {
  const body = JSON.stringify(refused);
  const head = [
    `HTTP/1.1 ${refused.code} ${STATUS_CODES[refused.code]}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}
