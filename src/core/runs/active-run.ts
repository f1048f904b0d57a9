/** A run between its acceptance and its record: what the pool calls a task. */
import type { Serving } from "../functions/revisions.ts";
import { splitNames } from "../functions/service.ts";
import type { Birth } from "../pool/birth.ts";
import type { Revision } from "../pool/revision.ts";
import type { Task } from "../pool/task.ts";
import type { UsedSecrets } from "../secrets/service.ts";
import { unixNanoseconds } from "../shared/clock.ts";
import { DispatchError } from "../shared/errors.ts";
import { nestsDeeper, tooDeepText } from "../shared/json-depth.ts";
import { masked, type SecretMask } from "../shared/mask/mask.ts";
import type { FunctionFailure, Outcome, RunTag, Statement } from "../shared/ports.ts";
import { type Person, type Principal, principalText } from "../shared/principal.ts";
import type { HeldJob } from "../work/job.ts";
import { envelopeText } from "./context.ts";
import { recordable, uncheckedFailure, violationText } from "./failure.ts";
import { boundHttpContext, wholeHttpContext } from "./http-context.ts";
import type { KeyUse } from "./idempotency.ts";
import { LastLines, type LiveStream } from "./live-logs.ts";
import { type RunRecord, recordedPeople } from "./record.ts";
import { isRepeated, isRepeatedAfterRestart } from "./repetition.ts";
import { parentOf, type RunRequest } from "./request.ts";
import { newRunId } from "./run-id.ts";
import { Stopwatch } from "./run-times.ts";
import { linesWithoutToken, newRunToken, withoutToken } from "./run-token.ts";
import { ShownCredential } from "./shown-credential.ts";

/** Who is told what becomes of the run. */
export interface RunKeeper {
  readonly doorUrl: string;
  /** Levels to which a result may nest. */
  readonly maxJsonDepth: number;
  /** The handler is about to be entered: resolves when that is on record. */
  claim(run: ActiveRun): Promise<void>;
  hasEnded(run: ActiveRun): void;
  /** It never ran. */
  refused(run: ActiveRun, error: Error): void;
  /** The server stops, and the next start tries it again. */
  interrupted(run: ActiveRun): void;
  /** It has written a line. */
  said(run: ActiveRun, stream: LiveStream, line: string): void;
  /** This attempt failed, and there will be another. */
  repeat(run: ActiveRun, failure: FunctionFailure): void;
  /** An unexpected error ended it: for the log. */
  crashed(run: ActiveRun, error: unknown): void;
}

/** Who asks for a run, and for whom it will act. */
export interface Asking {
  readonly principal: Principal;
  readonly people: readonly Person[];
}

/** The runs of one function. */
export interface Going {
  /** Those that have not ended. */
  count: number;
}

/** What a run takes from its request besides its record. */
type ForRun = Pick<RunRequest, "httpContext" | "credential" | "gone" | "ended">;

export class ActiveRun implements Task {
  readonly record: RunRecord;
  readonly serving: Serving;
  readonly principal: Principal;
  /** For whom it acts: its callers and the author of its function. */
  readonly people: readonly Person[];
  /** What the function shows at the function door; it ends with the run. */
  readonly token: string;
  readonly claim?: () => Promise<void>;
  readonly #stopwatch = new Stopwatch();
  /** Whether a row exists or is on its way. */
  recorded = false;
  /** Whether the row of a blocking run says that its handler was entered. */
  beginRecorded = false;
  /** The secrets whose values it was given while the audit log does not say so yet. */
  unaudited: readonly string[] = [];
  /** Its neighbours among the active runs. */
  older: ActiveRun | undefined;
  younger: ActiveRun | undefined;
  /** It and the others of its function; undefined once it has ended. */
  going: Going | undefined;
  /** Why it never ran, for a caller who waits. */
  refusal: Error | undefined;
  /** Its end could not be recorded, so callers get an error instead of the result. */
  unrecorded = false;
  /** The key that is bound to it. */
  keyUse: KeyUse | undefined;
  /** The work that it is, where nobody waits for it. */
  job: HeldJob | undefined;
  /** Its handler was entered, in this attempt. */
  entered = false;
  /** What it wrote last. */
  lastLines: LastLines | undefined;
  /** Why it was cancelled: that is its error, whatever it returned. */
  cancelled: string | undefined;
  /** It was withdrawn: it leaves no record and must not begin. */
  withdrawn = false;
  readonly #keeper: RunKeeper;
  readonly #httpContext: string | undefined;
  readonly #credential: ShownCredential | undefined;
  /** The result for those who wait, where the record has less of it. */
  told: string | undefined;
  #secrets: Readonly<Record<string, string>> = {};
  #masks: readonly SecretMask[] = [];
  /** For all who wait: with a closure for each of them, V8 kept every ended run until a full collection. */
  #waited: PromiseWithResolvers<void> | undefined;
  #gone: () => boolean;
  readonly #tellEnd: (() => void) | undefined;
  #ended = false;

