/** A resource as aligned lines of field and value. */
import type { Settings } from "../frame/settings.ts";
import { endpointUrls } from "../kinds/api.ts";
import { type Kind, list, number, objects, text } from "../kinds/kind.ts";
import { isObject, type JsonObject } from "../output/shape.ts";
import { unixDate } from "../output/time.ts";

/** A field with its values, which stand below each other; without any it is not shown. */
export type Fact = readonly [title: string, values: readonly string[]];

/** All fields, aligned; a blank line inside a value stays. */
export function factLines(facts: readonly Fact[]): string {
  return facts.flatMap(([title, values]) => lines(title, values)).join("");
}

/** The lines of a text, without its last newline; none of an empty one. */
export function textLines(value: string): readonly string[] {
  return value === "" ? [] : value.replace(/\n$/, "").split("\n");
}

function lines(title: string, values: readonly string[]): string[] {
  if (values.every((value) => value === "")) return [];
  return values.map((value, index) => `${(index === 0 ? `${title}:` : "").padEnd(17)}${value}`.trimEnd().concat("\n"));
}

/** What is known of any kind; what a kind does not have is not shown. */
export function factsOf(kind: Kind, resource: JsonObject, settings: Settings): Fact[] {
  return [
    ["Name", [text(resource, "name")]],
    ["Kind", [kind.kind]],
    ["Status", [text(resource, "status")]],
    ["Reason", list(resource, "reason").flatMap(textLines)],
    ...(kind.kind === "API" ? endpointFacts(resource, settings) : []),
    ["Image", [text(resource, "image")]],
    ["Base image", [text(resource, "baseImageName")]],
    ["URL", [text(resource, "dockerUrl") || text(resource, "url")]],
    ["Language", [text(resource, "language")]],
    ["Dependencies", dependencies(resource)],
    ["Handler", [text(resource, "handler")]],
    ["Event type", [text(resource, "eventType")]],
    ["Type", [text(resource, "type")]],
    ["Function", [kind.kind === "API" ? "" : text(resource, "function")]],
    ...(kind.kind === "Function" ? limitFacts(resource) : []),
    ["Secrets", [kind.kind === "Secret" ? "" : list(resource, "secrets").join(", ")]],
    ["Keys", [kind.kind === "Secret" ? keysOf(resource.secrets) : ""]],
    ["Settings", objects(resource, "config").map((entry) => `${text(entry, "key")}=${text(entry, "value")}`)],
    ["Global", [resource.global === true ? "true" : ""]],
    ["Rules", objects(resource, "rules").map(ruleLine)],
    ["Public key", [text(resource, "publicKey") && "set"]],
    ["Tags", objects(resource, "tags").map((tag) => `${text(tag, "key")}=${text(tag, "value")}`)],
    ["Created", [unixDate(number(resource, "createdTime") ?? number(resource, "created-time"))]],
    ["Modified", [unixDate(number(resource, "modifiedTime") ?? number(resource, "modified-time"))]],
  ];
}

function endpointFacts(resource: JsonObject, settings: Settings): Fact[] {
  const secret = text(resource, "authenticationSecret");
  const authentication = text(resource, "authentication") || "public";
  return [
    ["Enabled", [String(resource.enabled === true)]],
    ["Function", [text(resource, "function")]],
    ["Methods", [list(resource, "methods").join(", ") || "all"]],
    ["Hosts", list(resource, "hosts")],
    ["URL", endpointUrls(resource, settings)],
    ["Authentication", [secret === "" ? authentication : `${authentication}, secret ${secret}`]],
    ["CORS", [resource.cors === true ? "true" : ""]],
    ["Raw body", [resource.rawBody === true ? "true" : ""]],
    ["HTTP response", [resource.httpResponse === true ? "true" : ""]],
  ];
}

function limitFacts(resource: JsonObject): Fact[] {
  const limits = isObject(resource.limits) ? resource.limits : {};
  const timeout = number(resource, "timeout") ?? 0;
  const schema = isObject(resource.schema) ? resource.schema : {};
  return [
    ["Revision", [text(resource, "faasId")]],
    ["Timeout", [timeout > 0 ? `${timeout} ms` : ""]],
    ["Limits", [Object.entries(limits).map(limit).join(", ")]],
    ["Network", [text(resource, "network")]],
    ["Isolation", [text(resource, "isolation")]],
    ["Retries", [text(resource, "retries")]],
    // Values may be secret.
    ["Environment", [keysOf(resource.env)]],
    ["Schema", [["in", "out"].filter((side) => isObject(schema[side])).join(", ")]],
  ];
}

const units: Readonly<Record<string, string>> = { memory: " MiB", disk: " MiB" };

function limit([name, value]: readonly [string, unknown]): string {
  return `${name} ${String(value)}${units[name] ?? ""}`;
}

function dependencies(resource: JsonObject): readonly string[] {
  const { runtimeDependencies: runtime, systemDependencies: system } = resource;
  const packages = isObject(system) ? objects(system, "packages") : [];
  const manifest = isObject(runtime) ? textLines(text(runtime, "manifest")) : [];
  return [...manifest, ...packages.map((entry) => `${text(entry, "name")} ${text(entry, "version")}`.trim())];
}

function ruleLine(rule: JsonObject): string {
  const [subjects, actions, resources] = [list(rule, "subjects"), list(rule, "actions"), list(rule, "resources")];
  return `${subjects.join(", ")} may ${actions.join(", ")} ${resources.join(", ")}`;
}

/** Names of values, never the values. */
function keysOf(values: unknown): string {
  return isObject(values) ? Object.keys(values).join(", ") : "";
}
