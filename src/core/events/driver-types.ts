/** Event driver types: what a driver can be made of (server.md 6.3). All writes take effect at once. */

import type { Action } from "../shared/contract.ts";
import type { Iam } from "../shared/iam.ts";
import type { Principal } from "../shared/principal.ts";
import { refuseRename } from "../shared/refuse-rename.ts";
import { wireTags } from "../shared/wire.ts";
import { type ResourceRecord, ResourceStore } from "../store/resource-store.ts";
import type { DriverType } from "./contract.ts";
import { configOf, type DriverConfig, wireConfig } from "./driver-config.ts";
import type { EventsPorts } from "./subscriptions.ts";

interface DriverTypeDocument {
  readonly image: string;
  readonly expose: boolean;
  readonly config: DriverConfig;
  readonly tags: DriverType["tags"] | null;
}

type DriverTypeRecord = ResourceRecord<DriverTypeDocument>;

export class DriverTypes {
  readonly #iam: Iam;
  readonly #store: ResourceStore<DriverTypeDocument>;

  constructor({ database, feed, iam }: EventsPorts) {
    this.#iam = iam;
    this.#store = new ResourceStore({ kind: "DriverType", word: "event driver type" }, database, feed);
  }

  load(): Promise<void> {
    return this.#store.load();
  }

  /** @throws ALREADY_EXISTS */
  async create(principal: Principal, organization: string, body: DriverType): Promise<DriverType> {
    this.#authorize(principal, organization, "create");
    return toWire(await this.#store.create(principal, organization, body.name, documentOf(body)));
  }

  list(principal: Principal, organization: string): DriverType[] {
    this.#authorize(principal, organization, "get");
    return this.#store.list(organization).map(toWire);
  }

  /** @throws NOT_FOUND */
  get(principal: Principal, organization: string, name: string): DriverType {
    this.#authorize(principal, organization, "get");
    return toWire(this.#store.get(organization, name));
  }

  /** Drivers that were made of it keep what they copied. @throws NOT_FOUND, CHANGED_MEANWHILE */
  async update(principal: Principal, organization: string, name: string, body: DriverType): Promise<DriverType> {
    this.#authorize(principal, organization, "update");
    const record = this.#store.get(organization, name);
    refuseRename("event driver type", name, body.name);
    return toWire(await this.#store.update(principal, record, documentOf(body)));
  }

  /** Also one that drivers were made of. @throws NOT_FOUND */
  async delete(principal: Principal, organization: string, name: string): Promise<DriverType> {
    this.#authorize(principal, organization, "delete");
    const record = this.#store.get(organization, name);
    await this.#store.remove(principal, record);
    return toWire(record);
  }

  /** What a new driver copies; undefined when there is no such type. */
  find(organization: string, name: string): { readonly image: string; readonly expose: boolean } | undefined {
    return this.#store.find(organization, name)?.document;
  }

  #authorize(principal: Principal, organization: string, action: Action): void {
    this.#iam.authorize(principal, { resource: "event", action, organization });
  }
}

function documentOf(body: DriverType): DriverTypeDocument {
  return {
    image: body.image,
    expose: body.expose === true,
    config: configOf(body.config),
    tags: body.tags ?? null,
  };
}

function toWire({ name, created, modified, document }: DriverTypeRecord): DriverType {
  return {
    config: wireConfig(document.config),
    "created-time": created,
    image: document.image,
    expose: document.expose,
    kind: "DriverType",
    "modified-time": modified,
    name,
    tags: wireTags(document.tags),
  };
}
