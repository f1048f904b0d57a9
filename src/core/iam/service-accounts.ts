/** Service accounts: programs that prove with their RSA key who they are. */
import type { KeyObject } from "node:crypto";
import type { Action } from "../shared/contract.ts";
import { EVERYWHERE, type Iam } from "../shared/iam.ts";
import type { Principal } from "../shared/principal.ts";
import { refuseRename } from "../shared/refuse-rename.ts";
import { type ResourceRecord, ResourceStore } from "../store/resource-store.ts";
import type { ServiceAccount } from "./contract.ts";
import type { IamPorts } from "./policies.ts";
import { invalid, readPublicKey } from "./public-key.ts";

interface ServiceAccountDocument {
  /** As it was sent. */
  readonly publicKey: string;
}

type ServiceAccountRecord = ResourceRecord<ServiceAccountDocument>;

export interface ServiceAccountPorts extends IamPorts {
  /** Whether an account, `organization/name`, has rights outside of its own organization. */
  reachesBeyondHome(account: string): boolean;
}

export class ServiceAccounts {
  readonly #iam: Iam;
  readonly #reachesBeyondHome: (account: string) => boolean;
  readonly #store: ResourceStore<ServiceAccountDocument>;
  /** A record is replaced when its key changes, and the parsed key goes with it. */
  readonly #keys = new WeakMap<ServiceAccountRecord, KeyObject>();

  constructor({ database, feed, iam, reachesBeyondHome }: ServiceAccountPorts) {
    this.#iam = iam;
    this.#reachesBeyondHome = reachesBeyondHome;
    this.#store = new ResourceStore({ kind: "ServiceAccount", word: "service account" }, database, feed);
  }

  load(): Promise<void> {
    return this.#store.load();
  }

  /** @throws ALREADY_EXISTS; BAD_REQUEST for a key that is none */
  async create(principal: Principal, organization: string, account: ServiceAccount): Promise<ServiceAccount> {
    this.#authorizeKey(principal, organization, account.name, "create");
    const document = documentOf(account);
    return toWire(await this.#store.create(principal, organization, account.name, document));
  }

  list(principal: Principal, organization: string): ServiceAccount[] {
    this.#authorize(principal, organization, "get");
    return this.#store.list(organization).map(toWire);
  }

  get(principal: Principal, organization: string, name: string): ServiceAccount {
    this.#authorize(principal, organization, "get");
    return toWire(this.#store.get(organization, name));
  }

  /** Replaces the key: tokens that the old one signed are refused from now on. @throws NOT_FOUND, BAD_REQUEST */
  async update(
    principal: Principal,
    organization: string,
    name: string,
    account: ServiceAccount,
  ): Promise<ServiceAccount> {
    this.#authorizeKey(principal, organization, name, "update");
    const record = this.#store.get(organization, name);
    refuseRename("service account", name, account.name);
    return toWire(await this.#store.update(principal, record, documentOf(account)));
  }

  async delete(principal: Principal, organization: string, name: string): Promise<ServiceAccount> {
    this.#authorize(principal, organization, "delete");
    const record = this.#store.get(organization, name);
    await this.#store.remove(principal, record);
    return { ...toWire(record), status: "DELETING" };
  }

  /** The key that the tokens of this account are checked with; undefined when there is no such account. */
  keyOf(organization: string, name: string): KeyObject | undefined {
    const record = this.#store.find(organization, name);
    if (record === undefined) return undefined;
    const key = this.#keys.get(record) ?? readPublicKey(record.document.publicKey);
    this.#keys.set(record, key);
    return key;
  }

  /** Whether there is one of this name, `organization/name`. */
  exists(account: string): boolean {
    const [organization = "", name = ""] = account.split("/", 2);
    return this.#store.find(organization, name) !== undefined;
  }

  has(organization: string): boolean {
    return this.#store.list(organization).length > 0;
  }

  /** Whoever sets the key of an account can act as that account, wherever it may act. */
  #authorizeKey(principal: Principal, organization: string, name: string, action: Action): void {
    const beyond = this.#reachesBeyondHome(`${organization}/${name}`);
    this.#authorize(principal, beyond ? EVERYWHERE : organization, action);
  }

  #authorize(principal: Principal, organization: string, action: Action): void {
    this.#iam.authorize(principal, { resource: "iam", action, organization });
  }
}

function documentOf({ name, publicKey }: ServiceAccount): ServiceAccountDocument {
  if (/^\.+$/.test(name)) throw invalid("a name needs more than dots");
  readPublicKey(publicKey);
  return { publicKey };
}

function toWire({ id, name, created, modified, document }: ServiceAccountRecord): ServiceAccount {
  return {
    createdTime: created,
    id,
    kind: "ServiceAccount",
    modifiedTime: modified,
    name,
    publicKey: document.publicKey,
    status: "READY",
  };
}
