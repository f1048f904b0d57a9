import type { Command } from "../frame/command.ts";

/** `dispatch context`. */
export const contextGroup: Command = {
  name: "context",
  summary: "Show and choose the servers that you work with",
  examples: ["dispatch context", "dispatch context create prod --host dispatch.example.com --scheme https --port 443"],
  load: async () => (await import("./others.ts")).listContexts,
  commands: [
    {
      name: "list",
      summary: "Show all contexts",
      examples: ["dispatch context list"],
      load: async () => (await import("./others.ts")).listContexts,
    },
    {
      name: "current",
      summary: "Show the current context",
      examples: ["dispatch context current"],
      load: async () => (await import("./others.ts")).currentContext,
    },
    {
      name: "create",
      summary: "Save the settings of this call as a context, and make it the current one",
      arguments: [{ name: "CONTEXT" }],
      flags: [
        { name: "cookie", type: "string", description: "Cookie to send", default: "cookie" },
        {
          name: "api-http-port",
          type: "integer",
          description: "Port of the gateway, for printed URLs",
          default: "8081",
        },
        { name: "api-https-port", type: "integer", description: "The gateway's https port", default: "8444" },
      ],
      examples: ["dispatch context create local --host 127.0.0.1 --port 8080 --scheme http"],
      load: async () => (await import("./others.ts")).createContext,
    },
    {
      name: "set",
      summary: "Make a context the current one",
      arguments: [{ name: "CONTEXT", completes: "context" }],
      examples: ["dispatch context set prod"],
      load: async () => (await import("./others.ts")).setContext,
    },
    {
      name: "delete",
      summary: "Forget a context",
      arguments: [{ name: "CONTEXT", completes: "context" }],
      examples: ["dispatch context delete prod"],
      load: async () => (await import("./others.ts")).deleteContext,
    },
  ],
};

/** `dispatch login`. */
export const login: Command = {
  name: "login",
  summary: "Check a token or service account against the server, and save it in the current context",
  flags: [
    { name: "debug", type: "boolean", description: "Accepted, without effect", hidden: true },
    { name: "token-stdin", type: "boolean", description: "Read the token from standard input" },
  ],
  examples: [
    "dispatch login --token-stdin < token.txt",
    "dispatch login --service-account ci --jwt-private-key ci.pem",
  ],
  load: async () => (await import("./others.ts")).login,
};

/** `dispatch logout`. */
export const logout: Command = {
  name: "logout",
  summary: "Remove the saved credentials from the current context",
  examples: ["dispatch logout"],
  load: async () => (await import("./others.ts")).logout,
};
