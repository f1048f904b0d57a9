/**
 * Posting to a command's `response_url`. The address comes with the command, so whoever could forge a command could
 * make this server fetch an address of its choice: only listed hosts are called, and redirects are not followed.
 */
import { InputError } from "../shared/context.ts";
import type { Message } from "./message.ts";

/** Slack takes this many posts to one `response_url`. */
export const MAX_USES = 5;

const DEFAULT_HOSTS = ["hooks.slack.com"];
const POST_TIMEOUT_MS = 10_000;
const MAX_WAIT_MS = 10_000;

/** Reads `responseHosts` of the secret `cloudmaster`: `host` or `host:port`, separated by commas or blanks. */
export function responseHosts(setting: string | undefined): readonly string[] {
  const hosts = (setting ?? "")
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((host) => host !== "");
  return hosts.length > 0 ? hosts : DEFAULT_HOSTS;
}

/**
 * The address, when it may be called: https to a listed host, or plain http to a listed host of the loopback.
 * @throws InputError with what is wrong and how to allow it.
 */
export function checkResponseUrl(address: string, hosts: readonly string[]): URL {
  const url = URL.parse(address);
  if (url === null || url.username !== "" || url.password !== "") {
    throw new InputError("The command's response_url is not a plain web address.");
  }
  if (!hosts.includes(url.host)) {
    throw new InputError(
      `The command's response_url is on ${url.host}, which is not allowed. ` +
        "To allow it, name it under `responseHosts` of the secret `cloudmaster`.",
    );
  }
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname))) {
    throw new InputError("The command's response_url must begin with https://.");
  }
  return url;
}

/**
 * Posts one message. Tries again when Slack is busy, never more often than Slack takes posts.
 * @throws Error that says what Slack answered; it never holds the address, which is a key to the channel.
 */
export async function postMessage(url: URL, message: Message): Promise<void> {
  for (let use = 1; ; use++) {
    const refusal = await post(url, message);
    if (refusal === undefined) return;
    if (refusal.retryAfterMs === undefined || use === MAX_USES) {
      throw new Error(`The result could not be posted to ${url.host}: ${refusal.reason}.`);
    }
    await wait(Math.min(refusal.retryAfterMs, MAX_WAIT_MS));
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d+){3}$/.test(hostname);
}

interface Refusal {
  readonly reason: string;
  /** There when a later try may succeed. */
  readonly retryAfterMs?: number;
}

async function post(url: URL, message: Message): Promise<Refusal | undefined> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json; charset=utf-8" },
      body: JSON.stringify(message),
      redirect: "error",
      signal: AbortSignal.timeout(POST_TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response.ok ? undefined : refused(response);
  } catch (error) {
    return { reason: describeFailure(error) };
  }
}

function refused(response: Response): Refusal {
  const reason = `it answered ${response.status} ${response.statusText}`.trim();
  // After 5xx the message may stand in the channel already; only 429 says that it does not.
  if (response.status !== 429) return { reason };
  const seconds = Number(response.headers.get("retry-after") ?? "1");
  return { reason, retryAfterMs: Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : 1000 };
}

/** Node's fetch hides the reason in `cause`; a redirect that was refused stands there as well. */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return "the connection failed";
  if (error.name === "TimeoutError") return `no answer within ${POST_TIMEOUT_MS / 1000} seconds`;
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
