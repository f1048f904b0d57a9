/** A worker that is a container. Until it is loaded there is none: a function's container is of an image of its own. */
import type { SecretMask } from "../../../core/shared/mask/mask.ts";
import {
  type FunctionFailure,
  type InvocationListener,
  LoadError,
  type LoadSpec,
  type Outcome,
  type StopReason,
  type Worker,
  type WorkerExit,
} from "../../../core/shared/ports.ts";
import type { Log } from "../process/log.ts";
import { failureOfExit, workerExit } from "../process/worker-exit.ts";
import { type Call, Calls } from "./calls.ts";
import type { Container } from "./container.ts";
import { LongAnswer } from "./function-server.ts";
import { type OutcomeLimits, outcomeOf, outcomeOfLongAnswer } from "./outcome.ts";

export interface DockerWorkerOptions extends OutcomeLimits {
  readonly id: string;
  /** Longest time until a container answers, at its start and after a failure. */
  readonly loadMilliseconds: number;
  /** Builds what it is made of and starts it. @throws LoadError */
  begin(spec: LoadSpec, signal: AbortSignal): Promise<Container>;
  readonly log: Log;
}

/** How long to wait, after a connection broke, for the message that the container has ended. */
const NEWS_MS = 1000;

const NO_LOGS = { stdout: null, stderr: null };

const OWN_END: FunctionFailure = { type: "FunctionError", message: "the function ended its process", stacktrace: null };

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

export class DockerWorker implements Worker {
  readonly id: string;
  readonly exited: Promise<WorkerExit>;
  readonly #options: DockerWorkerOptions;
  readonly #calls = new Calls();
  readonly #masks = new Set<SecretMask>();
  readonly #abort = new AbortController();
  readonly #exit = Promise.withResolvers<WorkerExit>();
  #memory = 0;
  #afterwards: LoadSpec["afterwards"];
  #loading: Promise<Container> | undefined;
  #container: Container | undefined;
  #isReady = false;
  #running: Call | undefined;
  #stopReason: StopReason | undefined;
  #violation: string | undefined;
  /** Why the container is stopped, when the function is to blame and nobody asked for it. */
  #fate: "memory" | "exited" | undefined;
  #complaint = "";
  #known: WorkerExit | undefined;

  constructor(options: DockerWorkerOptions) {
    this.id = options.id;
    this.#options = options;
    this.exited = this.#exit.promise;
  }

