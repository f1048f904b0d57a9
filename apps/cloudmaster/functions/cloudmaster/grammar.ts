/** The language of the slash command: text in, command or problem out. Pure. */
import { encodeSlack, unescapeSlack } from "../shared/escape.ts";
import { vmNameProblem } from "../shared/machine.ts";
import { nearest } from "../shared/nearest.ts";

export const CLOUDS = ["aws", "azure", "gcp", "vsphere"] as const;
export type Cloud = (typeof CLOUDS)[number];

/** The verbs that name a machine. */
export const MACHINE_VERBS = ["create", "delete", "start", "stop", "show"] as const;
export type MachineVerb = (typeof MACHINE_VERBS)[number];

/** What a person asked for. */
export type Command =
  | { readonly verb: MachineVerb; readonly vm: string; readonly clouds: readonly Cloud[] }
  | { readonly verb: "list"; readonly clouds: readonly Cloud[] }
  | { readonly verb: "echo"; readonly text: string }
  | { readonly verb: "help"; readonly topic?: Topic };

/** A command, or a sentence that says what was not understood and how to fix it. */
export type Parsed = { readonly command: Command } | { readonly problem: string };

/** A verb as the help explains it. */
export interface Usage {
  readonly form: string;
  readonly meaning: string;
  readonly example: string;
  /** What else there is to know, in sentences. */
  readonly details: string;
}

const NAMES = "A name has small letters, digits and hyphens, begins with a letter and has 63 characters at most.";

/** Every verb with its form and what it does, for the help. */
export const USAGE = {
  create: {
    form: "create <vm> on <cloud|all>",
    meaning: "make a virtual machine and start it",
    example: "create vmtest01 on gcp",
    details: `When a machine of that name is there already, this says so and makes none. ${NAMES}`,
  },
  list: {
    form: "list <cloud|all>",
    meaning: "show the machines",
    example: "list all",
    details: "Only machines that Cloudmaster made are shown.",
  },
  show: {
    form: "show <vm> on <cloud|all>",
    meaning: "show one machine: its id, state and address",
    example: "show vmtest01 on gcp",
    details: "Only machines that Cloudmaster made are shown.",
  },
  start: {
    form: "start <vm> on <cloud|all>",
    meaning: "start a machine that was stopped",
    example: "start vmtest01 on gcp",
    details: "A machine that runs already goes on running.",
  },
  stop: {
    form: "stop <vm> on <cloud|all>",
    meaning: "stop a machine; its disk stays",
    example: "stop vmtest01 on gcp",
    details: "A stopped machine costs only what its disk costs. Start it again with start.",
  },
  delete: {
    form: "delete <vm> on <cloud|all>",
    meaning: "delete a machine for good, with its disk",
    example: "delete vmtest01 on gcp",
    details: "Nothing of it stays. Machines that Cloudmaster did not make are left alone.",
  },
  echo: {
    form: "echo <text>",
    meaning: "say it back, to see that all is well",
    example: "echo hello",
    details: "The text goes the whole way: through the endpoint, two functions, and back into the channel.",
  },
} as const satisfies Readonly<Record<string, Usage>>;
export type Topic = keyof typeof USAGE;

const VERBS: Readonly<Record<string, (words: readonly string[], line: string) => Parsed>> = {
  ...Object.fromEntries(MACHINE_VERBS.map((verb) => [verb, (words: readonly string[]) => parseMachine(verb, words)])),
  list: parseList,
  echo: parseEcho,
  help: parseHelp,
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
    case "start":
    case "stop":
    case "show":
      return `${command.verb} ${command.vm} on ${formatClouds(command.clouds)}`;
    case "list":
      return `list ${formatClouds(command.clouds)}`;
    case "echo":
      return `echo ${encodeSlack(command.text)}`;
    case "help":
      return command.topic === undefined ? "help" : `help ${command.topic}`;
  }
}

/** `all` for every cloud, else the names. */
export function formatClouds(clouds: readonly Cloud[]): string {
  return clouds.length === CLOUDS.length ? "all" : clouds.join(", ");
}

function parseMachine(verb: MachineVerb, words: readonly string[]): Parsed {
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

/** `help create`; any other word gets the whole help. */
function parseHelp([word = ""]: readonly string[]): Parsed {
  const topic = word.toLowerCase();
  return { command: { verb: "help", ...(isTopic(topic) ? { topic } : {}) } };
}

function isTopic(word: string): word is Topic {
  return Object.hasOwn(USAGE, word);
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
