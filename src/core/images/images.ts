/** Images: a base image with dependencies, built by the language's own installer into an immutable folder (decisions 22). */
import { languageOfImage } from "../languages/languages.ts";
import { DispatchError } from "../shared/errors.ts";
import { KeyedQueue } from "../shared/keyed-queue.ts";
import { BuildError, type BuiltImage } from "../shared/ports.ts";
import { type WireStatus, wireStrings, wireTags } from "../shared/wire.ts";
import { ResourceService, type Write } from "../store/resource-service.ts";
import type { ResourceRecord } from "../store/resource-store.ts";
import type { BaseImages, ImagesPorts } from "./base-images.ts";
import type { Image } from "./contract.ts";

interface SystemPackage {
  readonly name: string;
  readonly version?: string;
}

export interface ImageDocument {
  readonly baseImageName: string;
  readonly manifest: string;
  readonly packages: readonly SystemPackage[];
  readonly language: string;
  readonly status: WireStatus;
  readonly reason: readonly string[] | null;
  readonly tags: Image["tags"] | null;
  /** The last good build; functions that pinned it keep it. */
  readonly built: BuiltImage | null;
}

export type ImageRecord = ResourceRecord<ImageDocument>;

export interface ImageBuildPorts extends ImagesPorts {
  /** Whether a function revision that serves was built on it. */
  imageInUse(digest: string): boolean;
  /** Its folder is about to be removed. */
  imageGone(digest: string): void;
}

/** Installers at once: each may take a processor and much of the disk's time. */
const MOST_BUILDS = 2;
const BASE_IMAGE = "base image ";

/** Functions that were built on one keep running when it goes. */
export class Images extends ResourceService<Image, ImageDocument> {
  readonly #ports: ImageBuildPorts;
  readonly #baseImages: BaseImages;
  readonly #queue: KeyedQueue;
  #stopping = false;

  constructor(ports: ImageBuildPorts, baseImages: BaseImages) {
    super({ kind: "Image", word: "image", resource: "image", deleted: "DELETED", bodyFirst: true }, ports);
    this.#ports = ports;
    this.#baseImages = baseImages;
    this.#queue = new KeyedQueue((error) => ports.log.warn({ err: error }, "an image could not be built"), MOST_BUILDS);
  }

  /** Reads all; builds that a stop interrupted begin again, and so do those of which nothing is left here. */
  override async load(): Promise<void> {
    await super.load();
    for (const record of this.store.all()) await this.#forgetLost(record);
    for (const record of this.store.all()) if (isPending(record)) this.written(record);
  }

  /** Whether workers can be started with it. */
  holds(built: BuiltImage): Promise<boolean> {
    return this.#ports.builder.holds(built);
  }

  /** What is being built is left to the next start. */
  stop(): void {
    this.#stopping = true;
  }

  /** Resolves when nothing is being built. */
  idle(): Promise<void> {
    return this.#queue.drained();
  }

