/**
 * How long a request may take. node:http gives each request the same time, but a large upload on a slow line needs more: it
 * may go on as long as enough bytes arrive. One that is slower is cut off, because others wait for its place.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
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
    if (due > 0 && socket.bytesRead - before < due) cutOff(socket, "408 Request Timeout");
  }, every);
  const end = (): void => clearInterval(look);
  request.once("end", end).once("close", end);
}

const refusals: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Payload Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** Ends connections that send no HTTP or take too long, as node:http does, except those that may take longer. */
export function keepPatience(server: Server): void {
  server.on("clientError", ({ code = "" }: NodeJS.ErrnoException, socket) => {
    if (code === "ERR_HTTP_REQUEST_TIMEOUT" && patient.has(socket)) return;
    cutOff(socket, refusals[code] ?? "400 Bad Request");
  });
}

/** Sends the status, unless another answer has begun already. */
function cutOff(socket: Duplex & { _httpMessage?: ServerResponse | null }, status: string): void {
  const isAnswered = socket._httpMessage?.headersSent === true;
  if (socket.writable && !isAnswered) socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
  socket.destroy();
}
