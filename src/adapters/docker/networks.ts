/** The networks of containers: one for an organization and kind, each with a bridge whose name says whose it is. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { OwnError } from "../../core/shared/own-error.ts";
import type { NetworkKind } from "../../core/shared/ports.ts";
import { runProgram } from "../runtime/process/programs.ts";
import type { Engine } from "./engine.ts";
import { hostFilter, noHostFilter } from "./filter.ts";
import { CONTAINER_KINDS, labelsOf } from "./labels.ts";

const shortHash = (text: string, length: number): string =>
  createHash("sha256").update(text).digest("hex").slice(0, length);

export const NO_HOST_NETWORK =
  "a container cannot have network host: choose isolated or none, or a base image that runs in a sandbox";

const ELSEWHERE =
  "the Docker engine does not run in this machine's own network (rootless, or in a virtual machine): containers of functions cannot be reached";

export class Networks {
  readonly #engine: Engine;
  readonly #server: string;
  /** Names of interfaces have 15 letters at most. */
  readonly #bridges: string;
  readonly #table: string;
  readonly #made = new Map<string, Promise<string>>();
  #isReady: Promise<void> | undefined;

  constructor(engine: Engine, server: string) {
    this.#engine = engine;
    this.#server = server;
    const short = shortHash(server, 4);
    this.#bridges = `dsp${short}`;
    this.#table = `dispatch_docker_${short}`;
  }

  /**
   * What an earlier server left, which died, goes before anything new begins; then the host's packet filter stands.
   * @throws Error when the engine does not answer, or this machine has no packet filter.
   */
  ready(): Promise<void> {
    this.#isReady ??= this.#prepare().catch((error: unknown) => {
      this.#isReady = undefined;
      throw error;
    });
    return this.#isReady;
  }

  /** The name of the network, which is made when nobody needed it before. */
  of(organization: string, kind: NetworkKind): Promise<string> {
    const name = `dispatch-${shortHash(this.#server, 8)}-${kind}-${shortHash(organization, 12)}`;
    let made = this.#made.get(name);
    if (made === undefined) {
      made = this.#make(name, organization, kind);
      made.catch(() => this.#made.delete(name));
      this.#made.set(name, made);
    }
    return made;
  }

  /** When nothing runs in them any more. */
  async close(): Promise<void> {
    if (this.#isReady === undefined) return;
    await this.#removeLeftovers();
    await runProgram("nft", ["-f", "-"], noHostFilter(this.#table));
  }

  async #prepare(): Promise<void> {
    if (await this.#engine.isRootless()) throw new OwnError(ELSEWHERE);
    await this.#removeLeftovers();
    const rules = hostFilter(this.#table, this.#bridges, `${this.#bridges}n`, process.getuid?.() ?? 0);
    await runProgram("nft", ["-f", "-"], rules);
  }

  async #removeLeftovers(): Promise<void> {
    for (const kind of CONTAINER_KINDS)
      for (const { Id } of await this.#engine.containers(labelsOf(this.#server, kind)))
        await this.#engine.removeContainer(Id);
    for (const { Id } of await this.#engine.networks(labelsOf(this.#server, "network")))
      await this.#engine.removeNetwork(Id);
  }

  async #make(name: string, organization: string, kind: NetworkKind): Promise<string> {
    if (kind === "host") throw new OwnError(NO_HOST_NETWORK);
    await this.ready();
    const bridge = `${this.#bridges}${kind === "none" ? "n" : "o"}${shortHash(organization, 6)}`;
    const labels = labelsOf(this.#server, "network");
    await this.#engine.createNetwork({ name, bridge, internal: kind === "none", labels });
    // Podman makes the bridge when the first container needs it.
    if (!existsSync(`/sys/class/net/${bridge}`) && !(await this.#engine.isPodman())) throw new OwnError(ELSEWHERE);
    return name;
  }
}
