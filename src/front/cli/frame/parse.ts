/** Reads the words of a call against one command: flags in any place, arguments counted (cli-and-runtimes.md 1.1, 1.3). */
import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { nearest } from "../../../core/shared/nearest.ts";
import type { Argument, Command, Flag } from "./command.ts";
import { UsageError } from "./errors.ts";
import { Flags, flagValues } from "./flags.ts";
import { globalFlags } from "./global-flags.ts";

export interface ParsedWords {
  readonly flags: Flags;
  readonly args: readonly string[];
}

/** The flags of a command and the global ones, which it may replace (`-h` apart). */
export function flagsOf(command: Command): readonly Flag[] {
  return [...(command.flags ?? []), ...globalFlags];
}

/** @throws UsageError for an unknown flag, a flag without its value or with a wrong one. */
export function parseWords(command: Command, words: readonly string[]): ParsedWords {
  const known = flagsOf(command);
  const values = new Map<string, string[]>();
  const args: string[] = [];
  for (const token of tokenize(known, words)) {
    if (token.kind === "positional") args.push(token.value);
    if (token.kind !== "option") continue;
    const flag = flagOf(known, token.name, token.rawName, words);
    const value = givenValue(flag, token.rawName, token.value);
    values.set(flag.name, [...(values.get(flag.name) ?? []), ...flagValues(flag, value)]);
  }
  return { flags: new Flags(values), args };
}

/** @throws UsageError with the sentence that says how many are needed. */
export function checkArguments(command: Command, args: readonly string[]): void {
  const all = command.arguments ?? [];
  const least = all.filter((argument: Argument) => !argument.optional).length;
  const most = command.ignoresExtra ? Number.POSITIVE_INFINITY : all.length;
  if (args.length >= least && args.length <= most) return;
  throw new UsageError(wrongCount(least, most, args.length));
}

function wrongCount(least: number, most: number, received: number): string {
  if (least === most) return `accepts ${least} arg(s), received ${received}`;
  if (most === Number.POSITIVE_INFINITY) return `requires at least ${least} arg(s), only received ${received}`;
  return `accepts between ${least} and ${most} arg(s), received ${received}`;
}

function tokenize(known: readonly Flag[], words: readonly string[]) {
  const options: ParseArgsOptionsConfig = {};
  for (const flag of known) {
    const type = flag.type === "boolean" ? "boolean" : "string";
    options[flag.name] = flag.short === undefined ? { type } : { type, short: flag.short };
  }
  return parseArgs({ args: [...words], options, strict: false, tokens: true, allowPositionals: true }).tokens;
}

function flagOf(known: readonly Flag[], name: string, rawName: string, words: readonly string[]): Flag {
  const flag = known.find((candidate) => candidate.name === name);
  if (flag) return flag;
  if (rawName.startsWith("--")) throw new UsageError(`unknown flag: --${name}${suggestion(known, name)}`);
  const cluster = words.find((word) => /^-[^-]/.test(word) && word.includes(name)) ?? rawName;
  throw new UsageError(`unknown shorthand flag: '${name}' in ${cluster}`);
}

function suggestion(known: readonly Flag[], name: string): string {
  const shown = known.filter((flag) => !flag.hidden).map((flag) => flag.name);
  const meant = nearest(name, shown);
  return meant === undefined ? "" : ` (did you mean --${meant}?)`;
}

function givenValue(flag: Flag, rawName: string, value: string | undefined): string {
  if (value === undefined && flag.type === "boolean") return "true";
  const short = !rawName.startsWith("--");
  if (value === undefined) throw new UsageError(`flag needs an argument: ${missing(flag, short)}`);
  return short && value.startsWith("=") ? value.slice(1) : value;
}

function missing(flag: Flag, short: boolean): string {
  return short ? `'${flag.short}' in -${flag.short}` : `--${flag.name}`;
}