  async #forgetLost(record: ImageRecord): Promise<void> {
    const { organization, name, document } = record;
    if (document.built === null || (await this.holds(document.built))) return;
    this.#ports.log.warn({ organization, image: name }, "the dependencies of an image are gone: it is built again");
    const status = document.status === "READY" ? "INITIALIZED" : document.status;
    await this.store.note(record, { ...document, status, built: null });
  }

  protected override written({ organization, name }: ImageRecord): void {
    this.#queue.push(`${organization}/${name}`, () => this.#build(organization, name));
  }

  async #build(organization: string, name: string): Promise<void> {
    await this.#baseImages.idle();
    const record = this.store.find(organization, name);
    if (record === undefined || this.#stopping) return;
    const building =
      record.document.status === "UPDATING"
        ? record
        : await this.store.note(record, { ...record.document, status: "CREATING", reason: null });
    if (building === undefined) return;
    const outcome = await this.#outcome(building);
    if (this.#stopping) return;
    const current = this.store.find(organization, name);
    if (current?.generation !== building.generation) return;
    const noted = await this.store.note(current, { ...current.document, ...outcome });
    if (noted !== undefined) await this.#dispose(building.document.built);
  }

  /** Removes a folder of dependencies that neither an image nor a function revision needs any more. */
  async #dispose(built: BuiltImage | null): Promise<void> {
    if (built === null || this.#ports.imageInUse(built.digest)) return;
    const shared = this.store.all().some(({ document }) => document.built?.digest === built.digest);
    if (shared) return;
    this.#ports.imageGone(built.digest);
    await this.#ports.builder.remove(built);
  }

  async #outcome(record: ImageRecord): Promise<Partial<ImageDocument>> {
    try {
      return { status: "READY", reason: null, built: await this.#install(record) };
    } catch (error) {
      if (!(error instanceof BuildError))
        this.#ports.log.warn({ err: error, image: record.name }, "an image could not be built");
      const reason =
        error instanceof BuildError ? error.message : `internal error when processing image ${record.name}`;
      return { status: "ERROR", reason: [reason] };
    }
  }

  #install({ organization, name, document }: ImageRecord): Promise<BuiltImage> {
    const base = this.#baseImages.find(organization, document.baseImageName);
    const language = base === undefined ? undefined : languageOfImage(base.document.dockerUrl);
    if (base === undefined) throw new BuildError(`${BASE_IMAGE}${document.baseImageName} not found`);
    if (base.document.status === "ERROR" || language === undefined) {
      const reason = base.document.reason?.join("; ") ?? "unknown language";
      throw new BuildError(`${BASE_IMAGE}${document.baseImageName} is in status ERROR: ${reason}`);
    }
    const spec = { organization, language, manifest: document.manifest, systemPackages: document.packages };
    return this.#ports.builder.build(spec, (line) => this.#ports.log.info({ image: name, line }, "building"));
  }

  protected documentOf({ organization, body }: Write<Image>, before?: ImageRecord): ImageDocument {
    const base = this.#baseImages.find(organization, body.baseImageName);
    if (base === undefined) throw new DispatchError("BASE_IMAGE_UNKNOWN", { name: body.baseImageName });
    return {
      baseImageName: body.baseImageName,
      manifest: body.runtimeDependencies?.manifest ?? "",
      packages: body.systemDependencies?.packages ?? [],
      language: languageOfImage(base.document.dockerUrl) ?? base.document.language,
      status: before === undefined ? "INITIALIZED" : "UPDATING",
      reason: null,
      tags: body.tags ?? null,
      built: null,
    };
  }

  protected override kept(document: ImageDocument, before: ImageRecord): ImageDocument {
    return { ...document, built: before.document.built };
  }

  protected override removed({ document }: ImageRecord): Promise<void> {
    return this.#dispose(document.built);
  }

  protected toWire({ id, name, created, document }: ImageRecord): Image {
    return {
      baseImageName: document.baseImageName,
      createdTime: created,
      ...(document.built === null ? {} : { dockerUrl: `dispatch/${id}:latest` }),
      groups: wireStrings(null),
      id,
      kind: "Image",
      language: document.language,
      name,
      reason: wireStrings(document.reason),
      runtimeDependencies: document.manifest === "" ? {} : { manifest: document.manifest },
      status: document.status as NonNullable<Image["status"]>,
      systemDependencies: { packages: wirePackages(document.packages) },
      tags: wireTags(document.tags),
    };
  }
}

/** One that failed is built again by whoever changes it; what its base image lacked may be there by now. */
function isPending({ document: { status, reason } }: ImageRecord): boolean {
  if (status === "ERROR") return reason?.[0]?.startsWith(BASE_IMAGE) === true;
  return status !== "READY";
}

function wirePackages(packages: readonly SystemPackage[]): SystemPackage[] {
  return (packages.length === 0 ? null : packages) as SystemPackage[];
}
