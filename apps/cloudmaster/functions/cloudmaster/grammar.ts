/** The language of the slash command: text in, command or problem out. Pure. */
import { encodeSlack, unescapeSlack } from "../shared/escape.ts";
import type { CloudAction } from "../shared/machine.ts";
import { vmNameProblem } from "../shared/machine.ts";
import { nearest } from "../shared/nearest.ts";

export const CLOUDS = ["aws", "azure", "gcp", "vsphere"] as const;
export type Cloud = (typeof CLOUDS)[number];

/** What a person asked for. `create` and `delete` always name a machine. */
export type Command =
  | { readonly verb: Exclude<CloudAction, "list">; readonly vm: string; readonly clouds: readonly Cloud[] }
  | { readonly verb: "list"; readonly clouds: readonly Cloud[] }
  | { readonly verb: "echo"; readonly text: string }
  | { readonly verb: "help" };

/** A command, or a sentence that says what was not understood and how to mend it. */
export type Parsed = { readonly command: Command } | { readonly problem: string };

/** Every form of the command with what it does, for the help. */
export const USAGE: readonly { readonly form: string; readonly meaning: string }[] = [
  { form: "create <vm> on <cloud|all>", meaning: "start a virtual machine" },
  { form: "list <cloud|all>", meaning: "show the machines" },
  { form: "delete <vm> on <cloud|all>", meaning: "stop a machine for good" },
  { form: "echo <text>", meaning: "say it back, to see that all is well" },
];

const VERBS: Readonly<Record<string, (words: readonly string[], line: string) => Parsed>> = {
  create: (words) => parseMachine("create", words),
  list: parseList,
  delete: (words) => parseMachine("delete", words),
  echo: parseEcho,
  help: () => ({ command: { verb: "help" } }),
};

/** Reads the text behind the slash command; an empty one asks for help. */
export function parse(text: string): Parsed {
  const line = tidy(text);
  const words = line.split(" ").map(unquote);
  const typed = words[0] ?? "";
  if (typed === "") return { command: { verb: "help" } };
  const verb = typed.toLowerCase();
  const parseVerb = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (parseVerb === undefined) {
    return { problem: `I do not know the word “${brief(typed)}”.${suggestion(typed, Object.keys(VERBS))}` };
  }
  return parseVerb(words.slice(1), line);
}

/** The command in its plainest spelling, as Slack would send it; `parse` reads it back. */
export function format(command: Command): string {
  switch (command.verb) {
    case "create":
    case "delete":
      return `${command.verb} ${command.vm} on ${formatClouds(command.clouds)}`;
    case "list":
      return `list ${formatClouds(command.clouds)}`;
    case "echo":
      return `echo ${encodeSlack(command.text)}`;
    case "help":
      return "help";
  }
}

/** `all` for every cloud, else the names. */
export function formatClouds(clouds: readonly Cloud[]): string {
  return clouds.length === CLOUDS.length ? "all" : clouds.join(", ");
}

function parseMachine(verb: "create" | "delete", words: readonly string[]): Parsed {
  const [vm, on, cloud, ...rest] = words;
  const form = `Write it like this: ${verb} vmtest01 on aws`;
  if (vm === undefined) return { problem: `Which machine? ${form}` };
  const problem = vmNameProblem(vm);
  if (problem !== undefined) return { problem };
  if (on?.toLowerCase() !== "on" || cloud === undefined) return { problem: `On which cloud? ${form}` };
  if (rest.length > 0) return { problem: `“${brief(rest.join(" "))}” is too much. ${form}` };
  const chosen = parseClouds(cloud);
  return "problem" in chosen ? chosen : { command: { verb, vm, clouds: chosen.clouds } };
}

function parseList(words: readonly string[]): Parsed {
  const [cloud, ...rest] = words[0]?.toLowerCase() === "on" ? words.slice(1) : words;
  if (cloud === undefined) return { problem: "Which cloud? Write it like this: list aws, or: list all" };
  if (rest.length > 0) return { problem: `“${brief(rest.join(" "))}” is too much. Write it like this: list aws` };
  const chosen = parseClouds(cloud);
  return "problem" in chosen ? chosen : { command: { verb: "list", clouds: chosen.clouds } };
}

function parseEcho(words: readonly string[], line: string): Parsed {
  if (words.length === 0) return { problem: "Echo what? Write it like this: echo hello" };
  return { command: { verb: "echo", text: line.slice(line.indexOf(" ") + 1) } };
}

function parseClouds(word: string): { readonly clouds: readonly Cloud[] } | { readonly problem: string } {
  const name = word.toLowerCase();
  if (name === "all") return { clouds: CLOUDS };
  const cloud = CLOUDS.find((candidate) => candidate === name);
  if (cloud !== undefined) return { clouds: [cloud] };
  const known = [...CLOUDS, "all"];
  return { problem: `I know no cloud “${brief(word)}”.${suggestion(word, known)} There are: ${known.join(", ")}.` };
}

function suggestion(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  return meant === undefined ? "" : ` Did you mean “${meant}”?`;
}

/** Slack's escapes undone, invisible characters gone, every run of blanks (also no-break ones) a single space. */
function tidy(text: string): string {
  return unescapeSlack(text)
    .replaceAll(/\p{Cf}/gu, "")
    .replaceAll(/\s+/gu, " ")
    .trim();
}

/** Phones and Slack itself put names in typographic quotes; people put them in backticks. */
function unquote(word: string): string {
  return word.replaceAll(/^["'`‘’‚“”„«»‹›]+|["'`‘’‚“”„«»‹›]+$/gu, "");
}

function brief(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
