import { type AuditRecord, type AuditVerdict, auditOperations } from "../../../core/audit/contract.ts";
import { integer, text } from "../../../frame/flags.ts";
import { sinceSeconds } from "../../../frame/spans.ts";
import { type Context, command } from "../context/context.ts";
import { tableOf } from "../kinds/kind.ts";
import { list, objectsOf } from "../output/json.ts";
import { printData, printResources } from "../output/print.ts";
import { millisecondsText } from "../output/time.ts";

const shape = { keys: "sequence time organization principal people via action kind name hash" };

const table = tableOf({
  Time: ({ time }) => millisecondsText(Number(time)),
  Who: "principal",
  For: (entry) => list(entry, "people").join(" "),
  Did: "action",
  Kind: "kind",
  Name: "name",
});

const since = { since: text("Entries since then: 30m, 24h, or a date") };
const maxPage = 1000;

const listEntries = command({
  name: "list",
  aliases: ["get", "ls"],
  summary: "Show the latest entries: who did what, and for whom",
  flags: {
    ...since,
    action: text("Only this: create, update, delete, reveal, use, refused ..."),
    kind: text("Only about this kind: Secret, Function ..."),
    name: text("Only about the one of this name"),
    limit: integer("At most so many", { default: 50 }),
  },
  examples: ["dispatch audit list --since 24h --kind Secret"],
  run: async ({ flags: { action, kind, name, limit, ...flags }, ...context }) => {
    const query = { action, kind, name, since: sinceSeconds(flags.since, context.io.now()), limit };
    const entries: unknown = await context.client.call(auditOperations.listAudit, { query });
    await printResources(context, { shape, table }, objectsOf(entries));
  },
});

const verify = command({
  name: "verify",
  summary: "Check that no entry was altered, added or removed; exits with 1 when one was",
  examples: ["dispatch audit verify"],
  run: async (context) => printVerdict(context, await context.client.call(auditOperations.verifyAudit)),
});

const exportEntries = command({
  name: "export",
  summary: "Print all entries as lines of JSON, newest first",
  flags: since,
  examples: ["dispatch audit export > audit.jsonl"],
  run: async ({ client, io, flags }) => {
    let cursor: number | undefined;
    for (;;) {
      const query = { since: sinceSeconds(flags.since, io.now()), limit: maxPage, cursor };
      const entries = (await client.call(auditOperations.listAudit, { query })) as AuditRecord[];
      io.stdout(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
      cursor = entries.at(-1)?.sequence;
      if (entries.length < maxPage || cursor === undefined) return;
    }
  },
});

const accept = command({
  name: "accept",
  summary: "Take the log as it is found, after it could not be believed; for the administrator",
  examples: ["dispatch audit accept"],
  run: async (context) => printVerdict(context, await context.client.call(auditOperations.acceptAudit)),
});

export const audit = command({
  name: "audit",
  summary: "Read and check the audit log",
  examples: ["dispatch audit list", "dispatch audit verify"],
  commands: [listEntries, verify, exportEntries, accept],
});

async function printVerdict(context: Context, verdict: AuditVerdict): Promise<number> {
  if (context.format === "table") context.io.stdout(`${sentenceOf(verdict)}\n`);
  else await printData(context, verdict);
  return verdict.whole ? 0 : 1;
}

function sentenceOf(verdict: AuditVerdict): string {
  const { whole, entries, sealed, reason = "" } = verdict;
  if (!whole) return `The audit log cannot be believed: ${reason}.`;
  const upTo = (sequence: number | undefined, what: string) =>
    sequence === undefined ? [] : [`Those up to ${sequence} ${what}.`];
  return [
    `The audit log is whole: ${entries} entries.`,
    ...(sealed ? [`${sealed.entries} of them were sealed at ${new Date(Number(sealed.time)).toISOString()}.`] : []),
    ...upTo(verdict.unkeyedUntil, "are of an older version without a key, and were sealed as they were found"),
    ...upTo(verdict.acceptedUntil, "were accepted as they were found"),
    ...upTo(verdict.archivedUntil, "are in files of the archive"),
  ].join("\n");
}
