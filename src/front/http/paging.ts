import { setImmediate } from "node:timers/promises";
import type { Answer } from "./route.ts";

/** Header of a list that goes on: `cursor` of the next question (decisions 7). */
const NEXT_CURSOR = "x-dispatch-next-cursor";

/** Of one answer. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Written as JSON before others have their turn. */
const TURN_BYTES = 256 * 1024;

interface Listed {
  readonly name: string;
  /** Unix seconds. */
  readonly createdTime?: number;
}

/** One page of named resources, newest first, of at most `most`. The cursor is the last of the page before: its time and name. */
export async function paged(
  items: readonly Listed[],
  query: Readonly<Record<string, unknown>>,
  most: number,
): Promise<Answer> {
  const { limit = most, cursor } = query as { limit?: number; cursor?: string };
  const from = cursor === undefined ? 0 : placeAfter(items, cursor);
  const texts = await textsOf(items.slice(from, from + Math.min(limit, most)));
  const to = from + texts.length;
  const last = to < items.length ? items[to - 1] : undefined;
  return listAnswer(`[${texts.join(",")}]`, last && `${last.createdTime ?? 0}.${last.name}`);
}

/** Where the one that is named is gone by now, those of its second may come twice, and none is left out. */
function placeAfter(items: readonly Listed[], cursor: string): number {
  const dot = cursor.indexOf(".");
  const [time, name] = [Number(cursor.slice(0, Math.max(dot, 0))), cursor.slice(dot + 1)];
  const found = items.findIndex((item) => item.name === name);
  if (found >= 0) return found + 1;
  const older = items.findIndex(({ createdTime = 0 }) => createdTime <= time);
  return older < 0 ? items.length : older;
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
