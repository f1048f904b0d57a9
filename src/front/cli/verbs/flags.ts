import { array, on, text } from "../../../frame/flags.ts";
import { application } from "../kinds/kind.ts";

/** Accepted where it has never had an effect. */
export const ignoredApplication = { application: { ...application.application, hidden: true } } as const;

export const wait = {
  wait: on("Return when it is READY; exit with 1 and the reason when it is not"),
  "wait-timeout": text("How long --wait waits: 30s, 5m, 1h", { default: "10m" }),
};

/** For commands that wait and have no time-out of their own. */
export const waiting = { ...wait, timeout: text("The same as --wait-timeout", { sameAs: "wait-timeout" }) };

export const files = {
  file: array("Resource file, folder, glob pattern, URL, or - for standard input; repeatable", { short: "f" }),
};

export const workDir = { "work-dir": text("Folder in which files are looked up, too", { short: "w" }) };

export const dryRun = { "dry-run": on("Only say what would be done") };
