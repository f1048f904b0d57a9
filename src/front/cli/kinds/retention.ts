/** How long runs are kept, and how many: what functions and organizations say of their own. */
import { formatDuration } from "../../../core/shared/duration.ts";
import { integer, text as textFlag, type Values } from "../../../frame/flags.ts";
import { spanMilliseconds } from "../../../frame/spans.ts";
import { type JsonObject, number, objectOf } from "../output/json.ts";

export const retention = {
  "keep-runs": integer("Its newest so many runs are kept; never more than the server keeps"),
  "keep-runs-for": textFlag("How long its runs are kept: 720h, 30d; never longer than the server keeps them"),
};

/** The part of a body that says so; empty without a flag. @throws UsageError */
export function kept({ "keep-runs": count, "keep-runs-for": span }: Values<typeof retention>): JsonObject {
  const seconds = span === undefined ? undefined : Math.ceil(spanMilliseconds("keep-runs-for", span) / 1000);
  if (count === undefined && seconds === undefined) return {};
  return { keepRuns: { ...(seconds === undefined ? {} : { seconds }), ...(count === undefined ? {} : { count }) } };
}

/** As `describe` tells it. */
export function keptFact({ keepRuns }: JsonObject): readonly string[] {
  const own = objectOf(keepRuns);
  const [count, seconds] = [number(own, "count"), number(own, "seconds")];
  const newest = count === undefined ? [] : [`the newest ${count}`];
  const young = seconds === undefined ? [] : [`for ${formatDuration(seconds * 1000)}`];
  return [[...newest, ...young].join(", ")];
}
