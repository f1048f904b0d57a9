/** `audit list|verify|export|accept`. */
import { type AuditRecord, type AuditVerdict, auditOperations } from "../../../core/audit/contract.ts";
import type { Context } from "../frame/context.ts";
import { type KindTable, list, plainStyle, textColumn } from "../kinds/kind.ts";
import { printData, printResources } from "../output/print.ts";
import { isObject } from "../output/shape.ts";
import { rfc3339 } from "../output/time.ts";
import { sinceSeconds } from "./get-runs.ts";

const shape = {
  keys: ["sequence", "time", "organization", "principal", "people", "via", "action", "kind", "name", "hash"],
};

const table: KindTable = {
  style: plainStyle,
  columns: [
    { title: "Time", cell: ({ time }) => rfc3339(BigInt(Number(time)) * 1_000_000n) },
    textColumn("Who", "principal"),
    { title: "For", cell: (entry) => list(entry, "people").join(" ") },
    textColumn("Did", "action"),
    textColumn("Kind", "kind"),
    textColumn("Name", "name"),
  ],
};

const MAX_PAGE = 1000;

export async function listAudit(context: Context): Promise<number> {
  const { flags } = context;
  const selection = { action: flags.text("action"), kind: flags.text("kind"), name: flags.text("name") };
  const query = { ...selection, since: sinceOf(context), limit: flags.integer("limit") ?? 50 };
  const entries: unknown = await context.client.call(auditOperations.listAudit, { query });
  await printResources(context, { shape, table }, Array.isArray(entries) ? entries.filter(isObject) : []);
  return 0;
}

export async function verifyAudit(context: Context): Promise<number> {
  return printVerdict(context, await context.client.call(auditOperations.verifyAudit));
}

export async function acceptAudit(context: Context): Promise<number> {
  return printVerdict(context, await context.client.call(auditOperations.acceptAudit));
}

export async function exportAudit(context: Context): Promise<number> {
  let cursor: number | undefined;
  for (;;) {
    const query = { since: sinceOf(context), limit: MAX_PAGE, cursor };
    const entries = (await context.client.call(auditOperations.listAudit, { query })) as AuditRecord[];
    context.io.stdout(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    cursor = entries.at(-1)?.sequence;
    if (entries.length < MAX_PAGE || cursor === undefined) return 0;
  }
}

function sinceOf(context: Context): number | undefined {
  return sinceSeconds(context.flags.text("since"), context.io.now());
}

async function printVerdict(context: Context, verdict: AuditVerdict): Promise<number> {
  if (context.format === "table") context.io.stdout(`${sentenceOf(verdict)}\n`);
  else await printData(context, verdict);
  return verdict.whole ? 0 : 1;
}

function sentenceOf({ whole, entries, sealed, unkeyedUntil, acceptedUntil, reason = "" }: AuditVerdict): string {
  if (!whole) return `The audit log cannot be believed: ${reason}.`;
  const parts = [`The audit log is whole: ${entries} entries.`];
  if (sealed !== undefined)
    parts.push(`${sealed.entries} of them were sealed at ${new Date(Number(sealed.time)).toISOString()}.`);
  if (unkeyedUntil !== undefined)
    parts.push(
      `Those up to ${unkeyedUntil} are of an older version without a key, and were sealed as they were found.`,
    );
  if (acceptedUntil !== undefined) parts.push(`Those up to ${acceptedUntil} were accepted as they were found.`);
  return parts.join("\n");
}