  constructor(
    keeper: RunKeeper,
    serving: Serving,
    { principal, people }: Asking,
    record: RunRecord,
    { httpContext, credential, gone = () => false, ended }: ForRun = {},
  ) {
    this.#keeper = keeper;
    this.serving = serving;
    this.principal = principal;
    this.people = people;
    this.record = record;
    this.token = newRunToken(record.id);
    this.#httpContext = httpContext ?? wholeHttpContext(record.httpContext);
    this.#credential = credential === undefined ? undefined : new ShownCredential(credential);
    this.#gone = gone;
    this.#tellEnd = ended;
    if (!record.blocking) this.claim = () => keeper.claim(this);
  }

  /** Asynchronous: its caller got an answer already and does not wait. */
  get durable(): boolean {
    return !this.record.blocking;
  }

  /** Whether everybody who waits for it has hung up. */
  get gone(): boolean {
    return this.withdrawn || (!this.durable && this.#gone());
  }

  /** One more waits for it. */
  join(gone: () => boolean = () => false): void {
    const before = this.#gone;
    this.#gone = () => before() && gone();
  }

  /** How many calls that wait for each other led to it; 0 for an asynchronous run, for which no call waits. */
  get depth(): number {
    return this.durable ? 0 : this.record.depth;
  }

  /** The run as one who asks: at the function door, and for the secrets that it is given. */
  asPrincipal(via: Principal["via"]): Principal {
    const { id, organization, depth } = this.record;
    const { people, application } = this;
    return { kind: "function", id, organization, via, people, application, depth };
  }

  /** Whose state it has: that of its function's tag `Application`, else one of the function's own. */
  get application(): string {
    return this.serving.application ?? this.revision.functionName;
  }

  /** Statements for its work, if it is any. */
  held(act: (job: HeldJob) => Statement | readonly Statement[]): readonly Statement[] {
    if (this.job === undefined) return [];
    const statements = act(this.job);
    return Array.isArray(statements) ? statements : [statements as Statement];
  }

  /** Its handler was entered, or is about to be. */
  get begun(): boolean {
    return this.entered || this.record.status !== "INITIALIZED";
  }

  /** Monotonic milliseconds. */
  get acceptedAt(): number {
    return this.#stopwatch.acceptedAt;
  }

  get hasEnded(): boolean {
    return this.record.finished !== undefined;
  }

  get revision(): Revision {
    return this.serving.revision;
  }

  /** Without the run itself, which leaves memory when it has ended. */
  get tag(): RunTag {
    return { id: this.record.id, masks: this.#masks };
  }

  useSecrets(names: readonly string[], { values, masks }: UsedSecrets): void {
    this.unaudited = names;
    this.#secrets = values;
    this.#masks = masks;
  }

  envelope(): string {
    const { organization, id, attempt, idempotencyKey, event, input } = this.record;
    const parts = {
      secrets: this.#secrets,
      event,
      httpContext: this.#httpContext,
      timeout: this.revision.timeout,
      run: { id, attempt, idempotencyKey },
      dispatch: { url: this.#keeper.doorUrl, token: this.token, organization, application: this.application },
    };
    return envelopeText(parts, input);
  }

  started(born: Birth): void {
    this.#stopwatch.enter(born);
    this.record.status = "CREATING";
  }

  log(stream: LiveStream, text: string): void {
    const line = this.#bare(text);
    this.lastLines ??= new LastLines();
    this.lastLines.add(stream, line);
    this.#keeper.said(this, stream, line);
  }

  finished(outcome: Outcome): void {
    try {
      this.#finish(outcome);
    } catch (error) {
      this.crash(error);
    }
  }

  /** Ends the run with an unexpected error of the server, so that it affects no other run. */
  crash(error: unknown): void {
    this.#keeper.crashed(this, error);
    if (this.record.finished !== undefined) return;
    this.fail({
      type: "SystemError",
      message: "an internal error ended the run: the server's log has more",
      stacktrace: null,
    });
  }

  #finish(outcome: Outcome): void {
    const { record } = this;
    record.title = outcome.title && this.#bare(outcome.title);
    record.stdout = this.#bareLines(outcome.logs.stdout);
    record.stderr = this.#bareLines(outcome.logs.stderr);
    if (this.cancelled !== undefined)
      this.fail(outcome.error ?? { type: "SystemError", message: this.cancelled, stacktrace: null });
    else if (outcome.error === undefined) this.#succeed(withoutToken(record.id, outcome.output));
    else if (outcome.error.interrupted === true && this.#goesOnAfterRestart) this.#keeper.interrupted(this);
    else this.fail(outcome.error);
  }

  refused(error: Error): void {
    this.#keeper.refused(this, error);
  }

  /** What the function said, without the run's token and its caller's credential. */
  #bare(text: string): string {
    const said = withoutToken(this.record.id, text);
    return this.#credential?.hideIn(said) ?? said;
  }

  #bareLines<Lines extends readonly string[] | null>(lines: Lines): Lines {
    const said = linesWithoutToken(this.record.id, lines);
    const credential = this.#credential;
    if (credential === undefined || said === null) return said;
    return said.map((line) => credential.hideIn(line)) as readonly string[] as Lines;
  }

  get #goesOnAfterRestart(): boolean {
    return this.durable && isRepeatedAfterRestart(this.record, this.serving);
  }

