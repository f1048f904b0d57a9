/** What a worker gets: the source itself, or for languages that are compiled what came of it, built once and kept by its content. */
import type { ArtefactSpec, Blobs, Builder } from "../shared/ports.ts";
import { encodeBundle } from "./bundle.ts";

export class Artefacts {
  readonly #builder: Builder;
  readonly #blobs: Blobs;
  /** What a source with an image gave: the digest of its blob. */
  readonly #known = new Map<string, string>();

  constructor(builder: Builder, blobs: Blobs) {
    this.#builder = builder;
    this.#blobs = blobs;
  }

  /** The digest of the blob. @throws BuildError with the compiler's own lines. */
  async of(spec: ArtefactSpec, source: string): Promise<string> {
    const key = [spec.organization, spec.language, spec.image.digest, source].join("\n");
    const known = this.#known.get(key);
    if (known !== undefined && (await this.#blobs.keep(known))) return known;
    const files = await this.#builder.compile(spec);
    if (files === undefined) return source;
    const digest = await this.#blobs.put(encodeBundle(files));
    this.#known.set(key, digest);
    return digest;
  }
}
