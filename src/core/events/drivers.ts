/** Event drivers: programs that push events (server.md 6.3, decisions 21). Their programs are the fleet's. */
import { randomBytes } from "node:crypto";
import { splitNames } from "../functions/service.ts";
import { principalOfPerson } from "../iam/delegation.ts";
import type { UsedSecrets } from "../secrets/service.ts";
import { DispatchError } from "../shared/errors.ts";
import { KeyedQueue } from "../shared/keyed-queue.ts";
import { messageOf } from "../shared/message-of.ts";
import { OwnError } from "../shared/own-error.ts";
import type { Clock, Database, ProgramAddress, Statement } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { type WireStatus, wireStrings, wireTags } from "../shared/wire.ts";
import { type ResourcePorts, ResourceService, type Write } from "../store/resource-service.ts";
import type { ResourceRecord } from "../store/resource-store.ts";
import { dropBookmark, findBookmark } from "./bookmarks.ts";
import type { Driver } from "./contract.ts";
import { configOf, type DriverConfig, wireConfig } from "./driver-config.ts";
import { type DriverFleet, hashOfToken, keyOf } from "./driver-fleet.ts";
import type { DriverLine } from "./driver-log.ts";
import type { DriverListener } from "./driver-process.ts";
import type { DriverTypes } from "./driver-types.ts";

interface DriverDocument {
  readonly type: string;
  /** Copied from the type when the driver is made: later changes of the type have no effect. */
  readonly image: string;
  readonly expose: boolean;
  readonly config: DriverConfig;
  readonly secrets: readonly string[] | null;
  readonly status: WireStatus;
  readonly reason: readonly string[] | null;
  readonly url?: string;
  readonly tags: Driver["tags"] | null;
  /** When somebody wrote it last: Unix milliseconds. */
  readonly since?: number;
  /** SHA-256 of the token with which it pushes events; the token itself is nowhere. */
  readonly tokenHash?: string;
}

export type DriverRecord = ResourceRecord<DriverDocument>;

export interface ClockDriver {
  readonly record: DriverRecord;
  readonly clock: Clock;
}

export interface DriversPorts extends ResourcePorts {
  readonly log: { warn(details: object, message: string): void };
  readonly fleet: DriverFleet;
  readonly secrets: { use(organization: string, names: readonly string[]): Promise<UsedSecrets> };
  /** Where the gateway has an exposed driver; undefined before it listens. */
  urlOf?(organization: string, name: string): string | undefined;
}

/** A driver that may be called from outside. */
export interface ExposedDriver {
  /** Undefined while the driver does not run. */
  readonly address: ProgramAddress | undefined;
  readonly status: WireStatus;
  /** Whether those who call it wait in vain, because its program does not listen yet. */
  isDeaf(): boolean;
}

/** How a driver is: READY, or ERROR with reasons. */
interface Finding {
  readonly status: "READY" | "ERROR" | "CREATING";
  readonly reason: readonly string[] | null;
}

export class Drivers extends ResourceService<Driver, DriverDocument> {
  readonly #database: Database;
  readonly #types: DriverTypes;
  readonly #fleet: DriverFleet;
  readonly #secrets: DriversPorts["secrets"];
  readonly #urlOf: NonNullable<DriversPorts["urlOf"]>;
  readonly #queue: KeyedQueue;
  /** By driver: its newest deployment. Results of older ones are ignored. */
  readonly #deployments = new Map<string, symbol>();

  constructor(ports: DriversPorts, types: DriverTypes) {
    super(
      {
        kind: "Driver",
        word: "event driver",
        resource: "event",
        actsForAuthor: { needs: { resource: "event", action: "emit" } },
      },
      ports,
    );
    this.#database = ports.database;
    this.#types = types;
    this.#fleet = ports.fleet;
    this.#secrets = ports.secrets;
    this.#urlOf = ports.urlOf ?? (() => undefined);
    this.#queue = new KeyedQueue((error) => ports.log.warn({ err: error }, "an event driver could not be deployed"));
  }

  /** Starts all programs. Call it when the function door is open: they push through it. */
  start(): void {
    for (const record of this.store.all()) {
      const deployment = this.#begin(record);
      if (!isPending(record)) this.#findLater(record, deployment, { status: "CREATING", reason: null });
      this.#deployLater(record, deployment);
    }
  }

  /** Ends all programs. */
  async stop(): Promise<void> {
    this.#deployments.clear();
    await this.idle(); // one may be starting
    await this.#fleet.close();
  }

