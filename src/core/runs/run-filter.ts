/** What is looked for in runs that no index knows: who asked, by which way, and words. */
import { type RawBuilder, sql } from "kysely";
import { BY_ADMINISTRATOR } from "../shared/principal.ts";

export interface RunFilter {
  /** Who asked, or for whom they asked: `kind:id`, the id, or its last part. */
  readonly user?: string | undefined;
  /** What asked: `endpoint`, `subscription`, `function` ..., or one of them: `endpoint:echo`. */
  readonly trigger?: string | undefined;
  /** Words of the title or of the input, in any letter case. */
  readonly text?: string | undefined;
}

/** What a filter is asked of. */
export interface Filtered {
  readonly principal: string;
  readonly people: string | null;
  /** 1 when the words are there; absent when none are looked for. */
  readonly worded?: number | undefined;
}

/** Whether anything is looked for, so that a list may lead through many runs that are not in it. */
export function isFilter({ user, trigger, text }: RunFilter): boolean {
  return user !== undefined || trigger !== undefined || text !== undefined;
}

/** 1 for runs with these words, as the database finds out: the texts stay there. */
export function wording(text: string): RawBuilder<number> {
  const pattern = `%${text.toLowerCase().replaceAll(/[\\%_]/g, "\\$&")}%`;
  const told = sql`lower(coalesce(title, '') || ' ' || coalesce(input, ''))`;
  return sql<number>`case when ${told} like ${pattern} escape '\\' then 1 else 0 end`;
}

export function passes(run: Filtered, { user, trigger, text }: RunFilter): boolean {
  if (trigger !== undefined && !isTrigger(run.principal, trigger)) return false;
  if (user !== undefined && !isUser(run, user)) return false;
  return text === undefined || Number(run.worded) === 1;
}

function isTrigger(principal: string, trigger: string): boolean {
  return principal === trigger || principal.startsWith(`${trigger}:`);
}

function isUser({ principal, people }: Filtered, user: string): boolean {
  const names = [principal, ...(people?.split(" ") ?? BY_ADMINISTRATOR)];
  return names.some((name) => name === user || name.endsWith(`:${user}`) || name.endsWith(`/${user}`));
}
