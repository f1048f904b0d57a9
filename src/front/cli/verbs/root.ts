import { type Command, command } from "../context/context.ts";

/** Answered by the frame, before any other command. */
const help = command({ name: "help", summary: "Help for any command", examples: ["dispatch help create api"] });

/** Each verb by its name, loaded when it is called; for those that load their own commands one by one, with the next word. */
const verbs: Readonly<Record<string, (next?: string) => Promise<Command>>> = {
  apply: async () => (await import("./write.ts")).apply,
  audit: async () => (await import("./audit.ts")).audit,
  completion: async () => (await import("./completion.ts")).completion,
  context: async () => (await import("./context.ts")).contextGroup,
  cancel: async () => (await import("./cancel.ts")).cancel,
  create: async () => (await import("./write.ts")).create,
  delete: async () => (await import("./write.ts")).deleteGroup,
  describe: async () => (await import("./describe.ts")).describe,
  dev: async () => (await import("./dev.ts")).dev,
  diff: async () => (await import("./diff.ts")).diff,
  doctor: async () => (await import("./doctor.ts")).doctor,
  edit: async () => (await import("./edit.ts")).edit,
  emit: async () => (await import("./emit.ts")).emit,
  events: async () => (await import("./events.ts")).events,
  exec: async () => (await import("./exec.ts")).exec,
  get: async (next) => (await import("./get.ts")).getGroup(next),
  help: async () => help,
  iam: async () => (await import("./iam.ts")).iam,
  invoke: async () => (await import("./invoke.ts")).invoke,
  login: async () => (await import("./login.ts")).login,
  logout: async () => (await import("./login.ts")).logout,
  logs: async () => (await import("./logs.ts")).logs,
  pause: async () => (await import("./subscriptions.ts")).pause,
  replay: async () => (await import("./subscriptions.ts")).replay,
  resume: async () => (await import("./subscriptions.ts")).resume,
  retry: async () => (await import("./dead-letters.ts")).retry,
  run: async () => (await import("./run.ts")).run,
  update: async () => (await import("./write.ts")).update,
  version: async () => (await import("./version.ts")).version,
  __complete: async () => (await import("./completion.ts")).complete,
};

/** These need to know all the others. */
const needAll = ["help", "__complete"];

/** The command line with the one verb that a call begins with, so that it starts fast; with all verbs for any other word. */
export async function rootCommand([word = "", next]: readonly string[] = []): Promise<Command> {
  const own = Object.hasOwn(verbs, word) && !needAll.includes(word) ? verbs[word] : undefined;
  return {
    name: "dispatch",
    summary: "Run functions, give them endpoints, secrets and events, and read what they did",
    examples: ["dispatch create seed-images", "dispatch create function hello hello.js --image nodejs --wait"],
    commands: await Promise.all(own ? [own(next)] : Object.values(verbs).map((load) => load())),
  };
}
