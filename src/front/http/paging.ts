import type { Answer } from "./route.ts";

/** Header of a page that has a successor (decisions 7). */
export const NEXT_CURSOR = "x-dispatch-next-cursor";

/** One page of named resources; all of them without `limit`. The cursor is the last name of the page before. */
export function paged(items: readonly { readonly name: string }[], query: Readonly<Record<string, unknown>>): Answer {
  const { limit, cursor } = query as { limit?: number; cursor?: string };
  const from = cursor === undefined ? 0 : items.findIndex(({ name }) => name === cursor) + 1;
  if (limit === undefined) return { body: items.slice(from) };
  const page = items.slice(from, from + limit);
  const last = page.at(-1);
  const more = last !== undefined && from + limit < items.length;
  return more ? { body: page, headers: { [NEXT_CURSOR]: last.name } } : { body: page };
}