  /** Those that are in ERROR, with their reasons. */
  down(organization: string): readonly { readonly name: string; readonly reason: string }[] {
    return this.store
      .list(organization)
      .flatMap(({ name, document: { status, reason } }) =>
        status === "ERROR" ? [{ name, reason: reason?.[0] ?? "it gives no reason" }] : [],
      );
  }

  /** A new token for whoever runs the driver; the one before ends. @throws NOT_FOUND */
  async issueToken(principal: Principal, organization: string, name: string): Promise<string> {
    this.authorize(principal, { action: "update", organization, name });
    const record = await this.store.latest(organization, name);
    const token = randomBytes(32).toString("base64url");
    await this.store.update(principal, record, { ...record.document, tokenHash: hashOfToken(token) });
    return token;
  }

  /** What its program wrote lately, and the server about it: the lines after number `since`. @throws NOT_FOUND */
  log(principal: Principal, organization: string, name: string, since: number): readonly DriverLine[] {
    this.authorize(principal, { action: "get", organization, name });
    this.store.get(organization, name);
    return this.#fleet.log({ organization, name }, since);
  }

  /** For whoever comes through the gateway; undefined when there is no such driver, or nobody may call it. */
  exposed(organization: string, name: string): ExposedDriver | undefined {
    const record = this.store.find(organization, name);
    if (!record?.document.expose) return undefined;
    const { status } = record.document;
    return { address: this.#fleet.addressOf(record), status, isDeaf: () => this.#fleet.isDeaf(record) };
  }

  /** Those that are clocks, newest first. @throws FORBIDDEN */
  clocks(principal: Principal, organization: string): readonly ClockDriver[] {
    this.authorize(principal, { action: "get", organization, name: "" });
    return this.store.list(organization).flatMap((record) => this.#asClock(record));
  }

  /** @throws NOT_FOUND, FORBIDDEN */
  clock(principal: Principal, organization: string, name: string): ClockDriver {
    this.authorize(principal, { action: "get", organization, name });
    const [found] = this.#asClock(this.store.get(organization, name));
    if (found === undefined) throw new DispatchError("NOT_FOUND", { kind: "schedule", name });
    return found;
  }

  #asClock(record: DriverRecord): ClockDriver[] {
    const clock = this.#fleet.clock(record.document);
    return clock === undefined ? [] : [{ record, clock }];
  }

  /** Who pushes with this token; undefined for strangers. */
  byToken(token: string): Principal | undefined {
    const hash = hashOfToken(token);
    const running = this.#fleet.byToken(hash);
    const record = running
      ? this.store.find(running.organization, running.name)
      : this.store.all().find(({ document }) => document.tokenHash === hash);
    return record && principalOf(record);
  }

  /** An event that was pushed with this token is not taken, and never will be. */
  refused(token: string, message: string): void {
    this.#fleet.refused(hashOfToken(token), message);
  }

  /** The driver at the other end of a connection to the function door; nobody in particular where several live together. */
  atDoor(resident: string): Principal | undefined {
    const organization = this.#fleet.houseAtDoor(resident);
    if (organization !== undefined) return { kind: "anonymous", id: "clocks", organization, via: "door" };
    const found = this.#fleet.atDoor(resident);
    const record = found && this.store.find(found.organization, found.name);
    return record && principalOf(record);
  }

  /** Resolves when nothing is being deployed. */
  idle(): Promise<void> {
    return this.#queue.drained();
  }

  #begin(record: DriverRecord): symbol {
    const deployment = Symbol(record.name);
    this.#deployments.set(keyOf(record), deployment);
    return deployment;
  }

