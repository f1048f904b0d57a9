/** Event drivers as containers of the machine's Docker engine: the image is the driver, as in the older product (server.md 6.3). */
import { randomUUID } from "node:crypto";
import { constants } from "node:os";
import { messageOf } from "../../core/shared/message-of.ts";
import { OwnError } from "../../core/shared/own-error.ts";
import {
  ImageError,
  type Limits,
  type ProgramSpec,
  type Programs,
  type RunningProgram,
} from "../../core/shared/ports.ts";
import { containerConfiguration } from "../docker/container-spec.ts";
import type { Engine, EngineContainer, EngineImage, Labels } from "../docker/engine.ts";
import { attempted } from "../docker/engine-attempts.ts";
import { partStreams } from "../docker/engine-logs.ts";
import { CONTAINER_KINDS, isOurs, labelsOf } from "../docker/labels.ts";
import type { Networks } from "../docker/networks.ts";
import type { Door } from "../runtime/process/door.ts";
import type { Log } from "../runtime/process/log.ts";
import { type Holder, startHolder } from "./holder.ts";
import { holderImage } from "./holder-image.ts";
import { FLOOD, followLines } from "./lines.ts";
import { isListening } from "./own-port.ts";

export interface ContainerProgramsOptions {
  readonly engine: Engine;
  readonly networks: Networks;
  /** Names this server in the engine. */
  readonly server: string;
  readonly door: Door;
  readonly log: Log;
}

/** On which an exposed driver listens. */
const PORT = 80;
/** How long a driver has at its end to remove what it made elsewhere, such as queues in a cloud, in seconds. */
const GRACE_SECONDS = 3;
/** How long a stop waits for the engine, in milliseconds; what is left then is removed when the engine answers again. */
const STOP_MS = 15_000;
/** A pull that takes longer than this is given up, in milliseconds. */
const PULL_MS = 30 * 60_000;
const REMOVE_AGAIN_MS = 2000;
const LIMITS: Limits = { memory: 256, cpu: 1, pids: 64, disk: 64 };
const SIGNAL_BASE = 128;

export function createContainerPrograms(options: ContainerProgramsOptions): Pick<Programs, "start"> {
  return { start: (spec) => startDriver(options, spec) };
}

async function startDriver(options: ContainerProgramsOptions, spec: ProgramSpec): Promise<RunningProgram> {
  const { engine, networks, server, door, log } = options;
  const image = await obtainImage(engine, spec);
  await networks.ready();
  const labels = { "dispatch-eventdriver-id": spec.name.replace(/^driver /, "") };
  await removeOlder(engine, server, labels);
  const network = await networks.of(spec.organization, "isolated");
  const resting = await holderImage(engine, server);
  spec.signal.throwIfAborted();
  const again = (message: string): void =>
    log.warn({ driver: spec.name, message }, "the Docker engine failed by itself; trying again");
  const place = { network, organization: spec.organization, resident: spec.name, open: true, door };
  const port = spec.exposed ? PORT : undefined;
  const holder = await attempted(() => startHolder({ ...place, engine, server, image: resting, labels, port }), again);
  const driver = { ...options, spec, image, holder, labels };
  return attempted(() => startIn(driver), again).catch(async (error: unknown) => {
    holder.shut();
    await removeInTheEnd(options, [holder.id]);
    throw error;
  });
}

/** @throws ImageError when it cannot be had. */
async function obtainImage(engine: Engine, { image, log, signal }: ProgramSpec): Promise<EngineImage> {
  try {
    const here = await engine.image(image);
    const found = here ?? (await pulled(engine, image, log, signal));
    if (found === undefined) throw new OwnError("it is not in the Docker engine");
    // An image that a server of ours made may hold the code of another organization.
    if (isOurs(found.Config?.Labels)) throw new OwnError("it was made by a server of Dispatch, and is no driver");
    return found;
  } catch (error) {
    if (error instanceof OwnError) throw new ImageError(error.message, { cause: error });
    throw error;
  }
}

async function pulled(engine: Engine, image: string, log: ProgramSpec["log"], signal: AbortSignal) {
  log("server", `pulling the image ${image}`);
  const limit = AbortSignal.timeout(PULL_MS);
  try {
    await engine.pull(image, () => undefined, AbortSignal.any([signal, limit]));
  } catch (error) {
    if (limit.aborted) throw new OwnError(`the pull took longer than ${PULL_MS / 60_000} minutes`);
    throw error;
  }
  return engine.image(image);
}

