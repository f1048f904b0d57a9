import { InputError } from "../shared/context.ts";

/** A reference to a marketplace image, as Azure's `imageReference` has it. */
export interface ImageReference {
  readonly publisher: string;
  readonly offer: string;
  readonly sku: string;
  readonly version: string;
}

/** `Canonical:ubuntu-24_04-lts:server:latest`, as Azure's own command line writes an image. @throws InputError */
export function readImage(text: string): ImageReference {
  const [publisher, offer, sku, version = "latest", ...rest] = text.split(":");
  if (!publisher || !offer || !sku || rest.length > 0)
    throw new InputError(
      "`image` of the secret `azure` is no image: it looks like Canonical:ubuntu-24_04-lts:server:latest",
    );
  return { publisher, offer, sku, version };
}
