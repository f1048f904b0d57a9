/** A kind of resource as the command line knows it: data that every verb is generic over. Its own file says only what is special about it. */
import type { ResourceOperations } from "../../../core/shared/resource-operations.ts";
import { needed } from "../../../frame/command.ts";
import { type FlagTable, text as textFlag, type Values } from "../../../frame/flags.ts";
import type { Io } from "../../../frame/io.ts";
import type { Context } from "../context/context.ts";
import type { Settings } from "../context/settings.ts";
import type { Fact } from "../output/facts.ts";
import { type JsonObject, list, number, text } from "../output/json.ts";
import type { Shape } from "../output/shape.ts";
import type { TableStyle } from "../output/table.ts";
import { unixDate } from "../output/time.ts";

/** By title: the key of what is shown, or what makes it. */
export type Shown<Made> = Readonly<Record<string, string | ((resource: JsonObject, settings: Settings) => Made)>>;
export type Columns = Shown<string>;
export type Facts = Shown<string | readonly string[]>;

export interface KindTable {
  readonly style: TableStyle;
  readonly columns: Columns;
}

/** The part of JSON Schema that describes what a batch file may say. */
export interface FieldSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly additionalProperties?: FieldSchema;
  readonly items?: FieldSchema;
  readonly required?: readonly string[];
}

/** Hands the path of a file or folder that a resource names to `use`; what stands beside a URL is there only during the call. */
export type NamedFile = <T>(path: string, use: (found: string) => Promise<T> | T) => Promise<T>;

export interface Drafting<F extends FlagTable> {
  readonly args: readonly string[];
  readonly flags: Values<F>;
  readonly io: Io;
}

/** What `get` takes and prints besides the table. */
export interface Reading<F extends FlagTable = FlagTable> {
  readonly flags?: F;
  note?(flags: Values<F>): string;
  /** The resources with what only people are shown, and the server has to be asked for. */
  beside?(context: Context, resources: readonly JsonObject[]): Promise<readonly JsonObject[]>;
  more?(flags: Values<F>): Columns;
}

/** What the file of a kind says; what may be left out has a usual form (`defineKind`). */
export interface KindData<F extends FlagTable = FlagTable, R extends FlagTable = FlagTable> {
  /** The word of batch files: `Function`. */
  readonly kind: string;
  /** The word of the verbs: `function`. */
  readonly word: string;
  /** Further words; hyphens and letter case never count. */
  readonly aliases?: readonly string[];
  /** As help texts call it, where that is not the word. */
  readonly title?: string;
  /** Before the name in messages, where that is not `Created TITLE` and so on. */
  readonly messages?: Readonly<Partial<Record<"created" | "updated" | "deleted", string>>>;
  readonly operations: ResourceOperations;
  readonly schema: FieldSchema;
  /** Keys of the schema that the server fills in from something else; a request cannot set them. */
  readonly derived?: readonly string[];
  /** The keys of a `Shape`. */
  readonly shape: string;
  readonly nested?: NonNullable<Shape["nested"]>;
  readonly style?: Partial<TableStyle>;
  readonly columns: Columns;
  /** Where the answers of a batch stand in its JSON summary. */
  readonly summaryKey?: string;
  /** Has a status that ends in READY or ERROR. */
  readonly hasStatus?: boolean;
  /** What `create` and `update` take; an argument or flag whose name is a key of the schema fills it in. */
  readonly arguments: Readonly<Record<string, Parameters<typeof needed>>>;
  readonly flags?: F;
  /** Behind the verb, at least one: `secret slack slack.json`. */
  readonly examples: readonly string[];
  /** Further arguments are accepted and ignored, as they always were. */
  readonly ignoresExtra?: true;
  /** The rest of the body. @throws CliError when a file cannot be used */
  draft?(given: Drafting<F>): JsonObject | Promise<JsonObject>;
  readonly reading?: Reading<R>;
  /** What `describe` tells beyond what all kinds have. */
  readonly facts?: Facts;
  /** What it tells last, and has to ask the server for. */
  history?(context: Context, resource: JsonObject): Promise<readonly Fact[]>;
  /** By kind: who names a resource of this one, and the key that holds the names, or what finds them. */
  readonly users?: Readonly<Record<string, string | ((user: JsonObject, organization: string) => readonly string[])>>;
  /** For comparing: what the server makes of a request. */
  normal?(spec: JsonObject, organization: string): JsonObject;
  /** What is told besides when one was made. */
  made?(context: Context, resource: JsonObject): Promise<void>;
  /** What the server says about one besides the message of success. */
  notes?(resource: JsonObject): readonly string[];
  /** One of these keys must stand in a batch file; its first is the usual one. */
  readonly oneOf?: readonly string[];
  /** The body of a batch file with the files that it names. @throws CliError when one is missing or unusable */
  complete?(body: JsonObject, file: NamedFile): Promise<JsonObject>;
  /** What a comparison leaves out because the server does not tell it, as a sentence. */
  readonly untold?: string;
  /** What a comparison shows of one, where something is secret; `known` is what the server has. */
  masked?(spec: JsonObject, known: JsonObject | undefined): JsonObject;
  /** What an editor shows, where that is not the spec alone. @throws CliError when it cannot be edited */
  edited?(spec: JsonObject, source: string): Promise<string>;
}

