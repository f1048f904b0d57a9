/**
 * The ports: everything the core asks of the world outside, as types only. An adapter implements a port; no port has more
 * than five methods. Each port has one contract suite in `test/contract/` that every adapter passes.
 */
import type { CompiledQuery, Kysely } from "kysely";
import type { DatabaseSchema } from "./database-schema.ts";
import type { SecretMask } from "./mask/mask.ts";
import { OwnError } from "./own-error.ts";
import type { SourceFile } from "./source-file.ts";

// ---------------------------------------------------------------------------------------------------------- db

/** What Kysely can compile; `Row` is what comes back, where rows do. */
export interface Compilable<Row> {
  compile(): CompiledQuery<Row>;
}

/** Always the same function for the same statement: databases keep its text by it. */
export type Query<Row> = (database: Kysely<DatabaseSchema>) => Compilable<Row>;

/**
 * One write, made by `statement` in statement.ts. `expect: "one"` fails the whole unit with StaleWriteError unless exactly
 * one row changed. Inside, `now_ms()` is the database's own clock: milliseconds since 1970.
 */
export interface Statement<Row = unknown> {
  readonly query: Query<Row>;
  /** By the names that the query uses. */
  readonly values: object;
  readonly expect?: "one";
}

/** The database: reads through Kysely, writes in units that are committed whole or not at all. */
export interface Database {
  /** Runs reads. Never used for writes: those go through `commit` and `take`. */
  readonly query: Kysely<DatabaseSchema>;
  /**
   * Commits the statements in one transaction and resolves when they are durable. Units that arrive in the same turn
   * share one disk write, each in a savepoint of its own; `more` says that others are on their way, for which a busy
   * database may wait a moment.
   * @throws StaleWriteError when an `expect: "one"` statement changed nothing; DuplicateError on a unique key.
   */
  commit(unit: readonly Statement[], more?: boolean): Promise<void>;
  /**
   * Commits one statement and returns its rows (`returning`) when that is durable. No row is given to two takers at once.
   * `passing` says that nobody misses it after a crash: a database that goes down with this machine and no other need not wait for
   * its disk then. What is committed after it is never there without it.
   */
  take<Row>(statement: Statement<Row>, passing?: boolean): Promise<Row[]>;
  /** Resolves when the database is gone for good, with the reason; the process has no use then. */
  readonly lost: Promise<Error>;
  close(): Promise<void>;
}

/** A unit lost against another writer: the row is gone or its generation moved on. */
export class StaleWriteError extends OwnError {
  override name = "StaleWriteError";
}

/** A unit would have broken a unique key. */
export class DuplicateError extends OwnError {
  override name = "DuplicateError";
}

// ------------------------------------------------------------------------------------------------------- blobs

/** Immutable bytes, addressed by the lower-case hexadecimal SHA-256 of their content. */
export interface Blobs {
  /** What was put stays for half an hour at least, be it used or not. */
  put(bytes: Uint8Array): Promise<string>;
  /** @throws Error when the blob is missing or its digest no longer fits. */
  get(digest: string): Promise<Buffer>;
  /** Whether it is there; if so, it stays as if it had just been put. */
  keep(digest: string): Promise<boolean>;
  /** Removes all that are not used, and were neither put nor kept in the last half hour. */
  collect(isUsed: (digest: string) => boolean): Promise<void>;
}

// -------------------------------------------------------------------------------------------------------- keys

/** The master key. It never leaves the adapter; data keys are 32 bytes. */
export interface Keys {
  wrap(dataKey: Buffer): Promise<Buffer>;
  /** @throws Error when the wrapped key was made by another master key or was altered. */
  unwrap(wrapped: Buffer): Promise<Buffer>;
  /** A key of 32 bytes for one purpose, always the same; nothing of the master key follows from it. */
  derive(purpose: string): Promise<Buffer>;
}

// ----------------------------------------------------------------------------------------------------- builder

export type Language = "nodejs" | "python3" | "java" | "powershell";

/** Whether this machine can run a language: the interpreter, or the line that installs it. */
export type LanguageReport =
  | { readonly available: true; readonly interpreter: string; readonly version: string }
  | { readonly available: false; readonly reason: string; readonly remedy: string };

