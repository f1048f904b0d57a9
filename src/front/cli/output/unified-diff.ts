import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";

const format = { context: 3, headerOptions: FILE_HEADERS_ONLY };

/** Differences in the unified format, which people and `patch` read; "" when nothing differs. */
export function unifiedDiff(names: readonly [before: string, after: string], before: string, after: string): string {
  return before === after ? "" : createTwoFilesPatch(...names, before, after, undefined, undefined, format);
}
