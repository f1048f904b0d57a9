/** The parts of a tar archive, for those who write one. */
import { Header, type HeaderData, Pax } from "tar";

const BLOCK = 512;

/** What stands before the content of an entry. A name that is too long for the header's own field travels in an extended one. */
export function tarHeader(entry: HeaderData & { readonly path: string; readonly size: number }): Buffer {
  const block = Buffer.alloc(BLOCK);
  const needsExtension = new Header(entry).encode(block, 0);
  return needsExtension ? Buffer.concat([new Pax({ path: entry.path }).encode(), block]) : block;
}

/** What fills the last block of a content of so many bytes. */
export function tarPadding(bytes: number): Buffer {
  return Buffer.alloc(-bytes & (BLOCK - 1));
}

/** What ends an archive. */
export const TAR_END = Buffer.alloc(2 * BLOCK);
