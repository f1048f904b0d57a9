/** Service accounts: programs that prove with their RSA key who they are. */
import type { KeyObject } from "node:crypto";
import { EVERYWHERE } from "../shared/iam.ts";
import { type Asked, type ResourcePorts, ResourceService, type Write } from "../store/resource-service.ts";
import type { ResourceRecord } from "../store/resource-store.ts";
import type { ServiceAccount } from "./contract.ts";
import { invalid, readPublicKey } from "./public-key.ts";

interface ServiceAccountDocument {
  /** As it was sent. */
  readonly publicKey: string;
}

type ServiceAccountRecord = ResourceRecord<ServiceAccountDocument>;

export interface ServiceAccountPorts extends ResourcePorts {
  /** Whether an account, `organization/name`, has rights outside of its own organization. */
  reachesBeyondHome(account: string): boolean;
}

export class ServiceAccounts extends ResourceService<ServiceAccount, ServiceAccountDocument> {
  readonly #reachesBeyondHome: (account: string) => boolean;
  /** A record is replaced when its key changes, and the parsed key goes with it: tokens that the old one signed are refused. */
  readonly #keys = new WeakMap<ServiceAccountRecord, KeyObject>();

  constructor(ports: ServiceAccountPorts) {
    super({ kind: "ServiceAccount", word: "service account", resource: "iam" }, ports);
    this.#reachesBeyondHome = ports.reachesBeyondHome;
  }

  /** The key that the tokens of this account are checked with; undefined when there is no such account. */
  keyOf(organization: string, name: string): KeyObject | undefined {
    const record = this.store.find(organization, name);
    if (record === undefined) return undefined;
    const key = this.#keys.get(record) ?? readPublicKey(record.document.publicKey);
    this.#keys.set(record, key);
    return key;
  }

  /** Whether there is one of this name, `organization/name`. */
  exists(account: string): boolean {
    const [organization = "", name = ""] = account.split("/", 2);
    return this.store.find(organization, name) !== undefined;
  }

  has(organization: string): boolean {
    return this.store.list(organization).length > 0;
  }

  /** Whoever sets the key of an account can act as that account, wherever it may act. */
  protected override where({ action, organization, name }: Asked<ServiceAccount, ServiceAccountDocument>): string {
    const setsKey = action === "create" || action === "update";
    return setsKey && this.#reachesBeyondHome(`${organization}/${name}`) ? EVERYWHERE : organization;
  }

  protected documentOf({ body: { name, publicKey } }: Write<ServiceAccount>): ServiceAccountDocument {
    if (/^\.+$/.test(name)) throw invalid("a name needs more than dots");
    readPublicKey(publicKey);
    return { publicKey };
  }

  protected toWire({ id, name, created, modified, document }: ServiceAccountRecord): ServiceAccount {
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
}
