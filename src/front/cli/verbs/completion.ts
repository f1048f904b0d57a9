/** `completion SHELL`, and what its scripts ask: `__complete WORD...`. */
import { optional } from "../../../frame/command.ts";
import { completionAfter, completionScripts } from "../../../frame/completion.ts";
import { CliError } from "../../../frame/errors.ts";
import type { Completes } from "../../../frame/flags.ts";
import { type Context, command } from "../context/context.ts";
import { globalFlags } from "../context/settings.ts";
import type { Kind } from "../kinds/kind.ts";
import { allKinds, kindNamed, kindOfWord } from "../kinds/kinds.ts";
import { fetchAll } from "../kinds/resources.ts";
import { fetchRuns } from "../kinds/run.ts";
import { text } from "../output/json.ts";

/** Of bash without an argument, as ever. */
export const completion = command({
  name: "completion",
  summary: "Print a completion script for bash, zsh or fish",
  arguments: [optional("SHELL", Object.keys(completionScripts))],
  examples: [
    "source <(dispatch completion bash)",
    "source <(dispatch completion zsh)",
    "dispatch completion fish > ~/.config/fish/completions/dispatch.fish",
  ],
  run: async ({ args, io }) => {
    const shell = args[0] || "bash";
    const script = completionScripts[shell];
    if (script === undefined)
      throw new CliError(`no completion for ${shell}: choose ${Object.keys(completionScripts).join(", ")}`);
    io.stdout(script);
  },
});

/** Nothing when no word is known. */
export const complete = command({
  name: "__complete",
  summary: "Print the words that may follow, one a line",
  arguments: [optional("WORD")],
  ignoresExtra: true,
  hidden: true,
  examples: ["dispatch __complete get ''"],
  run: async (context) => {
    const [root] = context.path;
    if (!root) return;
    const last = context.args.at(-1) ?? "";
    const { completes, args } = completionAfter(root, globalFlags, context.args.slice(0, -1), last);
    // No server, no names: completion stays silent.
    const words = await wordsFor(context, completes, args).catch(() => []);
    const fitting = words.filter((word) => word.startsWith(last));
    context.io.stdout(fitting.map((word) => `${word}\n`).join(""));
  },
});

async function wordsFor(context: Context, completes: Completes, args: readonly string[]): Promise<readonly string[]> {
  if (typeof completes !== "string") return completes;
  switch (completes) {
    case "context":
      return Object.keys(context.config.contexts);
    case "type":
      return allKinds.map((kind) => kind.word);
    case "name of type":
      return namesOf(context, kindOfWord(args.at(-1) ?? ""));
    case "run":
      return (await fetchRuns(context, { functionName: args[0], limit: 20 })).map((run) => text(run, "name"));
    default:
      return namesOf(context, kindNamed(completes));
  }
}

async function namesOf(context: Context, kind: Kind | undefined): Promise<string[]> {
  const resources = kind === undefined ? [] : await fetchAll(context, kind);
  return resources.map((resource) => text(resource, "name"));
}