/** A base image as it was written: its name, and the language that its functions are written in. */
export interface BaseImageSpec {
  readonly image: string;
  /** Undefined when no language of ours was named. */
  readonly language: Language | undefined;
  /** The interpreter in sandboxes: a path, or the beginning of a version; absent: the machine's own. */
  readonly interpreter?: string;
}

export interface ImageSpec {
  readonly organization: string;
  /** The name of the base image. */
  readonly baseImage: string;
  readonly language: Language;
  /** As in BaseImageSpec. */
  readonly interpreter?: string;
  /** The text of package.json, requirements.txt, pom.xml ...; "" for none. */
  readonly manifest: string;
  readonly systemPackages: readonly { readonly name: string; readonly version?: string }[];
}

/** The interpreter in sandboxes that an image was made for. */
export interface MadeFor {
  readonly language: Language;
  /** Its whole version then. */
  readonly version: string;
  /** As the base image named it; absent: the machine's own. */
  readonly interpreter?: string;
}

/** An immutable image revision: a folder of dependencies, or an image of the Docker engine. */
export interface BuiltImage {
  /** Where its functions run: in containers; absent: in sandboxes. */
  readonly mode?: "docker";
  /** SHA-256 over language, interpreter version, manifest and resolved lock; in the engine, its id. */
  readonly digest: string;
  /** The name of the folder that workers see read-only, wherever the server keeps those; undefined without dependencies. */
  readonly folder?: string;
  /** What the installer resolved (package-lock.json, pip freeze ...); "" for none. */
  readonly lock: string;
  /** Absent in containers, and of images that older servers built. */
  readonly madeFor?: MadeFor;
}

/** A function's files and the image that they run on. */
export interface ArtefactSpec {
  readonly organization: string;
  readonly language: Language;
  readonly image: BuiltImage;
  readonly files: readonly SourceFile[];
}

export interface Builder {
  /** Whether images can be built on it here. */
  check(base: BaseImageSpec): Promise<LanguageReport>;
  /** Installs the manifest with the language's own installer, in a sandbox or in the engine. @throws BuildError with the installer's own last lines. */
  build(spec: ImageSpec, progress: (line: string) => void): Promise<BuiltImage>;
  /**
   * Whether workers can be started with it here: its folder is there, and stays for half an hour at least; and the
   * interpreter is not of another version line than the one that it was made for.
   */
  holds(image: BuiltImage): Promise<boolean>;
  /** Compiles a source; undefined when its language runs it as it is. @throws BuildError with the compiler's own lines. */
  compile(spec: ArtefactSpec): Promise<readonly SourceFile[] | undefined>;
  /** Removes the folders of all images that are not used, and were neither built nor asked for in the last half hour. */
  collect(isUsed: (digest: string) => boolean): Promise<void>;
}

/** The installer refused the manifest; the message holds its last lines. */
export class BuildError extends OwnError {
  override name = "BuildError";
}

// ----------------------------------------------------------------------------------------------------- runtime

export type NetworkKind = "isolated" | "none" | "host";

export interface Limits {
  /** Mebibytes of resident memory for all processes of the worker. */
  readonly memory: number;
  /** Processors; 0.5 is half of one. */
  readonly cpu: number;
  /** Processes and threads together. */
  readonly pids: number;
  /** Mebibytes of the worker's private /tmp. */
  readonly disk: number;
}

/** What is fixed when a sandbox starts, before any function is known. */
export interface WorkerSpec {
  readonly organization: string;
  readonly language: Language;
  readonly image: BuiltImage;
  readonly network: NetworkKind;
  readonly limits: Limits;
}

/** What makes a generic worker the worker of one function revision. */
export interface LoadSpec {
  /** `./hello.js`, `module.function` ...: never empty, see core/functions/handler.ts. */
  readonly handler: string;
  /** The function's files, see core/functions/bundle.ts. */
  readonly bundle: Uint8Array;
  /** Plain environment variables of the function. */
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: Limits;
  /** Of the processors it takes what others leave. */
  readonly yields?: boolean;
  /** Is told what the function does outside of its runs. */
  readonly afterwards?: (event: Afterwards) => void;
}

