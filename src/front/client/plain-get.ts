/**
 * A GET over plain HTTP/1.1 without node:http, whose modules take a tenth of a command's time to load. It understands
 * answers of the usual form alone; for any other the caller asks again over node:http, as a GET changes nothing.
 */
import type { Socket } from "node:net";
import type { HttpAnswer } from "./client.ts";

/**
 * Asks over a new connection that nobody else reads.
 * @param mostBytes of the answer
 * @returns undefined when the request or the answer is unusual
 * @throws Error of the connection
 */
export async function plainGet(
  url: URL,
  headers: Readonly<Record<string, string>>,
  connect: () => Socket,
  mostBytes: number,
): Promise<HttpAnswer | undefined> {
  if (url.username !== "" || !Object.values(headers).every((value) => /^[\x20-\x7e]*$/.test(value))) return undefined;
  const socket = connect();
  socket.write(requestText(url, headers));
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of socket as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > mostBytes || (pieces.length === 0 && !announcesItsEnd(piece))) return undefined;
    pieces.push(piece);
  }
  return answerOf(Buffer.concat(pieces));
}

function requestText({ pathname, search, host }: URL, headers: Readonly<Record<string, string>>): string {
  const fields = Object.entries({ ...headers, Host: host, Connection: "close" });
  return [`GET ${pathname}${search} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`), "\r\n"].join(
    "\r\n",
  );
}

/** Whether the head came in one piece and says that the connection ends with the answer. */
function announcesItsEnd(piece: Buffer): boolean {
  const head = piece.toString("latin1", 0, piece.indexOf("\r\n\r\n") + 2);
  return /\r\nconnection:[ \t]*close[ \t]*\r\n/i.test(head);
}

function answerOf(bytes: Buffer): HttpAnswer | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const status = /^HTTP\/1\.1 ([2-5]\d\d) /.exec(statusLine)?.[1];
  const fields = new Map(lines.map(fieldOf));
  // What stands twice, or is no field, is unusual.
  if (status === undefined || fields.has("") || fields.size !== lines.length) return undefined;
  const text = bodyOf(fields, bytes.subarray(end + 4))?.toString("utf8");
  const next = fields.get("x-dispatch-next-cursor");
  return text === undefined ? undefined : { status: Number(status), text, ...(next === undefined ? {} : { next }) };
}

function fieldOf(line: string): [name: string, value: string] {
  const [, name = "", value = ""] = /^([\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
  return [name.toLowerCase(), value];
}

/** The whole body; undefined for one that is cut off or encoded in another way. */
function bodyOf(fields: ReadonlyMap<string, string>, body: Buffer): Buffer | undefined {
  const [length, coding] = [fields.get("content-length"), fields.get("transfer-encoding")];
  if (coding === undefined) return length === String(body.length) ? body : undefined;
  return coding === "chunked" && length === undefined ? withoutChunks(body) : undefined;
}

function withoutChunks(body: Buffer): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const [, size] = /^([0-9a-f]{1,8})\r\n/i.exec(body.toString("latin1", at, at + 10)) ?? [];
    if (size === undefined) return undefined;
    const start = at + size.length + 2;
    const end = start + Number.parseInt(size, 16);
    if (body.toString("latin1", end, end + 2) !== "\r\n") return undefined;
    if (end === start) return end + 2 === body.length ? Buffer.concat(chunks) : undefined;
    chunks.push(body.subarray(start, end));
    at = end + 2;
  }
}