  /** Ends the attempt with an error of one of the three classes, and the run where no other attempt follows. */
  fail({ message, stacktrace, ...failure }: FunctionFailure): void {
    const { record, entered } = this;
    const { attempt } = record;
    const said = this.cancelled ?? this.#bare(masked(this.#masks, message));
    const lines = stacktrace && this.#bareLines(stacktrace);
    const error = recordable({ ...failure, message: said, stacktrace: lines });
    if (this.cancelled === undefined && this.durable && isRepeated({ attempt, entered }, error, this.serving)) {
      this.#keeper.repeat(this, error);
      return;
    }
    record.status = "ERROR";
    record.error = error;
    record.reason = [`error running function: ${record.functionName}: ${error.message}`];
    if (attempt > 1) record.reason = [...record.reason, `given up after ${attempt} attempts`];
    this.#end();
  }

  /** Resolves when the end is on record. */
  wait(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    this.#waited ??= Promise.withResolvers();
    return this.#waited.promise;
  }

  /**
   * The end is on record: whoever waits hears of it. It lets go of its caller, or a run that has grown old would keep the whole
   * request, and what that leads to, in memory until the next full collection.
   */
  settle(): void {
    this.#ended = true;
    this.#waited?.resolve();
    this.#waited = undefined;
    this.#gone = nobodyWaits;
  }

  #succeed(output: string): void {
    const fault = outputFault(output, this.#keeper.maxJsonDepth);
    const violations = fault === undefined ? (this.serving.checkOutput?.(output, true) ?? []) : [];
    if (fault !== undefined) this.#failOutput(fault);
    else if (violations instanceof Promise) void this.#succeedChecked(output, violations);
    else this.#succeedUnless(violations, output);
  }

  async #succeedChecked(output: string, violations: Promise<readonly string[]>): Promise<void> {
    try {
      this.#succeedUnless(await violations, output);
    } catch (error) {
      const failure = uncheckedFailure("Output", error);
      if (failure === undefined) this.crash(error);
      else if (failure.interrupted === true && this.#goesOnAfterRestart) this.#keeper.interrupted(this);
      else this.fail(failure);
    }
  }

  #succeedUnless(violations: readonly string[], output: string): void {
    if (violations.length > 0) {
      this.#failOutput(violationText("Output", violations));
      return;
    }
    this.record.status = "READY";
    this.record.output = output;
    if (this.#credential !== undefined) this.#recordWithout(this.#credential, output);
    this.#end();
  }

  #recordWithout(credential: ShownCredential, output: string): void {
    this.told = output;
    this.record.output = credential.hideInJson(output);
  }

  #failOutput(message: string): void {
    this.fail({ type: "FunctionError", message, stacktrace: null });
  }

  #end(): void {
    this.record.finished = unixNanoseconds();
    this.record.times = this.#stopwatch.end();
    this.#keeper.hasEnded(this);
    this.#tellEnd?.();
  }
}

/** The text comes from the sandbox and is spliced into answers as it is: nothing but JSON of bounded depth may pass. */
function outputFault(output: string, maxJsonDepth: number): string | undefined {
  if (nestsDeeper(output, maxJsonDepth)) return tooDeepText("the result of the function", maxJsonDepth);
  try {
    JSON.parse(output);
    return undefined;
  } catch {
    return "the result of the function is not JSON";
  }
}

const nobodyWaits = (): boolean => true;

/** At most so many functions call each other in a row. */
const MAX_DEPTH = 8;

/** The record of a new run. @throws TOO_DEEP */
export function newRecord(request: RunRequest, serving: Serving, principal: Principal): RunRecord {
  const parent = request.parent ?? parentOf(principal);
  const depth = parent === undefined ? 0 : parent.depth + 1;
  const { revision } = serving;
  if (depth > MAX_DEPTH) throw new DispatchError("TOO_DEEP", { name: revision.functionName, limit: MAX_DEPTH });
  const named = splitNames(request.secrets) ?? request.secrets ?? null;
  const executed = unixNanoseconds();
  return {
    organization: request.organization,
    id: newRunId(executed),
    functionName: revision.functionName,
    functionId: revision.functionId,
    faasId: revision.faasId,
    blocking: request.blocking,
    executed,
    input: request.input,
    secrets: serving.secrets.length === 0 ? named : [...serving.secrets, ...(named ?? [])],
    tags: request.tags,
    httpContext: boundHttpContext(request.recordedHttpContext ?? request.httpContext),
    event: request.event,
    parent: parent?.id,
    depth,
    principal: principalText(principal),
    people: recordedPeople(principal),
    idempotencyKey: request.idempotency?.key,
    startAt: request.startAt,
    attempt: 1,
    status: "INITIALIZED",
    finished: undefined,
    output: undefined,
    error: undefined,
    stdout: null,
    stderr: null,
    reason: null,
    title: undefined,
    times: undefined,
  };
}
