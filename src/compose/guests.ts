/** Which guest starts with which image: the runtime knows neither the languages nor where the builder keeps images. */
import { imageFolderIn } from "../adapters/builder/image-folder.ts";
import { findStartArchive } from "../adapters/builder/start-archives.ts";
import { guestCommand } from "../adapters/languages/guest-command.ts";
import { defaultGuestFolder } from "../adapters/runtime/process/guest-files.ts";
import type { ProcessRuntimeOptions } from "../adapters/runtime/process/runtime.ts";
import type { Sandbox } from "../adapters/runtime/process/sandbox.ts";

/** `images`: where the builder keeps the folders of images. `guests`: the folder with `nodejs.cjs`, `python3/main.py` ... */
export function guestsIn(
  sandbox: Sandbox,
  images: string,
  guests: string = defaultGuestFolder(),
): ProcessRuntimeOptions["guestOf"] {
  return async (language, image) =>
    guestCommand(sandbox, guests, language, {
      folder: imageFolderIn(images, image),
      interpreter: image.madeFor?.interpreter,
      startArchive: await findStartArchive(images, sandbox, language, image, guests),
    });
}
