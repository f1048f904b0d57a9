/** Base images: in process mode they stand for the language runtimes of this machine (decisions 22). */
import { languageNames, languageOfImage, languages } from "../languages/languages.ts";
import type { Action } from "../shared/contract.ts";
import type { Iam } from "../shared/iam.ts";
import { KeyedQueue } from "../shared/keyed-queue.ts";
import type { Builder, Database } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { refuseRename } from "../shared/refuse-rename.ts";
import { type WireStatus, wireStrings, wireTags } from "../shared/wire.ts";
import type { ChangeFeed } from "../store/change-feed.ts";
import { type ResourceRecord, ResourceStore } from "../store/resource-store.ts";
import type { BaseImage } from "./contract.ts";

export interface BaseImageDocument {
  readonly dockerUrl: string;
  readonly language: string;
  readonly status: WireStatus;
  readonly reason: readonly string[] | null;
  readonly tags: BaseImage["tags"] | null;
}

export type BaseImageRecord = ResourceRecord<BaseImageDocument>;

export interface ImagesPorts {
  readonly database: Database;
  readonly feed: ChangeFeed;
  readonly iam: Iam;
  readonly builder: Builder;
  readonly log: { warn(details: object, message: string): void; info(details: object, message: string): void };
}

export class BaseImages {
  readonly #ports: ImagesPorts;
  readonly #store: ResourceStore<BaseImageDocument>;
  readonly #queue: KeyedQueue;

  constructor(ports: ImagesPorts) {
    this.#ports = ports;
    this.#store = new ResourceStore({ kind: "BaseImage", word: "base image" }, ports.database, ports.feed);
    this.#queue = new KeyedQueue((error) => ports.log.warn({ err: error }, "a base image could not be examined"));
  }

  /** Reads all and examines them anew: an interpreter may have come or gone while the server was down. */
  async load(): Promise<void> {
    await this.#store.load();
    for (const record of this.#store.all()) this.#examineLater(record);
  }

  async create(principal: Principal, organization: string, body: BaseImage): Promise<BaseImage> {
    this.#authorize(principal, organization, "create");
    const record = await this.#store.create(principal, organization, body.name, specOf(body, "INITIALIZED"));
    this.#examineLater(record);
    return toWire(record);
  }

  list(principal: Principal, organization: string): BaseImage[] {
    this.#authorize(principal, organization, "get");
    return this.#store.list(organization).map(toWire);
  }

  get(principal: Principal, organization: string, name: string): BaseImage {
    this.#authorize(principal, organization, "get");
    return toWire(this.#store.get(organization, name));
  }

  async update(principal: Principal, organization: string, name: string, body: BaseImage): Promise<BaseImage> {
    this.#authorize(principal, organization, "update");
    refuseRename("base image", name, body.name);
    const before = await this.#store.latest(organization, name);
    const record = await this.#store.update(principal, before, specOf(body, "UPDATING"));
    this.#examineLater(record);
    return toWire(record);
  }

  /** Images that were built on it stay. */
  async delete(principal: Principal, organization: string, name: string): Promise<BaseImage> {
    this.#authorize(principal, organization, "delete");
    const record = this.#store.get(organization, name);
    await this.#store.remove(principal, record);
    return toWire(record);
  }

  find(organization: string, name: string): BaseImageRecord | undefined {
    return this.#store.find(organization, name);
  }

  /** Resolves when nothing is being examined. */
  idle(): Promise<void> {
    return this.#queue.drained();
  }

  #examineLater({ organization, name }: BaseImageRecord): void {
    this.#queue.push(`${organization}/${name}`, () => this.#examine(organization, name));
  }

  async #examine(organization: string, name: string): Promise<void> {
    const record = this.#store.find(organization, name);
    if (record === undefined) return;
    const reason = await this.#whyNot(record.document);
    const status: WireStatus = reason === undefined ? "READY" : "ERROR";
    const same = record.document.status === status && (record.document.reason?.[0] ?? undefined) === reason;
    if (same) return;
    const document = { ...record.document, status, reason: reason === undefined ? null : [reason] };
    await this.#store.note(record, document);
  }

  async #whyNot({ dockerUrl }: BaseImageDocument): Promise<string | undefined> {
    const language = languageOfImage(dockerUrl);
    if (language === undefined) {
      const known = languageNames.map((name) => `dispatchframework/${languages[name].baseImage}`).join(", ");
      return `image ${dockerUrl} needs the docker runtime, which this server does not have: use ${known}`;
    }
    const report = await this.#ports.builder.check(language);
    return report.available ? undefined : `${report.reason}: ${report.remedy}`;
  }

  #authorize(principal: Principal, organization: string, action: Action): void {
    this.#ports.iam.authorize(principal, { resource: "baseimage", action, organization });
  }
}

function specOf(body: BaseImage, status: WireStatus): BaseImageDocument {
  return {
    dockerUrl: body.dockerUrl,
    language: body.language || (languageOfImage(body.dockerUrl) ?? ""),
    status,
    reason: null,
    tags: body.tags ?? null,
  };
}

function toWire({ id, name, created, document }: BaseImageRecord): BaseImage {
  return {
    createdTime: created,
    dockerUrl: document.dockerUrl,
    groups: wireStrings(null),
    id,
    kind: "BaseImage",
    language: document.language,
    name,
    reason: wireStrings(document.reason),
    status: document.status,
    tags: wireTags(document.tags),
  };
}
