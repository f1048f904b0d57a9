/** The environment of containers. Nothing of it is loaded where functions run in sandboxes alone. */
import type { Logger } from "pino";
import type { Door } from "../adapters/runtime/process/door.ts";
import { decodeBundle } from "../core/functions/bundle.ts";
import type { Programs } from "../core/shared/ports.ts";
import type { Settings } from "../settings/definitions.ts";
import type { Environment } from "./environments.ts";

export interface DockerEnvironment extends Environment {
  /** Event drivers that are images of containers. */
  readonly programs: Pick<Programs, "start">;
  /** Removes what is left of it, once its runtime is closed. */
  close(): Promise<void>;
}

/** @param server names this server in the engine, also after a restart. */
export async function openDocker(
  settings: Settings,
  server: string,
  door: Door,
  log: Logger,
): Promise<DockerEnvironment> {
  const { Engine } = await import("../adapters/docker/engine.ts");
  const { Networks } = await import("../adapters/docker/networks.ts");
  const { createDockerBuilder } = await import("../adapters/builder/docker.ts");
  const { createDockerRuntime } = await import("../adapters/runtime/docker/runtime.ts");
  const { createContainerPrograms } = await import("../adapters/programs/container.ts");
  const engine = new Engine(settings["docker-socket"]);
  const networks = new Networks(engine, server);
  return {
    builder: createDockerBuilder({ engine, networks, server, log }),
    runtime: createDockerRuntime({
      ...{ engine, networks, server, door, log, decode: decodeBundle },
      maxLogBytes: settings["max-log-bytes"],
      maxOutputBytes: settings["max-output-bytes"],
    }),
    programs: createContainerPrograms({ engine, networks, server, door, log }),
    close: async () => {
      await networks
        .close()
        .catch((err: unknown) => log.warn({ err }, "networks of containers are left to the next start"));
      await engine.close();
    },
  };
}
