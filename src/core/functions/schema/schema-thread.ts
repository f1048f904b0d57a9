/** The program of the threads that examine schemas, and check what is too large or too expensive for the thread that answers everybody. */
import { parentPort } from "node:worker_threads";
import { messageOf } from "../../shared/message-of.ts";
import { READY, type Reply } from "../../shared/threads/bounded-thread.ts";
import { compileSchema, type Validators, violationsOf } from "./compile.ts";
import { violationLines } from "./violations.ts";

/** `text` is the value; without one the schema itself is examined. Both are JSON texts. */
export interface SchemaQuestion {
  readonly schema: string;
  readonly text?: string;
}

/** `refused` says why the schema is none, `tooDeep` that the value nests deeper than a check can follow. */
export type SchemaAnswer =
  | { readonly violations: readonly string[] }
  | { readonly refused: string }
  | { readonly tooDeep: true };

const KEPT = 100;
const compiled = new Map<string, Validators>();

function validatorsOf(schema: string): Validators {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const made = compileSchema(JSON.parse(schema));
  const [oldest] = compiled.size >= KEPT ? compiled.keys() : [];
  if (oldest !== undefined) compiled.delete(oldest);
  compiled.set(schema, made);
  return made;
}

/** One value of each type: a reference to itself is followed for ever, whatever the value is. */
const PROBES: readonly unknown[] = [null, true, 0, "", [], {}];

function examine(schema: string): SchemaAnswer {
  const validators = validatorsOf(schema);
  for (const probe of PROBES) violationsOf(validators, probe);
  return { violations: [] };
}

function check(schema: string, text: string): SchemaAnswer {
  const { quick, thorough } = validatorsOf(schema);
  const value: unknown = JSON.parse(text);
  try {
    if (quick(value)) return { violations: [] };
    // If finding all violations breaks a bound, this first one is the answer.
    post({ answer: { violations: violationLines(quick.errors ?? []) }, final: false });
    thorough(value);
    return { violations: violationLines(thorough.errors ?? []) };
  } catch (error) {
    if (error instanceof RangeError) return { tooDeep: true };
    throw error;
  }
}

/** Fails also for a schema that an earlier version accepted and this one would refuse. */
function answerTo({ schema, text }: SchemaQuestion): SchemaAnswer {
  try {
    const { quick } = validatorsOf(schema);
    if ("$async" in quick) return { refused: "$async is not allowed" };
    return text === undefined ? examine(schema) : check(schema, text);
  } catch (error) {
    if (error instanceof RangeError) return { refused: "it nests too deep, or refers to itself without end" };
    return { refused: messageOf(error) };
  }
}

function post(reply: Reply<SchemaAnswer>): void {
  parentPort?.postMessage(reply);
}

parentPort?.postMessage(READY);
parentPort?.on("message", (question: SchemaQuestion) => {
  post({ answer: answerTo(question), final: true });
});
