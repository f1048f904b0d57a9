/**
 * The Docker engine over its socket (Engine API, https://docs.docker.com/reference/api/engine/): the calls that images and
 * containers of functions and drivers need, and no more. Every refusal is an EngineError with the engine's own sentence.
 */
import type { Readable } from "node:stream";
import { unlessGone } from "./engine-error.ts";
import { type EngineBody, EngineHttp } from "./engine-http.ts";
import { textOfLogs } from "./engine-logs.ts";
import { dockerNetwork, type NetworkOrder, podmanNetwork } from "./engine-networks.ts";
import { followProgress } from "./engine-progress.ts";

export type Labels = Readonly<Record<string, string>>;

export interface EngineImage {
  /** `sha256:...` */
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
  readonly Config: {
    readonly Labels: Labels | null;
    readonly Env: readonly string[] | null;
    readonly Volumes?: Readonly<Record<string, object>> | null;
  } | null;
}

export interface ListedImage {
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
  /** Seconds since 1970. */
  readonly Created: number;
  readonly Labels: Labels | null;
}

export interface EngineContainer {
  readonly Id: string;
  readonly State: {
    readonly Running: boolean;
    /** On the host; 0 when it does not run. */
    readonly Pid: number;
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
    readonly Error: string;
  };
  readonly NetworkSettings: {
    /** The path of its network namespace. */
    readonly SandboxKey: string;
    readonly Networks: Readonly<
      Record<string, { readonly IPAddress: string; readonly IPPrefixLen: number; readonly Gateway: string }>
    >;
  };
}

export interface EngineVersion {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly Components?: readonly { readonly Name: string }[];
}

interface DockerInfo {
  readonly SecurityOptions?: readonly string[] | null;
}

interface PodmanInfo {
  readonly host: { readonly security: { readonly rootless: boolean } };
}

export interface BuildOrder {
  /** A tar archive with a Dockerfile at its root. */
  readonly context: Readable;
  readonly tag: string;
  readonly args: Readonly<Record<string, string>>;
  readonly labels: Labels;
  /** The network of its RUN steps, by name. */
  readonly network: string;
  /** Bytes of memory for its RUN steps. */
  readonly memory: number;
  readonly signal?: AbortSignal | undefined;
}

/** Microseconds: the period of `CpuQuota`. */
const CPU_PERIOD = 100_000;
/** Bytes of a container's own output that are read. */
const MOST_LOGS = 64 * 1024;

const withLabels = (labels: Labels): string =>
  JSON.stringify({ label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) });

/** `registry:5000/name:tag` -> name and tag. The engine would pull every tag of a name without one. */
const parted = (reference: string): { readonly fromImage: string; readonly tag: string } => {
  const at = reference.lastIndexOf(":");
  const isTag = at > reference.lastIndexOf("/") && !reference.includes("@");
  if (isTag) return { fromImage: reference.slice(0, at), tag: reference.slice(at + 1) };
  return { fromImage: reference, tag: reference.includes("@") ? "" : "latest" };
};

const named = (reference: string): string => reference.split("/").map(encodeURIComponent).join("/");

export class Engine {
  readonly #http: EngineHttp;
  #isPodman: Promise<boolean> | undefined;

  /** @param socket the path of the engine's Unix socket. */
  constructor(socket: string) {
    this.#http = new EngineHttp(socket);
  }

  version(): Promise<EngineVersion> {
    return this.#http.json("GET", "/version");
  }

