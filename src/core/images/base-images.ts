/** Base images: they stand for the language runtimes of this machine (decisions 22), or are images of its Docker engine. */
import { languageOfBase, languageOfImage } from "../languages/languages.ts";
import { KeyedQueue } from "../shared/keyed-queue.ts";
import type { Builder } from "../shared/ports.ts";
import { type WireStatus, wireStrings, wireTags } from "../shared/wire.ts";
import { type ResourcePorts, ResourceService, type Write } from "../store/resource-service.ts";
import type { ResourceRecord } from "../store/resource-store.ts";
import type { BaseImage } from "./contract.ts";

export interface BaseImageDocument {
  readonly dockerUrl: string;
  readonly language: string;
  readonly interpreter?: string;
  readonly status: WireStatus;
  readonly reason: readonly string[] | null;
  readonly tags: BaseImage["tags"] | null;
}

export type BaseImageRecord = ResourceRecord<BaseImageDocument>;

export interface ImagesPorts extends ResourcePorts {
  readonly builder: Builder;
  readonly log: { warn(details: object, message: string): void; info(details: object, message: string): void };
}

/** Images that were built on one stay when it goes. */
export class BaseImages extends ResourceService<BaseImage, BaseImageDocument> {
  readonly #ports: ImagesPorts;
  readonly #queue: KeyedQueue;

  constructor(ports: ImagesPorts) {
    super({ kind: "BaseImage", word: "base image", resource: "baseimage", deleted: null }, ports);
    this.#ports = ports;
    this.#queue = new KeyedQueue((error) => ports.log.warn({ err: error }, "a base image could not be examined"));
  }

  /** Reads all and examines them again: an interpreter may have been installed or removed while the server was down. */
  override async load(): Promise<void> {
    await super.load();
    for (const record of this.store.all()) this.written(record);
  }

  /** Examines one again: its interpreter may have been installed or removed. Resolves when no examination is going on. */
  settled(organization: string, name: string): Promise<void> {
    this.#queue.push(`${organization}/${name}`, () => this.#examine(organization, name));
    return this.#queue.drained();
  }

  protected documentOf({ body }: Write<BaseImage>, before?: BaseImageRecord): BaseImageDocument {
    return {
      dockerUrl: body.dockerUrl,
      language: body.language || (languageOfImage(body.dockerUrl) ?? ""),
      ...(body.interpreter ? { interpreter: body.interpreter } : {}),
      status: before === undefined ? "INITIALIZED" : "UPDATING",
      reason: null,
      tags: body.tags ?? null,
    };
  }

  protected override written({ organization, name }: BaseImageRecord): void {
    this.#queue.push(`${organization}/${name}`, () => this.#examine(organization, name));
  }

  async #examine(organization: string, name: string): Promise<void> {
    const record = this.store.find(organization, name);
    if (record === undefined) return;
    const reason = await this.#whyNot(record.document);
    const status: WireStatus = reason === undefined ? "READY" : "ERROR";
    const same = record.document.status === status && (record.document.reason?.[0] ?? undefined) === reason;
    if (same) return;
    const document = { ...record.document, status, reason: reason === undefined ? null : [reason] };
    await this.store.note(record, document);
  }

  async #whyNot(document: BaseImageDocument): Promise<string | undefined> {
    const { dockerUrl: image, interpreter } = document;
    const named = interpreter === undefined ? {} : { interpreter };
    const report = await this.#ports.builder.check({ image, language: languageOfBase(document), ...named });
    return report.available ? undefined : `${report.reason}: ${report.remedy}`;
  }

  protected toWire({ id, name, created, document }: BaseImageRecord): BaseImage {
    return {
      createdTime: created,
      dockerUrl: document.dockerUrl,
      groups: wireStrings(null),
      id,
      ...(document.interpreter === undefined ? {} : { interpreter: document.interpreter }),
      kind: "BaseImage",
      language: document.language,
      name,
      reason: wireStrings(document.reason),
      status: document.status,
      tags: wireTags(document.tags),
    };
  }
}
