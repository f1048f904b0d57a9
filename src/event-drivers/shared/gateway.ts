/** The way of a driver's events into Dispatch (server.md 6.4): one at a time, each until it is accepted. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";

/** CloudEvents 0.1 without what is the same for all. */
export interface DriverEvent {
  readonly eventType: string;
  readonly source: string;
  /** The same event sent twice under one id counts once within a day; default: a new one. */
  readonly eventID?: string;
  /** RFC 3339; default: now. */
  readonly eventTime?: string;
  readonly eventTypeVersion?: string;
  readonly contentType?: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly data?: unknown;
}

export interface Gateway {
  /** Resolves when the server answers. @throws Error after 30 s without an answer */
  hello(): Promise<void>;
  /** Resolves when the event is on record, or was refused for good, which is written down. */
  push(event: DriverEvent, bookmark?: string): Promise<void>;
}

export interface GatewayOptions {
  /** `host:port` */
  readonly endpoint: string;
  readonly token: string;
  /** Only say what would be sent. */
  readonly dryRun?: boolean;
  /** Whatever waits ends with it. */
  readonly signal?: AbortSignal;
  /** Bounds how many requests are under way. */
  inTurn?<T>(request: () => Promise<T>): Promise<T>;
  /** Tells people what is not as it should be; default: on stderr. */
  say?(line: string): void;
  /** Tells what would be sent; default: on stdout. */
  show?(line: string): void;
}

const HELLO_MS = 30_000;
const ANSWER_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

export function openGateway(options: GatewayOptions): Gateway {
  const { endpoint, token, dryRun = false, signal } = options;
  const { inTurn = (request) => request(), say = console.error, show = console.log } = options;
  const address = ingestAddress(endpoint);
  const headers = { Cookie: "unset" };

  async function hello(): Promise<void> {
    const deadline = Date.now() + HELLO_MS;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        const answer = await fetch(address, { headers, signal: AbortSignal.timeout(ANSWER_MS) });
        await answer.arrayBuffer();
        return;
      } catch (error) {
        if (Date.now() > deadline) throw new Error(`Dispatch does not answer at ${endpoint}: ${causeOf(error)}`);
        await delay(pause);
      }
    }
  }

  async function push(event: DriverEvent, bookmark?: string): Promise<void> {
    const body = JSON.stringify(wireEvent(event));
    if (dryRun) {
      show(body);
      return nextTurn();
    }
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const refusal = await inTurn(() => send(body, bookmark));
      if (refusal === undefined) return;
      say(`${event.eventType}: ${refusal}; sent again in ${pause} ms`);
      await delay(pause, undefined, { signal });
    }
  }

  /** Undefined when nothing more is to be done; else why to try again. */
  async function send(body: string, bookmark: string | undefined): Promise<string | undefined> {
    const url = new URL(address);
    url.searchParams.set("authToken", token);
    if (bookmark !== undefined) url.searchParams.set("bookmark", bookmark);
    try {
      const inTime = AbortSignal.timeout(ANSWER_MS);
      const json = { ...headers, "Content-Type": "application/json" };
      const answer = await fetch(url, {
        ...{ method: "POST", headers: json, body },
        signal: signal === undefined ? inTime : AbortSignal.any([inTime, signal]),
      });
      const text = await answer.text();
      if (answer.ok) return undefined;
      if (answer.status === 401) throw new TokenError(`Dispatch does not know this driver's token: ${text}`);
      if (answer.status >= 500 || answer.status === 429) return `Dispatch answered ${answer.status} ${text}`;
      say(`an event was refused and is left out: ${answer.status} ${text}`);
      return undefined;
    } catch (error) {
      if (error instanceof TokenError || signal?.aborted) throw error;
      return causeOf(error);
    }
  }

  return { hello, push };
}

/** @param endpoint `host:port` */
export function ingestAddress(endpoint: string): URL {
  const address = new URL(`http://${endpoint}/v1/event/ingest`);
  if (address.port === "" && !/:80$/.test(endpoint)) address.port = "8080";
  return address;
}

/** Another driver has taken its place, or it was deleted. */
export class TokenError extends Error {
  override name = "TokenError";
}

function wireEvent({ eventID, eventTime, data, ...rest }: DriverEvent): object {
  return {
    cloudEventsVersion: "0.1",
    eventID: eventID ?? randomUUID(),
    eventTime: eventTime ?? new Date().toISOString(),
    ...rest,
    data: data ?? null,
  };
}

export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
