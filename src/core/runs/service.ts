/** Runs: the one way of a call from any way in to its record. */

import type { DiskRoom } from "../capacity/disk-room.ts";
import type { Serving } from "../functions/revisions.ts";
import type { Pool } from "../pool/pool.ts";
import type { Secrets } from "../secrets/service.ts";
import { DispatchError, isError, isPassing } from "../shared/errors.ts";
import type { Iam } from "../shared/iam.ts";
import { messageOf } from "../shared/message-of.ts";
import { DuplicateError, type FunctionFailure, StaleWriteError } from "../shared/ports.ts";
import { ADMINISTRATOR, type Principal } from "../shared/principal.ts";
import { isWork } from "../work/claims.ts";
import type { HeldJob } from "../work/job.ts";
import type { Perform } from "../work/worker.ts";
import { ActiveRun, type Asking, newRecord, type RunKeeper } from "./active-run.ts";
import { ActiveRuns } from "./active-runs.ts";
import type { Beginning } from "./beginning.ts";
import { cancellationOf, cancelRun } from "./cancellation.ts";
import { refuseTooMany } from "./delay.ts";
import { uncheckedFailure, violationText } from "./failure.ts";
import { wholeHttpContext } from "./http-context.ts";
import { type KeyUse, runOfKey, storedKey } from "./idempotency.ts";
import { KeyedCalls } from "./keyed-calls.ts";
import { LateLines } from "./late-lines.ts";
import { type Follower, LiveLogs, type LiveStream } from "./live-logs.ts";
import { principalOf, type RunRecord } from "./record.ts";
import { type RecorderPorts, RunRecorder } from "./recorder.ts";
import { isRepeatedAfterRestart, pauseBeforeNext } from "./repetition.ts";
import { parentOf, type RunRequest } from "./request.ts";
import { type RunList, RunLists, type RunSelection } from "./run-list.ts";
import { runOfToken } from "./run-token.ts";
import { RunStore } from "./store.ts";
import { TakeUps } from "./take-ups.ts";

export interface RunsPorts extends RecorderPorts {
  readonly iam: Iam;
  readonly secrets: Secrets;
  readonly pool: Pool;
  /** Where functions find the function door. */
  readonly doorUrl: string;
  /** Levels to which a result may nest. */
  readonly maxJsonDepth: number;
  /** Entries of one list. */
  readonly maxList: number;
  /** Functions whose runs are out of sight. */
  readonly forgotten: ReadonlySet<string>;
  readonly room: DiskRoom;
  readonly ended: (run: RunRecord) => void;
}

/** The status of a run that never began and left no record, to those who follow it. */
const WITHDRAWN = "WITHDRAWN";
const INTERRUPTED = "interrupted by a restart";

/** A blocking run that lasts longer is written down before its end (decisions 18b). */
const RECORD_AFTER_MS = 50;

export class Runs implements RunKeeper {
  readonly doorUrl: string;
  readonly maxJsonDepth: number;
  readonly #ports: RunsPorts;
  readonly #store: RunStore;
  readonly #lists: RunLists;
  readonly #recorder: RunRecorder;
  readonly #active = new ActiveRuns();
  readonly #keyed = new KeyedCalls<ActiveRun, RunRecord>();
  #checking = false;
  readonly #live = new LiveLogs();
  #stopping = false;
  /** Does the runs that come out of the queue. */
  readonly perform: Perform;

  constructor(ports: RunsPorts) {
    this.#ports = ports;
    this.doorUrl = ports.doorUrl;
    this.maxJsonDepth = ports.maxJsonDepth;
    this.#store = new RunStore(ports.database);
    this.#lists = new RunLists(ports.database, ports.maxList, ports.forgotten);
    this.#recorder = new RunRecorder({ ...ports, recorded: (record) => this.#tellState(record) });
    const takeUps = new TakeUps(
      {
        ...ports,
        revive: (record, job) => this.#revive(record, job),
        launch: async (run) => this.#launch(run),
        leave: (run) => this.#forget(run),
        giveUp: (record, job, message) => this.#recorder.giveUp(record, message, job),
      },
      this.#store,
    );
    this.perform = takeUps.perform;
    const late = new LateLines({ ...ports, ended: (organization, run) => this.ended(organization, run) });
    ports.pool.onAfterwards(({ kind, text, run }, organization) => {
      if (run === undefined) return;
      const stream = kind === "stdout" ? kind : "stderr";
      for (const line of text.split("\n")) late.add({ organization, run, stream, line });
    });
  }

