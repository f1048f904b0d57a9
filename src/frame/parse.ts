/** From the words of a call to a command, its arguments and flags (cli-and-runtimes.md 1.1, 1.3). */
import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { nearest } from "../core/shared/nearest.ts";
import { type Command, lineOf, namesOf, type Path, plainWord, shownCommands } from "./command.ts";
import { UsageError } from "./errors.ts";
import { type Flag, type FlagTable, type Given, wordsOf } from "./flags.ts";

export interface Found<C> {
  readonly path: Path<C>;
  readonly command: Command<C>;
  /** The words of the call without those that named the command. */
  readonly words: readonly string[];
}

/** Walks down the tree along the words that are no flags, wherever flags stand between them. */
export function findCommand<C>(root: Command<C>, globals: FlagTable, words: readonly string[]): Found<C> {
  const path: Command<C>[] = [root];
  let command = root;
  let rest = words;
  for (;;) {
    const first = tokenize({ ...globals, ...flagsBelow(command) }, rest).find(({ kind }) => kind !== "option");
    const child = first?.kind === "positional" ? childNamed(command, first.value) : undefined;
    if (!first || !child) return { path, command, words: rest };
    path.push(child);
    command = child;
    rest = rest.toSpliced(first.index, 1);
  }
}

function childNamed<C>(command: Command<C>, word: string): Command<C> | undefined {
  return command.commands?.find((child) => namesOf(child).some((name) => plainWord(name) === plainWord(word)));
}

/** Those of the command and of all below it: the word after one may be its value. */
function flagsBelow<C>({ flags, commands = [] }: Command<C>): FlagTable {
  return Object.assign({}, ...commands.map(flagsBelow), flags);
}

/** The error for a word that names no command of a group, with the nearest one that exists (decisions.md 2). */
export function unknownCommand(path: Path, word: string): UsageError {
  const group = path.at(-1);
  const known = group === undefined ? [] : shownCommands(group).flatMap(namesOf);
  return unknownWord(path, word, group?.childWord ?? "command", group?.elsewhere?.(word) ?? nearest(word, known));
}

/** The error for a word that is none of the known ones; `otherwise` is said where nobody knows what was meant. */
export function unknownWord(path: Path, word: string, what: string, meant: string | undefined, otherwise = "") {
  const hint = meant === undefined ? otherwise : `\n\nDid you mean this?\n\t${meant}\n`;
  return new UsageError(`unknown ${what} ${JSON.stringify(word)} for "${lineOf(path)}"${hint}`);
}

export interface Parsed {
  readonly given: Given;
  readonly args: readonly string[];
}

/** @param flags of the command and the program. @throws UsageError for an unknown flag, one without its value or with a wrong one */
export function parseWords(flags: FlagTable, words: readonly string[]): Parsed {
  const given = new Map<string, string[]>();
  const args: string[] = [];
  for (const token of tokenize(flags, words)) {
    if (token.kind === "positional") args.push(token.value);
    if (token.kind !== "option") continue;
    const off = switchedOff(flags, token.name);
    const flag = off ?? flags[token.name] ?? unknownFlag(flags, token.name, token.rawName, words);
    const values = off ? ["false"] : wordsOf(token.name, flag, givenValue(flag, token.rawName, token.value));
    const name = flag.sameAs ?? (off ? token.name.slice(3) : token.name);
    given.set(name, [...(given.get(name) ?? []), ...values]);
  }
  return { given, args };
}

/** The switch that `--no-switch` turns off. */
function switchedOff(flags: FlagTable, name: string): Flag | undefined {
  const flag = name.startsWith("no-") ? flags[name.slice(3)] : undefined;
  return flag?.type === "boolean" ? flag : undefined;
}

function tokenize(flags: FlagTable, words: readonly string[]) {
  const options: ParseArgsOptionsConfig = {};
  for (const [name, { type, short }] of Object.entries(flags)) {
    options[name] = { type: type === "boolean" ? type : "string", ...(short === undefined ? {} : { short }) };
  }
  return parseArgs({ args: [...words], options, strict: false, tokens: true, allowPositionals: true }).tokens;
}

function unknownFlag(flags: FlagTable, name: string, rawName: string, words: readonly string[]): never {
  if (!rawName.startsWith("--")) {
    const cluster = words.find((word) => /^-[^-]/.test(word) && word.includes(name)) ?? rawName;
    throw new UsageError(`unknown shorthand flag: '${name}' in ${cluster}`);
  }
  const shown = Object.keys(flags).filter((known) => !flags[known]?.hidden);
  const meant = nearest(name, shown);
  throw new UsageError(`unknown flag: --${name}${meant === undefined ? "" : ` (did you mean --${meant}?)`}`);
}

function givenValue({ type, short }: Flag, rawName: string, value: string | undefined): string {
  const long = rawName.startsWith("--");
  if (value !== undefined) return !long && value.startsWith("=") ? value.slice(1) : value;
  if (type === "boolean") return "true";
  throw new UsageError(`flag needs an argument: ${long ? rawName : `'${short}' in -${short}`}`);
}

/** @throws UsageError with the sentence that says how many arguments are needed, or which has no letter in it. */
export function checkArguments<C>(command: Command<C>, args: readonly string[]): void {
  checkCount(command, args.length);
  // As a script writes it whose variable has no value: nobody means all, or none, by that.
  const empty = command.hidden ? -1 : args.indexOf("");
  if (empty < 0) return;
  const name = command.arguments?.[empty]?.name ?? `argument ${empty + 1}`;
  throw new UsageError(`${name} is empty: has a variable no value?`);
}

function checkCount<C>({ arguments: all = [], ignoresExtra }: Command<C>, received: number): void {
  const [least, most] = [all.filter((argument) => !argument.optional).length, all.length];
  if (received >= least && (ignoresExtra || received <= most)) return;
  const several = ignoresExtra
    ? `requires at least ${least} arg(s), only`
    : `accepts between ${least} and ${most} arg(s),`;
  const wanted = !ignoresExtra && least === most ? `accepts ${least} arg(s),` : several;
  throw new UsageError(`${wanted} received ${received}`);
}
