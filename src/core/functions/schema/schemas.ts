/**
 * The schemas of functions: examined when they are created, and checked against. What costs little by the schema and the
 * size of the value is checked where it is; everything else in a thread, with a deadline and a bound of memory.
 */
import { existsSync } from "node:fs";
import { DispatchError } from "../../shared/errors.ts";
import { OwnError } from "../../shared/own-error.ts";
import { type Bound, BoundError } from "../../shared/threads/bounded-thread.ts";
import { BoundedThreads } from "../../shared/threads/bounded-threads.ts";
import { compileSchema, type Validators, violationsOf } from "./compile.ts";
import { costOf, EndlessError, type SchemaCost } from "./cost.ts";
import type { SchemaAnswer, SchemaQuestion } from "./schema-thread.ts";

/** Returns the violations of a JSON text, one line each; empty when it is valid. @throws UncheckedError */
export type SchemaCheck = (text: string, patient: boolean) => readonly string[] | Promise<readonly string[]>;

/** The value could not be checked: because of the value, of the server's state, or of an unexpected error. */
export class UncheckedError extends OwnError {
  override name = "UncheckedError";
  readonly bound: Bound | "depth";

  constructor(bound: Bound | "depth", message: string, cause?: unknown) {
    super(message, { cause });
    this.bound = bound;
  }
}

type Which = "in" | "out";

const MAX_SCHEMA_BYTES = 64 * 1024;
const BOUNDS = { threads: 2, milliseconds: 2000, mebibytes: 256, waiting: 100 };

/** Up to here a check stays on the thread that answers everybody: some 10 ms at worst. */
const LARGEST_TEXT = 16 * 1024;
const MOST_STEPS = 2_000_000;
/** For the list of all violations, each of which takes memory. */
const MOST_STEPS_OF_LIST = 50_000;
/** A schema of more steps takes long to compile. */
const LARGEST_SCHEMA = 2000;

export class Schemas {
  readonly #threads = new BoundedThreads<SchemaQuestion, SchemaAnswer>(threadProgram(), BOUNDS);

  /** @throws BAD_REQUEST `could not decode schema.in: ...` for what is no schema, refers elsewhere, never ends or is too large. */
  async examine(which: Which, schema: unknown): Promise<void> {
    if (schema === undefined || schema === null) return;
    const text = JSON.stringify(schema);
    const refusal = refusalOf(schema, text) ?? (await this.#refusalOfThread(which, text));
    if (refusal !== undefined)
      throw new DispatchError("BAD_REQUEST", { message: `could not decode schema.${which}: ${refusal}` });
  }

  /** `key` is whoever takes turns with others: the function. */
  check(key: string, which: Which, schema: unknown): SchemaCheck | undefined {
    if (schema === undefined || schema === null) return undefined;
    const cost = knownCost(schema);
    const schemaText = JSON.stringify(schema);
    let validators: Validators | undefined;
    const inThread = (text: string, patient: boolean) => this.#ask(key, which, { schema: schemaText, text }, patient);
    return (text, patient) => {
      if (!isCheap(cost, text, MOST_STEPS)) return inThread(text, patient);
      validators ??= compileSchema(schema as object);
      const value: unknown = JSON.parse(text);
      if (validators.quick(value)) return [];
      return isCheap(cost, text, MOST_STEPS_OF_LIST) ? violationsOf(validators, value) : inThread(text, patient);
    };
  }

  close(): void {
    this.#threads.close();
  }

  async #refusalOfThread(which: Which, schema: string): Promise<string | undefined> {
    try {
      const answer = await this.#threads.ask(`schema.${which}`, { schema });
      return "refused" in answer ? answer.refused : undefined;
    } catch (error) {
      if (!(error instanceof BoundError) || error.bound === "fault") throw error;
      if (error.bound === "stop") throw new DispatchError("SHUTTING_DOWN");
      return `it cannot be compiled within ${BOUNDS.milliseconds / 1000} s and ${BOUNDS.mebibytes} MB: make it simpler`;
    }
  }

  async #ask(key: string, which: Which, question: SchemaQuestion, patient: boolean): Promise<readonly string[]> {
    const answer = await this.#threads.ask(key, question, patient).catch((error: unknown) => {
      throw error instanceof BoundError ? unchecked(error, which) : error;
    });
    if ("violations" in answer) return answer.violations;
    if ("tooDeep" in answer) throw new UncheckedError("depth", `it nests deeper than schema.${which} can be followed`);
    throw new UncheckedError("fault", `schema.${which} of the function cannot be used: ${answer.refused}`);
  }
}

/** What can be said of a schema without compiling it. */
function refusalOf(schema: unknown, text: string): string | undefined {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return "it is no object";
  if (text.length > MAX_SCHEMA_BYTES) return `it is larger than ${MAX_SCHEMA_BYTES} bytes`;
  if ("$async" in schema && schema.$async) return "$async is not allowed: remove it, every check ends at once here";
  try {
    costOf(schema);
    return undefined;
  } catch (error) {
    if (error instanceof EndlessError) return error.message;
    if (error instanceof RangeError) return "it nests too deep";
    throw error;
  }
}

/** Schemas that an earlier version took are looked at as they are. */
function knownCost(schema: unknown): SchemaCost | undefined {
  const usable = typeof schema === "object" && schema !== null && !("$async" in schema);
  try {
    return usable ? costOf(schema) : undefined;
  } catch {
    return undefined;
  }
}

/** Judged by the most steps that the schema can need for a text of this length. */
function isCheap(cost: SchemaCost | undefined, { length }: string, most: number): boolean {
  if (cost === undefined || length > LARGEST_TEXT || cost.steps > LARGEST_SCHEMA) return false;
  return length * (cost.steps + cost.pairs * length) <= most;
}

function unchecked(error: BoundError, which: Which): UncheckedError {
  const { milliseconds, mebibytes } = BOUNDS;
  const sentences: Readonly<Record<Bound, string>> = {
    time: `checking it against schema.${which} takes longer than ${milliseconds / 1000} s: send less, or make the schema simpler`,
    memory: `checking it against schema.${which} takes more than ${mebibytes} MB of memory: send less, or make the schema simpler`,
    fault: `the check against schema.${which} failed`,
    room: `${BOUNDS.waiting} checks against schema.${which} wait already`,
    stop: "the server is stopping",
  };
  return new UncheckedError(error.bound, sentences[error.bound], error);
}

function threadProgram(): URL {
  const packed = new URL("./schema-thread.js", import.meta.url);
  return existsSync(packed) ? packed : new URL("./schema-thread.ts", import.meta.url);
}
