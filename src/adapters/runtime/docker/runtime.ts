/**
 * The docker runtime: workers are containers of the machine's own Docker engine, of images whose server speaks the protocol of
 * cli-and-runtimes.md 2.3. A container has its network, its limits and its door, and nothing else.
 */
import { randomUUID } from "node:crypto";
import { isIP } from "node:net";
import { messageOf } from "../../../core/shared/message-of.ts";
import {
  LoadError,
  type LoadSpec,
  type Runtime,
  type RuntimeReport,
  type Worker,
  type WorkerSpec,
} from "../../../core/shared/ports.ts";
import type { SourceFile } from "../../../core/shared/source-file.ts";
import type { Engine } from "../../docker/engine.ts";
import { attempted } from "../../docker/engine-attempts.ts";
import { type Networks, NO_HOST_NETWORK } from "../../docker/networks.ts";
import type { Door } from "../process/door.ts";
import type { Log } from "../process/log.ts";
import { isRoot, missingPrograms } from "../process/programs.ts";
import { type Container, startContainer } from "./container.ts";
import { FunctionImages } from "./function-images.ts";
import { DockerWorker } from "./worker.ts";

export interface DockerRuntimeOptions {
  readonly engine: Engine;
  /** From `createNetworks`; shared with the builder and closed by whoever made it, after the runtime. */
  readonly networks: Networks;
  /** Names this server in the engine, also after a restart. */
  readonly server: string;
  readonly door?: Door;
  /** The files of a bundle. */
  readonly decode: (bundle: Uint8Array) => SourceFile[];
  /** Bytes of log kept for a run; default 1 MB. */
  readonly maxLogBytes?: number;
  /** Bytes of JSON that a function may return; default 6 MB. */
  readonly maxOutputBytes?: number;
  /** Longest time until a started container answers; default 60 s. */
  readonly loadMilliseconds?: number;
  readonly log: Log;
}

const MEBIBYTE = 1024 * 1024;

/** Lines of logs are quoted in an answer: a byte of output may become six. */
const QUOTED = 6;
const ANSWER_SLACK = MEBIBYTE;

const PROGRAMS = ["nft", "nsenter"];

const problemsOf = async ({ networks }: DockerRuntimeOptions): Promise<string[]> => {
  if (!isRoot()) return ["containers of functions need a server that is root: it locks their network"];
  const missing = await missingPrograms(PROGRAMS);
  if (missing.length > 0)
    return [`containers of functions need ${missing.join(", ")}: run \`apt-get install nftables util-linux\``];
  try {
    await networks.ready();
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
};

const LIMITS = {
  memory: "container",
  cpu: "container",
  pids: "container",
  disk: "tmpfs of the container",
  seccomp: "Docker's profile",
};

class DockerRuntime implements Runtime {
  readonly fixedLimits = [];
  readonly #options: DockerRuntimeOptions;
  readonly #images: FunctionImages;
  readonly #workers = new Set<Worker>();

  constructor(options: DockerRuntimeOptions) {
    this.#options = options;
    this.#images = new FunctionImages(options);
  }

  async check(): Promise<RuntimeReport> {
    const problems = await problemsOf(this.#options);
    return { problems, warnings: [], limits: LIMITS };
  }

  async start(spec: WorkerSpec): Promise<Worker> {
    const { maxLogBytes = MEBIBYTE, maxOutputBytes = 6 * MEBIBYTE, loadMilliseconds = 60_000, log } = this.#options;
    const id = `docker-${randomUUID()}`;
    const longestAnswer = maxOutputBytes + QUOTED * maxLogBytes + ANSWER_SLACK;
    const worker = new DockerWorker({
      ...{ id, maxLogBytes, maxOutputBytes, loadMilliseconds, log },
      begin: (load, signal) => this.#begin(spec, id, load, longestAnswer, signal),
    });
    this.#workers.add(worker);
    void worker.exited.then(() => this.#workers.delete(worker));
    return worker;
  }

  /** The engine would have to be asked for it, which takes a second. */
  memoryOf(): undefined {
    return undefined;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.stop("shutdown")));
  }

  async #begin(
    spec: WorkerSpec,
    worker: string,
    load: LoadSpec,
    longestAnswer: number,
    signal: AbortSignal,
  ): Promise<Container> {
    const { engine, server, networks, door, log } = this.#options;
    if (spec.network === "host") throw new LoadError(NO_HOST_NETWORK);
    const { organization } = spec;
    const builds = await networks.of(organization, "isolated");
    const image = await this.#images.of({ image: spec.image.digest, network: builds, signal }, load);
    const network = await networks.of(organization, spec.network);
    signal.throwIfAborted();
    const loopbackNames = [...new Set(door?.names.map(({ host }) => host).filter((host) => isIP(host) === 0))];
    const order = {
      ...{
        engine,
        server,
        kind: "worker" as const,
        image,
        network,
        worker,
        organization,
        door,
        longestAnswer,
        loopbackNames,
      },
      limits: load.limits,
      environment: load.environment,
      open: spec.network === "isolated",
    };
    return attempted(
      () => startContainer(order),
      (message) => log.warn({ worker, message }, "the Docker engine failed by itself; trying again"),
    );
  }
}

export const createDockerRuntime = (options: DockerRuntimeOptions): Runtime => new DockerRuntime(options);