  /** The run that shows this token, as one who asks; undefined when it is not going on. */
  byToken(token: string): Principal | undefined {
    const id = runOfToken(token);
    const run = id === undefined ? undefined : this.#active.find(id);
    return run?.token === token && !run.hasEnded ? run.asPrincipal("door") : undefined;
  }

  /** The run that a worker is busy with, as one who asks without a token; undefined when there is none. */
  byWorker(workerId: string): Principal | undefined {
    const task = this.#ports.pool.taskOf(workerId);
    return task instanceof ActiveRun && !task.hasEnded ? task.asPrincipal("connection") : undefined;
  }

  /**
   * Starts a run. A blocking one is returned when its end is on record, another as soon as it is itself.
   * @throws NOT_FOUND, FUNCTION_NOT_READY, FORBIDDEN, OVERLOADED, TOO_DEEP, DISK_FULL
   */
  async create(principal: Principal, request: RunRequest): Promise<RunRecord> {
    const { organization, functionName, blocking, idempotency } = request;
    this.#authorize(principal, organization, "create");
    this.#ports.room.refuse();
    const serving = this.#ports.functions.serving(organization, functionName);
    const asking = this.#askingOf(principal, serving);
    if (idempotency !== undefined) return this.#createOnce(asking, request, serving, idempotency);
    if (!blocking) return outcomeOf(await this.#createPromised(asking, request, serving));
    const run = this.#newRun(asking, request, serving);
    void this.#launch(run);
    await run.wait();
    return outcomeOf(run);
  }

  /**
   * A run that nobody waits for as one that begins at once, in a warm worker that is free: undefined when it would not. It is
   * no work: whoever starts it has work that lasts to its end, and starts another when a restart has interrupted it.
   * @throws what `create` throws
   */
  begin(principal: Principal, request: RunRequest): Beginning | undefined {
    const { organization, functionName } = request;
    this.#authorize(principal, organization, "create");
    this.#ports.room.refuse();
    const serving = this.#ports.functions.serving(organization, functionName);
    // What the log has to say of secrets is written when they are used; and what is repeated after a restart is work.
    if (serving.retries > 0 || serving.secrets.length > 0 || (request.secrets?.length ?? 0) > 0) return undefined;
    const run = this.#newRun(this.#askingOf(principal, serving), request, serving);
    const giveBack = this.#ports.pool.reserve(run);
    if (giveBack === undefined) this.#forget(run);
    return giveBack && this.#beginning(run, giveBack);
  }

  #beginning(run: ActiveRun, giveBack: () => void): Beginning {
    return {
      id: run.record.id,
      unit: this.#recorder.promise(run),
      committed: () => {
        giveBack();
        this.#tellState(run.record);
        void this.#launch(run);
      },
      failed: () => {
        giveBack();
        this.#forget(run);
      },
    };
  }

