/** What a container of functions or of event drivers may do: nothing that it does not need. */
import type { Limits } from "../../core/shared/ports.ts";
import { type Kind, labelsOf } from "./labels.ts";

export interface ContainerSpec {
  /** Of the server. */
  readonly server: string;
  readonly kind: Kind;
  readonly image: string;
  readonly network: string;
  readonly limits: Limits;
  readonly environment: Readonly<Record<string, string>>;
  /** Names that lead to the container's own loopback. */
  readonly loopbackNames: readonly string[];
}

const MEBIBYTE = 1024 * 1024;
const NANO = 1e9;
const OPEN_FILES = 4096;
/** Of all containers of one user; each has its own limit, which is far lower. */
const PROCESSES = 16_384;

/** The body of the engine's call that creates it. */
export const containerConfiguration = (spec: ContainerSpec) => {
  const { limits } = spec;
  const memory = limits.memory * MEBIBYTE;
  return {
    Image: spec.image,
    Env: Object.entries(spec.environment).map(([name, value]) => `${name}=${value}`),
    Labels: labelsOf(spec.server, spec.kind),
    HostConfig: {
      NetworkMode: spec.network,
      ExtraHosts: spec.loopbackNames.map((name) => `${name}:127.0.0.1`),
      ReadonlyRootfs: true,
      Tmpfs: { "/tmp": `rw,nosuid,nodev,size=${limits.disk}m` },
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      IpcMode: "private",
      Memory: memory,
      MemorySwap: memory,
      NanoCpus: Math.round(limits.cpu * NANO),
      PidsLimit: limits.pids,
      Ulimits: [
        { Name: "core", Soft: 0, Hard: 0 },
        // Queues of POSIX messages count for the host's user, whom containers share.
        { Name: "msgqueue", Soft: 0, Hard: 0 },
        { Name: "nofile", Soft: OPEN_FILES, Hard: OPEN_FILES },
        // Podman's own is more than it may set where it lacks the right to raise limits; containers share the host's user here, too.
        { Name: "nproc", Soft: PROCESSES, Hard: PROCESSES },
      ],
      RestartPolicy: { Name: "no" },
      LogConfig: { Type: "json-file", Config: { "max-size": "1m", "max-file": "1" } },
    },
  };
};
