/** From the text of an upload to the bundle that is stored. Runs in a thread of its own, see source-reader.ts. */
import { messageOf } from "../shared/message-of.ts";
import { SourceError } from "../shared/source-file.ts";
import { type ArchiveLimits, readArchive } from "./archive.ts";
import { encodeBundle } from "./bundle.ts";

/** The text is no base64: an answer of its own on the wire (server.md 2.3). */
export class Base64Error extends Error {
  override name = "Base64Error";
}

/** @throws Base64Error; SourceError for an archive that is none, or too large */
export async function bundleOf(base64: string, limits: ArchiveLimits): Promise<Buffer> {
  return encodeBundle(await readArchive(decodeBase64(base64), limits));
}

/** Node's decoder skips what does not belong; then there are fewer bytes than the text promises. */
function decodeBase64(text: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  const letters = /[\r\n]/.test(text) ? text.replaceAll(/[\r\n]+/g, "") : text;
  const padding = letters.endsWith("==") ? 2 : letters.endsWith("=") ? 1 : 0;
  if (bytes.length === (letters.length / 4) * 3 - padding) return bytes;
  throw new Base64Error("illegal base64 data in source");
}

/** What the thread is asked. */
export interface UploadQuestion {
  readonly base64: string;
  readonly limits: ArchiveLimits;
}

/** What it answers: the bundle, or why there is none. */
export type UploadAnswer =
  | { readonly bundle: Uint8Array<ArrayBuffer> }
  | { readonly refusal: "base64" | "source"; readonly message: string }
  | { readonly failure: string };

/** Never rejects. */
export async function answerUpload({ base64, limits }: UploadQuestion): Promise<UploadAnswer> {
  try {
    return { bundle: new Uint8Array(await bundleOf(base64, limits)) };
  } catch (error) {
    if (error instanceof Base64Error) return { refusal: "base64", message: error.message };
    if (error instanceof SourceError) return { refusal: "source", message: error.message };
    return { failure: messageOf(error) };
  }
}
