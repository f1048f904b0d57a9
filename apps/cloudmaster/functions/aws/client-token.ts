import { createHash } from "node:crypto";

/** What makes two requests for a machine the same request. */
export interface LaunchIdentity {
  readonly name: string;
  readonly imageId: string;
  readonly instanceType: string;
  readonly subnetId: string | undefined;
  /** Ids of machines of that name that are gone but still listed. */
  readonly gone: readonly string[];
}

/** Longer than any race between two requests, shorter than EC2 remembers machines that are gone (about an hour). */
const BUCKET_MS = 10 * 60_000;

/**
 * EC2 starts one machine for equal tokens, so two people who type the same command at once get one machine. EC2 also
 * remembers a token when its machine is gone: the ids of those, and after they are forgotten the time, make it another.
 *
 * @param now milliseconds since 1970
 */
export function clientToken(identity: LaunchIdentity, now: number): string {
  const { name, imageId, instanceType, subnetId = "", gone } = identity;
  const facts = [name, imageId, instanceType, subnetId, Math.floor(now / BUCKET_MS), ...[...gone].sort()];
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex");
}
