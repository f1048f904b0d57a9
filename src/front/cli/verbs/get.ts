/** `dispatch get`: each thing that it shows is loaded when it is asked for, so that it starts fast. */
import { namesOf, optional } from "../../../frame/command.ts";
import { type Command, command } from "../context/context.ts";
import type { Kind } from "../kinds/kind.ts";
import { fetchAll, fetchOne } from "../kinds/resources.ts";
import { printResources } from "../output/print.ts";
import { ignoredApplication } from "./flags.ts";

type Load = () => Promise<Command>;

/** By the words of their commands, in the order of the help. */
const shown: Readonly<Record<string, Load>> = {
  api: ofKind(async () => (await import("../kinds/api.ts")).api),
  "base-image": ofKind(async () => (await import("../kinds/base-image.ts")).baseImage),
  image: ofKind(async () => (await import("../kinds/image.ts")).image),
  function: ofKind(async () => (await import("../kinds/function.ts")).functionKind),
  secret: ofKind(async () => (await import("../kinds/secret.ts")).secret),
  subscription: ofKind(async () => (await import("../kinds/subscription.ts")).subscription),
  eventdriver: ofKind(async () => (await import("../kinds/driver.ts")).driver),
  eventdrivertype: ofKind(async () => (await import("../kinds/driver-type.ts")).driverType),
  alert: ofKind(async () => (await import("../kinds/alert.ts")).alert),
  run: async () => (await import("./get-runs.ts")).getRuns,
  state: async () => (await import("./get-state.ts")).getState,
  worker: async () => (await import("./get-workers.ts")).getWorkers,
  deadletter: async () => (await import("./dead-letters.ts")).getDeadLetters,
  delivery: async () => (await import("./events.ts")).getDeliveries,
  schedule: async () => (await import("./get-schedules.ts")).getSchedules,
};

function ofKind(load: () => Promise<Kind>): Load {
  return async () => getCommand(await load(), "get");
}

/** The group with the one command that the word after `get` names; with all commands when it names none of them exactly. */
export async function getGroup(word = ""): Promise<Command> {
  const own = await ownCommand(word);
  return command({
    name: "get",
    summary: "Show resources",
    childWord: "resource type",
    examples: ["dispatch get functions", "dispatch get runs hello --last", "dispatch get api cloudmaster -o yaml"],
    ...(own === undefined ? await allCommands() : { commands: [own] }),
  });
}

/** Those of this group, and where a word leads that belongs to `iam`. */
async function allCommands() {
  const { iamCommand } = await import("../kinds/kinds.ts");
  return { commands: await Promise.all(Object.values(shown).map((load) => load())), elsewhere: iamCommand("get") };
}

async function ownCommand(word: string): Promise<Command | undefined> {
  const singular = word.replace(/s$/, "");
  const own = Object.hasOwn(shown, singular) ? await shown[singular]?.() : undefined;
  return own !== undefined && namesOf(own).includes(word) ? own : undefined;
}

export function getCommand(kind: Kind, group: string): Command {
  return command({
    name: kind.word,
    aliases: kind.aliases,
    summary: `Get one ${kind.title}, or all`,
    arguments: [optional("NAME", kind.kind)],
    flags: { ...kind.reading?.flags, ...ignoredApplication },
    examples: [`dispatch ${group} ${kind.word}`, `dispatch ${group} ${kind.word} NAME -o json`],
    run: async ({ flags, ...given }) => {
      const context = "all" in flags && flags.all === true ? { ...given, format: "json" as const } : given;
      const [name = ""] = context.args;
      const answer = name === "" ? await fetchAll(context, kind) : await fetchOne(context, kind, name);
      if (context.format === "table") context.io.stdout(kind.reading?.note?.(flags) ?? "");
      const beside = context.format === "table" ? kind.reading?.beside : undefined;
      const shown = beside === undefined ? answer : await beside(context, [answer].flat());
      const columns = { ...kind.table.columns, ...kind.reading?.more?.(flags) };
      await printResources(context, { shape: kind.shape, table: { ...kind.table, columns } }, shown);
    },
  });
}