  /** Podman answers the same calls, and has its own where those do not suffice. An engine is asked once. */
  isPodman(): Promise<boolean> {
    this.#isPodman ??= this.#askWhetherPodman().catch((error: unknown) => {
      this.#isPodman = undefined;
      throw error;
    });
    return this.#isPodman;
  }

  /** Whether it runs as an ordinary user, with networks that this machine does not see. */
  async isRootless(): Promise<boolean> {
    if (await this.isPodman()) {
      const { host } = await this.#http.json<PodmanInfo>("GET", "/v4.0.0/libpod/info");
      return host.security.rootless;
    }
    const { SecurityOptions } = await this.#http.json<DockerInfo>("GET", "/info");
    return (SecurityOptions ?? []).includes("name=rootless");
  }

  /** @throws EngineError when the registry refuses, also in the middle. */
  async pull(reference: string, progress: (line: string) => void, signal?: AbortSignal): Promise<void> {
    const call = { query: parted(reference), signal };
    await followProgress(await this.#http.stream("POST", "/images/create", call), progress);
  }

  /** Undefined when there is none of that name. */
  image(reference: string): Promise<EngineImage | undefined> {
    return unlessGone(this.#http.json("GET", `/images/${named(reference)}/json`));
  }

  images(labels: Labels): Promise<ListedImage[]> {
    return this.#http.json("GET", "/images/json", { query: { filters: withLabels(labels) } });
  }

  async removeImage(reference: string): Promise<void> {
    await unlessGone(this.#http.json("DELETE", `/images/${named(reference)}`, { query: { force: "true" } }));
  }

  /** Builds an image and names it. @throws EngineError with the engine's line and the output of the failing step. */
  async build(order: BuildOrder, progress: (line: string) => void): Promise<void> {
    const query = {
      t: order.tag,
      buildargs: JSON.stringify(order.args),
      labels: JSON.stringify(order.labels),
      networkmode: order.network,
      memory: String(order.memory),
      memswap: String(order.memory),
      cpuperiod: String(CPU_PERIOD),
      cpuquota: String(CPU_PERIOD),
      rm: "true",
      forcerm: "true",
    };
    const call = { query, archive: order.context, signal: order.signal };
    await followProgress(await this.#http.stream("POST", "/build", call), progress);
  }

  /** @returns its id */
  async createContainer(name: string, configuration: object): Promise<string> {
    const call = { query: { name }, json: configuration };
    const { Id } = await this.#http.json<{ readonly Id: string }>("POST", "/containers/create", call);
    return Id;
  }

  async startContainer(id: string): Promise<void> {
    await this.#http.json("POST", `/containers/${id}/start`);
  }

  /** Undefined when it is gone. */
  container(id: string): Promise<EngineContainer | undefined> {
    return unlessGone(this.#http.json("GET", `/containers/${id}/json`));
  }

  containers(labels: Labels): Promise<{ readonly Id: string; readonly ImageID: string }[]> {
    return this.#http.json("GET", "/containers/json", { query: { all: "true", filters: withLabels(labels) } });
  }

  /** Resolves when it has ended, or is gone. */
  async ended(id: string): Promise<void> {
    await unlessGone(this.#http.json("POST", `/containers/${id}/wait`));
  }

  /** SIGTERM, so many seconds of grace, SIGKILL. */
  async stopContainer(id: string, graceSeconds: number): Promise<void> {
    await unlessGone(this.#http.json("POST", `/containers/${id}/stop`, { query: { t: String(graceSeconds) } }));
  }

  async removeContainer(id: string): Promise<void> {
    await unlessGone(this.#http.json("DELETE", `/containers/${id}`, { query: { force: "true", v: "true" } }));
  }

  /** All that a container will write, when it has not started yet: the frames of both streams, until it ends. */
  attach(id: string): Promise<EngineBody> {
    const query = { stream: "true", stdout: "true", stderr: "true" };
    return this.#http.stream("POST", `/containers/${id}/attach`, { query });
  }

  /** The end of what a container wrote to both streams. */
  async logs(id: string, lines: number): Promise<string> {
    const query = { stdout: "true", stderr: "true", tail: String(lines) };
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of await this.#http.stream("GET", `/containers/${id}/logs`, { query })) {
      parts.push(part as Buffer);
      length += (part as Buffer).length;
      if (length > MOST_LOGS) break;
    }
    return textOfLogs(Buffer.concat(parts));
  }

  /** A folder of a container, which need not run, as a tar archive; undefined when it has none there. */
  folder(id: string, path: string): Promise<EngineBody | undefined> {
    return unlessGone(this.#http.stream("GET", `/containers/${id}/archive`, { query: { path } }));
  }

  async createNetwork(network: NetworkOrder): Promise<void> {
    const { path, json } = (await this.isPodman()) ? podmanNetwork(network) : dockerNetwork(network);
    await this.#http.json("POST", path, { json });
  }

  networks(labels: Labels): Promise<{ readonly Id: string; readonly Name: string }[]> {
    return this.#http.json("GET", "/networks", { query: { filters: withLabels(labels) } });
  }

  async removeNetwork(id: string): Promise<void> {
    await unlessGone(this.#http.json("DELETE", `/networks/${id}`));
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  async #askWhetherPodman(): Promise<boolean> {
    return ((await this.version()).Components ?? []).some(({ Name }) => Name === "Podman Engine");
  }
}