  #deployLater(record: DriverRecord, deployment = this.#begin(record)): void {
    this.#queue.push(keyOf(record), () => this.#deploy(record, deployment));
  }

  async #deploy({ organization, name }: DriverRecord, deployment: symbol): Promise<void> {
    const record = this.store.find(organization, name);
    if (record === undefined || this.#deployments.get(keyOf(record)) !== deployment) return;
    const { image, config, expose, status, since } = record.document;
    const during = status === "UPDATING" ? "error deploying container during update: " : "";
    const find = (finding: Finding): void => this.#findLater(record, deployment, finding);
    const listener: DriverListener = {
      ready: (remark) => find({ status: "READY", reason: remark === undefined ? null : [remark] }),
      down: (reason) => find({ status: "ERROR", reason: [reason] }),
      failed: (reason) => find(failure(during + reason, reason)),
    };
    try {
      const secrets = await this.#secretsOf(record);
      const refusal = this.#fleet.refusal(image);
      if (refusal !== undefined) throw new DriverError(`err pulling image ${image}: ${refusal}`);
      const bookmark = (): Promise<string | undefined> => findBookmark(this.#database, record);
      await this.#fleet.start({ organization, name, image, config, expose, secrets, since, bookmark }, listener);
    } catch (error) {
      await this.#fleet.stop(record);
      const message = messageOf(error);
      const cause = error instanceof DriverError && error.cause instanceof Error ? error.cause.message : message;
      find(failure(during + message, cause));
    }
  }

  /** With the rights of whoever wrote the driver. @throws DriverError */
  async #secretsOf({ organization, author, document: { image, secrets } }: DriverRecord): Promise<UsedSecrets> {
    if (secrets === null || secrets.length === 0) return { values: {}, masks: [] };
    try {
      this.iam.authorize(principalOfPerson(author), { resource: "secret", action: "use", organization });
      return await this.#secrets.use(organization, secrets);
    } catch (error) {
      const message = messageOf(error);
      throw new DriverError(`err getting secrets of driver ${image}: ${message}`, { cause: error });
    }
  }

  /** Notes how a driver is, unless it was deployed again meanwhile or nothing has changed. */
  #findLater(record: DriverRecord, deployment: symbol, { status, reason }: Finding): void {
    const key = keyOf(record);
    this.#queue.push(key, async () => {
      const now = this.store.find(record.organization, record.name);
      if (now === undefined || this.#deployments.get(key) !== deployment) return;
      const same = now.document.status === status && String(now.document.reason) === String(reason);
      if (!same) await this.store.note(now, { ...now.document, status, reason });
    });
  }

  /** Unless another of the same name was made meanwhile: that one starts in its place. */
  async #forget(record: DriverRecord): Promise<void> {
    if (this.store.find(record.organization, record.name) === undefined) await this.#fleet.forget(record);
  }

  #typeOf(organization: string, { name, type }: Driver): { readonly image: string; readonly expose: boolean } {
    const found = this.#types.find(organization, type)?.document;
    if (found === undefined) throw new DispatchError("DRIVER_TYPE_UNKNOWN", { name, type });
    return found;
  }

  /** Whoever names secrets must be allowed to hand them to a program. What was copied from the type stays, unless another is named. */
  protected documentOf({ principal, organization, body }: Write<Driver>, before?: DriverRecord): DriverDocument {
    const { type } = body;
    const { image, expose } = type === before?.document.type ? before.document : this.#typeOf(organization, body);
    const secrets = splitNames(body.secrets);
    if (secrets !== null) this.iam.authorize(principal, { resource: "secret", action: "use", organization });
    return {
      type,
      image,
      expose,
      config: configOf(body.config),
      secrets,
      status: before === undefined ? "CREATING" : "UPDATING",
      reason: body.reason ?? null,
      ...(body.url ? { url: body.url } : {}),
      tags: body.tags ?? null,
      since: Date.now(),
    };
  }

  protected override kept(document: DriverDocument, { document: { url, tokenHash } }: DriverRecord): DriverDocument {
    const stays = { ...(url === undefined ? {} : { url }), ...(tokenHash === undefined ? {} : { tokenHash }) };
    return { ...stays, ...document };
  }

  protected override written(record: DriverRecord): void {
    this.#deployLater(record);
  }

  protected override remainders(record: DriverRecord): readonly Statement[] {
    return [dropBookmark(record)];
  }

  /** Its token is refused from now on. */
  protected override async removed(record: DriverRecord): Promise<void> {
    this.#deployments.delete(keyOf(record));
    this.#queue.push(keyOf(record), () => this.#forget(record));
  }

  protected toWire({ organization, name, created, modified, document }: DriverRecord): Driver {
    const url = (document.expose ? this.#urlOf(organization, name) : undefined) ?? document.url;
    return {
      config: wireConfig(document.config),
      "created-time": created,
      kind: "Driver",
      "modified-time": modified,
      name,
      reason: wireStrings(document.reason),
      secrets: wireStrings(document.secrets),
      expose: document.expose,
      ...(url === undefined ? {} : { url }),
      status: document.status,
      tags: wireTags(document.tags),
      type: document.type,
    };
  }
}

function isPending({ document }: DriverRecord): boolean {
  return document.status === "CREATING" || document.status === "UPDATING";
}

/** A driver cannot be started. */
class DriverError extends OwnError {
  override name = "DriverError";
}

/** Every error stands twice: wrapped, and its cause (server.md 2.12). */
function failure(wrapped: string, cause: string): Finding {
  return { status: "ERROR", reason: [wrapped, cause] };
}

/** A driver has the rights of its author, limited to what drivers need (decisions 18e). */
function principalOf({ organization, name, author }: DriverRecord): Principal {
  return { kind: "driver", id: name, organization, via: "rest", people: [author] };
}
