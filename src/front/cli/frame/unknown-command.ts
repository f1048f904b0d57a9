import { nearest } from "../../../core/shared/nearest.ts";
import { allKinds } from "../kinds/kinds.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./errors.ts";
import { namesOf } from "./find-command.ts";
import { lineOf } from "./help.ts";

/** The error for a word that names no command of a group, with the nearest one that exists (decisions.md 2). */
export function unknownCommand(path: readonly Command[], word: string): UsageError {
  const group = path.at(-1);
  const children = (group?.commands ?? []).filter((child) => !child.hidden);
  return unknownWord(path, word, {
    what: group?.childWord ?? "command",
    known: children.flatMap(namesOf),
    otherwise: "",
  });
}

/** The same for a word that names no type of resource. */
export function unknownType(path: readonly Command[], word: string): UsageError {
  const known = allKinds.flatMap((kind) => [kind.word, ...kind.aliases]);
  const otherwise = `; known types: ${allKinds.map((kind) => kind.word).join(", ")}`;
  return unknownWord(path, word, { what: "resource type", known, otherwise });
}

function unknownWord(
  path: readonly Command[],
  word: string,
  { what, known, otherwise }: { readonly what: string; readonly known: readonly string[]; readonly otherwise: string },
): UsageError {
  const meant = nearest(word, known);
  const hint = meant === undefined ? otherwise : `\n\nDid you mean this?\n\t${meant}\n`;
  return new UsageError(`unknown ${what} ${JSON.stringify(word)} for "${lineOf(path)}"${hint}`);
}
