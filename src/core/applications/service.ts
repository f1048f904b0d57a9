/** Applications: names with tags. The tag `Application` of other resources refers to them; nothing else depends on them. */

import type { Action } from "../shared/contract.ts";
import type { Iam } from "../shared/iam.ts";
import type { Database } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { refuseRename } from "../shared/refuse-rename.ts";
import { wireTags } from "../shared/wire.ts";
import type { ChangeFeed } from "../store/change-feed.ts";
import { type ResourceRecord, ResourceStore } from "../store/resource-store.ts";
import type { Application } from "./contract.ts";

interface ApplicationDocument {
  readonly tags: Application["tags"] | null;
}

export interface ApplicationsPorts {
  readonly database: Database;
  readonly feed: ChangeFeed;
  readonly iam: Iam;
}

export class Applications {
  readonly #iam: Iam;
  readonly #store: ResourceStore<ApplicationDocument>;

  constructor({ database, feed, iam }: ApplicationsPorts) {
    this.#iam = iam;
    this.#store = new ResourceStore({ kind: "Application", word: "application" }, database, feed);
  }

  load(): Promise<void> {
    return this.#store.load();
  }

  /** @throws ALREADY_EXISTS */
  async create(principal: Principal, organization: string, { name, tags }: Application): Promise<Application> {
    this.#authorize(principal, organization, "create");
    return toWire(await this.#store.create(principal, organization, name, { tags: tags ?? null }));
  }

  list(principal: Principal, organization: string): Application[] {
    this.#authorize(principal, organization, "get");
    return this.#store.list(organization).map(toWire);
  }

  /** @throws NOT_FOUND */
  get(principal: Principal, organization: string, name: string): Application {
    this.#authorize(principal, organization, "get");
    return toWire(this.#store.get(organization, name));
  }

  /** Replaces the tags. @throws NOT_FOUND, CHANGED_MEANWHILE */
  async update(principal: Principal, organization: string, name: string, body: Application): Promise<Application> {
    this.#authorize(principal, organization, "update");
    const record = this.#store.get(organization, name);
    refuseRename("application", name, body.name);
    return toWire(await this.#store.update(principal, record, { tags: body.tags ?? null }));
  }

  /** @throws NOT_FOUND */
  async delete(principal: Principal, organization: string, name: string): Promise<Application> {
    this.#authorize(principal, organization, "delete");
    const record = this.#store.get(organization, name);
    await this.#store.remove(principal, record);
    return { ...toWire(record), status: "DELETING" };
  }

  #authorize(principal: Principal, organization: string, action: Action): void {
    this.#iam.authorize(principal, { resource: "application", action, organization });
  }
}

function toWire({ id, name, created, modified, document }: ResourceRecord<ApplicationDocument>): Application {
  return {
    createdTime: created,
    id,
    kind: "Application",
    modifiedTime: modified,
    name,
    status: "READY",
    tags: wireTags(document.tags),
  };
}
