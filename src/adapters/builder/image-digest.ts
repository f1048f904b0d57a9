import { createHash } from "node:crypto";
import type { ImageSpec } from "../../core/shared/ports.ts";

/** Raise this when installing changes, so that images that were installed in the old way are not used again. */
const RECIPE = 2;

/**
 * SHA-256 over what goes into an image. Without a lock it names the order ("what was asked"), with one the result. The
 * organization is part of both: organizations never share a folder, so nothing that one of them installs runs for another.
 */
export function imageDigest(spec: ImageSpec, interpreterVersion: string, lock?: string): string {
  const platform = `${process.platform}-${process.arch}`;
  const named = spec.interpreter === undefined ? [] : [spec.interpreter];
  const parts = [
    spec.organization,
    spec.language,
    interpreterVersion,
    platform,
    spec.manifest,
    lock ?? RECIPE,
    ...named,
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
