/** What a container's network is before it is of use: locked, with the function door in it. */
import type { Server, Socket } from "node:net";
import { LoadError } from "../../core/shared/ports.ts";
import { type Door, openInside } from "../runtime/process/door.ts";
import { doorAddresses4, doorPorts } from "../runtime/process/network-plan.ts";
import { runProgram } from "../runtime/process/programs.ts";
import type { EngineContainer } from "./engine.ts";
import { containerFilter, DOOR_PORT } from "./filter.ts";

export interface LockOrder {
  /** By its name in the engine. */
  readonly network: string;
  readonly organization: string;
  /** By which the function door knows who calls. */
  readonly resident: string;
  /** On which the server calls the container; undefined when nobody does. */
  readonly port: number | undefined;
  /** Whether its network has a way out. */
  readonly open: boolean;
  readonly door: Door | undefined;
}

export interface OpenedDoor {
  /** Who is at it is cut off. */
  close(): void;
}

export const networkOf = (state: EngineContainer, name: string) => {
  const network = state.NetworkSettings.Networks[name];
  if (network === undefined || network.IPAddress === "") throw new LoadError("the container ended at once");
  return network;
};

/** The path of its network namespace. It never leads to that of another container, also when the kernel gives a process number again. */
const enter = (state: EngineContainer): string[] => ["nsenter", `--net=${state.NetworkSettings.SandboxKey}`];

export const lockIn = async (order: LockOrder, state: EngineContainer): Promise<void> => {
  const { IPAddress, IPPrefixLen, Gateway } = networkOf(state, order.network);
  const rules = containerFilter({
    address: `${IPAddress}/${IPPrefixLen}`,
    gateway: Gateway,
    port: order.port,
    open: order.open,
    door: { addresses: doorAddresses4(order.door), ports: order.door === undefined ? [] : doorPorts(order.door) },
  });
  const [command = "", ...args] = enter(state);
  await runProgram(command, [...args, "nft", "-f", "-"], rules);
};

export const openDoor = async (order: LockOrder, state: EngineContainer): Promise<OpenedDoor> => {
  const { door, organization, resident } = order;
  if (door === undefined) return { close: () => undefined };
  const inside = new Set<Socket>();
  const answer = (socket: Socket): void => {
    inside.add(socket);
    socket.once("close", () => inside.delete(socket));
    door.connection(socket, organization, async () => resident);
  };
  const listeners: Server[] = await openInside(enter(state), [{ host: "127.0.0.1", port: DOOR_PORT, answer }]);
  return {
    close: () => {
      for (const listener of listeners) listener.close();
      for (const socket of inside) socket.destroy();
    },
  };
};
