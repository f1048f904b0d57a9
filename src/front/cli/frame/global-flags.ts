import type { Flag } from "./command.ts";

/** Valid on every command (cli-and-runtimes.md 1.1). */
export const globalFlags: readonly Flag[] = [
  { name: "config", type: "string", description: "Configuration file", default: "$HOME/.dispatch/config.json" },
  { name: "host", type: "string", description: "Host of the Dispatch server", default: "127.0.0.1" },
  { name: "port", type: "integer", description: "Port of the Dispatch server", default: "8080" },
  { name: "scheme", type: "string", description: "http or https", default: "http" },
  { name: "organization", type: "string", description: "Organization to work in", default: "dispatch-server" },
  { name: "insecure", type: "boolean", description: "Accept any TLS certificate" },
  {
    name: "output",
    short: "o",
    type: "string",
    description: "Output format: table, json, yaml or name",
    default: "table",
    completes: ["table", "json", "yaml", "name"],
  },
  { name: "json", type: "boolean", description: "The same as -o json", hidden: true },
  { name: "token", type: "string", description: "Bearer token (better: DISPATCH_TOKEN, which others cannot see)" },
  { name: "service-account", type: "string", description: "Service account, NAME or ORGANIZATION/NAME" },
  { name: "jwt-private-key", type: "string", description: "PEM file with the service account's RSA private key" },
  { name: "help", short: "h", type: "boolean", description: "Help for this command" },
];
