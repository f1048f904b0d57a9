/**
 * Hands a credential only to a server that proves to know it already. The proof names the address of the connection, so that
 * nobody in between can pass on another server's proof; the credential then goes over that very connection.
 */
import type * as Crypto from "node:crypto";
import type * as Http from "node:http";
import type * as Https from "node:https";
import { PROOF_PATH, proofText } from "../../core/iam/proof.ts";
import type { HttpAnswer, HttpRequest } from "./client.ts";
import { TransportError } from "./errors.ts";
import { builtin, deadline, read, sendBody, type TransportOptions, tlsOptions, withLength } from "./node-transport.ts";

/** The answer to the request with the token; undefined when the server proved nothing, and was sent nothing. @throws TransportError */
export async function provenExchange(
  request: HttpRequest,
  token: string,
  options: TransportOptions,
): Promise<HttpAnswer | undefined> {
  const agent = singleConnection(request.url, options);
  try {
    const isOurs = await proves(request.url, token, agent);
    return isOurs ? (await send(request, agent)).answer : undefined;
  } catch (cause) {
    throw new TransportError(request.method, request.url, cause);
  } finally {
    agent.destroy();
  }
}

async function proves(url: string, token: string, agent: Http.Agent): Promise<boolean> {
  const { createHash, createHmac, randomBytes, timingSafeEqual } = builtin<typeof Crypto>("node:crypto");
  const nonce = randomBytes(32).toString("hex");
  const asked = new URL(`${PROOF_PATH}?nonce=${nonce}`, url).href;
  const { answer, address } = await send({ method: "GET", url: asked, headers: {} }, agent);
  const key = createHash("sha256").update(token).digest("hex");
  const expected = createHmac("sha256", key).update(proofText(nonce, address)).digest();
  const claimed = Buffer.from(answer.status === 200 ? answer.text.trim() : "", "hex");
  return claimed.length === expected.length && timingSafeEqual(claimed, expected);
}

interface Sent {
  readonly answer: HttpAnswer;
  /** The other end of the connection. */
  readonly address: { readonly address: string | undefined; readonly port: number | undefined };
}

function send(request: HttpRequest, agent: Http.Agent): Promise<Sent> {
  const { promise, resolve, reject } = Promise.withResolvers<Sent>();
  const url = new URL(request.url);
  const outgoing = moduleOf(url).request(url, { method: request.method, headers: withLength(request), agent });
  deadline(outgoing, request);
  outgoing.on("error", reject);
  outgoing.on("response", (response) => {
    const { remoteAddress: address, remotePort: port } = response.socket;
    read(response, request).then((answer) => resolve({ answer, address: { address, port } }), reject);
  });
  sendBody(outgoing, request.body);
  return promise;
}

function moduleOf({ protocol }: URL): typeof Http | typeof Https {
  return protocol === "https:" ? builtin<typeof Https>("node:https") : builtin<typeof Http>("node:http");
}

/** A second connection may end at another program: there is none. */
function singleConnection(url: string, options: TransportOptions): Http.Agent {
  const secure = url.startsWith("https:") ? tlsOptions(options) : {};
  const agent = new (moduleOf(new URL(url)).Agent)({ keepAlive: true, maxSockets: 1, ...secure });
  const connect = agent.createConnection.bind(agent);
  let used = false;
  agent.createConnection = (...given: Parameters<typeof connect>) => {
    if (used) throw new Error("the server closed the connection between its proof and the request");
    used = true;
    return connect(...given);
  };
  return agent;
}