/** Output, or a failure, that came after the end of the run that caused it. Secrets are hidden in it. */
export interface Afterwards {
  readonly kind: "stdout" | "stderr" | "failure";
  readonly text: string;
  /** The run's id, or that of the last one where it is not known; undefined before the first. */
  readonly run: string | undefined;
}

export interface FunctionFailure {
  readonly type: "InputError" | "FunctionError" | "SystemError";
  readonly message: string;
  readonly stacktrace: readonly string[] | null;
  /** The run took longer than its function may. Never on the wire. */
  readonly timedOut?: boolean;
  /** The server was stopped under it. Never on the wire. */
  readonly interrupted?: boolean;
}

export interface RunLogs {
  readonly stdout: readonly string[] | null;
  readonly stderr: readonly string[] | null;
}

/** How one invocation ended. `output` is the JSON text that the function returned, `title` what it said of its run, masked. */
export type Outcome = { readonly logs: RunLogs; readonly title?: string | undefined } & (
  | { readonly output: string; readonly error?: never }
  | { readonly output?: never; readonly error: FunctionFailure }
);

/** What is remembered of a run after its end. */
export interface RunTag {
  readonly id: string;
  /** Those of its secrets: the runtime hides them in everything that the worker says from then on. */
  readonly masks: readonly SecretMask[];
}

/** Who is told about one invocation. The runtime calls `started` at most once and `finished` exactly once, unless `returned`. */
export interface InvocationListener {
  readonly tag?: RunTag | undefined;
  /** The handler has been entered. */
  started(): void;
  /** A whole line of the function's own output, as it happens, masked. */
  log(stream: "stdout" | "stderr", line: string): void;
  finished(outcome: Outcome): void;
  /** The invocation never started and never will in this worker (cancelled, or the worker ended): it may run elsewhere. */
  returned(): void;
}

/** Why a worker was ended; `timeout` and `oom` become the error of the run that it was busy with. */
export type StopReason = "idle" | "retired" | "timeout" | "protocol" | "shutdown" | "cancelled";

export interface WorkerExit {
  readonly reason: StopReason | "exited" | "memory";
  readonly detail: string;
  /** When its time was over it was writing output without end. */
  readonly flooding?: boolean;
}

/** One sandboxed process. It runs one invocation at a time, in the order of the calls; further ones wait inside it. */
export interface Worker {
  readonly id: string;
  readonly exited: Promise<WorkerExit>;
  /** Makes it the worker of one revision; at most once. @throws LoadError with the interpreter's own message. */
  load(spec: LoadSpec): Promise<void>;
  /** `envelope` is the JSON text `{"context":...,"payload":...}`; returns the number of the invocation. */
  invoke(envelope: string, listener: InvocationListener): number;
  /** Takes an invocation back that has not started: then its listener hears `returned`. */
  cancel(invocation: number): void;
  /** Asks an idle worker whether it is idle: one that is not, or does not answer, is ended. */
  probe(): void;
  /** SIGTERM, grace, SIGKILL. The running invocation fails with the reason, those that wait are `returned`. */
  stop(reason: StopReason): Promise<void>;
}

/** The handler could not be loaded. The message is the interpreter's own, with file and line. */
export class LoadError extends OwnError {
  override name = "LoadError";
}

/** What the runtime can hold functions to on this machine. */
export interface RuntimeReport {
  /** Sentences, each a reason why functions cannot run here as configured, with the remedy. Empty: all well. */
  readonly problems: readonly string[];
  /** Sentences about limits that cannot be set here. */
  readonly warnings: readonly string[];
  /** The limits in force, for /healthz: name to how it is enforced. */
  readonly limits: Readonly<Record<string, string>>;
}

export interface Runtime {
  /** The limits that a worker keeps from its start; `load` sets the others. */
  readonly fixedLimits: readonly (keyof Limits)[];
  /** Runs one real worker with the flags that all will have. */
  check(): Promise<RuntimeReport>;
  /** Bytes that a living worker uses, without what the system only keeps for later; undefined where nobody counts them. */
  memoryOf(workerId: string): number | undefined;
  /** Starts a generic worker; resolves when it is warmed and waits for `load`. Nobody waits for a `spare` one: it yields to others. */
  start(spec: WorkerSpec, spare?: boolean): Promise<Worker>;
  close(): Promise<void>;
}

