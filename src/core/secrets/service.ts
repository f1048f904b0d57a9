/** Secrets: encrypted at rest, in clear only in memory and for those who may reveal or use them; every reading is audited. */
import { auditStatement } from "../audit/audit.ts";
import type { Iam } from "../iam/authorize.ts";
import type { ChangeFeed } from "../shared/change-feed.ts";
import type { Database, Keys, Statement } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { type ResourceRecord, ResourceStore } from "../shared/resource-store.ts";
import { wireTags } from "../shared/wire.ts";
import type { Secret } from "./contract.ts";
import { type SealedValues, type SecretValues, seal, unseal } from "./envelope.ts";

interface SecretDocument {
  readonly sealed: SealedValues;
  readonly tags: Secret["tags"] | null;
}

type SecretRecord = ResourceRecord<SecretDocument>;

export interface SecretsPorts {
  readonly database: Database;
  readonly feed: ChangeFeed;
  readonly keys: Keys;
  readonly iam: Iam;
}

export class Secrets {
  readonly #ports: SecretsPorts;
  readonly #store: ResourceStore<SecretDocument>;
  /** Opened values by record: a record is replaced when its secret changes, and its values go with it. */
  readonly #opened = new WeakMap<SecretRecord, SecretValues>();
  readonly #atGateway = new WeakSet<SecretRecord>();

  constructor(ports: SecretsPorts) {
    this.#ports = ports;
    this.#store = new ResourceStore({ kind: "Secret", word: "secret" }, ports.database, ports.feed);
  }

  load(): Promise<void> {
    return this.#store.load();
  }

  async create(principal: Principal, organization: string, secret: Secret): Promise<Secret> {
    this.#authorize(principal, organization, "create");
    const values = secret.secrets ?? {};
    const sealed = await seal(this.#ports.keys, { organization, name: secret.name }, 1, values);
    const record = await this.#store.create(principal, organization, secret.name, {
      sealed,
      tags: secret.tags ?? null,
    });
    return toWire(record, values);
  }

  async list(principal: Principal, organization: string): Promise<Secret[]> {
    this.#authorize(principal, organization, "get");
    return this.#shown(principal, organization, this.#store.list(organization));
  }

  async get(principal: Principal, organization: string, name: string): Promise<Secret> {
    this.#authorize(principal, organization, "get");
    const [secret] = await this.#shown(principal, organization, [this.#store.get(organization, name)]);
    return secret as Secret;
  }

  /** Replaces all values. */
  async update(principal: Principal, organization: string, name: string, secret: Secret): Promise<Secret> {
    this.#authorize(principal, organization, "update");
    const record = this.#store.get(organization, name);
    const values = secret.secrets ?? {};
    const sealed = await seal(this.#ports.keys, { organization, name }, record.document.sealed.version + 1, values);
    const tags = secret.tags ?? record.document.tags;
    return toWire(await this.#store.update(principal, record, { sealed, tags }), values);
  }

  async delete(principal: Principal, organization: string, name: string): Promise<void> {
    this.#authorize(principal, organization, "delete");
    await this.#store.remove(principal, this.#store.get(organization, name));
  }

  /**
   * The values for a run, later secrets winning on equal keys. Whoever named them was asked for the right: the function's
   * own when it was written, others by the run. @throws NOT_FOUND that names the missing one.
   */
  async use(organization: string, names: readonly string[]): Promise<SecretValues> {
    const merged: Record<string, string> = {};
    for (const name of names) Object.assign(merged, await this.#open(this.#store.get(organization, name)));
    return merged;
  }

  /**
   * The values with which an endpoint of the organization checks its callers. Calls are many, so the audit log tells the
   * first reading of each version of the secret. @throws NOT_FOUND
   */
  async useAtGateway(organization: string, name: string): Promise<SecretValues> {
    const record = this.#store.get(organization, name);
    if (!this.#atGateway.has(record)) {
      const principal: Principal = { kind: "endpoint", id: "gateway", organization, via: "gateway" };
      await this.#ports.database.commit(Secrets.useStatements(principal, organization, [name]));
      this.#atGateway.add(record);
    }
    return this.#open(record);
  }

  /** Whether a key has a value, which nobody gets to see; undefined when there is no such secret. */
  async has(organization: string, name: string, key: string): Promise<boolean | undefined> {
    const record = this.#store.find(organization, name);
    return record && ((await this.#open(record))[key] ?? "") !== "";
  }

  /** The audit rows of a `use`; they go into the transaction of the record of the run. */
  static useStatements(principal: Principal, organization: string, names: readonly string[]): Statement[] {
    return names.map((name) => auditStatement({ principal, action: "use", organization, kind: "Secret", name }));
  }

  /** With values, each reading on record, for those who may reveal them; without for others (decisions 17). */
  async #shown(principal: Principal, organization: string, records: readonly SecretRecord[]): Promise<Secret[]> {
    if (!this.#ports.iam.permits(principal, { resource: "secret", action: "reveal", organization })) {
      return records.map((record) => toWire(record, {}));
    }
    const entries = records.map(({ name }) =>
      auditStatement({ principal, action: "reveal", organization, kind: "Secret", name }),
    );
    if (entries.length > 0) await this.#ports.database.commit(entries);
    return Promise.all(records.map(async (record) => toWire(record, await this.#open(record))));
  }

  async #open(record: SecretRecord): Promise<SecretValues> {
    const known = this.#opened.get(record);
    if (known !== undefined) return known;
    const values = await unseal(this.#ports.keys, record, record.document.sealed);
    this.#opened.set(record, values);
    return values;
  }

  #authorize(principal: Principal, organization: string, action: "get" | "create" | "update" | "delete"): void {
    this.#ports.iam.authorize(principal, { resource: "secret", action, organization });
  }
}

function toWire(record: SecretRecord, values: SecretValues): Secret {
  const secrets = Object.keys(values).length > 0 ? { secrets: { ...values } } : {};
  return { id: record.id, kind: "Secret", name: record.name, ...secrets, tags: wireTags(record.document.tags) };
}
