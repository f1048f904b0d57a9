import type { Command } from "../frame/command.ts";
import { audit } from "./audit-commands.ts";
import { contextGroup, login, logout } from "./context-commands.ts";
import { deleteGroup } from "./delete-commands.ts";
import { diff, edit } from "./edit-commands.ts";
import { get } from "./get-commands.ts";
import { iam } from "./iam-commands.ts";
import { describe, emit, exec, logs, retry } from "./run-commands.ts";
import { apply, create, update } from "./write-commands.ts";

const version: Command = {
  name: "version",
  summary: "Print the versions of this program and of the server",
  examples: ["dispatch version", "dispatch version --json"],
  load: async () => (await import("./others.ts")).version,
};

const doctor: Command = {
  name: "doctor",
  summary: "Check the server, its sandbox, this machine and these settings, and say how to mend what is wrong",
  examples: ["dispatch doctor", "dispatch doctor -o json"],
  load: async () => (await import("./others.ts")).doctor,
};

const completion: Command = {
  name: "completion",
  summary: "Print a completion script for bash, zsh or fish",
  arguments: [{ name: "SHELL", optional: true, completes: ["bash", "zsh", "fish"] }],
  examples: [
    "source <(dispatch completion bash)",
    "source <(dispatch completion zsh)",
    "dispatch completion fish > ~/.config/fish/completions/dispatch.fish",
  ],
  load: async () => (await import("./others.ts")).completion,
};

const complete: Command = {
  name: "__complete",
  summary: "Print the words that may follow, one a line",
  arguments: [{ name: "WORD", optional: true }],
  ignoresExtra: true,
  hidden: true,
  examples: ["dispatch __complete get ''"],
  load: async () => (await import("./others.ts")).complete,
};

const help: Command = {
  name: "help",
  summary: "Help for any command",
  examples: ["dispatch help create api"],
};

/** The whole command line. */
export const rootCommand: Command = {
  name: "dispatch",
  summary: "Run functions, give them endpoints, secrets and events, and read what they did",
  examples: ["dispatch create seed-images", "dispatch create function hello hello.js --image nodejs --wait"],
  commands: [
    apply,
    audit,
    completion,
    contextGroup,
    create,
    deleteGroup,
    describe,
    diff,
    doctor,
    edit,
    emit,
    exec,
    get,
    help,
    iam,
    login,
    logout,
    logs,
    retry,
    update,
    version,
    complete,
  ],
};
