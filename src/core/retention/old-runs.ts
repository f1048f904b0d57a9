/** Runs are deleted in small chunks, oldest first: nobody waits for them, however many and however large they are. */
import { sql } from "kysely";
import type { Database } from "../shared/ports.ts";
import { statement } from "../shared/statement.ts";

/** Runs of an organization, or of one of its functions. */
export interface RunScope {
  readonly organization: string;
  readonly functionName?: string | undefined;
}

/** Does one step, see pace.ts. */
export type Step = <T>(act: () => Promise<T>) => Promise<T>;

interface Range {
  readonly organization: string;
  readonly from: bigint;
  readonly to: bigint;
}

const dropOfOrganization = statement((database, { organization, from, to }: Range) =>
  database
    .deleteFrom("runs")
    .where("organization", "=", organization)
    .where("executed", ">", from)
    .where("executed", "<=", to)
    .where("finished", "is not", null),
);

const dropOfFunction = statement((database, range: Range & { readonly name: string }) =>
  database
    .deleteFrom("runs")
    .where("organization", "=", range.organization)
    .where("function_name", "=", range.name)
    .where("executed", ">", range.from)
    .where("executed", "<=", range.to)
    .where("finished", "is not", null),
);

const dropOfId = statement((database, range: Range & { readonly name: string; readonly id: string }) =>
  database
    .deleteFrom("runs")
    .where("organization", "=", range.organization)
    .where("function_name", "=", range.name)
    .where("executed", ">", range.from)
    .where("executed", "<=", range.to)
    .where("function_id", "=", range.id),
);

/** Rows of a chunk, and bytes where they are large. */
const CHUNK = 100;
const CHUNK_BYTES = 4 * 1024 * 1024;
/** Entries of an index that are passed over in one go. */
const HOP = 5000;

const texts = ["input", "output", "error", "stdout", "stderr", "http_context", "event"] as const;
const bytes = sql<number>`${sql.join(
  texts.map((column) => sql`coalesce(octet_length(${sql.ref(column)}), 0)`),
  sql` + `,
)}`;

/** Deletes the runs of a scope that have ended and were accepted at `until` or before. */
export function dropEnded(database: Database, scope: RunScope, until: bigint, step: Step): Promise<void> {
  const { organization, functionName: name } = scope;
  return inChunks(database, scope, until, step, (from, to) =>
    name === undefined
      ? dropOfOrganization({ organization, from, to })
      : dropOfFunction({ organization, name, from, to }),
  );
}

/** Deletes all runs of a function that is gone; another of the same name keeps its own. */
export function dropOf(
  database: Database,
  { organization, functionName: name, id }: Required<RunScope> & { readonly functionName: string; readonly id: string },
  until: bigint,
  step: Step,
): Promise<void> {
  const scope = { organization, functionName: name };
  return inChunks(database, scope, until, step, (from, to) => dropOfId({ organization, name, id, from, to }));
}

async function inChunks(
  database: Database,
  scope: RunScope,
  until: bigint,
  step: Step,
  drop: (from: bigint, to: bigint) => ReturnType<typeof dropOfId>,
): Promise<void> {
  for (let from = 0n; ; ) {
    const to = await step(() => endOfChunk(database, scope, from, until));
    if (to === undefined) return;
    const range = [from, to] as const;
    await step(() => database.commit([drop(...range)]));
    from = to;
  }
}

async function endOfChunk(
  { query }: Database,
  scope: RunScope,
  from: bigint,
  until: bigint,
): Promise<bigint | undefined> {
  let rows = query.selectFrom("runs").select(["executed", bytes.as("bytes")]);
  rows = rows.where("organization", "=", scope.organization);
  if (scope.functionName !== undefined) rows = rows.where("function_name", "=", scope.functionName);
  const found = await rows
    .where("executed", ">", from)
    .where("executed", "<=", until)
    .orderBy("executed")
    .limit(CHUNK)
    .execute();
  let left = CHUNK_BYTES;
  let end: bigint | undefined;
  for (const { executed, bytes: size } of found) {
    left -= Number(size);
    if (end !== undefined && left < 0) break;
    end = BigInt(executed);
  }
  return end;
}

const LATEST = 2n ** 63n - 1n;

/** When the newest run was accepted that is beyond the `count` newest; undefined when there are no more than those. */
export async function beyond(
  { query }: Database,
  { organization, functionName }: RunScope,
  count: number,
  step: Step,
): Promise<bigint | undefined> {
  let place = LATEST;
  // The last step reaches the first run that is too many.
  for (let left = count + 1; left > 0; left -= HOP) {
    const hop = Math.min(left, HOP);
    let rows = query.selectFrom("runs").select("executed").where("organization", "=", organization);
    if (functionName !== undefined) rows = rows.where("function_name", "=", functionName);
    const page = rows
      .where("executed", "<", place)
      .orderBy("executed", "desc")
      .limit(1)
      .offset(hop - 1);
    const row = await step(() => page.executeTakeFirst());
    if (row === undefined) return undefined;
    place = BigInt(row.executed);
  }
  return place;
}

/** The next organization that has runs. */
export async function nextOrganization({ query }: Database, after: string): Promise<string | undefined> {
  const rows = query.selectFrom("runs").select("organization").where("organization", ">", after);
  return (await rows.orderBy("organization").limit(1).executeTakeFirst())?.organization;
}

/** The next function that has runs, be it there or not. */
export async function nextFunction(
  { query }: Database,
  organization: string,
  after: string,
): Promise<string | undefined> {
  const rows = query.selectFrom("runs").select("function_name").where("organization", "=", organization);
  const next = rows.where("function_name", ">", after).orderBy("function_name").limit(1);
  return (await next.executeTakeFirst())?.function_name;
}
