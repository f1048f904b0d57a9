import { apiOperations, apiSchema } from "../../../core/apis/contract.ts";
import { choice, on, slice, text as textFlag } from "../../../frame/flags.ts";
import { gatewayPort, type Settings } from "../context/settings.ts";
import { type JsonObject, list, objectOf } from "../output/json.ts";
import { defineKind, isTrue, joined } from "./kind.ts";

const health = { method: "GET", path: "/healthz" } as const;

const authentications = ["public", "basic", "token", "slack", "github", "standard-webhooks", "hmac"];

export const api = defineKind({
  kind: "API",
  word: "api",
  title: "API endpoint",
  messages: { created: "Created api", updated: "Updated api", deleted: "Deleted api" },
  operations: apiOperations,
  schema: apiSchema,
  shape:
    "authentication? cors? enabled? function hosts id? kind? methods name protocols signature? status? tags tls? uris",
  style: { ruled: true },
  columns: {
    Name: "name",
    Function: "function",
    Protocol: joined("protocols", "\n"),
    Method: joined("methods", "\n"),
    Domain: joined("hosts", "\n"),
    Path: (resource, settings) => endpointUrls(resource, settings).join("\n"),
    Auth: "authentication",
    Status: "status",
    Enabled: isTrue("enabled"),
  },
  summaryKey: "api",
  hasStatus: true,
  arguments: { name: ["API_NAME", "API"], function: ["FUNCTION_NAME", "Function"] },
  flags: {
    domain: slice("Host names; without any, paths begin with /<organization>", { short: "d", key: "hosts" }),
    path: slice("Paths", { short: "p", key: "uris", default: ["/"] }),
    method: slice("HTTP methods", {
      short: "m",
      key: "methods",
      default: ["GET"],
      completes: ["GET", "POST", "PUT", "PATCH", "DELETE"],
    }),
    "https-only": on("Refuse plain http"),
    disable: on("Create it switched off"),
    cors: on("Answer browsers of other origins"),
    auth: choice("Who may call:", authentications, { key: "authentication", default: "public" }),
    "auth-secret": textFlag("Secret with signingSecret (slack and webhooks) or the passwords (basic)", {
      key: "authenticationSecret",
      completes: "Secret",
    }),
    "signature-header": textFlag("hmac: header with the signature of the body"),
    "signature-algorithm": choice("hmac:", ["sha256", "sha1", "sha384", "sha512"]),
    "signature-encoding": choice("hmac:", ["hex", "base64"]),
    "signature-prefix": textFlag("hmac: what stands before the signature, such as sha256="),
    "signature-time-header": textFlag("hmac: header with the time; signed is then <time>.<body>"),
    "raw-body": on("The function also gets the body as it was sent, of any content type"),
    "http-response": on("The function may answer {statusCode, headers, body}"),
  },
  examples: ["api echo echo --path /cloudmaster --method POST --https-only"],
  draft: ({ flags }) => ({
    signature: signatureOf({
      header: flags["signature-header"],
      algorithm: flags["signature-algorithm"],
      encoding: flags["signature-encoding"],
      prefix: flags["signature-prefix"],
      timeHeader: flags["signature-time-header"],
    }),
    cors: flags.cors,
    enabled: !flags.disable,
    protocols: flags["https-only"] ? ["https"] : ["http", "https"],
  }),
  reading: {
    flags: { func: textFlag("Accepted, without effect", { short: "f", hidden: true }) },
    beside: async ({ client }, resources) => {
      // A server that tells nothing has the usual ports.
      const { gateway } = objectOf(await client.call(health).catch(() => undefined));
      return resources.map((resource) => ({ ...resource, gateway }));
    },
  },
  facts: {
    Enabled: isTrue("enabled"),
    Function: "function",
    Methods: (resource) => list(resource, "methods").join(", ") || "all",
    Hosts: (resource) => list(resource, "hosts"),
    URL: callableUrls,
    Authentication: authenticationOf,
    Signature: ({ signature }) =>
      Object.entries(objectOf(signature))
        .map((rule) => rule.join(" "))
        .join(", "),
    CORS: "cors",
    "Raw body": "rawBody",
    "HTTP response": "httpResponse",
  },
  // That its function is still being made passes by itself.
  notes: (resource) => list(resource, "reason").filter((sentence) => !sentence.endsWith("until it is READY")),
  normal: (spec, organization) => {
    const prefix = `/${organization}/`;
    const prefixed = (uri: string) => (uri.startsWith(prefix) ? uri : prefix + uri.replace(/^\//, ""));
    return {
      ...spec,
      ...(spec.authentication === "public" ? { authentication: "" } : {}),
      ...(spec.methods === undefined ? {} : { methods: list(spec, "methods").map((method) => method.toUpperCase()) }),
      ...(spec.uris === undefined || spec.hosts !== undefined ? {} : { uris: list(spec, "uris").map(prefixed) }),
    };
  },
});

/** The rules that were given; undefined for none. */
function signatureOf(rules: JsonObject): JsonObject | undefined {
  return Object.values(rules).some((rule) => rule !== undefined) ? rules : undefined;
}

function authenticationOf({ authentication, authenticationSecret: secret }: JsonObject): string {
  return [authentication || "public", ...(secret ? [`secret ${secret}`] : [])].join(", ");
}

/** The URLs that reach it: an endpoint with hosts answers under their names alone, one without protocols on both. */
function callableUrls(resource: JsonObject, settings: Settings): string[] {
  const [hosts, protocols] = [list(resource, "hosts"), list(resource, "protocols")];
  const called = { ...resource, protocols: protocols.length > 0 ? protocols : ["http", "https"] };
  return (hosts.length > 0 ? hosts : [settings.host]).flatMap((host) => endpointUrls(called, { ...settings, host }));
}

/** The URL for each path and protocol of an endpoint, as a caller on the configured host would write it. */
function endpointUrls(resource: JsonObject, settings: Settings): string[] {
  return list(resource, "uris").flatMap((uri) =>
    list(resource, "protocols").map((protocol) => `${origin(protocol, resource.gateway, settings)}${uri}`),
  );
}

function origin(protocol: string, gateway: unknown, settings: Settings): string {
  const [scheme, standard] = protocol === "https" ? (["https", 443] as const) : (["http", 80] as const);
  const port = gatewayPort(settings, scheme, gateway);
  return `${protocol}://${settings.host}${port === standard ? "" : `:${port}`}`;
}
