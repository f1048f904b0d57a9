/** The drivers that run in this server (decisions 21): programs in the sandbox or in containers, each with a token of its own. */
import { createHash, randomBytes } from "node:crypto";
import type { UsedSecrets } from "../secrets/service.ts";
import type { Clock, NetworkKind, ProgramAddress, Programs } from "../shared/ports.ts";
import { driverArguments, driverEnvironment } from "./driver-command.ts";
import type { DriverConfig } from "./driver-config.ts";
import { type DriverLine, DriverLog } from "./driver-log.ts";
import { type DriverListener, DriverProcess } from "./driver-process.ts";

export interface FleetPorts {
  readonly programs: Programs;
  readonly network: NetworkKind;
  /** Host and port of the server as a driver sees it. */
  readonly endpoint: string;
}

export interface DriverPlan {
  readonly organization: string;
  readonly name: string;
  readonly image: string;
  readonly config: DriverConfig;
  /** Called from outside, see `addressOf`. */
  readonly expose: boolean;
  readonly secrets: UsedSecrets;
  /** When somebody wrote it last, if that is known: Unix milliseconds. */
  readonly since: number | undefined;
  /** Asked at every start of its program. */
  bookmark(): Promise<string | undefined>;
}

interface Member {
  readonly process: DriverProcess;
  readonly tokenHash: string;
}

/** What the name of a process begins with in which drivers live together. */
const HOUSE = "clocks ";

export class DriverFleet {
  readonly #ports: FleetPorts;
  readonly #members = new Map<string, Member>();
  /** By the digests of their tokens: the keys of members. */
  readonly #tokens = new Map<string, string>();
  readonly #logs = new Map<string, DriverLog>();

  constructor(ports: FleetPorts) {
    this.#ports = ports;
  }

  /** Why an image cannot be run here; undefined when it can. */
  refusal(image: string): string | undefined {
    return this.#ports.programs.refusal(image);
  }

  /** The schedule of a driver that is a clock. */
  clock({ image, config }: Pick<DriverPlan, "image" | "config">): Clock | undefined {
    return this.#ports.programs.clock(image, config);
  }

  /** Its program starts, in the place of the one before. @throws Error that names a secret's key which cannot be given to it. */
  async start(plan: DriverPlan, listener: DriverListener): Promise<void> {
    const environment = driverEnvironment(plan.secrets.values);
    await this.stop(plan);
    const key = keyOf(plan);
    const token = randomBytes(32).toString("base64url");
    const order = {
      organization: plan.organization,
      ...{ name: `driver ${key}`, house: `${HOUSE}${plan.organization}` },
      image: plan.image,
      args: driverArguments(plan.config, this.#ports.endpoint),
      environment: { ...environment, ...sinceOf(plan), AUTH_TOKEN: token },
      network: this.#ports.network,
      exposed: plan.expose,
      masks: plan.secrets.masks,
      bookmark: plan.bookmark,
    };
    const process = new DriverProcess(this.#ports.programs, order, this.#logOf(key), listener);
    const tokenHash = hashOfToken(token);
    this.#members.set(key, { process, tokenHash });
    this.#tokens.set(tokenHash, key);
  }

  /** Resolves when nothing of its program is left; its log stays. */
  async stop(driver: { readonly organization: string; readonly name: string }): Promise<void> {
    const key = keyOf(driver);
    const member = this.#members.get(key);
    if (member === undefined) return;
    this.#members.delete(key);
    this.#tokens.delete(member.tokenHash);
    await member.process.end();
  }

  /** The driver is gone for good, and its log with it. */
  async forget(driver: { readonly organization: string; readonly name: string }): Promise<void> {
    await this.stop(driver);
    this.#logs.delete(keyOf(driver));
  }

  /** The organization and name of the driver at the other end of a connection to the function door. This counts as its hello. */
  atDoor(resident: string): { readonly organization: string; readonly name: string } | undefined {
    return resident.startsWith("driver ") ? this.#greet(resident.slice("driver ".length)) : undefined;
  }

  /** The organization whose clocks are at the other end of a connection to the function door; each shows its token there. */
  houseAtDoor(resident: string): string | undefined {
    return resident.startsWith(HOUSE) ? resident.slice(HOUSE.length) : undefined;
  }

  /** The driver whose program was given this token. */
  byToken(hash: string): { readonly organization: string; readonly name: string } | undefined {
    const key = this.#tokens.get(hash);
    return key === undefined ? undefined : this.#greet(key);
  }

  /** An event of the driver whose program was given this token is not taken. */
  refused(hash: string, message: string): void {
    this.#members.get(this.#tokens.get(hash) ?? "")?.process.refused(message);
  }

  /** Where an exposed driver is called; undefined while it does not run. */
  addressOf(driver: { readonly organization: string; readonly name: string }): ProgramAddress | undefined {
    return this.#members.get(keyOf(driver))?.process.address;
  }

  /** Whether those who call it wait in vain: its program runs, and does not listen yet. */
  isDeaf(driver: { readonly organization: string; readonly name: string }): boolean {
    return this.#members.get(keyOf(driver))?.process.isDeaf === true;
  }

  log(driver: { readonly organization: string; readonly name: string }, since: number): readonly DriverLine[] {
    return this.#logs.get(keyOf(driver))?.since(since) ?? [];
  }

  async close(): Promise<void> {
    await Promise.all([...this.#members.values()].map(({ process }) => process.end()));
    this.#members.clear();
    this.#tokens.clear();
  }

  #greet(key: string): { readonly organization: string; readonly name: string } | undefined {
    const member = this.#members.get(key);
    if (member === undefined) return undefined;
    member.process.hello();
    const [organization = "", name = ""] = key.split("/");
    return { organization, name };
  }

  #logOf(key: string): DriverLog {
    const log = this.#logs.get(key) ?? new DriverLog();
    this.#logs.set(key, log);
    return log;
  }
}

function sinceOf({ since }: DriverPlan): { readonly DISPATCH_SINCE?: string } {
  return since === undefined ? {} : { DISPATCH_SINCE: new Date(since).toISOString() };
}

export function hashOfToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** What names a driver among those of all organizations. */
export function keyOf({ organization, name }: { readonly organization: string; readonly name: string }): string {
  return `${organization}/${name}`;
}
