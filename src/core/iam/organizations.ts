/**
 * Organizations. Any name is a namespace of its own, whether or not it is listed here (server.md 3.1); a listed one can be
 * seen, and reached by accounts of others through a global policy. Each is stored under its own name.
 */

import type { Action } from "../shared/contract.ts";
import { EVERYWHERE, type Iam } from "../shared/iam.ts";
import type { Principal } from "../shared/principal.ts";
import { refuseRename } from "../shared/refuse-rename.ts";
import { type ResourceRecord, ResourceStore } from "../store/resource-store.ts";
import type { Organization } from "./contract.ts";
import type { IamPorts } from "./policies.ts";

type OrganizationRecord = ResourceRecord<object>;

export class Organizations {
  readonly #iam: Iam;
  readonly #store: ResourceStore<object>;

  constructor({ database, feed, iam }: IamPorts) {
    this.#iam = iam;
    this.#store = new ResourceStore({ kind: "Organization", word: "organization" }, database, feed);
  }

  load(): Promise<void> {
    return this.#store.load();
  }

  /** @throws ALREADY_EXISTS */
  async create(principal: Principal, _organization: string, { name }: Organization): Promise<Organization> {
    this.#authorize(principal, EVERYWHERE, "create");
    return toWire(await this.#store.create(principal, name, name, {}));
  }

  /** Those that the caller may see, newest first. @throws FORBIDDEN when it may not even see its own. */
  list(principal: Principal): Organization[] {
    this.#authorize(principal, principal.organization, "get");
    return this.#store
      .all()
      .filter(({ name }) => this.#iam.permits(principal, { resource: "iam", action: "get", organization: name }))
      .sort((one, other) => other.born - one.born)
      .map(toWire);
  }

  get(principal: Principal, _organization: string, name: string): Organization {
    this.#authorize(principal, name, "get");
    return toWire(this.#store.get(name, name));
  }

  /** There is nothing to change but the time of the last change. @throws NOT_FOUND */
  async update(principal: Principal, _organization: string, name: string, body: Organization): Promise<Organization> {
    this.#authorize(principal, EVERYWHERE, "update");
    const record = this.#store.get(name, name);
    refuseRename("organization", name, body.name);
    return toWire(await this.#store.update(principal, record, {}));
  }

  /** Its contents stay. @throws NOT_FOUND */
  async delete(principal: Principal, _organization: string, name: string): Promise<Organization> {
    this.#authorize(principal, EVERYWHERE, "delete");
    const record = this.#store.get(name, name);
    await this.#store.remove(principal, record);
    return { ...toWire(record), status: "DELETING" };
  }

  has(organization: string): boolean {
    return this.#store.find(organization, organization) !== undefined;
  }

  #authorize(principal: Principal, organization: string, action: Action): void {
    this.#iam.authorize(principal, { resource: "iam", action, organization });
  }
}

function toWire({ id, name, created, modified }: OrganizationRecord): Organization {
  return { createdTime: created, id, kind: "Organization", modifiedTime: modified, name, status: "READY" };
}
