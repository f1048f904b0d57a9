import { codeOf, messageOf } from "../core/shared/message-of.ts";

/** A user's mistake or a failed piece of work: the message goes to stderr as it is, the exit status is 1. */
export class CliError extends Error {
  override name = "CliError";
  readonly stream: "stdout" | "stderr";

  constructor(message: string, stream: "stdout" | "stderr" = "stderr") {
    super(message);
    this.stream = stream;
  }
}

/** The command line itself was wrong: `Error: <message>`, then the usage of the command (cli-and-runtimes.md 1.3). */
export class UsageError extends Error {
  override name: string = "UsageError";
}

/** What the work returns, or what stands for it when it fails. */
export function orElse<T, E>(work: () => T, otherwise: E): T | E {
  try {
    return work();
  } catch {
    return otherwise;
  }
}

export function invalidArgument(flag: string, value: string, why: string): UsageError {
  return new UsageError(`invalid argument ${JSON.stringify(value)} for "${flag}" flag: ${why}`);
}

const fileProblems: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EEXIST: "a file of that name is in the way",
  EISDIR: "it is a folder, not a file",
  ENOENT: "no such file or directory",
  ENOSPC: "no space is left on that disk",
  ENOTDIR: "a part of its path is no folder",
  EROFS: "that disk can only be read",
};

/** Why a file cannot be read or written, in words. */
export function fileProblem(error: unknown): string {
  return fileProblems[codeOf(error) ?? ""] ?? messageOf(error);
}
