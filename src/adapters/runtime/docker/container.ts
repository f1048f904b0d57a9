/** One running container of a function: locked in, with its door open, and answering. */
import { randomUUID } from "node:crypto";
import { LoadError } from "../../../core/shared/ports.ts";
import { type ContainerSpec, containerConfiguration } from "../../docker/container-spec.ts";
import type { Engine, EngineContainer } from "../../docker/engine.ts";
import { SERVER_PORT } from "../../docker/filter.ts";
import { lockIn, networkOf, type OpenedDoor, openDoor } from "../../docker/lock-in.ts";
import type { Door } from "../process/door.ts";
import { FunctionServer } from "./function-server.ts";
import { listensOn } from "./listening.ts";
import { oomKills } from "./oom-kills.ts";

export interface ContainerOrder extends ContainerSpec {
  readonly engine: Engine;
  /** By which the function door knows who calls. */
  readonly worker: string;
  readonly organization: string;
  /** Whether its network has a way out. */
  readonly open: boolean;
  readonly door: Door | undefined;
  /** Bytes of an answer. */
  readonly longestAnswer: number;
}

export interface ContainerEnd {
  readonly code: number;
  readonly memoryExceeded: boolean;
}

const TRY_MS = 20;
const GRACE_SECONDS = 1;
const COMPLAINT_LINES = 30;
/** The first port of the language's own server behind the one that answers (cli-and-runtimes.md 2.3). */
const INNER_PORT = 9000;

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Where the language's own servers will listen; none where the image is its own server. */
const innerPorts = (environment: readonly string[]): number[] => {
  const value = (name: string): string | undefined =>
    environment.findLast((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  if (value("SERVER_CMD") === undefined) return [];
  const count = Math.min(Math.max(1, Number(value("SERVERS") ?? 1) || 1), 64);
  return Array.from({ length: count }, (_, index) => INNER_PORT + index);
};

export class Container {
  readonly id: string;
  readonly server: FunctionServer;
  readonly ended: Promise<ContainerEnd>;
  readonly #engine: Engine;
  readonly #pid: number;
  readonly #ports: readonly number[];
  #door: OpenedDoor | undefined;

  constructor(order: ContainerOrder, id: string, state: EngineContainer, ports: readonly number[]) {
    this.id = id;
    this.#engine = order.engine;
    this.#pid = state.State.Pid;
    this.#ports = ports;
    this.server = new FunctionServer(networkOf(state, order.network).IPAddress, order.longestAnswer);
    this.ended = this.#follow();
  }

  set door(door: OpenedDoor) {
    this.#door = door;
  }

  /** The server inside answers, and so does the language's own behind it: the next call is not refused. */
  async isReady(): Promise<boolean> {
    return (await this.hasInner()) && (await this.server.isHealthy());
  }

  /** Whether the language's own servers listen behind the one that answers; so it is said, too, of an image without such. */
  hasInner(): Promise<boolean> {
    return listensOn(this.#pid, this.#ports);
  }

  /** Whether it was so within the time. */
  async readyWithin(milliseconds: number): Promise<boolean> {
    const end = performance.now() + milliseconds;
    let alive = true;
    void this.ended.then(() => {
      alive = false;
    });
    while (alive && performance.now() < end) {
      if (await this.isReady()) return true;
      await pause(TRY_MS);
    }
    return false;
  }

  /** Whether the kernel killed a process in it because memory ran out. */
  async lackedMemory(): Promise<boolean> {
    return (await oomKills(this.#pid)) > 0;
  }

  /** The end of its own output. */
  async complaint(): Promise<string> {
    return (await this.#engine.logs(this.id, COMPLAINT_LINES).catch(() => "")).trim();
  }

  /** SIGTERM, a short grace, SIGKILL. */
  stop(): Promise<void> {
    return this.#engine.stopContainer(this.id, GRACE_SECONDS);
  }

  /** To be called when it has ended and its output is not needed any more. */
  async remove(): Promise<void> {
    this.server.close();
    this.#door?.close();
    await this.#engine.removeContainer(this.id);
  }

  async #follow(): Promise<ContainerEnd> {
    await this.#engine.ended(this.id).catch(() => undefined);
    const state = await this.#engine.container(this.id).catch(() => undefined);
    return { code: state?.State.ExitCode ?? 0, memoryExceeded: state?.State.OOMKilled === true };
  }
}

/** Starts it. Whoever calls waits for `readyWithin`. @throws Error when it cannot be started or locked in: nothing is left then. */
export const startContainer = async (order: ContainerOrder): Promise<Container> => {
  const { engine } = order;
  const image = await engine.image(order.image);
  const id = await engine.createContainer(`dispatch-${order.worker}-${randomUUID()}`, containerConfiguration(order));
  try {
    await engine.startContainer(id);
    const state = await engine.container(id);
    if (state === undefined) throw new LoadError("the container was removed while it started");
    if (!state.State.Running)
      throw new LoadError(
        `${await engine.logs(id, COMPLAINT_LINES)}\nthe container ended at once (exit code ${state.State.ExitCode})`.trim(),
      );
    const locked = { ...order, resident: order.worker, port: SERVER_PORT };
    await lockIn(locked, state);
    const environment = [
      ...(image?.Config?.Env ?? []),
      ...Object.entries(order.environment).map((pair) => pair.join("=")),
    ];
    const container = new Container(order, id, state, innerPorts(environment));
    container.door = await openDoor(locked, state);
    return container;
  } catch (error) {
    await engine.removeContainer(id);
    throw error;
  }
};
