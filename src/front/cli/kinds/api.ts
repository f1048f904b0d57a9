import { apiOperations, apiSchema } from "../../../core/apis/contract.ts";
import type { Settings } from "../frame/settings.ts";
import type { JsonObject } from "../output/shape.ts";
import { type Kind, list, textColumn, usualMessages } from "./kind.ts";

/** Gateway endpoints. */
export const api: Kind = {
  kind: "API",
  word: "api",
  aliases: ["apis"],
  title: "API endpoint",
  messages: usualMessages("api"),
  operations: apiOperations,
  schema: apiSchema,
  required: ["function"],
  shape: {
    keys: [
      "authentication?",
      "cors?",
      "enabled?",
      "function",
      "hosts",
      "id?",
      "kind?",
      "methods",
      "name",
      "protocols",
      "status?",
      "tags",
      "tls?",
      "uris",
    ],
  },
  table: {
    style: { center: "-", rowLine: true, wrap: true },
    columns: [
      textColumn("Name", "name"),
      textColumn("Function", "function"),
      { title: "Protocol", cell: (resource) => list(resource, "protocols").join("\n") },
      { title: "Method", cell: (resource) => list(resource, "methods").join("\n") },
      { title: "Domain", cell: (resource) => list(resource, "hosts").join("\n") },
      { title: "Path", cell: (resource, settings) => endpointUrls(resource, settings).join("\n") },
      textColumn("Auth", "authentication"),
      textColumn("Status", "status"),
      { title: "Enabled", cell: (resource) => String(resource.enabled === true) },
    ],
  },
  summaryKey: "api",
  hasStatus: true,
};

/** The URL for each path and protocol of an endpoint, as a caller on the configured host would write it. */
export function endpointUrls(resource: JsonObject, settings: Settings): string[] {
  return list(resource, "uris").flatMap((uri) =>
    list(resource, "protocols").map((protocol) => `${origin(protocol, settings)}${uri}`),
  );
}

function origin(protocol: string, settings: Settings): string {
  const [port, usual] = protocol === "https" ? [settings.apiHttpsPort, 443] : [settings.apiHttpPort, 80];
  return `${protocol}://${settings.host}${port === usual ? "" : `:${port}`}`;
}