/** What an earlier life of this driver left, when the engine was away at its end. */
async function removeOlder(engine: Engine, server: string, labels: Labels): Promise<void> {
  for (const kind of CONTAINER_KINDS)
    for (const { Id } of await engine.containers({ ...labelsOf(server, kind), ...labels }))
      await engine.removeContainer(Id);
}

interface DriverOrder extends ContainerProgramsOptions {
  readonly spec: ProgramSpec;
  readonly image: EngineImage;
  readonly holder: Holder;
  readonly labels: Labels;
}

/** @throws EngineError when it cannot be started: its container is gone then. */
async function startIn(order: DriverOrder): Promise<RunningProgram> {
  const { engine, spec } = order;
  const id = await engine.createContainer(containerName(spec.name), configurationOf(order));
  try {
    const { stdout, stderr } = partStreams(await engine.attach(id));
    let isFlood = false;
    const flooded = (): void => {
      isFlood = true;
      void engine.stopContainer(id, 0).catch(() => undefined);
    };
    const said = Promise.all([
      followLines(stdout, (line) => spec.log("stdout", line), flooded),
      followLines(stderr, (line) => spec.log("stderr", line), flooded),
    ]);
    await engine.startContainer(id);
    return follow(order, id, async (reason) => {
      await said;
      return isFlood ? FLOOD : reason;
    });
  } catch (error) {
    await engine.removeContainer(id).catch(() => undefined);
    throw error;
  }
}

/** Letters that the engine takes; the label says it exactly. */
function containerName(name: string): string {
  return `dispatch-${name.replaceAll(/[^\w.-]/g, "-").slice(0, 100)}-${randomUUID()}`;
}

function configurationOf({ server, spec, image, holder, labels }: DriverOrder): object {
  const base = containerConfiguration({
    ...{ server, kind: "driver", image: image.Id, network: `container:${holder.id}`, limits: LIMITS },
    environment: { ...(spec.exposed ? { PORT: String(PORT) } : {}), ...spec.environment },
    loopbackNames: [],
  });
  const own = `rw,nosuid,nodev,size=${LIMITS.disk}m`;
  const volumes = Object.keys(image.Config?.Volumes ?? {}).map((path) => [path, own]);
  return {
    ...base,
    Cmd: spec.args,
    Labels: { ...base.Labels, ...labels },
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      ...base.HostConfig,
      // A volume of the image would have no limit.
      Tmpfs: { ...Object.fromEntries(volumes), ...base.HostConfig.Tmpfs },
      // What it writes is heard, and kept nowhere else.
      LogConfig: { Type: "none" },
    },
  };
}

function follow(order: DriverOrder, id: string, told: (reason: string) => Promise<string>): RunningProgram {
  const { engine, spec, holder } = order;
  const exited = endOf(engine, id).then(async (reason) => {
    holder.shut();
    await removeInTheEnd(order, [id, holder.id]);
    return told(reason);
  });
  let isOver = false;
  void exited.then(() => {
    isOver = true;
  });
  return {
    exited,
    get address() {
      return spec.exposed && !isOver ? { host: holder.address, port: PORT } : undefined;
    },
    get isDeaf() {
      return spec.exposed && !isOver && !isListening(holder.pid, PORT);
    },
    stop: async () => {
      holder.shut();
      const given = new Promise<void>((resolve) => setTimeout(resolve, STOP_MS).unref());
      const stopped = engine.stopContainer(id, GRACE_SECONDS).catch(() => undefined);
      await Promise.race([stopped.then(() => exited), given]);
    },
  };
}

/** Resolves with the reason when it has ended, or when nobody can know any more. */
async function endOf(engine: Engine, id: string): Promise<string> {
  try {
    await engine.ended(id);
    return reasonOf(await engine.container(id));
  } catch (error) {
    return messageOf(error);
  }
}

function reasonOf(state: EngineContainer | undefined): string {
  if (state === undefined) return "its container was removed";
  const { OOMKilled, ExitCode } = state.State;
  if (OOMKilled) return `out of memory: it needed more than ${LIMITS.memory} MB`;
  const [signal] = Object.entries(constants.signals).find(([, number]) => number === ExitCode - SIGNAL_BASE) ?? [];
  return signal === undefined ? `exit code ${ExitCode}` : `killed by ${signal}`;
}

/** Now, or when the engine answers again: nobody waits for that. */
async function removeInTheEnd(options: ContainerProgramsOptions, ids: readonly string[]): Promise<void> {
  try {
    for (const id of ids) await options.engine.removeContainer(id);
  } catch (err) {
    options.log.warn({ err }, "the container of an event driver could not be removed; trying again");
    setTimeout(() => void removeInTheEnd(options, ids), REMOVE_AGAIN_MS).unref();
  }
}
