/** Secrets: encrypted at rest, in clear only in memory and for those who may reveal or use them; every reading is audited. */
import { auditStatement } from "../audit/audit.ts";
import type { Iam } from "../shared/iam.ts";
import { SecretMask } from "../shared/mask/mask.ts";
import type { Database, Keys, Statement } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { wireTags } from "../shared/wire.ts";
import type { ChangeFeed } from "../store/change-feed.ts";
import { type ResourceRecord, ResourceStore } from "../store/resource-store.ts";
import type { Secret } from "./contract.ts";
import { type SealedValues, type SecretValues, seal, unseal } from "./envelope.ts";
import { keepVersion, lastVersion } from "./last-version.ts";

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

interface Opened {
  readonly values: SecretValues;
  readonly mask: SecretMask;
}

/** What a run is given, and what hides it in all that the run says. */
export interface UsedSecrets {
  readonly values: SecretValues;
  readonly masks: readonly SecretMask[];
}

export class Secrets {
  readonly #ports: SecretsPorts;
  readonly #store: ResourceStore<SecretDocument>;
  /** Opened values by record: a record is replaced when its secret changes, and its values go with it. */
  readonly #opened = new WeakMap<SecretRecord, Opened>();
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
    const version = (await lastVersion(this.#ports.database, organization, secret.name)) + 1;
    const sealed = await seal(this.#ports.keys, { organization, name: secret.name }, version, values);
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
    const record = this.#store.get(organization, name);
    const { version } = record.document.sealed;
    await this.#store.remove(principal, record, [keepVersion(organization, name, version)]);
  }

  /**
   * The values for a run, later secrets winning on equal keys. Whoever named them was asked for the right: the function's
   * own when it was written, others by the run. @throws NOT_FOUND that names the missing one.
   */
  async use(organization: string, names: readonly string[]): Promise<UsedSecrets> {
    const values: Record<string, string> = {};
    const masks: SecretMask[] = [];
    for (const name of names) {
      const opened = await this.#open(this.#store.get(organization, name));
      Object.assign(values, opened.values);
      masks.push(opened.mask);
    }
    return { values, masks };
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
    return (await this.#open(record)).values;
  }

  /** Whether a key has a value, which nobody gets to see; undefined when there is no such secret. */
  async has(organization: string, name: string, key: string): Promise<boolean | undefined> {
    const record = this.#store.find(organization, name);
    return record && ((await this.#open(record)).values[key] ?? "") !== "";
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
    return Promise.all(records.map(async (record) => toWire(record, (await this.#open(record)).values)));
  }

  async #open(record: SecretRecord): Promise<Opened> {
    const known = this.#opened.get(record);
    if (known !== undefined) return known;
    const values = await unseal(this.#ports.keys, record, record.document.sealed);
    const opened = { values, mask: new SecretMask(values) };
    this.#opened.set(record, opened);
    return opened;
  }

  #authorize(principal: Principal, organization: string, action: "get" | "create" | "update" | "delete"): void {
    this.#ports.iam.authorize(principal, { resource: "secret", action, organization });
  }
}

function toWire(record: SecretRecord, values: SecretValues): Secret {
  const secrets = Object.keys(values).length > 0 ? { secrets: { ...values } } : {};
  return { id: record.id, kind: "Secret", name: record.name, ...secrets, tags: wireTags(record.document.tags) };
}
