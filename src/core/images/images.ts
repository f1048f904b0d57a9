/** Images: a base image with dependencies, built by the language's own installer into an immutable folder (decisions 22). */
import { languageOfBase } from "../languages/languages.ts";
import { cutReason } from "../shared/cut.ts";
import { DispatchError } from "../shared/errors.ts";
import { BuildError, type BuiltImage, type Statement } from "../shared/ports.ts";
import { type WireStatus, wireStrings, wireTags } from "../shared/wire.ts";
import { ResourceService, type Write } from "../store/resource-service.ts";
import type { ResourceRecord } from "../store/resource-store.ts";
import { ResourceWork, type ResourceWorkPorts } from "../store/resource-work.ts";
import { complete } from "../work/job.ts";
import type { Perform } from "../work/worker.ts";
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

export interface ImageBuildPorts extends ImagesPorts, ResourceWorkPorts {}

const BASE_IMAGE = "base image ";

/** Functions that were built on one keep running when it goes. */
export class Images extends ResourceService<Image, ImageDocument> {
  readonly #ports: ImageBuildPorts;
  readonly #baseImages: BaseImages;
  readonly #work: ResourceWork;

  constructor(ports: ImageBuildPorts, baseImages: BaseImages) {
    super({ kind: "Image", word: "image", resource: "image", deleted: "DELETED", bodyFirst: true }, ports);
    this.#ports = ports;
    this.#baseImages = baseImages;
    this.#work = new ResourceWork("image", ports);
  }

  /** Reads all; builds that a stop interrupted begin again, and so do those of which nothing is left here. */
  override async load(): Promise<void> {
    await super.load();
    for (const record of this.store.all()) await this.#forgetLost(record);
    await this.#work.resume(this.store.all().filter(isPending));
  }

  /** The digests of those that were built. */
  used(): string[] {
    return this.store.all().flatMap(({ document }) => document.built?.digest ?? []);
  }

  /** Whether workers can be started with it. */
  holds(built: BuiltImage): Promise<boolean> {
    return this.#ports.builder.holds(built);
  }

  /** What is being built is left to the next start. */
  stop(): void {
    this.#work.stop();
  }

  async #forgetLost(record: ImageRecord): Promise<void> {
    const { organization, name, document } = record;
    if (document.built === null || (await this.holds(document.built))) return;
    this.#ports.log.warn(
      { organization, image: name },
      "the dependencies of an image are gone, or their interpreter is of another version now: it is built again",
    );
    const status = document.status === "READY" ? "INITIALIZED" : document.status;
    await this.store.note(record, { ...document, status, built: null });
  }

  protected override promises(record: ImageRecord): readonly Statement[] {
    return [this.#work.promise(record)];
  }

  protected override written(): void {
    this.#work.wake();
  }

  /** Builds it as it is now. */
  readonly perform: Perform = async (job) => {
    const record = this.#work.of(this.store, job);
    if (record === undefined || !isPending(record)) return [];
    await this.#baseImages.settled(record.organization, record.document.baseImageName);
    const building = isBeingBuilt(record)
      ? record
      : await this.store.note(record, { ...record.document, status: "CREATING", reason: null });
    if (building === undefined) return [];
    const hopeless = this.#work.hopeless(job);
    const outcome = hopeless === undefined ? await this.#work.unlessStopped(this.#outcome(building)) : failed(hopeless);
    const noted = await this.store.note(building, { ...building.document, ...outcome }, complete(job));
    return noted === undefined ? [] : undefined;
  };

  async #outcome(record: ImageRecord): Promise<Partial<ImageDocument>> {
    try {
      return { status: "READY", reason: null, built: await this.#install(record) };
    } catch (error) {
      if (!(error instanceof BuildError))
        this.#ports.log.warn({ err: error, image: record.name }, "an image could not be built");
      const reason =
        error instanceof BuildError ? error.message : `internal error when processing image ${record.name}`;
      return failed(reason);
    }
  }

  #install({ organization, name, document }: ImageRecord): Promise<BuiltImage> {
    const base = this.#baseImages.find(organization, document.baseImageName);
    const language = base === undefined ? undefined : languageOfBase(base.document);
    if (base === undefined) throw new BuildError(`${BASE_IMAGE}${document.baseImageName} not found`);
    if (base.document.status === "ERROR" || language === undefined) {
      const reason = base.document.reason?.join("; ") ?? "unknown language";
      throw new BuildError(`${BASE_IMAGE}${document.baseImageName} is in status ERROR: ${reason}`);
    }
    const { manifest, packages: systemPackages } = document;
    const { dockerUrl: baseImage, interpreter } = base.document;
    const named = interpreter === undefined ? {} : { interpreter };
    const spec = { organization, baseImage, language, ...named, manifest, systemPackages };
    return this.#ports.builder.build(spec, (line) => this.#ports.log.info({ image: name, line }, "building"));
  }

  protected documentOf({ organization, body }: Write<Image>, before?: ImageRecord): ImageDocument {
    const base = this.#baseImages.find(organization, body.baseImageName);
    if (base === undefined) throw new DispatchError("BASE_IMAGE_UNKNOWN", { name: body.baseImageName });
    return {
      baseImageName: body.baseImageName,
      manifest: body.runtimeDependencies?.manifest ?? "",
      packages: body.systemDependencies?.packages ?? [],
      language: languageOfBase(base.document) ?? base.document.language,
      status: before === undefined ? "INITIALIZED" : "UPDATING",
      reason: null,
      tags: body.tags ?? null,
      built: null,
    };
  }

  protected override kept(document: ImageDocument, before: ImageRecord): ImageDocument {
    return { ...document, built: before.document.built };
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

const failed = (reason: string) => ({ status: "ERROR", reason: [cutReason(reason)] }) as const;

const isBeingBuilt = ({ document: { status } }: ImageRecord) => status === "UPDATING" || status === "CREATING";

/** One that failed is built again by whoever changes it; what its base image lacked may be there by now. */
function isPending({ document: { status, reason } }: ImageRecord): boolean {
  if (status === "ERROR") return reason?.[0]?.startsWith(BASE_IMAGE) === true;
  return status !== "READY";
}

function wirePackages(packages: readonly SystemPackage[]): SystemPackage[] {
  return (packages.length === 0 ? null : packages) as SystemPackage[];
}
