/** Event drivers: programs that push events (server.md 6.3). They are stored; this version does not run them, and says so. */
import { createHash, randomBytes } from "node:crypto";
import { splitNames } from "../functions/service.ts";
import type { Action } from "../shared/contract.ts";
import { DispatchError } from "../shared/errors.ts";
import type { Iam } from "../shared/iam.ts";
import { KeyedQueue } from "../shared/keyed-queue.ts";
import type { Principal } from "../shared/principal.ts";
import { refuseRename } from "../shared/refuse-rename.ts";
import { type WireStatus, wireStrings, wireTags } from "../shared/wire.ts";
import { type ResourceRecord, ResourceStore } from "../store/resource-store.ts";
import type { Driver } from "./contract.ts";
import { configOf, type DriverConfig, wireConfig } from "./driver-config.ts";
import type { DriverTypes } from "./driver-types.ts";
import type { EventsPorts } from "./subscriptions.ts";

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
  /** SHA-256 of the token with which it pushes events; the token itself is nowhere. */
  readonly tokenHash?: string;
}

type DriverRecord = ResourceRecord<DriverDocument>;

const NOT_RUN = "event drivers are not run by this version: push its events to /v1/event instead";

export class Drivers {
  readonly #iam: Iam;
  readonly #types: DriverTypes;
  readonly #store: ResourceStore<DriverDocument>;
  readonly #queue: KeyedQueue;

  constructor({ database, feed, iam, log }: EventsPorts, types: DriverTypes) {
    this.#iam = iam;
    this.#types = types;
    this.#store = new ResourceStore({ kind: "Driver", word: "event driver" }, database, feed);
    this.#queue = new KeyedQueue((error) => log.warn({ err: error }, "an event driver could not be deployed"));
  }

  /** Reads all, and takes up deployments that a stop interrupted. */
  async load(): Promise<void> {
    await this.#store.load();
    for (const record of this.#store.all()) if (isPending(record)) this.#deployLater(record);
  }

  /** @throws DRIVER_TYPE_UNKNOWN, ALREADY_EXISTS, FORBIDDEN */
  async create(principal: Principal, organization: string, body: Driver): Promise<Driver> {
    this.#authorize(principal, organization, "create");
    const made = this.#typeOf(organization, body);
    const document = this.#documentOf(principal, organization, body, made, "CREATING");
    const record = await this.#store.create(principal, organization, body.name, document);
    this.#deployLater(record);
    return toWire(record);
  }

  list(principal: Principal, organization: string): Driver[] {
    this.#authorize(principal, organization, "get");
    return this.#store.list(organization).map(toWire);
  }

  /** @throws NOT_FOUND */
  get(principal: Principal, organization: string, name: string): Driver {
    this.#authorize(principal, organization, "get");
    return toWire(this.#store.get(organization, name));
  }

  /** What was copied from the type stays, unless another type is named. @throws NOT_FOUND, DRIVER_TYPE_UNKNOWN, FORBIDDEN */
  async update(principal: Principal, organization: string, name: string, body: Driver): Promise<Driver> {
    this.#authorize(principal, organization, "update");
    const before = await this.#store.latest(organization, name);
    refuseRename("event driver", name, body.name);
    const made = body.type === before.document.type ? before.document : this.#typeOf(organization, body);
    const document = this.#documentOf(principal, organization, body, made, "UPDATING");
    const record = await this.#store.update(principal, before, { ...kept(before), ...document });
    this.#deployLater(record);
    return toWire(record);
  }

  /** Its token is refused from now on. @throws NOT_FOUND */
  async delete(principal: Principal, organization: string, name: string): Promise<Driver> {
    this.#authorize(principal, organization, "delete");
    const record = this.#store.get(organization, name);
    await this.#store.remove(principal, record);
    return { ...toWire(record), status: "DELETING" };
  }

  /** A new token for whoever runs the driver; the one before ends. @throws NOT_FOUND */
  async issueToken(principal: Principal, organization: string, name: string): Promise<string> {
    this.#authorize(principal, organization, "update");
    const record = await this.#store.latest(organization, name);
    const token = randomBytes(32).toString("base64url");
    await this.#store.update(principal, record, { ...record.document, tokenHash: hashOf(token) });
    return token;
  }

  /** Who pushes with this token; undefined for strangers. */
  byToken(token: string): Pick<DriverRecord, "organization" | "name" | "author"> | undefined {
    const hash = hashOf(token);
    return this.#store.all().find(({ document }) => document.tokenHash === hash);
  }

  /** Resolves when nothing is being deployed. */
  idle(): Promise<void> {
    return this.#queue.drained();
  }

  #deployLater({ organization, name }: DriverRecord): void {
    this.#queue.push(`${organization}/${name}`, () => this.#deploy(organization, name));
  }

  async #deploy(organization: string, name: string): Promise<void> {
    const record = this.#store.find(organization, name);
    if (record === undefined || !isPending(record)) return;
    const during = record.document.status === "UPDATING" ? "error deploying container during update: " : "";
    const document = { ...record.document, status: "ERROR" as const, reason: [during + NOT_RUN] };
    await this.#store.note(record, document);
  }

  #typeOf(organization: string, { name, type }: Driver): { readonly image: string; readonly expose: boolean } {
    const found = this.#types.find(organization, type);
    if (found === undefined) throw new DispatchError("DRIVER_TYPE_UNKNOWN", { name, type });
    return found;
  }

  /** Whoever names secrets must be allowed to hand them to a program. */
  #documentOf(
    principal: Principal,
    organization: string,
    body: Driver,
    { image, expose }: { readonly image: string; readonly expose: boolean },
    status: WireStatus,
  ): DriverDocument {
    const secrets = splitNames(body.secrets);
    if (secrets !== null) this.#iam.authorize(principal, { resource: "secret", action: "use", organization });
    return {
      type: body.type,
      image,
      expose,
      config: configOf(body.config),
      secrets,
      status,
      reason: body.reason ?? null,
      ...(body.url ? { url: body.url } : {}),
      tags: body.tags ?? null,
    };
  }

  #authorize(principal: Principal, organization: string, action: Action): void {
    this.#iam.authorize(principal, { resource: "event", action, organization });
  }
}

function isPending({ document }: DriverRecord): boolean {
  return document.status === "CREATING" || document.status === "UPDATING";
}

/** What an update does not replace. */
function kept({ document: { url, tokenHash } }: DriverRecord): Partial<DriverDocument> {
  return { ...(url === undefined ? {} : { url }), ...(tokenHash === undefined ? {} : { tokenHash }) };
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

function toWire({ name, created, modified, document }: DriverRecord): Driver {
  return {
    config: wireConfig(document.config),
    "created-time": created,
    kind: "Driver",
    "modified-time": modified,
    name,
    reason: wireStrings(document.reason),
    secrets: wireStrings(document.secrets),
    expose: document.expose,
    ...(document.url === undefined ? {} : { url: document.url }),
    status: document.status,
    tags: wireTags(document.tags),
    type: document.type,
  };
}
