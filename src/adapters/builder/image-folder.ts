/** Where the dependencies of an image lie. What is stored of an image is a name, so that a data folder can be moved. */
import { join } from "node:path";
import { OwnError } from "../../core/shared/own-error.ts";
import type { BuiltImage } from "../../core/shared/ports.ts";

/** What the folder of an image is called. */
export const DIGEST = /^[0-9a-f]{64}$/;

/** The path below `images`; undefined when the image has no dependencies. @throws Error when that is no name of a folder. */
export function imageFolderIn(images: string, { folder }: BuiltImage): string | undefined {
  if (folder === undefined) return undefined;
  if (!DIGEST.test(folder)) throw new OwnError(`"${folder}" is not the name of a folder of dependencies`);
  return join(images, folder);
}
