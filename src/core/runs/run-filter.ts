/** What is looked for in runs, as the database finds out: their texts stay there. */
import { type RawBuilder, type SqlBool, sql } from "kysely";
import { ADMINISTRATOR } from "../shared/principal.ts";

export interface RunFilter {
  /** Who asked, or for whom they asked: `kind:id`, the id, or its last part. */
  readonly user?: string | undefined;
  /** What asked: `endpoint`, `subscription`, `function` ..., or one of them: `endpoint:echo`. */
  readonly trigger?: string | undefined;
  /** Words of the title or of the input, in any letter case. */
  readonly text?: string | undefined;
  readonly functionName?: string | undefined;
  readonly status?: string | undefined;
  /** Unix seconds: runs that changed later. */
  readonly since?: number | undefined;
  /** The run of this id and those that it started. */
  readonly family?: string | undefined;
  /** Runs of the functions with these ids are left out. */
  readonly hidden?: readonly string[];
}

/** The values of a filter, as they stand in queries. */
export type FilterValues = Readonly<Record<string, unknown>>;

interface Look {
  /** Columns are wrapped in expressions, so that the database does not choose another index. */
  readonly condition: (value: (name: string) => RawBuilder<unknown>, count: number) => RawBuilder<SqlBool>;
  readonly values: (wanted: never) => FilterValues;
}

type LookName = keyof RunFilter;

const asked = sql`' ' || principal || ':'`;
const names = sql`' ' || principal || ' ' || coalesce(people, ${sql.lit(ADMINISTRATOR)}) || ' '`;
const told = sql`lower(coalesce(title, '') || ' ' || coalesce(input, ''))`;

/** Whether the text contains the part, in exactly this letter case; `like` ignores case in SQLite. */
function holds(text: RawBuilder<unknown>, part: RawBuilder<unknown>): RawBuilder<SqlBool> {
  return sql<SqlBool>`replace(${text}, ${part}, '') <> ${text}`;
}

const looks: Readonly<Record<LookName, Look>> = {
  user: {
    condition: (value) =>
      sql`(${sql.join(
        ["whole", "ofKind", "last"].map((at) => holds(names, value(at))),
        sql` or `,
      )})`,
    values: (user: string) => {
      // Names are separated by blanks and contain none.
      const name = user.replaceAll(" ", "\n");
      return { whole: ` ${name} `, ofKind: `:${name} `, last: `/${name} ` };
    },
  },
  trigger: {
    condition: (value) => holds(asked, value("trigger")),
    values: (trigger: string) => ({ trigger: ` ${trigger}:` }),
  },
  text: {
    condition: (value) => sql`${told} like ${value("text")} escape '\\'`,
    values: (text: string) => ({ text: `%${text.toLowerCase().replaceAll(/[\\%_]/g, "\\$&")}%` }),
  },
  functionName: {
    condition: (value) => sql`function_name || '' = ${value("functionName")}`,
    values: (functionName: string) => ({ functionName }),
  },
  status: {
    condition: (value) => sql`status || '' = ${value("status")}`,
    values: (status: string) => ({ status }),
  },
  since: {
    condition: (value) => sql`coalesce(finished, executed) > ${value("since")}`,
    values: (since: number) => ({ since: nanosecondsOf(since) }),
  },
  family: {
    condition: (value) => sql`(id = ${value("family")} or parent = ${value("family")})`,
    values: (family: string) => ({ family }),
  },
  hidden: {
    condition: (value, count) =>
      sql`function_id not in (${sql.join(Array.from({ length: count }, (_, at) => value(`hidden${at}`)))})`,
    values: (ids: readonly string[]) => Object.fromEntries(ids.map((id, at) => [`hidden${at}`, id])),
  },
};

/** The conditions of a filter, and what tells it from filters of another form. */
export interface Conditions {
  readonly form: string;
  readonly values: FilterValues;
  readonly each: readonly ((value: (name: string) => RawBuilder<unknown>) => RawBuilder<SqlBool>)[];
}

export function conditionsOf(filter: RunFilter): Conditions {
  const hidden = padded(filter.hidden ?? []);
  const wanted = Object.entries({ ...filter, hidden: hidden.length === 0 ? undefined : hidden });
  const asked = wanted.filter(([name, value]) => value !== undefined && name in looks) as [LookName, never][];
  return {
    form: [...asked.map(([name]) => name), hidden.length].join(" "),
    values: Object.assign({}, ...asked.map(([name, value]) => looks[name].values(value))) as FilterValues,
    each: asked.map(
      ([name]) =>
        (value) =>
          looks[name].condition(value, hidden.length),
    ),
  };
}

/** Filled up to a power of two, so that few different statements are needed. */
function padded(ids: readonly string[]): readonly string[] {
  const length = ids.length === 0 ? 0 : 2 ** Math.ceil(Math.log2(ids.length));
  return Array.from({ length }, (_, at) => ids[Math.min(at, ids.length - 1)] ?? "");
}

export const LATEST = 2n ** 63n - 1n;

/** Of any second, also of one that the database's clock does not reach. */
export function nanosecondsOf(seconds: number): bigint {
  const exact = BigInt(seconds) * 1_000_000_000n;
  return exact > LATEST ? LATEST : exact < -LATEST ? -LATEST : exact;
}
