/** What all kinds have in common, so that the file of a kind says only what is special about it. */
import { type FlagTable, text as textFlag, type Values } from "../frame/flags.ts";
import type { JsonObject } from "../output/shape.ts";
import { unixDate } from "../output/time.ts";
import { application, type Drafting, type Kind, type KindData, keys, list, number, tableOf, tagsOf } from "./kind.ts";

/** A kind with all that follows from its own part. */
export function defineKind<F extends FlagTable = Record<never, never>, R extends FlagTable = Record<never, never>>(
  own: KindData<F, R>,
): Kind {
  const { shape, nested, style, columns, draft, ...rest } = own as unknown as KindData;
  const { description, tags } = own.schema.properties ?? {};
  const title = own.title ?? own.word;
  return {
    aliases: [`${own.word}s`],
    summaryKey: `${own.word}s`,
    facts: {},
    ...rest,
    title,
    messages: {
      created: `Created ${title}`,
      updated: `Updated ${title}`,
      deleted: `Deleted ${title}`,
      ...own.messages,
    },
    required: (own.schema.required ?? []).filter((key) => key !== "name"),
    shape: { ...keys(shape), ...(nested && { nested }) },
    table: tableOf(columns, style),
    arguments: Object.values(own.arguments),
    flags: { ...own.flags, ...(description && described), ...(tags && application) },
    draft: async (given) => ({
      ...filledIn(own, given),
      ...(await draft?.(given)),
      ...(tags && { tags: tagsOf(given.flags as Values<typeof application>) }),
    }),
  };
}

const described = {
  description: textFlag("What it is for; shown by describe"),
  owner: textFlag("Who looks after it, such as a team; who made it without"),
};

/** The keys of the body that arguments and flags are named like; what was not given says nothing. */
function filledIn(own: Pick<KindData, "arguments" | "schema">, { args, flags }: Drafting<FlagTable>): JsonObject {
  const words = Object.keys(own.arguments).map((key, index) => [key, args[index]] as const);
  const values = Object.entries(flags).map(([name, value]) => [name.replaceAll(/-(.)/g, upper), value] as const);
  const known = own.schema.properties ?? {};
  return Object.fromEntries(
    [...words, ...values].filter(([key, value]) => key in known && value !== undefined && value !== false),
  );
}

function upper(_hyphen: string, letter: string): string {
  return letter.toUpperCase();
}

/** The cell of a date. */
export function created(resource: JsonObject): string {
  return unixDate(number(resource, "createdTime"));
}

/** The cell of a switch. */
export function isTrue(key: string): (resource: JsonObject) => string {
  return (resource) => String(resource[key] === true);
}

/** The cell of a list. */
export function joined(key: string, separator: string): (resource: JsonObject) => string {
  return (resource) => list(resource, key).join(separator);
}

/** For kinds that need no name: one is made up. */
export const nameFlag = { name: textFlag("Its name; one is made up without") };

/** The name that was given, else one that is made up: `keen-otter-805996`. */
export async function nameOf({ name }: Values<typeof nameFlag>): Promise<string> {
  const { randomInt } = await import("node:crypto");
  const pick = (words: readonly string[]): string => words[randomInt(words.length)] ?? "";
  return name ?? `${pick(adjectives)}-${pick(animals)}-${String(randomInt(1_000_000)).padStart(6, "0")}`;
}

const adjectives = "brave calm eager gentle happy jolly keen lively proud quick silent witty".split(" ");
const animals = "badger falcon gecko heron ibex lynx marmot otter panda raven tapir wombat".split(" ");
