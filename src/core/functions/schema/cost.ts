/**
 * What a check against a schema can cost at most, told from the schema alone. One without recursion visits each character
 * of the input no more often than it has keywords, counted with everything that it refers to.
 */

export interface SchemaCost {
  /** Steps for each character of an input; Infinity when nothing can be said. */
  readonly steps: number;
  /** Places that compare every pair of items (`uniqueItems`). */
  readonly pairs: number;
}

/** A check against the schema would never end. */
export class EndlessError extends Error {
  override name = "EndlessError";
}

type Node = Readonly<Record<string, unknown>>;

/** Keywords whose schemas are about the same value, and those whose schemas are about a part of it. */
const SAME = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependencies", "dependentSchemas"];
const PARTS = [
  ...["items", "additionalItems", "contains", "prefixItems", "properties", "patternProperties"],
  ...["additionalProperties", "propertyNames", "unevaluatedItems", "unevaluatedProperties"],
];
/** Keywords that hold schemas by names, not a schema. */
const NAMED = new Set(["properties", "patternProperties", "dependencies", "dependentSchemas"]);

const FORMAT_STEPS = 16;
const PATTERN_STEPS = 8;

/** @throws EndlessError */
export function costOf(schema: object): SchemaCost {
  const root = schema as Node;
  refuseEndless(root);
  const known = new Map<Node, SchemaCost | undefined>();
  const cost = (node: Node): SchemaCost => {
    const before = known.get(node);
    if (before !== undefined) return before;
    if (known.has(node) || (node !== root && hasId(node))) return { steps: Infinity, pairs: Infinity };
    known.set(node, undefined);
    const parts = [...sameValue(root, node), ...partsOf(node)].map((part) =>
      part === undefined ? UNKNOWN : cost(part),
    );
    const sum = parts.reduce((a, b) => ({ steps: a.steps + b.steps, pairs: a.pairs + b.pairs }), ownCost(node));
    known.set(node, sum);
    return sum;
  };
  return cost(root);
}

const UNKNOWN: SchemaCost = { steps: Infinity, pairs: Infinity };

function ownCost(node: Node): SchemaCost {
  const steps =
    1 +
    countOf(node.enum) +
    countOf(node.const) +
    countOf(node.required) +
    Object.keys(isNode(node.properties) ? node.properties : {}).length +
    (node.format === undefined ? 0 : FORMAT_STEPS) +
    patternSteps(node.pattern) +
    2 *
      Object.keys(isNode(node.patternProperties) ? node.patternProperties : {}).reduce(
        (n, p) => n + patternSteps(p),
        0,
      );
  return { steps, pairs: node.uniqueItems ? 1 : 0 };
}

/** A repetition such as `{1,63}` is written out by the engine, one inside another as often as both say. */
function patternSteps(pattern: unknown): number {
  if (typeof pattern !== "string") return 0;
  const counts = [...pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].map(([, low, high]) => Number(high || low) || 1);
  const nested = /\)\{/.test(pattern);
  const written = nested ? counts.reduce((a, b) => a * b, 1) * pattern.length : counts.reduce((a, b) => a + b, 0);
  return PATTERN_STEPS * (pattern.length + written);
}

/** How many values a value consists of. */
function countOf(value: unknown): number {
  if (value === undefined) return 0;
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce((sum: number, part) => sum + countOf(part), 1);
}

/** Follows what is about the same value: whoever comes back to where they are would go on for ever. */
function refuseEndless(root: Node): void {
  const done = new Set<Node>();
  const open = new Set<Node>();
  const visit = (node: Node): void => {
    if (open.has(node))
      throw new EndlessError("it refers to itself without going deeper into the value: a check would never end");
    if (done.has(node)) return;
    open.add(node);
    for (const next of sameValue(root, node)) if (next !== undefined) visit(next);
    open.delete(node);
    apart.push(...partsOf(node));
    done.add(node);
  };
  const apart: Node[] = [root];
  for (let node = apart.pop(); node !== undefined; node = apart.pop()) visit(node);
}

/** Undefined stands for a reference of which nothing is known. */
function sameValue(root: Node, node: Node): (Node | undefined)[] {
  const inside = SAME.flatMap((keyword) => schemasOf(keyword, node[keyword]));
  return typeof node.$ref === "string" ? [...inside, referred(root, node.$ref)] : inside;
}

function partsOf(node: Node): Node[] {
  return PARTS.flatMap((keyword) => schemasOf(keyword, node[keyword]));
}

function schemasOf(keyword: string, value: unknown): Node[] {
  if (Array.isArray(value)) return value.filter(isNode);
  if (!isNode(value)) return [];
  return NAMED.has(keyword) ? Object.values(value).filter(isNode) : [value];
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hasId({ $id, id }: Node): boolean {
  return typeof $id === "string" || typeof id === "string";
}

/** The schema that `#` or `#/a/b` means; undefined for other references and for what is not there. */
function referred(root: Node, reference: string): Node | undefined {
  const own = [root.$id, root.id].find((id) => typeof id === "string" && id !== "" && reference.startsWith(id));
  const pointer = reference.slice(typeof own === "string" ? own.replace(/#$/, "").length : 0);
  if (pointer === "" || pointer === "#") return root;
  if (!pointer.startsWith("#/")) return undefined;
  const found = pointer
    .slice(2)
    .split("/")
    .reduce<unknown>((value, step) => (value as Node | undefined)?.[unescaped(step)], root);
  return isNode(found) ? found : undefined;
}

function unescaped(step: string): string {
  try {
    return decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return step;
  }
}
