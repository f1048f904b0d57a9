/** What all kinds have in common, so that the file of a kind says only what is special about it. */
import { type FlagTable, text as textFlag, type Values } from "../frame/flags.ts";
import type { Settings } from "../frame/settings.ts";
import type { JsonObject, Shape } from "../output/shape.ts";
import type { TableStyle } from "../output/table.ts";
import { unixDate } from "../output/time.ts";
import {
  application,
  type Column,
  type Drafting,
  type Kind,
  keys,
  list,
  number,
  plainStyle,
  tagsOf,
  text,
  textColumn,
} from "./kind.ts";

type Usual = "aliases" | "facts" | "hasStatus" | "messages" | "required" | "shape" | "summaryKey" | "table" | "writing";

/** The key of what is shown, or what makes it. */
type Shown<Text> = string | ((resource: JsonObject, settings: Settings) => Text);

interface OwnPart<F extends FlagTable>
  extends Omit<Kind, Usual>,
    Partial<Pick<Kind, "aliases" | "hasStatus" | "required" | "summaryKey">> {
  /** Those that are not `Created TITLE` and so on. */
  readonly messages?: Partial<Kind["messages"]>;
  /** Its keys, as `keys` takes them. */
  readonly shape: string;
  readonly nested?: Readonly<Record<string, Shape>>;
  readonly style?: Partial<TableStyle>;
  /** The table, by title. */
  readonly columns: Readonly<Record<string, Shown<string>>>;
  /** What `describe` tells besides, by title. */
  readonly facts?: Readonly<Record<string, Shown<readonly string[]>>>;
  readonly arguments: Kind["writing"]["arguments"];
  readonly flags?: F;
  /** At least one. */
  readonly examples: readonly string[];
  readonly ignoresExtra?: true;
  /** The body, without its tags and description. @throws CliError when a file cannot be used */
  draft(given: Drafting<F>): JsonObject | Promise<JsonObject>;
}

/** A kind with all that follows from its own part. */
export function defineKind<F extends FlagTable = Record<never, never>>(own: OwnPart<F>): Kind {
  const {
    messages,
    shape,
    nested,
    style,
    columns,
    facts = {},
    arguments: words,
    flags,
    examples,
    ignoresExtra,
    draft,
    ...rest
  } = own;
  const common = commonFlags(own);
  return {
    aliases: [`${own.word}s`],
    hasStatus: false,
    required: [],
    summaryKey: `${own.word}s`,
    ...rest,
    messages: {
      created: `Created ${own.title}`,
      updated: `Updated ${own.title}`,
      deleted: `Deleted ${own.title}`,
      ...messages,
    },
    shape: { ...keys(shape), ...(nested === undefined ? {} : { nested }) },
    table: { style: { ...plainStyle, ...style }, columns: Object.entries(columns).map(columnOf) },
    writing: {
      arguments: words,
      flags: { ...flags, ...common },
      examples,
      ...(ignoresExtra ? { ignoresExtra } : {}),
      draft: async (given) => ({ ...(await draft(given as Drafting<F>)), ...commonFields(common, given.flags) }),
    },
    facts: (resource, settings) =>
      Object.entries(facts).map(([title, value]) => [
        title,
        typeof value === "string" ? shownValue(resource[value]) : value(resource, settings),
      ]),
  };
}

function columnOf([title, cell]: readonly [string, Shown<string>]): Column {
  return typeof cell === "string" ? textColumn(title, cell) : { title, cell };
}

/** A list in one line; of what is switched off nothing is shown. */
function shownValue(value: unknown): readonly string[] {
  if (Array.isArray(value)) return [value.join(", ")];
  return [value === false ? "" : text({ value }, "value")];
}

const described = { description: textFlag("What it is for; shown by describe") };

/** Those that fill in what every resource has, where this one has it. */
function commonFlags({ schema }: Pick<Kind, "schema">): Partial<typeof described & typeof application> {
  const { description, tags } = schema.properties ?? {};
  return { ...(description === undefined ? {} : described), ...(tags === undefined ? {} : application) };
}

function commonFields(common: FlagTable, flags: Values<FlagTable>): JsonObject {
  const { application: word, description } = flags;
  return {
    ...(description === undefined ? {} : { description }),
    ...("application" in common ? { tags: tagsOf({ application: word as string | undefined }) } : {}),
  };
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
