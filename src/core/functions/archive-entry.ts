/** What one entry of an uploaded archive may be: a plain file or a folder, inside the source's own tree (decision 18). */

import { SourceError } from "../shared/source-file.ts";
import { REPLACEMENT } from "../shared/utf8.ts";

const FILE_TYPES = new Set(["File", "OldFile", "ContiguousFile"]);
const FOLDER_TYPES = new Set(["Directory", "GNUDumpDir"]);
const LINK_TYPES = new Set(["Link", "SymbolicLink"]);

/** What to do with an entry of this tar type. @throws SourceError for links, devices and whatever else is no plain content. */
export function kindOf(type: string, name: string): "file" | "folder" {
  if (FILE_TYPES.has(type)) return "file";
  if (FOLDER_TYPES.has(type)) return "folder";
  if (LINK_TYPES.has(type)) {
    throw new SourceError(`The source has a link: ${quote(name)}. Put a copy of the file it points to in its place.`);
  }
  throw new SourceError(
    `The source has an entry that is neither a file nor a folder: ${quote(name)} (${type}). Leave it out.`,
  );
}

/** `.//lib/./hello.js` is `lib/hello.js`; the root itself is "". @throws SourceError for a path that leads out of the source. */
export function sourcePath(name: string): string {
  if (name.startsWith("/")) throw refusedPath(name, "is absolute; paths are relative to the source's folder");
  if (/\p{Cc}/u.test(name)) throw refusedPath(name, "has a control character");
  if (name.includes(REPLACEMENT)) throw refusedPath(name, "is not UTF-8: rename the file");
  const segments = name.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.includes("..")) throw refusedPath(name, "leads out of the source with `..`");
  if (segments.some((segment) => Buffer.byteLength(segment) > 255))
    throw refusedPath(name, "has a name of more than 255 bytes");
  const path = segments.join("/");
  if (Buffer.byteLength(path) > 1024) throw refusedPath(name, "has more than 1024 bytes");
  return path;
}

/** A name can be a file or a folder, not both. */
export function refuseConflicts(paths: ReadonlySet<string>): void {
  for (const path of paths) {
    for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) {
      const folder = path.slice(0, end);
      if (paths.has(folder))
        throw new SourceError(`The source has both a file ${quote(folder)} and a folder of that name.`);
    }
  }
}

function refusedPath(name: string, why: string): SourceError {
  return new SourceError(`The path ${quote(name)} in the source ${why}.`);
}

function quote(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}...` : name);
}
