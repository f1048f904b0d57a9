/**
 * Whoever starts runs may add to the unit that ends one: its end and what follows from it are on record together, or neither
 * is. Who started a run stands in its record, so that it does not matter which server ends it, or when.
 */
import type { Statement } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import type { RunRecord } from "./record.ts";

/** What is committed together with the end of a run that this kind of principal started; it fails no unit. */
export type Completion = (run: RunRecord) => readonly Statement[];

export type Completions = Readonly<Partial<Record<Principal["kind"], Completion>>>;

export function completionOf(completions: Completions, run: RunRecord): readonly Statement[] {
  const kind = run.principal.slice(0, run.principal.indexOf(":")) as Principal["kind"];
  return completions[kind]?.(run) ?? [];
}
