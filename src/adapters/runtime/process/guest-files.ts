/** Where sandboxes see the guests and the dependencies of an image. */

import { existsSync, lstatSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { OwnError } from "../../../core/shared/own-error.ts";
import type { Bind, Sandbox } from "./sandbox.ts";

export const GUEST_AT = "/opt/dispatch/guest";
export const IMAGE_AT = "/image";

/** Where the guests are: beside the built server, or in the source tree. */
export const defaultGuestFolder = (): string => {
  const here = dirname(fileURLToPath(import.meta.url));
  const built = join(here, "guest");
  return existsSync(built) ? built : join(here, "../../../guest");
};

/** The first of the candidates that is there, as the sandbox sees it. @throws Error when none is. */
export const entryOf = (sandbox: Sandbox, guests: Bind, candidates: readonly string[]): string => {
  const found = candidates.find((path) => existsSync(join(guests.source, path)));
  if (found === undefined) throw new OwnError(`the guest is missing in ${guests.source}: run npm run build`);
  return join(sandbox.pathOf(guests), found);
};

/**
 * A bind of a folder that strangers' packages filled; undefined when it is not there.
 * @throws Error when it is a link: bubblewrap would follow it to any place of the host.
 */
export const realFolder = (bind: Bind): Bind | undefined => {
  const stats = lstatSync(bind.source, { throwIfNoEntry: false });
  if (stats === undefined || stats.isDirectory()) return stats && bind;
  throw new OwnError(
    `${bind.source} of the image is not a real folder, so nothing is started with it; apply the image again`,
  );
};

/** The image's own folder. @throws Error when it is gone or no real folder. */
export const imageFolder = (source: string): Bind => {
  const folder = realFolder({ source, target: IMAGE_AT });
  if (folder === undefined) throw new OwnError(`the folder ${source} of the image is gone; apply the image again`);
  return folder;
};
