/** Events that somebody outside sends and will send again: one attempt each, and the sender hears what came of it. */
import { isOn } from "./flags.ts";
import { causeOf, ingestAddress, TokenError } from "./gateway.ts";
import { Refused, type Reply } from "./receiver.ts";

/** What goes to Dispatch: one event or a batch, in any form of CloudEvents that it takes. */
export interface Message {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

const ANSWER_MS = 10_000;

export type Forward = (message: Message) => Promise<Reply>;

interface ForwardFlags {
  readonly "dispatch-api-endpoint": string;
  readonly dryrun: string;
  readonly "dry-run": string;
}

/** The reply says that the events are on record. @throws Refused when they are not, TokenError */
export function forwarder(flags: ForwardFlags): Forward {
  const url = ingestAddress(flags["dispatch-api-endpoint"]);
  url.searchParams.set("authToken", process.env.AUTH_TOKEN ?? "");
  const isDry = isOn(flags.dryrun) || isOn(flags["dry-run"]);
  return async ({ headers, body }) => {
    if (isDry) console.log(String(body));
    else await send(url, headers, body);
    return { status: 200 };
  };
}

async function send(url: URL, headers: Message["headers"], body: Message["body"]): Promise<void> {
  const { status, text } = await answerOf(url, headers, body);
  if (status < 400) return;
  if (status === 401) throw new TokenError(`Dispatch does not know this driver's token: ${text}`);
  if (status === 429 || status >= 500) throw new Refused(503, "Dispatch cannot take the event now: try again");
  throw new Refused(status === 413 ? 413 : 400, wordsOf(text));
}

async function answerOf(url: URL, headers: Message["headers"], body: Message["body"]) {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const sent = typeof body === "string" ? body : new Uint8Array(body);
    const answer = await fetch(url, { method: "POST", headers: { ...headers, Cookie: "unset" }, body: sent, signal });
    return { status: answer.status, text: await answer.text() };
  } catch (error) {
    console.error(`Dispatch does not answer: ${causeOf(error)}`);
    throw new Refused(503, "Dispatch does not answer: try again");
  }
}

function wordsOf(text: string): string {
  try {
    const { message } = Object(JSON.parse(text)) as { readonly message?: unknown };
    return typeof message === "string" ? message : text;
  } catch {
    return text;
  }
}
