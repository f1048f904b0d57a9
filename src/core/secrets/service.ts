/** Secrets: encrypted at rest, in clear only in memory and for those who may reveal or use them; every reading is audited. */
import { auditStatement } from "../audit/audit.ts";
import { SecretMask } from "../shared/mask/mask.ts";
import type { Keys, Statement } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { wireTags } from "../shared/wire.ts";
import { type ResourcePorts, ResourceService, type Write, withOwner } from "../store/resource-service.ts";
import type { ResourceRecord } from "../store/resource-store.ts";
import type { Secret } from "./contract.ts";
import { type SealedValues, type SecretValues, seal, unseal } from "./envelope.ts";
import { keepVersion, lastVersion } from "./last-version.ts";

interface SecretDocument {
  readonly sealed: SealedValues;
  readonly tags: Secret["tags"] | null;
}

type SecretRecord = ResourceRecord<SecretDocument>;

export interface SecretsPorts extends ResourcePorts {
  readonly keys: Keys;
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

export class Secrets extends ResourceService<Secret, SecretDocument> {
  readonly #ports: SecretsPorts;
  /** Opened values by record: a record is replaced when its secret changes, and its values go with it. */
  readonly #opened = new WeakMap<SecretRecord, Opened>();
  readonly #atGateway = new WeakSet<SecretRecord>();

  constructor(ports: SecretsPorts) {
    super({ kind: "Secret", word: "secret", resource: "secret" }, ports);
    this.#ports = ports;
  }

  /** Answers nothing. */
  override async delete(principal: Principal, organization: string, name: string): Promise<undefined> {
    await super.delete(principal, organization, name);
  }

  /**
   * The values for a run, later secrets winning on equal keys. Whoever named them was asked for the right: the function's
   * own when it was written, others by the run. @throws NOT_FOUND that names the missing one.
   */
  async use(organization: string, names: readonly string[]): Promise<UsedSecrets> {
    const values: Record<string, string> = {};
    const masks: SecretMask[] = [];
    for (const name of names) {
      const opened = await this.#open(this.store.get(organization, name));
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
    const record = this.store.get(organization, name);
    if (!this.#atGateway.has(record)) {
      const principal: Principal = { kind: "endpoint", id: "gateway", organization, via: "gateway" };
      await this.#ports.database.commit(Secrets.useStatements(principal, organization, [name]));
      this.#atGateway.add(record);
    }
    return (await this.#open(record)).values;
  }

  /** Whether a key has a value, which nobody gets to see; undefined when there is no such secret. */
  async has(organization: string, name: string, key: string): Promise<boolean | undefined> {
    const record = this.store.find(organization, name);
    return record && ((await this.#open(record)).values[key] ?? "") !== "";
  }

  /** The audit rows of a `use`; they go into the transaction of the record of the run. */
  static useStatements(principal: Principal, organization: string, names: readonly string[]): Statement[] {
    return names.map((name) => auditStatement({ principal, action: "use", organization, kind: "Secret", name }));
  }

  /** With values, each reading on record, for those who may reveal them; without for others (decisions 17). */
  protected override async shown(
    principal: Principal,
    organization: string,
    records: SecretRecord[],
  ): Promise<Secret[]> {
    if (!this.iam.permits(principal, { resource: "secret", action: "reveal", organization })) {
      return records.map((record) => withOwner(record, secretOf(record, {})));
    }
    const entries = records.map(({ name }) =>
      auditStatement({ principal, action: "reveal", organization, kind: "Secret", name }),
    );
    if (entries.length > 0) await this.#ports.database.commit(entries);
    return super.shown(principal, organization, records);
  }

  /** The values that were sent replace all. */
  protected async documentOf(
    { organization, name, body }: Write<Secret>,
    before?: SecretRecord,
  ): Promise<SecretDocument> {
    const version = before?.document.sealed.version ?? (await lastVersion(this.#ports.database, organization, name));
    const sealed = await seal(this.#ports.keys, { organization, name }, version + 1, body.secrets ?? {});
    return { sealed, tags: body.tags ?? before?.document.tags ?? null };
  }

  /** The name in the body counts for nothing. */
  protected override refuseRename(): void {}

  protected override remainders({ organization, name, document }: SecretRecord): readonly Statement[] {
    return [keepVersion(organization, name, document.sealed.version)];
  }

  protected async toWire(record: SecretRecord): Promise<Secret> {
    return secretOf(record, (await this.#open(record)).values);
  }

  async #open(record: SecretRecord): Promise<Opened> {
    const known = this.#opened.get(record);
    if (known !== undefined) return known;
    const values = await unseal(this.#ports.keys, record, record.document.sealed);
    const opened = { values, mask: new SecretMask(values) };
    this.#opened.set(record, opened);
    return opened;
  }
}

function secretOf(record: SecretRecord, values: SecretValues): Secret {
  const secrets = Object.keys(values).length > 0 ? { secrets: { ...values } } : {};
  return { id: record.id, kind: "Secret", name: record.name, ...secrets, tags: wireTags(record.document.tags) };
}
