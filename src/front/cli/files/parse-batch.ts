/** Text of a resource file to resources, with every mistake named by file, line and column (decisions.md 2 and 5). */
import { type Document, isMap, LineCounter, parseAllDocuments, visit } from "yaml";
import { nearest } from "../../../core/shared/nearest.ts";
import { CliError } from "../../../frame/errors.ts";
import type { Kind } from "../kinds/kind.ts";
import { allKinds, kindNamed } from "../kinds/kinds.ts";
import type { JsonObject } from "../output/json.ts";
import type { BatchSource } from "./batch-source.ts";
import { convertFields, fieldNamed, isNothing, offsetOf, type Reading, scalarText } from "./convert.ts";

export interface BatchResource {
  readonly kind: Kind;
  readonly name: string;
  /** As on the wire, `sourcePath` and `@file` not yet looked up. */
  readonly body: JsonObject;
  /** `all.yaml:12:1`. */
  readonly place: string;
  readonly source: BatchSource;
}

/**
 * Reads all documents of all sources; for `delete` a name is enough.
 * @throws CliError with one line per mistake; nothing has been sent then.
 */
export function parseBatch(sources: readonly BatchSource[], verb: string): BatchResource[] {
  const problems: string[] = [];
  const resources = sources.flatMap((source) => parseSource(source, verb, problems));
  if (problems.length > 0) throw new CliError(problems.join("\n"));
  return resources;
}

function parseSource(source: BatchSource, verb: string, problems: string[]): BatchResource[] {
  const lines = new LineCounter();
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${source.label}:${line}:${col}`;
  };
  const problem: Reading["problem"] = (offset, message) => void problems.push(`${place(offset)}: ${message}`);
  const documents = parseAllDocuments(asYaml(source.text), { lineCounter: lines, prettyErrors: false });
  return [...documents].flatMap((document: Document) => {
    const before = problems.length;
    const reading: Reading = { document, problem };
    for (const error of document.errors) problem(error.pos[0], error.message);
    refuseLooseAliases(reading);
    const found = problems.length > before ? undefined : parseDocument(reading, verb);
    return found === undefined ? [] : [{ ...found, place: place(offsetOf(document.contents)), source }];
  });
}

/** `*name` without an anchor `&name` before it would be read as nothing. */
function refuseLooseAliases({ document, problem }: Reading): void {
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) !== undefined) return;
      const { source } = alias;
      problem(offsetOf(alias), `*${source} names no anchor: write &${source} before the value that is meant`);
    },
  });
}

/** Files that were put together keep the byte order marks of each; a lone carriage return ends a line of YAML, too. */
function asYaml(text: string): string {
  return text.replace(/\r(?!\n)/g, "\n").replace(/^\uFEFF/gm, "");
}

/** What a document says; undefined for an empty one, and for one whose kind is not known. */
function parseDocument(reading: Reading, verb: string): Pick<BatchResource, "kind" | "name" | "body"> | undefined {
  const root = reading.document.contents;
  if (isNothing(root)) return undefined;
  const start = offsetOf(root);
  if (!isMap(root)) return reading.problem(start, "a resource must be a map of keys, with kind and name");
  const kind = kindOf(reading, root);
  if (!kind) return undefined;
  const { kind: _word, ...body } = convertFields(reading, root, { ...kind.schema, type: "object" }, kind.kind);
  for (const key of missingKeys(kind, body, verb))
    reading.problem(start, `${kind.kind} lacks the key ${JSON.stringify(key)}`);
  return { kind, name: String(body.name), body };
}

function kindOf(reading: Reading, root: Parameters<typeof fieldNamed>[1]): Kind | undefined {
  const pair = fieldNamed(reading, root, "kind");
  const word = pair && scalarText(pair.value);
  const mistake = word ? unknownKind(word) : `the key "kind" is missing: ${knownKinds}`;
  return kindNamed(word) ?? reading.problem(offsetOf(pair ? pair.value : root), mistake);
}

const knownNames = allKinds.map((kind) => kind.kind);
const knownKinds = `it must be one of ${knownNames.join(", ")}`;

function unknownKind(word: string): string {
  const meant = nearest(word.replaceAll("-", ""), knownNames);
  return `unknown kind ${JSON.stringify(word)}; ${meant === undefined ? knownKinds : `did you mean ${meant}?`}`;
}

function missingKeys(kind: Kind, body: JsonObject, verb: string): string[] {
  const needed = verb === "delete" ? ["name"] : ["name", ...kind.required];
  const missing = needed.filter((key) => body[key] === undefined);
  const choice = verb === "delete" ? [] : (kind.oneOf ?? []);
  return choice.some((key) => body[key]) ? missing : [...missing, ...choice.slice(0, 1)];
}
