/** What is known of a run besides the Run object, whose keys are those of the original. */
import { createHash } from "node:crypto";
import { BY_ADMINISTRATOR } from "../shared/principal.ts";
import type { RunDetails } from "./contract.ts";
import type { RunRecord } from "./record.ts";
import { timesOf } from "./run-times.ts";

export function detailsOf(run: RunRecord): RunDetails {
  const times = timesOf(run.times);
  return {
    name: run.id,
    attempt: run.attempt,
    trigger: run.principal,
    people: [...(run.people ?? BY_ADMINISTRATOR)],
    ...(run.parent === undefined ? {} : { parent: run.parent }),
    inputDigest: `sha256:${createHash("sha256")
      .update(run.input ?? "null")
      .digest("hex")}`,
    ...(times === undefined ? {} : { times: { ...times } }),
  };
}