  async load(spec: LoadSpec): Promise<void> {
    this.#memory = spec.limits.memory;
    this.#afterwards = spec.afterwards;
    this.#loading = this.#options.begin(spec, this.#abort.signal);
    this.#container = await this.#loading.catch((error: unknown) => {
      this.#end({ reason: this.#stopReason ?? "exited", detail: "it could not be started" });
      throw this.#stopReason === undefined ? error : new LoadError("the worker was ended while it was loaded");
    });
    void this.#follow(this.#container);
    this.#isReady = await this.#container.readyWithin(this.#options.loadMilliseconds);
    if (!this.#isReady) throw await this.#refusal(this.#container);
  }

  invoke(envelope: string, listener: InvocationListener): number {
    for (const mask of listener.tag?.masks ?? []) this.#masks.add(mask);
    const number = this.#calls.add(envelope, listener);
    if (this.#known === undefined) void this.#pump();
    else queueMicrotask(() => this.#calls.returnAll());
    return number;
  }

  cancel(invocation: number): void {
    this.#calls.cancel(invocation);
  }

  probe(): void {
    void this.#endUnlessReady(0);
  }

  async stop(reason: StopReason): Promise<void> {
    this.#stopReason ??= reason;
    this.#abort.abort();
    const container = this.#container ?? (await this.#loading?.catch(() => undefined));
    if (container === undefined) this.#end({ reason: this.#stopReason, detail: "it had no container" });
    else void this.#stopContainer(container);
    await this.exited;
  }

  /** An engine that does not answer now may do so later; until then the container lives. */
  async #stopContainer(container: Container): Promise<void> {
    while (this.#known === undefined) {
      try {
        await container.stop();
        return;
      } catch (err) {
        if (this.#known !== undefined) return;
        this.#options.log.error({ err, worker: this.id }, "a container could not be stopped; trying again");
        await pause(NEWS_MS);
      }
    }
  }

  async #refusal(container: Container): Promise<LoadError> {
    const limit = this.#options.loadMilliseconds / 1000;
    const late = this.#known === undefined && !(await this.#endsSoon());
    if (late) this.#complaint = await container.complaint();
    await this.stop("timeout");
    const end = late ? `did not answer within ${limit} s` : `ended (${this.#known?.detail ?? ""})`;
    return new LoadError(`${this.#complaint}\nthe container ${end}`.trim());
  }

  #endsSoon(): Promise<boolean> {
    return Promise.race([this.exited.then(() => true), pause(NEWS_MS).then(() => false)]);
  }

  async #pump(): Promise<void> {
    if (!this.#isReady || this.#running !== undefined || this.#container === undefined) return;
    const call = this.#calls.next();
    if (call === undefined) return;
    this.#running = call;
    call.listener.started();
    const outcome = await this.#outcome(this.#container, call);
    if (outcome === undefined || this.#running !== call) return;
    this.#running = undefined;
    call.listener.finished(outcome);
    if (this.#fate !== undefined) return;
    // After a time-out the language's server in the container is started again, and the next call waits for it. One that ended by itself is not started again.
    const patience = outcome.error?.type === "SystemError" ? NEWS_MS : this.#options.loadMilliseconds;
    if (outcome.error !== undefined) await this.#endUnlessReady(patience);
    void this.#pump();
  }

  /** Undefined when the container ended: that ends the run as well. */
  async #outcome(container: Container, { envelope, listener }: Call): Promise<Outcome | undefined> {
    try {
      const outcome = outcomeOf(await container.server.call(envelope), listener, this.#masks, this.#options);
      if (outcome.error?.type !== "SystemError") return outcome;
      this.#fate = await this.#fateOf(container);
      if (this.#fate === undefined) return outcome;
      this.#isReady = false;
      void this.#stopContainer(container);
      if (this.#fate === "exited") return { logs: outcome.logs, error: OWN_END };
    } catch (error) {
      if (error instanceof LongAnswer) return outcomeOfLongAnswer(this.#options);
      if (!(await this.#endsSoon())) this.#judge("sent no answer that can be read");
    }
    return undefined;
  }

  /** The server in the image only sees that the language's own behind it is gone. */
  async #fateOf(container: Container): Promise<"memory" | "exited" | undefined> {
    if (await container.lackedMemory()) return "memory";
    return (await container.hasInner()) ? undefined : "exited";
  }

  async #endUnlessReady(milliseconds: number): Promise<void> {
    const container = this.#container;
    if (container === undefined || !this.#isReady || this.#running !== undefined) return;
    this.#isReady = false;
    const isReady = milliseconds === 0 ? await container.isReady() : await container.readyWithin(milliseconds);
    if (!isReady) this.#judge("was not ready for its next run");
    this.#isReady = isReady && this.#known === undefined;
    void this.#pump();
  }

  #judge(violation: string): void {
    if (this.#stopReason !== undefined || this.#known !== undefined) return;
    this.#violation = violation;
    void this.stop("protocol");
  }

  async #follow(container: Container): Promise<void> {
    const { code, memoryExceeded } = await container.ended;
    if (!this.#isReady) this.#complaint = await container.complaint();
    await container
      .remove()
      .catch((err: unknown) => this.#options.log.error({ err, worker: this.id }, "a container could not be removed"));
    const exit = { code, signal: null, memoryExceeded };
    const known = workerExit(exit, this.#stopReason, this.#violation);
    this.#end(this.#fate === undefined ? known : { ...known, reason: this.#fate });
  }

  #end(exit: WorkerExit): void {
    if (this.#known !== undefined) return;
    this.#known = exit;
    const failure = failureOfExit(exit, this.#memory);
    const running = this.#running;
    this.#running = undefined;
    if (running !== undefined) running.listener.finished({ error: failure, logs: NO_LOGS });
    else if (this.#stopReason === undefined && this.#fate === undefined)
      this.#afterwards?.({ kind: "failure", text: failure.message, run: undefined });
    this.#calls.returnAll();
    this.#exit.resolve(exit);
  }
}
