/**
 * Ids of runs: UUIDs of version 7 (RFC 9562, 5.7), whose first 48 bits are the millisecond in which the run was accepted.
 * So the id alone says where among all runs, which are kept in the order of their times, its run is to be found.
 */
import { randomUUID } from "node:crypto";
import { uuidTime } from "../shared/uuid-time.ts";

const NANOSECONDS = 1_000_000n;
/** Letters of a UUID of version 4 up to its version; what stands behind is laid out alike in version 7, and random in both. */
const TO_VERSION = 15;

/** The id of a run that was accepted at this time, in nanoseconds since 1970. */
export function newRunId(executed: bigint): string {
  return `${uuidTime(Number(executed / NANOSECONDS))}-7${randomUUID().slice(TO_VERSION)}`;
}

/** The millisecond in which the run of this id was accepted, in nanoseconds; undefined when no run can have such an id. */
export function acceptedWithin(id: string): { from: bigint; before: bigint } | undefined {
  if (!/^[\da-f]{8}-[\da-f]{4}-7/.test(id)) return undefined;
  const from = BigInt(`0x${id.slice(0, 8)}${id.slice(9, 13)}`) * NANOSECONDS;
  return { from, before: from + NANOSECONDS };
}
