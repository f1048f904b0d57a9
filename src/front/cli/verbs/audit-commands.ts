import type { Command } from "../frame/command.ts";

const list: Command = {
  name: "list",
  aliases: ["get", "ls"],
  summary: "Show the latest entries: who did what, and for whom",
  flags: [
    { name: "since", type: "string", description: "Entries since then: 30m, 24h, or a date" },
    { name: "action", type: "string", description: "Only this: create, update, delete, reveal, use, refused ..." },
    { name: "kind", type: "string", description: "Only about this kind: Secret, Function ..." },
    { name: "name", type: "string", description: "Only about the one of this name" },
    { name: "limit", type: "integer", description: "At most so many", default: "50" },
  ],
  examples: ["dispatch audit list --since 24h --kind Secret"],
  load: async () => (await import("./audit.ts")).listAudit,
};

const verify: Command = {
  name: "verify",
  summary: "Check that no entry was altered, added or removed; exits with 1 when one was",
  examples: ["dispatch audit verify"],
  load: async () => (await import("./audit.ts")).verifyAudit,
};

const exportCommand: Command = {
  name: "export",
  summary: "Print all entries as lines of JSON, newest first",
  flags: [{ name: "since", type: "string", description: "Entries since then: 30m, 24h, or a date" }],
  examples: ["dispatch audit export > audit.jsonl"],
  load: async () => (await import("./audit.ts")).exportAudit,
};

const accept: Command = {
  name: "accept",
  summary: "Take the log as it is found, after it could not be believed; for the administrator",
  examples: ["dispatch audit accept"],
  load: async () => (await import("./audit.ts")).acceptAudit,
};

/** `dispatch audit`. */
export const audit: Command = {
  name: "audit",
  summary: "Read and check the audit log",
  examples: ["dispatch audit list", "dispatch audit verify"],
  commands: [list, verify, exportCommand, accept],
};
