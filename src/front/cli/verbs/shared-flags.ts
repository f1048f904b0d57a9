/** Flags that several commands share. */
import type { Flag } from "../frame/command.ts";

export const application: Flag = {
  name: "application",
  short: "a",
  type: "string",
  description: "Mark it as part of an application (adds the tag Application)",
};

/** Accepted where it has never had an effect. */
export const ignoredApplication: Flag = { ...application, hidden: true };

export const wait: Flag = {
  name: "wait",
  type: "boolean",
  description: "Return when it is READY; exit with 1 and the reason when it is not",
};

export const waitTimeout: Flag = {
  name: "wait-timeout",
  type: "string",
  description: "How long --wait waits: 30s, 5m, 1h",
  default: "10m",
};

/** The short name of --wait-timeout, where --timeout means nothing else. */
export const timeout: Flag = { name: "timeout", type: "string", description: "The same as --wait-timeout" };

/** For commands that wait and have no time-out of their own. */
export const waiting: readonly Flag[] = [wait, waitTimeout, timeout];

export const file: Flag = {
  name: "file",
  short: "f",
  type: "array",
  description: "Resource file, folder, glob pattern, URL, or - for standard input; repeatable",
};

export const workDir: Flag = {
  name: "work-dir",
  short: "w",
  type: "string",
  description: "Folder in which files are looked up, too",
};

export const dryRun: Flag = { name: "dry-run", type: "boolean", description: "Only say what would be done" };
