/** What the operator lets any function have at most, whatever it asks for. */
import { DispatchError } from "../shared/errors.ts";
import type { FunctionResource } from "./contract.ts";

/** Units as in the contract; `timeout` in milliseconds, 0 is none. */
export interface Ceilings {
  readonly memory: number;
  readonly cpu: number;
  readonly pids: number;
  readonly disk: number;
  readonly concurrency: number;
  readonly minWarm: number;
  readonly timeout: number;
}

const LIMITS = ["memory", "cpu", "pids", "disk", "concurrency"] as const;

type LimitName = (typeof LIMITS)[number];

/** @throws TOO_HIGH for the first field beyond its ceiling */
export function refuseBeyond(ceilings: Ceilings, { limits, timeout, minWarm }: FunctionResource): void {
  for (const name of LIMITS) refuseAbove(`limits.${name}`, limits?.[name], ceilings[name], `max-function-${name}`);
  refuseAbove("minWarm", minWarm, ceilings.minWarm, "max-function-min-warm");
  if (ceilings.timeout > 0) refuseAbove("timeout", timeout, ceilings.timeout, "max-function-timeout");
}

function refuseAbove(field: string, value: number | undefined, limit: number, setting: string): void {
  if (value !== undefined && value > limit)
    throw new DispatchError("TOO_HIGH", { field, place: "body", limit, setting });
}

/** For limits that a function does not name, and for functions that are older than a ceiling, which applies from the next start on. */
export function withinCeilings<T extends Record<LimitName, number>>(ceilings: Ceilings, limits: T): T {
  const lowered = LIMITS.map((name) => [name, Math.min(limits[name], ceilings[name])]);
  return { ...limits, ...Object.fromEntries(lowered) };
}

/** Milliseconds; 0 is none, which is also the longest. */
export function timeoutWithin(ceilings: Ceilings, timeout: number): number {
  if (ceilings.timeout === 0) return timeout;
  return timeout === 0 ? ceilings.timeout : Math.min(timeout, ceilings.timeout);
}

interface Limited {
  readonly limits: Omit<Record<LimitName, number>, "concurrency">;
  readonly concurrency: number;
  readonly minWarm?: number;
  readonly timeout: number;
}

/** A revision that was made under higher ceilings, as it may run now. */
export function revisionWithin<T extends Limited>(ceilings: Ceilings, revision: T): T {
  const { concurrency, ...limits } = withinCeilings(ceilings, {
    ...revision.limits,
    concurrency: revision.concurrency,
  });
  const { minWarm } = revision;
  const warm = minWarm === undefined ? {} : { minWarm: Math.min(minWarm, ceilings.minWarm) };
  return { ...revision, limits, concurrency, ...warm, timeout: timeoutWithin(ceilings, revision.timeout) };
}
