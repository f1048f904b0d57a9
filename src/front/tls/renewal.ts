/** Keeps the certificate of one name fresh: obtained at the first start, renewed a third of its lifetime before it expires. */
import type { Logger } from "pino";
import { messageOf } from "../../core/shared/message-of.ts";
import { type CertificateAuthority, IssueError } from "../../core/shared/ports.ts";
import { expiryOf, renewalTime } from "./certificate.ts";
import type { ChallengeBoard } from "./challenge-board.ts";
import type { LiveCertificate } from "./live-certificate.ts";
import { repeat } from "./repeat.ts";

const MINUTE = 60_000;
/** Let's Encrypt counts refused proofs: five an hour for a name. Each attempt may use two. */
const FIRST_PAUSE = 20 * MINUTE;
const LONGEST_PAUSE = 6 * 60 * MINUTE;

export interface RenewalPorts {
  readonly authority: CertificateAuthority;
  readonly board: ChallengeBoard;
  readonly live: LiveCertificate;
  readonly log: Logger;
}

/** To be called when the listeners are open, because the authority asks them. Returns the function that ends it. */
export function keepRenewed(domain: string, { authority, board, live, log }: RenewalPorts): () => void {
  let failures = 0;
  const renew = async (): Promise<number> => {
    try {
      const known = await authority.stored(domain);
      if (known !== undefined && Date.now() < renewalTime(known)) return renewalTime(known) - Date.now();
      log.info(`TLS: obtaining a certificate for ${domain}`);
      const issued = await authority.issue(domain, (challenge) => board.show(challenge));
      live.replace(issued);
      failures = 0;
      log.info({ expires: expiryOf(issued) }, `TLS: the certificate for ${domain} is in use`);
      return renewalTime(issued) - Date.now();
    } catch (error) {
      const pause = pauseAfter(error, failures++);
      log.error(`${problem(domain, error)}; next attempt in ${Math.round(pause / MINUTE)} min`);
      return pause;
    }
  };
  return repeat(renew);
}

function pauseAfter(error: unknown, failures: number): number {
  if (error instanceof IssueError && error.unreachable) return MINUTE;
  return Math.min(FIRST_PAUSE * 2 ** failures, LONGEST_PAUSE);
}

function problem(domain: string, error: unknown): string {
  const reason = messageOf(error);
  if (error instanceof IssueError && error.unreachable)
    return `TLS: the certificate authority cannot be reached (${reason}): check this machine's way out, or --lets-encrypt-directory`;
  return `TLS: no certificate for ${domain} (${reason}): the name must lead here, on port 80 or 443, from the whole internet`;
}
