/** Function images: an image with a function's files, built once for the same content by the template of its base image. */
import { createHash } from "node:crypto";
import { OwnError } from "../../../core/shared/own-error.ts";
import { LoadError, type LoadSpec } from "../../../core/shared/ports.ts";
import type { SourceFile } from "../../../core/shared/source-file.ts";
import type { Engine } from "../../docker/engine.ts";
import { EngineError } from "../../docker/engine-error.ts";
import { labelsOf } from "../../docker/labels.ts";
import { buildFromTemplate } from "../../docker/template-build.ts";
import type { Log } from "../process/log.ts";

export interface FunctionImageOrder {
  /** The image that it is built on, by its digest. */
  readonly image: string;
  /** For the steps of the build. */
  readonly network: string;
  readonly signal: AbortSignal;
}

export interface FunctionImagesOptions {
  readonly engine: Engine;
  /** Of the server. */
  readonly server: string;
  readonly decode: (bundle: Uint8Array) => SourceFile[];
  readonly log: Log;
}

/** So many are kept that no container needs: a function that is called again begins sooner. */
const KEPT = 100;

const tagOf = (image: string, { handler, bundle }: LoadSpec): string => {
  const hash = createHash("sha256")
    .update(JSON.stringify([image, handler]))
    .update(bundle)
    .digest("hex");
  return `dispatch/func-${hash.slice(0, 32)}:latest`;
};

const refusalOf = (error: unknown): unknown =>
  error instanceof EngineError || error instanceof OwnError ? new LoadError(error.message) : error;

export class FunctionImages {
  readonly #options: FunctionImagesOptions;
  readonly #building = new Map<string, Promise<string>>();

  constructor(options: FunctionImagesOptions) {
    this.#options = options;
  }

  /** Its name. @throws LoadError with the output of the step that failed. */
  of(order: FunctionImageOrder, spec: LoadSpec): Promise<string> {
    const tag = tagOf(order.image, spec);
    const building = this.#building.get(tag) ?? this.#find(tag, order, spec).finally(() => this.#building.delete(tag));
    this.#building.set(tag, building);
    return building;
  }

  async #find(tag: string, order: FunctionImageOrder, spec: LoadSpec): Promise<string> {
    const { engine, server, log, decode } = this.#options;
    try {
      if ((await engine.image(tag)) !== undefined) return tag;
      const base = await engine.image(order.image);
      const from = base?.RepoTags?.[0];
      if (from === undefined) throw new LoadError(`the image ${order.image} is gone from the Docker engine: update it`);
      const files = decode(spec.bundle);
      const args = { IMAGE: from, HANDLER: spec.handler };
      const { network, signal } = order;
      await buildFromTemplate({ engine, server, kind: "function", from, files, args, tag, network, signal }, (line) =>
        log.debug({ image: tag, line }, "building a function"),
      );
      await this.#removeUnused();
      return tag;
    } catch (error) {
      throw refusalOf(error);
    }
  }

  /** The oldest ones that no container is made of. */
  async #removeUnused(): Promise<void> {
    const { engine, server, log } = this.#options;
    const [images, containers] = await Promise.all([
      engine.images(labelsOf(server, "function")),
      engine.containers(labelsOf(server, "worker")),
    ]);
    const used = new Set(containers.map(({ ImageID }) => ImageID));
    const unused = images.filter(({ Id }) => !used.has(Id)).sort((a, b) => b.Created - a.Created);
    for (const { RepoTags } of unused.slice(KEPT)) {
      for (const tag of RepoTags ?? [])
        await engine.removeImage(tag).catch((err) => log.warn({ err, tag }, "a function's image could not be removed"));
    }
  }
}
