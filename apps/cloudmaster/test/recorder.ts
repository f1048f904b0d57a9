/** Stands between a function and a stand-in, hands everything on, and keeps what was asked and answered. */
import { createServer, request as send } from "node:http";
import { text } from "node:stream/consumers";
import { closeServer, listen, readBody } from "../simulator/listener.ts";

export interface Exchange {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
  readonly answer: string;
}

export interface Recorder {
  readonly url: string;
  readonly exchanges: readonly Exchange[];
  close(): Promise<void>;
}

/** @param target the stand-in's address; signed headers, `host` among them, go on as they came */
export async function startRecorder(target: string): Promise<Recorder> {
  const exchanges: Exchange[] = [];
  const server = createServer(async (request, response) => {
    const body = (await readBody(request)).toString();
    const { method = "GET", headers } = request;
    const url = new URL(request.url ?? "/", target);
    const outgoing = send(url, { method, headers, agent: false }, async (reply) => {
      const answer = await text(reply);
      exchanges.push({ method, url, body, answer });
      response.writeHead(reply.statusCode ?? 0, { "content-type": reply.headers["content-type"] ?? "" }).end(answer);
    });
    outgoing.end(body);
  });
  const { url } = await listen(server, 0);
  return { url, exchanges, close: () => closeServer(server) };
}
