/** Who may send: the signature schemes of webhooks, the same as for endpoints (decisions 14). */
import { GITHUB, type SignatureRules } from "../../../packages/webhooks/rules.ts";
import { verifyHmac, verifyStandardWebhook, type WebhookVerdict } from "../../../packages/webhooks/verify.ts";
import { UsageError } from "../shared/flags.ts";
import { type Received, Refused } from "../shared/receiver.ts";

export type Scheme = "public" | "github" | "standard-webhooks" | "hmac";

export interface SenderFlags {
  readonly auth: string;
  readonly header: string;
  readonly algorithm: string;
  readonly encoding: string;
  readonly prefix: string;
  readonly timeheader: string;
}

export interface Sender {
  readonly scheme: Scheme;
  /** @throws Refused 401 */
  check(request: Received): void;
}

const ALGORITHMS = ["sha256", "sha1", "sha384", "sha512"] as const;
const ENCODINGS = ["hex", "base64"] as const;
/** As long as a signed time counts, in both directions. */
const REMEMBERED_MS = 10 * 60_000;

/** @throws UsageError that says what to set */
export function readSender(flags: SenderFlags, environment: NodeJS.ProcessEnv = process.env): Sender {
  const secrets = [environment.SIGNINGSECRET ?? "", environment.PREVIOUSSIGNINGSECRET ?? ""].filter(Boolean);
  const scheme = schemeOf(flags.auth || "public");
  if (scheme === "public") {
    if (secrets.length > 0)
      throw new UsageError(
        "there is a signingSecret, but nothing says how it signs: set auth to github, standard-webhooks or hmac",
      );
    return { scheme, check: () => {} };
  }
  if (secrets.length === 0) throw new UsageError(`auth ${scheme} needs a secret with the key signingSecret`);
  const rules = scheme === "standard-webhooks" ? undefined : scheme === "github" ? GITHUB : rulesOf(flags);
  const seen = new Seen();
  return {
    scheme,
    check: ({ headerOf, body }) => {
      const now = Date.now();
      const verdict: WebhookVerdict =
        rules === undefined
          ? verifyStandardWebhook(headerOf, body, secrets, now)
          : verifyHmac(rules, headerOf, body, secrets, now);
      if (!verdict.valid) throw new Refused(401, `the signature of the request is not accepted: ${verdict.reason}`);
      if (verdict.once !== undefined && !seen.isFirst(verdict.once, now))
        throw new Refused(401, "the signature of the request is not accepted: it was received before");
    },
  };
}

function schemeOf(word: string): Scheme {
  const found = (["public", "github", "standard-webhooks", "hmac"] as const).find((known) => known === word);
  if (found === undefined) throw new UsageError(`auth is ${word}: use public, github, standard-webhooks or hmac`);
  return found;
}

function rulesOf({ header, algorithm, encoding, prefix, timeheader }: SenderFlags): SignatureRules {
  if (header === "") throw new UsageError("auth hmac needs header: the name of the header with the signature");
  return {
    header: header.toLowerCase(),
    algorithm: oneOf("algorithm", ALGORITHMS, algorithm || "sha256"),
    encoding: oneOf("encoding", ENCODINGS, encoding || "hex"),
    prefix,
    ...(timeheader === "" ? {} : { timeHeader: timeheader.toLowerCase() }),
  };
}

function oneOf<Word extends string>(name: string, known: readonly Word[], word: string): Word {
  const found = known.find((one) => one === word);
  if (found === undefined) throw new UsageError(`${name} is ${word}: use ${known.join(", ")}`);
  return found;
}

/**
 * What was received while its time counted. It goes with the program; an event that is sent again later is the same by type,
 * source and id, all of which are signed, and Dispatch delivers it once.
 */
class Seen {
  readonly #times = new Map<string, number>();

  isFirst(signature: string, now: number): boolean {
    for (const [old, time] of this.#times) {
      if (time > now - REMEMBERED_MS) break;
      this.#times.delete(old);
    }
    if (this.#times.has(signature)) return false;
    this.#times.set(signature, now);
    return true;
  }
}
