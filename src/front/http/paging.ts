import { setImmediate } from "node:timers/promises";
import type { Listed, ResourceList } from "../../core/store/resource-list.ts";
import type { Answer } from "./route.ts";

/** Header of a list that goes on: `cursor` of the next question (decisions 7). */
const NEXT_CURSOR = "x-dispatch-next-cursor";

/** Of one answer. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Written as JSON before others have their turn. */
const TURN_BYTES = 256 * 1024;

/** One page of named resources, newest first, of at most `most` and as many bytes as an answer may have. */
export async function paged(
  list: ResourceList<object>,
  query: Readonly<Record<string, unknown>>,
  most: number,
): Promise<Answer> {
  const { limit = most, cursor } = query as { limit?: number; cursor?: string };
  const texts: string[] = [];
  let left = MOST_BYTES;
  let turn = TURN_BYTES;
  let last: Listed<object> | undefined;
  for await (const item of each(list.parts(cursor, Math.min(limit, most)))) {
    const text = JSON.stringify(item.resource);
    left -= Buffer.byteLength(text);
    if (left < 0 && last !== undefined) break;
    texts.push(text);
    last = item;
    turn -= text.length;
    if (turn > 0) continue;
    await setImmediate();
    turn = TURN_BYTES;
  }
  return listAnswer(`[${texts.join(",")}]`, last?.isLast ? undefined : last?.cursor);
}

async function* each<Item>(parts: AsyncIterable<readonly Item[]>): AsyncGenerator<Item> {
  for await (const part of parts) yield* part;
}

/** A list as JSON, and the cursor of the next when it goes on. */
export function listAnswer(body: unknown, next: string | number | undefined): Answer {
  return next === undefined ? { body } : { body, headers: { [NEXT_CURSOR]: String(next) } };
}
