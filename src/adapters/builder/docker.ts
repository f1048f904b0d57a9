/**
 * The docker builder: an image is an image of the machine's own Docker engine, built on a base image by the template that lies in
 * that (cli-and-runtimes.md 2.1). The same manifest on the same base image is built once for an organization.
 */
import { createHash } from "node:crypto";
import { Collector } from "../../core/shared/collector.ts";
import { OwnError } from "../../core/shared/own-error.ts";
import {
  BuildError,
  type Builder,
  type BuiltImage,
  type ImageSpec,
  type LanguageReport,
} from "../../core/shared/ports.ts";
import type { SourceFile } from "../../core/shared/source-file.ts";
import type { Engine, EngineImage } from "../docker/engine.ts";
import { EngineError } from "../docker/engine-error.ts";
import { isOurs, labelsOf } from "../docker/labels.ts";
import type { Networks } from "../docker/networks.ts";
import { buildFromTemplate } from "../docker/template-build.ts";
import type { Log } from "../runtime/process/log.ts";

export interface DockerBuilderOptions {
  readonly engine: Engine;
  readonly networks: Networks;
  /** Names this server in the engine. */
  readonly server: string;
  readonly log: Log;
  /** How long an image that was given is not collected, in milliseconds. */
  readonly keep?: number;
}

const SYSTEM_PACKAGES_FILE = "system-packages.txt";
const PACKAGES_FILE = "packages.txt";

/** As package managers name packages and versions: what goes into a line of a file, and perhaps into a command. */
const PACKAGE_WORD = /^[A-Za-z0-9][\w.+:~-]*$/;

const systemLines = ({ systemPackages }: ImageSpec): string => {
  for (const { name, version = "" } of systemPackages) {
    if (!PACKAGE_WORD.test(name) || (version !== "" && !PACKAGE_WORD.test(version)))
      throw new BuildError(
        `the system package ${JSON.stringify(`${name} ${version}`.trim())} has a malformed name or version`,
      );
  }
  return systemPackages.map(({ name, version = "" }) => `${`${name} ${version}`.trim()}\n`).join("");
};

const file = (path: string, text: string): SourceFile => ({ path, mode: 0o644, bytes: Buffer.from(text) });

const reasonOf = (error: unknown): unknown => (error instanceof OwnError ? new BuildError(error.message) : error);

const isAway = (error: unknown): boolean => error instanceof EngineError && error.status === 0;

class DockerBuilder implements Builder {
  readonly #options: DockerBuilderOptions;
  readonly #building = new Map<string, Promise<BuiltImage>>();
  readonly #collector: Collector;

  constructor(options: DockerBuilderOptions) {
    this.#options = options;
    this.#collector = new Collector(options.keep);
  }

  /** Pulls a base image that is not here. */
  async check({ image }: { readonly image: string }): Promise<LanguageReport> {
    try {
      const { Id } = await this.#base(image, () => {});
      return { available: true, interpreter: image, version: Id };
    } catch (error) {
      if (!(error instanceof OwnError)) throw error;
      return { available: false, reason: error.message, remedy: `docker pull ${image} on this machine shows more` };
    }
  }

  async build(spec: ImageSpec, progress: (line: string) => void): Promise<BuiltImage> {
    try {
      const base = await this.#base(spec.baseImage, progress);
      const tag = tagOf(spec, base.Id);
      const building =
        this.#building.get(tag) ?? this.#make(tag, spec, progress).finally(() => this.#building.delete(tag));
      this.#building.set(tag, building);
      return await building;
    } catch (error) {
      throw reasonOf(error);
    }
  }

  /** While the engine does not answer, an image counts as there, so that it is not forgotten. */
  async holds({ digest }: BuiltImage): Promise<boolean> {
    await this.#collector.give(digest);
    try {
      const image = await this.#options.engine.image(digest);
      // An image without a name is only a layer that others were built on.
      return (image?.RepoTags ?? []).length > 0;
    } catch (error) {
      if (isAway(error)) return true;
      throw error;
    }
  }

  /** A function's image is built when it is loaded. */
  async compile(): Promise<undefined> {}

  /** Function images that were built on them keep their layers. */
  async collect(isUsed: (digest: string) => boolean): Promise<void> {
    const { engine, server, log } = this.#options;
    try {
      const images = await engine.images(labelsOf(server, "image"));
      await this.#collector.collect(
        images.map(({ Id }) => Id),
        isUsed,
        (digest) => this.#remove(digest),
      );
    } catch (err) {
      log.warn({ err }, "images that nobody needs are left in the Docker engine");
    }
  }

  async #remove(digest: string): Promise<void> {
    const { engine } = this.#options;
    for (const tag of (await engine.image(digest))?.RepoTags ?? []) await engine.removeImage(tag);
  }

  async #base(image: string, progress: (line: string) => void): Promise<EngineImage> {
    const { engine } = this.#options;
    if ((await engine.image(image)) === undefined) await engine.pull(image, progress);
    const found = await engine.image(image);
    if (found === undefined) throw new BuildError(`image ${image} is not in the Docker engine`);
    // An image that a server of ours made may hold the code of another organization.
    if (isOurs(found.Config?.Labels))
      throw new BuildError(`image ${image} was made by a server of Dispatch: it is no base image`);
    return found;
  }

  async #make(tag: string, spec: ImageSpec, progress: (line: string) => void): Promise<BuiltImage> {
    const { engine, networks, server } = this.#options;
    const from = spec.baseImage;
    if ((await engine.image(tag)) === undefined) {
      const files = [file(SYSTEM_PACKAGES_FILE, systemLines(spec)), file(PACKAGES_FILE, spec.manifest)];
      const args = { BASE_IMAGE: from, SYSTEM_PACKAGES_FILE, PACKAGES_FILE };
      const network = await networks.of(spec.organization, "isolated");
      await buildFromTemplate({ engine, server, kind: "image", from, files, args, tag, network }, progress);
    }
    const built = await engine.image(tag);
    if (built === undefined) throw new BuildError(`image ${tag} went while it was built`);
    await this.#collector.give(built.Id);
    return { mode: "docker", digest: built.Id, lock: "" };
  }
}

/** Made from everything that decides what is in the image. */
const tagOf = ({ organization, manifest, systemPackages }: ImageSpec, base: string): string => {
  const text = JSON.stringify([organization, base, manifest, systemPackages]);
  return `dispatch/image-${createHash("sha256").update(text).digest("hex").slice(0, 32)}:latest`;
};

export const createDockerBuilder = (options: DockerBuilderOptions): Builder => new DockerBuilder(options);
