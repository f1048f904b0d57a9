import { nearest } from "../../../core/shared/nearest.ts";
import type { Command } from "../command.ts";
import { UsageError } from "../errors.ts";
import { namesOf } from "./find-command.ts";
import { lineOf } from "./help.ts";

/** The error for a word that names no command of a group, with the nearest one that exists (decisions.md 2). */
export function unknownCommand(path: readonly Command[], word: string): UsageError {
  const group = path.at(-1);
  const children = (group?.commands ?? []).filter((child) => !child.hidden);
  const what = group?.childWord ?? "command";
  const meant = nearest(word, children.flatMap(namesOf));
  const hint = meant === undefined ? "" : `\n\nDid you mean this?\n\t${meant}\n`;
  return new UsageError(`unknown ${what} ${JSON.stringify(word)} for "${lineOf(path)}"${hint}`);
}