// ---------------------------------------------------------------------------------------------------- programs

/** A program that lives until it is ended: an event driver. */
export interface ProgramSpec {
  readonly organization: string;
  /** By which the function door knows it. */
  readonly name: string;
  /** By which the door knows the process that it shares with others of its organization, where it does: it says hello by itself then. */
  readonly house: string;
  /** The image of a driver type: a built-in driver, a program file of the operator, or the image of a container. */
  readonly image: string;
  readonly args: readonly string[];
  /** Values may be secret: they reach the program and nobody else. */
  readonly environment: Readonly<Record<string, string>>;
  readonly network: NetworkKind;
  /** The server calls it over HTTP: on a listening socket that it gets as descriptor 3 (and LISTEN_FDS=1), or in a container on port 80. */
  readonly exposed: boolean;
  /** A whole line of the program's output, as it happens; not masked. `server` for what is said about the program. */
  log(stream: "stdout" | "stderr" | "server", line: string): void;
  /** It has spoken to the server, and the door could not tell that it was this one. */
  hello(): void;
  /** A start that takes long, such as one that pulls an image, ends with it. */
  readonly signal: AbortSignal;
}

/** Where a program is called: at a Unix socket of the server's own, or in the network of its container. */
export type ProgramAddress = { readonly socketPath: string } | { readonly host: string; readonly port: number };

/** The image of a container cannot be had. */
export class ImageError extends OwnError {
  override name = "ImageError";
}

export interface RunningProgram {
  /** Why it ended, for people: `exit code 1`, `killed by SIGSEGV`, `out of memory`. */
  readonly exited: Promise<string>;
  /** Where it is called; undefined when it is not exposed. */
  readonly address: ProgramAddress | undefined;
  /** Whoever calls it calls in vain: it does not listen there yet. */
  readonly isDeaf: boolean;
  /** SIGTERM, grace, SIGKILL; resolves when nothing of it is left. */
  stop(): Promise<void>;
}

/** A program that goes off at times which can be told beforehand. */
export interface Clock {
  /** As its driver was told: a cron expression, or `@every 5s`. */
  readonly expression: string;
  /** Of the IANA list. */
  readonly timezone: string;
  /**
   * So many of the times behind `now`, fewer when it ends.
   * @param last when it went off last, for those whose times depend on it
   * @throws Error for people, when what it was told is no schedule
   */
  upcoming(count: number, now: Date, last?: Date): Date[];
}

export interface Programs {
  /** Why an image cannot be run here, with the remedy; undefined when it can. */
  refusal(image: string): string | undefined;
  /** The schedule of an image that is a clock, with this configuration; undefined for all others. */
  clock(image: string, config: Readonly<Record<string, string>>): Clock | undefined;
  /** @throws ImageError, Error when the sandbox or container cannot be made. */
  start(spec: ProgramSpec): Promise<RunningProgram>;
}

// ------------------------------------------------------------------------------------------------ certificates

/** A certificate with its chain, and its private key: PEM texts. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** What an authority wants to see before it believes that a name is ours (RFC 8555 8.3, RFC 8737). */
export type Challenge =
  | { readonly kind: "http-01"; readonly token: string; readonly keyAuthorization: string }
  | { readonly kind: "tls-alpn-01"; readonly domain: string; readonly certificate: Certificate };

/** Shows a challenge's answer to the world; the function that comes back takes it away again. */
export type ShowChallenge = (challenge: Challenge) => () => void;

/** Who signs certificates for names that we can prove to own, and remembers them over a restart. */
export interface CertificateAuthority {
  /** The certificate that was issued last, if it is still there. */
  stored(domain: string): Promise<Certificate | undefined>;
  /** Proves that the name is ours, gets a new certificate and stores it. @throws IssueError */
  issue(domain: string, show: ShowChallenge): Promise<Certificate>;
}

/** No certificate was issued. `unreachable`: the authority was not even asked, so trying again soon costs nothing. */
export class IssueError extends OwnError {
  override name = "IssueError";
  readonly unreachable: boolean;

  constructor(message: string, unreachable: boolean, cause?: unknown) {
    super(message, { cause });
    this.unreachable = unreachable;
  }
}