export type Kind = ReturnType<typeof defineKind>;

/** A kind with all that follows from its own part. */
export function defineKind<F extends FlagTable = Record<never, never>, R extends FlagTable = Record<never, never>>(
  data: KindData<F, R>,
) {
  const { shape, nested, style, columns, draft, ...own } = data as unknown as KindData;
  const { title = own.word, aliases = [`${own.word}s`], summaryKey = `${own.word}s`, facts = {} } = own;
  const { description, tags } = own.schema.properties ?? {};
  const flags: FlagTable = { ...own.flags, ...(description && described), ...(tags && application) };
  const usual = { created: `Created ${title}`, updated: `Updated ${title}`, deleted: `Deleted ${title}` };
  return {
    ...own,
    title,
    aliases,
    summaryKey,
    facts,
    flags,
    messages: { ...usual, ...own.messages },
    /** Keys that a batch file needs beyond `name`. */
    required: (own.schema.required ?? []).filter((key) => key !== "name"),
    shape: { keys: shape, ...(nested && { nested }) },
    table: tableOf(columns, style),
    arguments: Object.values(own.arguments).map((words) => needed(...words)),
    draft: async (given: Drafting<FlagTable>): Promise<JsonObject> => ({
      ...filledIn(own, flags, given),
      ...(await draft?.(given)),
      ...(tags && { tags: tagsOf(given.flags as Values<typeof application>) }),
    }),
  };
}

const described = {
  description: textFlag("What it is for; shown by describe"),
  owner: textFlag("Who looks after it, such as a team; who made it without"),
};

/** The part of the body that arguments and flags say by themselves; what was not given says nothing. */
function filledIn(
  { arguments: named, schema }: Pick<KindData, "arguments" | "schema">,
  flags: FlagTable,
  given: Drafting<FlagTable>,
): JsonObject {
  const words = Object.keys(named).map((key, index) => [key, given.args[index]] as const);
  const keyOf = (flag: string) => flags[flag]?.key ?? camelCase(flag);
  const values = Object.entries(given.flags).map(([flag, value]) => [keyOf(flag), value] as const);
  const said = [...words, ...values].filter(([, value]) => value !== undefined && value !== false);
  return Object.fromEntries(said.filter(([key]) => key in (schema.properties ?? {})));
}

function camelCase(name: string): string {
  return name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

export function created(resource: JsonObject): string {
  return unixDate(number(resource, "createdTime"));
}

export function isTrue(key: string): (resource: JsonObject) => string {
  return (resource) => String(resource[key] === true);
}

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

export const application = {
  application: textFlag("Mark it as part of an application (adds the tag Application)", { short: "a" }),
};

export function tagsOf(flags: Values<typeof application>): readonly JsonObject[] {
  return flags.application === undefined ? [] : [{ key: "Application", value: flags.application }];
}

/** A table, by default without rules between the rows: most are like that. */
export function tableOf(columns: Columns, style: Partial<TableStyle> = {}): KindTable {
  return { style: { ruled: false, wrap: true, ...style }, columns };
}

/** What is shown, by title; each as the lines of one or more texts. */
export function factsOf(facts: Facts, resource: JsonObject, settings: Settings): Fact[] {
  return Object.entries(facts).map(([title, shown]) => {
    const told = typeof shown === "string" ? oneLine(resource[shown]) : shown(resource, settings);
    return [title, typeof told === "string" ? [told] : told];
  });
}

/** Of what is switched off nothing is shown. */
function oneLine(value: unknown): string {
  return Array.isArray(value) ? value.join(", ") : value === false ? "" : text({ value }, "value");
}