  /** Ends a run that went on in a server that is gone, if it is no work: nobody else would. Says whether it did. */
  async endLost(record: RunRecord): Promise<boolean> {
    const { organization, id } = record;
    if (this.#stopping || this.#active.find(id) !== undefined) return false;
    const name = { organization, kind: "run", id } as const;
    if (await isWork(this.#ports.database, name)) return false;
    await this.#recorder.giveUp(record, INTERRUPTED);
    return true;
  }

  /** A run as it is on record, for those who started it. */
  find(organization: string, id: string): Promise<RunRecord | undefined> {
    return this.#store.find(organization, id);
  }

  /** A run at its end; as it is when the server stops, and undefined when it left no record. */
  async ended(organization: string, id: string): Promise<RunRecord | undefined> {
    const run = this.#active.find(id);
    await run?.wait();
    return run?.hasEnded && !run.unrecorded ? run.record : this.#store.find(organization, id);
  }

  /** A run sees itself and those that it started (decisions 18e). */
  async list(principal: Principal, organization: string, selection: RunSelection): Promise<RunList> {
    this.#authorize(principal, organization, "get");
    const family = parentOf(principal)?.id;
    return this.#lists.list(organization, { ...selection, family });
  }

  /** @throws RUN_NOT_FOUND also when it belongs to another function or has not changed since. */
  async get(principal: Principal, organization: string, id: string, selection: RunSelection): Promise<RunRecord> {
    this.#authorize(principal, organization, "get");
    const run = await this.#store.find(organization, id);
    const { functionName, since } = selection;
    const isForgotten = run !== undefined && this.#ports.forgotten.has(run.functionId);
    const wrong = isForgotten || (functionName !== undefined && run?.functionName !== functionName);
    const changed = (run?.finished ?? run?.executed ?? 0n) > BigInt(since ?? 0) * 1_000_000_000n;
    const family = parentOf(principal)?.id;
    const foreign = family !== undefined && run?.id !== family && run?.parent !== family;
    if (run === undefined || wrong || !changed || foreign) throw new DispatchError("RUN_NOT_FOUND", { name: id });
    return run;
  }

  /**
   * The lines of a run as server-sent events: what it has written, then what it writes, until it has ended.
   * @throws RUN_NOT_FOUND, TOO_MANY_FOLLOWERS
   */
  async follow(principal: Principal, organization: string, id: string): Promise<AsyncGenerator<string>> {
    const before = await this.get(principal, organization, id, {});
    const follower = this.#live.follow({ organization, run: id });
    const run = this.#active.find(id);
    for (const { stream, line } of run?.lastLines?.all ?? [])
      follower.push({ event: "line", run: id, functionName: before.functionName, stream, line });
    if (run === undefined) await this.#tellEnded(follower, organization, before);
    return follower.texts();
  }

  /** The lines that the runs of a function write from now on, or those of all. @throws TOO_MANY_FOLLOWERS */
  followAll(principal: Principal, organization: string, functionName?: string): AsyncGenerator<string> {
    this.#authorize(principal, organization, "get");
    return this.#live.follow({ organization, functionName, family: parentOf(principal)?.id }).texts();
  }

  /** How the runs of a function stand from now on, or those of all, each time it is on record. @throws TOO_MANY_FOLLOWERS */
  followStates(principal: Principal, organization: string, functionName?: string): AsyncGenerator<string> {
    this.#authorize(principal, organization, "get");
    return this.#live.follow({ organization, functionName, family: parentOf(principal)?.id, states: true }).texts();
  }

  #tellState(record: RunRecord): void {
    if (this.#live.followed) this.#live.state(record, record.status);
  }

  /** A run that has ended before its follower came gets its end event here. */
  async #tellEnded(follower: Follower, organization: string, { id, functionName }: RunRecord): Promise<void> {
    const now = await this.#store.find(organization, id);
    if (now !== undefined && now.finished === undefined) return;
    for (const stream of ["stdout", "stderr"] as const)
      for (const line of now?.[stream] ?? []) follower.push({ event: "line", run: id, functionName, stream, line });
    follower.push({ event: "end", run: id, functionName, status: now?.status ?? WITHDRAWN });
  }

  /**
   * Ends a run that has begun, and withdraws one that has not.
   * @throws RUN_NOT_FOUND, RUN_HAS_ENDED
   */
  async cancel(principal: Principal, organization: string, id: string): Promise<RunRecord> {
    this.#ports.iam.authorize(principal, { resource: "runs", action: "update", organization });
    const run = await cancelRun(principal, {
      ...this.#ports,
      find: () => this.get(principal, organization, id, {}),
      active: (one) => this.#active.find(one),
      end: (record, message, beside) => this.#recorder.endInactive(record, message, beside),
    });
    if (this.#active.find(id) === undefined) this.#live.ended(run, run.finished === undefined ? WITHDRAWN : run.status);
    return run;
  }

  /**
   * Runs a recorded input once more, with what came along with it and the function as it is now.
   * @throws RUN_NOT_FOUND, and whatever `create` throws
   */
  async replay(principal: Principal, organization: string, id: string): Promise<RunRecord> {
    const { functionName, input, secrets, httpContext, event, tags } = await this.get(principal, organization, id, {});
    const http = { httpContext: wholeHttpContext(httpContext), recordedHttpContext: httpContext };
    const recorded = { input, secrets: secrets ?? undefined, event, tags, ...http };
    return this.create(principal, { organization, functionName, blocking: true, ...recorded });
  }

  /** Before anybody may ask for runs: those that somebody waited for when this server died end as interrupted. */
  async endAbandoned(): Promise<void> {
    const abandoned = await this.#store.abandoned(this.#ports.queue.owner);
    const end = (record: RunRecord): Promise<void> =>
      this.#recorder.giveUp(record, INTERRUPTED).catch((error: unknown) => {
        this.#ports.log.warn({ err: error, run: record.id }, "a run that a restart interrupted could not be recorded");
      });
    await Promise.all(abandoned.map(end));
  }

  /** From now on what nobody waits for is left to the next start, whatever ends it. */
  stop(): void {
    this.#stopping = true;
    this.#live.close();
    this.#recorder.stop();
  }

  /** Waits until every run that was accepted has its end on record, so long at most; says how many have none then. */
  async settled(milliseconds: number): Promise<number> {
    const all = Promise.all([...this.#active].map((run) => run.wait()));
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, milliseconds).unref())]);
    return this.#active.size;
  }

  async claim(run: ActiveRun): Promise<void> {
    if (!run.beginRecorded) await this.#recorder.begin(run);
    if (run.cancelled !== undefined) throw new DispatchError("CANCELLED");
    run.entered = true;
    this.#tellState(run.record);
  }

  hasEnded(run: ActiveRun): void {
    const more = this.#active.ends(run);
    try {
      (run.durable ? this.#recorder.endPromised(run, more) : this.#recorder.end(run, more)).then(
        () => this.#settle(run),
        (error: unknown) => this.#unrecorded(run, error),
      );
    } catch (error) {
      this.#unrecorded(run, error);
    }
  }

  said({ record }: ActiveRun, stream: LiveStream, line: string): void {
    if (this.#live.followed) this.#live.line(record, stream, line);
  }

  crashed(run: ActiveRun, error: unknown): void {
    const { organization, id, functionName } = run.record;
    this.#ports.log.warn(
      { err: error, organization, run: id, function: functionName },
      "an internal error ended a run",
    );
  }

  refused(run: ActiveRun, error: Error): void {
    run.refusal = run.withdrawn ? new DispatchError("CANCELLED") : error;
    if (run.withdrawn) {
      this.#live.ended(run.record, WITHDRAWN);
      this.#release(run);
      return;
    }
    if (run.durable && !run.entered) run.record.status = "INITIALIZED";
    if (run.durable && (this.#stopping || isError(error, "SHUTTING_DOWN") || error instanceof StaleWriteError)) {
      this.interrupted(run);
      return;
    }
    const fault = error instanceof DispatchError ? error.message : `no worker could be had: ${error.message}`;
    if (run.recorded && isWithdrawn(run, error)) void this.#withdraw(run);
    else if (run.recorded) run.fail({ type: "SystemError", message: fault, stacktrace: null });
    else this.#settle(run);
  }

  /** The record waits for its next attempt. */
  repeat(run: ActiveRun, { message }: FunctionFailure): void {
    const { record } = run;
    const { attempt } = record;
    const pause = pauseBeforeNext(record);
    const most = Math.max(run.serving.retries + 1, attempt + 1);
    record.status = "INITIALIZED";
    record.attempt++;
    record.reason = [`attempt ${attempt} of ${most} failed: ${message}`, `the next begins within ${words(pause)}`];
    this.#recorder.repeat(run, pause, message).then(
      () => {
        this.#tellState(record);
        this.#release(run);
        this.#ports.queue.wake("run");
      },
      (error: unknown) => this.#unrecorded(run, error),
    );
  }

  /** It stays on record as it is, and the next start takes it up. */
  interrupted(run: ActiveRun): void {
    this.#release(run);
  }

  #release(run: ActiveRun): void {
    this.#forget(run);
    run.settle();
  }

  #createOnce(asking: Asking, request: RunRequest, serving: Serving, use: KeyUse): Promise<RunRecord> {
    const { functionId } = serving.revision;
    return this.#keyed.once([request.organization, functionId, storedKey(use)].join("\n"), {
      use,
      find: () => this.#ofKey(request, functionId, use),
      make: () => this.#createPromised(asking, request, serving),
      answer: (run) => answer(run),
      join: (run) => answer(run, request),
    });
  }

  async #ofKey(request: RunRequest, functionId: string, use: KeyUse): Promise<RunRecord | undefined> {
    const { organization } = request;
    const id = await runOfKey(this.#ports.database, organization, functionId, use);
    if (id === undefined) return undefined;
    const active = this.#active.find(id);
    if (active === undefined) return this.#store.find(organization, id);
    return answer(active, request);
  }

  /**
   * The run is on record before anything else happens. What is promised is refused at the door or not at all.
   * @throws OVERLOADED, SHUTTING_DOWN, DuplicateError
   */
  async #createPromised(asking: Asking, request: RunRequest, serving: Serving): Promise<ActiveRun> {
    const run = this.#newRun(asking, request, serving);
    run.keyUse = request.idempotency;
    try {
      if (request.startAt === undefined) this.#ports.pool.admit(run);
      else await refuseTooMany(this.#ports.database, request.organization);
      await this.#recorder.accept(run, request.together?.(run.record.id));
      this.#tellState(run.record);
    } catch (error) {
      this.#forget(run);
      throw isForeseen(error) ? error : this.#notRecorded(run, error);
    }
    if (run.record.startAt !== undefined) {
      this.#forget(run);
      this.#ports.queue.wake("run");
    } else if (run.job === undefined) void this.#launch(run);
    else this.#ports.queue.hold(run.job, () => this.#carryOut(run));
    return run;
  }

  /** The answer to a run that is not waited for shows it as it was accepted. */
  async #carryOut(run: ActiveRun): Promise<void> {
    setImmediate(() => void this.#launch(run));
    await run.wait();
  }

  #newRun(asking: Asking, request: RunRequest, serving: Serving): ActiveRun {
    const record = newRecord(request, serving, asking.principal);
    const run = new ActiveRun(this, serving, asking, record, request);
    this.#keep(run);
    return run;
  }

  /** Checks the input, then the secrets, then asks for a worker: the order of server.md 4.7. */
  #launch(run: ActiveRun): Promise<void> | undefined {
    try {
      const violations = run.serving.checkInput?.(run.record.input ?? "null", run.durable) ?? [];
      if (violations instanceof Promise) return this.#launchChecked(run, violations);
      return this.#launchUnless(violations, run);
    } catch (error) {
      run.crash(error);
      return undefined;
    }
  }

  async #launchChecked(run: ActiveRun, violations: Promise<readonly string[]>): Promise<void> {
    try {
      await this.#launchUnless(await violations, run);
    } catch (error) {
      const failure = uncheckedFailure("Input", error);
      if (failure === undefined) run.crash(error);
      else if (failure.interrupted === true) run.refused(new DispatchError("SHUTTING_DOWN"));
      else run.fail(failure);
    }
  }

  #launchUnless(violations: readonly string[], run: ActiveRun): Promise<void> | undefined {
    const { secrets } = run.record;
    if (violations.length > 0) {
      run.fail({ type: "InputError", message: violationText("Input", violations), stacktrace: null });
    } else if (secrets === null || secrets.length === 0) this.#ports.pool.submit(run);
    else return this.#launchWithSecrets(run, secrets);
    return undefined;
  }

  async #launchWithSecrets(run: ActiveRun, names: readonly string[]): Promise<void> {
    const { organization } = run.record;
    try {
      const own = new Set(run.serving.secrets);
      const asked = names.filter((name) => !own.has(name));
      if (asked.length > 0)
        this.#ports.iam.authorize(run.principal, { resource: "secret", action: "use", organization });
      run.useSecrets(names, await this.#ports.secrets.use(organization, names));
    } catch (error) {
      const cause =
        error instanceof DispatchError ? `[Code: ${error.code}] ${error.message}` : "the secret cannot be decrypted";
      if (!(error instanceof DispatchError))
        this.#ports.log.warn({ err: error, run: run.record.id }, "secrets cannot be read");
      const message = `error when retrieving secrets from secret store: failed to get secrets from secret store: ${cause}`;
      run.fail({ type: "InputError", message, stacktrace: null });
      return;
    }
    try {
      this.#ports.pool.submit(run);
    } catch (error) {
      run.crash(error);
    }
  }

  #unrecorded(run: ActiveRun, error: unknown): void {
    run.refusal = this.#notRecorded(run, error);
    run.unrecorded = true;
    this.#settle(run);
  }

  #notRecorded({ record }: ActiveRun, error: unknown): DispatchError {
    this.#ports.log.warn({ err: error, run: record.id }, "a run could not be recorded");
    return new DispatchError("INTERNAL", { kind: "function run", name: record.id }, error);
  }

  async #withdraw(run: ActiveRun): Promise<void> {
    await this.#recorder.withdraw(run).catch((error: unknown) => {
      this.#ports.log.warn({ err: error, run: run.record.id }, "a run could not be withdrawn");
    });
    this.#settle(run);
  }

  #settle(run: ActiveRun): void {
    this.#forget(run);
    run.settle();
    if (this.#live.followed) this.#live.ended(run.record, run.hasEnded ? run.record.status : WITHDRAWN);
    try {
      this.#ports.ended(run.record);
    } catch (error) {
      this.#ports.log.warn({ err: error, run: run.record.id }, "the end of a run could not be told");
    }
  }

  #keep(run: ActiveRun): void {
    this.#active.add(run);
    this.#checkLater();
  }

  #forget(run: ActiveRun): void {
    this.#active.remove(run);
  }

  #checkLater(): void {
    if (this.#checking) return;
    this.#checking = true;
    setTimeout(() => this.#recordLong(), RECORD_AFTER_MS).unref();
  }

  #recordLong(): void {
    this.#checking = false;
    const before = performance.now() - RECORD_AFTER_MS;
    for (const run of this.#active) {
      if (run.acceptedAt > before) break;
      this.#recorder.alive(run);
    }
    if (this.#active.size > 0) this.#checkLater();
  }

  /** A run that comes out of the queue; the sentence that ends it when it cannot go on. */
  #revive(record: RunRecord, job: HeldJob): ActiveRun | string {
    const cancelled = cancellationOf(job.payload);
    if (cancelled !== undefined) return cancelled;
    const serving = this.#servingAgain(record);
    if (typeof serving === "string") return serving;
    const wasEntered = record.status !== "INITIALIZED";
    if (wasEntered && !isRepeatedAfterRestart(record, serving)) return INTERRUPTED;
    const asking = this.#askingAgain(record, serving);
    if (typeof asking === "string") return asking;
    const { faasId } = serving.revision;
    const attempt = record.attempt + (wasEntered ? 1 : 0);
    const again: RunRecord = { ...record, faasId, attempt, status: "INITIALIZED", reason: null };
    const run = new ActiveRun(this, serving, asking, again);
    run.recorded = true;
    run.job = job;
    this.#keep(run);
    return run;
  }

  /** Who asks, and for whom that run will act. @throws FORBIDDEN that names an author who is gone. */
  #askingOf(principal: Principal, { author = ADMINISTRATOR, revision }: Serving): Asking {
    const words = `function ${revision.functionName}`;
    return { principal, people: this.#ports.iam.delegate(principal, { words, author }) };
  }

  /** Those who may do less by now bound the run as it begins again; the sentence when somebody is gone. */
  #askingAgain(record: RunRecord, serving: Serving): Asking | string {
    try {
      return this.#askingOf(principalOf(record), serving);
    } catch (error) {
      return messageOf(error);
    }
  }

  #servingAgain(record: RunRecord): Serving | string {
    try {
      return this.#ports.functions.serving(record.organization, record.functionName);
    } catch (error) {
      return messageOf(error);
    }
  }

  #authorize(principal: Principal, organization: string, action: "create" | "get"): void {
    this.#ports.iam.authorize(principal, { resource: "runs", action, organization });
  }
}

/** The record for the caller, or for another who asks for the same: at its end for a blocking run. @throws what kept it from running. */
async function answer(run: ActiveRun, another?: RunRequest): Promise<RunRecord> {
  if (another !== undefined) run.join(another.gone);
  if (run.record.blocking) await run.wait();
  return outcomeOf(run);
}

function outcomeOf({ record, refusal, unrecorded, told }: ActiveRun): RunRecord {
  if (refusal !== undefined && (unrecorded || record.finished === undefined)) throw refusal;
  return told === undefined ? record : { ...record, output: told };
}

function words(milliseconds: number): string {
  return milliseconds < 60_000 ? `${Math.ceil(milliseconds / 1000)} s` : `${Math.ceil(milliseconds / 60_000)} min`;
}

function isForeseen(error: unknown): boolean {
  return error instanceof DispatchError || error instanceof DuplicateError;
}

/** There was no room or no time for a run that somebody waits for: they may ask again, as if they had not asked. */
function isWithdrawn({ durable, record }: ActiveRun, error: Error): boolean {
  return !durable && record.attempt === 1 && isPassing(error);
}
