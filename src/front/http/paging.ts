import { setImmediate } from "node:timers/promises";
import type { Answer } from "./route.ts";

/** Header of a list that goes on: `cursor` of the next question (decisions 7). */
const NEXT_CURSOR = "x-dispatch-next-cursor";

/** Of one answer. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Written as JSON before others have their turn. */
const TURN_BYTES = 256 * 1024;

/** One page of named resources, of at most `most`. The cursor is the last name of the page before. */
export async function paged(
  items: readonly { readonly name: string }[],
  query: Readonly<Record<string, unknown>>,
  most: number,
): Promise<Answer> {
  const { limit = most, cursor } = query as { limit?: number; cursor?: string };
  const from = cursor === undefined ? 0 : items.findIndex(({ name }) => name === cursor) + 1;
  const texts = await textsOf(items.slice(from, from + Math.min(limit, most)));
  const to = from + texts.length;
  return listAnswer(`[${texts.join(",")}]`, to < items.length ? items[to - 1]?.name : undefined);
}

/** A list as JSON, and the cursor of the next when it goes on. */
export function listAnswer(body: unknown, next: string | number | undefined): Answer {
  return next === undefined ? { body } : { body, headers: { [NEXT_CURSOR]: String(next) } };
}

/** As JSON; the first of them when all are too much for one answer. */
async function textsOf(items: readonly object[]): Promise<string[]> {
  const texts: string[] = [];
  let left = MOST_BYTES;
  let turn = TURN_BYTES;
  for (const item of items) {
    const text = JSON.stringify(item);
    left -= Buffer.byteLength(text);
    if (left < 0 && texts.length > 0) break;
    texts.push(text);
    turn -= text.length;
    if (turn > 0) continue;
    await setImmediate();
    turn = TURN_BYTES;
  }
  return texts;
}
