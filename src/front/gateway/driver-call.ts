/**
 * A request to an event driver that is called from outside (decisions 21). The gateway takes the request whole, asks the
 * driver on its own socket, and takes the answer whole: neither side ever holds a connection of the other.
 */
import { request as ask, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { type Answer, Refusal } from "./answer.ts";
import { readBody } from "./body.ts";
import { type DriverAddress, driverAddress } from "./driver-address.ts";
import { BadFunctionResponse, functionResponse } from "./function-response.ts";
import type { GatewayPorts } from "./ports.ts";
import type { RequestFacts } from "./request-facts.ts";

export interface DriverLimits {
  readonly maxBodyBytes: number;
  readonly maxAnswerBytes: number;
  /** Milliseconds. */
  readonly deadline: number;
}

/** How often it is looked whether a driver that does not answer has let the caller in at all, in milliseconds. */
const DEAF_MS = 2000;
/** Requests that one driver answers at once. */
const MOST_AT_ONCE = 16;

/** What belongs to one connection (RFC 9110 7.6.1), and what only a proxy may say, which is this one. */
const DROPPED =
  /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|content-length|forwarded|proxy-.*|x-forwarded-.*)$/;

export class DriverCalls {
  readonly #ports: Pick<GatewayPorts, "driver">;
  readonly #limits: DriverLimits;
  readonly #busy = new Map<string, number>();

  constructor(ports: Pick<GatewayPorts, "driver">, limits: DriverLimits) {
    this.#ports = ports;
    this.#limits = limits;
  }

  /** @throws Refusal 404 without such a driver, 413, 429, 502, 503, 504; ClientGone */
  async call(facts: RequestFacts, request: IncomingMessage): Promise<Answer> {
    const address = driverAddress(facts.target);
    if (address === undefined || this.#ports.driver(address.organization, address.name) === undefined)
      throw new Refusal(404, "no API found with those values");
    const body = await readBody(request, this.#limits.maxBodyBytes);
    return this.#inTurn(address, () => this.#ask(address, facts, request, body));
  }

  async #inTurn({ organization, name }: DriverAddress, work: () => Promise<Answer>): Promise<Answer> {
    const key = `${organization}/${name}`;
    const busy = this.#busy.get(key) ?? 0;
    if (busy >= MOST_AT_ONCE) {
      const message = `the event driver ${name} answers ${MOST_AT_ONCE} requests already: try again`;
      throw new Refusal(429, message, { "Retry-After": "1" });
    }
    this.#busy.set(key, busy + 1);
    try {
      return await work();
    } finally {
      const left = (this.#busy.get(key) ?? 1) - 1;
      if (left > 0) this.#busy.set(key, left);
      else this.#busy.delete(key);
    }
  }

  #ask(address: DriverAddress, facts: RequestFacts, request: IncomingMessage, body: Buffer): Promise<Answer> {
    const { organization, name, target } = address;
    const driver = this.#ports.driver(organization, name);
    const place = driver?.address;
    if (driver === undefined || place === undefined) throw notRunning(name, driver?.status);
    const { deadline, maxAnswerBytes } = this.#limits;
    const { method } = facts;
    const headers = headersFor(request.headers, facts, body);
    return new Promise((resolve, reject) => {
      const asked = ask({ ...place, method, path: target, headers, agent: false });
      const timer = setTimeout(() => {
        reject(new Refusal(504, `the event driver ${name} did not answer within ${deadline / 1000} s`));
        asked.destroy();
      }, deadline);
      const deafness = setInterval(() => {
        // At a port nobody waits: it is refused.
        if ("socketPath" in place && driver.isDeaf()) asked.destroy(notListening(name, driver.status));
      }, DEAF_MS);
      asked.on("close", () => {
        clearTimeout(timer);
        clearInterval(deafness);
      });
      asked.on("error", (error) => reject(failureOf(name, driver, error)));
      asked.on("response", (answer) => {
        answerOf(name, answer, maxAnswerBytes)
          .then(resolve, reject)
          .finally(() => asked.destroy());
      });
      asked.end(body);
    });
  }
}

function headersFor(sent: IncomingHttpHeaders, facts: RequestFacts, body: Buffer): Record<string, string | string[]> {
  const named = new Set((sent.connection ?? "").toLowerCase().split(/\s*,\s*/));
  const kept = Object.entries(sent).flatMap(([name, value]) =>
    value === undefined || DROPPED.test(name) || named.has(name) ? [] : [[name, value] as const],
  );
  return {
    ...Object.fromEntries(kept),
    "content-length": String(body.length),
    "x-forwarded-for": facts.clientAddress,
    "x-forwarded-proto": facts.scheme,
    ...(sent.host === undefined ? {} : { "x-forwarded-host": sent.host }),
    connection: "close",
  };
}

async function answerOf(name: string, answer: IncomingMessage, limit: number): Promise<Answer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) throw new Refusal(502, `the event driver ${name} answered with more than ${limit} bytes`);
      chunks.push(chunk);
    }
    const shaped = functionResponse({ statusCode: answer.statusCode, multiValueHeaders: answer.headersDistinct });
    return size === 0 ? shaped : { ...shaped, body: Buffer.concat(chunks) };
  } catch (error) {
    if (error instanceof Refusal) throw error;
    if (error instanceof BadFunctionResponse)
      throw new Refusal(502, `the event driver ${name} gave an answer that cannot be sent: ${error.message}`);
    throw new Refusal(502, `the event driver ${name} ended before its answer was whole`);
  }
}

type Driver = NonNullable<ReturnType<GatewayPorts["driver"]>>;

function failureOf(name: string, driver: Driver, error: NodeJS.ErrnoException): Refusal {
  if (error instanceof Refusal) return error;
  const { code = "" } = error;
  const isRefused = ["ECONNREFUSED", "EHOSTUNREACH", "ENOENT", "EAGAIN"].includes(code);
  if (isRefused) return driver.isDeaf() ? notListening(name, driver.status) : notRunning(name, driver.status);
  return new Refusal(502, `the event driver ${name} ended, or spoke no HTTP, before it answered`);
}

function notRunning(name: string, status = "DELETING"): Refusal {
  return unavailable(`the event driver ${name} does not run at the moment (${status}): try again`);
}

function notListening(name: string, status: string): Refusal {
  return unavailable(`the event driver ${name} runs, but does not listen yet (${status}): try again`);
}

/** Why stands in its state, which is not for everybody. */
function unavailable(message: string): Refusal {
  return new Refusal(503, message, { "Retry-After": "5" });
}
