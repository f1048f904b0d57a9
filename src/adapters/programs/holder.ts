/**
 * A network that is locked and has the function door before the driver's container is in it: a container that sleeps holds it. A network
 * of the driver's own container would be there only when the driver runs already, whose first call would find no door.
 */
import { randomUUID } from "node:crypto";
import { isIP } from "node:net";
import { OwnError } from "../../core/shared/own-error.ts";
import type { Limits } from "../../core/shared/ports.ts";
import { containerConfiguration } from "../docker/container-spec.ts";
import type { Engine, EngineContainer, Labels } from "../docker/engine.ts";
import { type LockOrder, lockIn, networkOf, openDoor } from "../docker/lock-in.ts";

export interface HolderOrder extends LockOrder {
  readonly engine: Engine;
  /** Of the server. */
  readonly server: string;
  readonly image: string;
  /** Further ones, by which it is found. */
  readonly labels: Labels;
}

export interface Holder {
  readonly id: string;
  /** At which the server calls whoever is in the network. */
  readonly address: string;
  /** Of a process in the network. */
  readonly pid: number;
  /** Nobody gets through the door any more. */
  shut(): void;
}

const LIMITS: Limits = { memory: 16, cpu: 0.1, pids: 4, disk: 1 };

/** Nobody needs a right to listen on port 80 in a network of his own. */
const SYSCTLS = { "net.ipv4.ip_unprivileged_port_start": "0" };

/** @throws EngineError, Error: nothing is left then */
export async function startHolder(order: HolderOrder): Promise<Holder> {
  const { engine, image, network, server, door } = order;
  const names = (door?.names ?? []).map(({ host }) => host).filter((host) => isIP(host) === 0);
  const base = containerConfiguration({
    ...{ server, kind: "holder", image, network, limits: LIMITS, environment: {} },
    loopbackNames: [...new Set(names)],
  });
  const id = await engine.createContainer(`dispatch-holder-${randomUUID()}`, {
    ...base,
    Labels: { ...base.Labels, ...order.labels },
    HostConfig: { ...base.HostConfig, Sysctls: SYSCTLS },
  });
  try {
    await engine.startContainer(id);
    const state = await runningState(engine, id);
    await lockIn(order, state);
    const { close } = await openDoor(order, state);
    return { id, address: networkOf(state, network).IPAddress, pid: state.State.Pid, shut: close };
  } catch (error) {
    await engine.removeContainer(id).catch(() => undefined);
    throw error;
  }
}

async function runningState(engine: Engine, id: string): Promise<EngineContainer> {
  const state = await engine.container(id);
  if (state?.State.Running !== true) throw new OwnError("the container that holds the driver's network ended at once");
  return state;
}
