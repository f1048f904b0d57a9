/**
 * The folder of images. `<digest>/` is an image: the installer's folder, the manifest, and image.json; it is made aside and
 * renamed, never changed. `inputs/<digest of the order>.json` remembers what an order gave. `incoming/` is work in progress.
 */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { chmod, lstat, mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Collector } from "../../core/shared/collector.ts";
import type { BuiltImage } from "../../core/shared/ports.ts";
import { replaceFile } from "../../core/shared/replace-file.ts";
import type { Log } from "../runtime/process/log.ts";
import type { Sandbox } from "../runtime/process/sandbox.ts";
import { DIGEST, imageFolderIn } from "./image-folder.ts";
import { emptyTree } from "./stranger-tree.ts";

/** What was remembered of an order. */
interface Entry {
  readonly input: string;
  readonly digest: string;
  readonly lock: string;
  readonly hasFolder: boolean;
}

/** The folders of one installation; `discard` them in the end. */
export interface Workshop {
  /** The installer's, with a writable `tmp` in it. */
  readonly workDir: string;
  /** What becomes the image. */
  readonly contentDir: string;
  discard(): Promise<void>;
}

export interface ImageStore {
  /** What an order gave before; undefined when it must be built. */
  find(input: string): Promise<BuiltImage | undefined>;
  /** Whether its folder is there. */
  holds(image: BuiltImage): Promise<boolean>;
  /** Where its dependencies lie; undefined when it has none. */
  folderOf(image: BuiltImage): string | undefined;
  prepare(): Promise<Workshop>;
  /** Keeps an image. `content` is a closed folder that becomes the image's; undefined when nothing was installed. */
  keep(input: string, digest: string, lock: string, content: string | undefined): Promise<BuiltImage>;
  /** Removes images that are not used, unless somebody was given one just now. */
  collect(isUsed: (digest: string) => boolean): Promise<void>;
}

const run = promisify(execFile);

/** `keep`: how long an image that was given is not collected, in milliseconds. Opens the folder; it belongs to one server at a time, so what a dead one left half-done is removed, in the background. */
export function openImageStore(folder: string, sandbox: Sandbox, log: Log, keep?: number): ImageStore {
  const incomingDir = join(folder, "incoming");
  const inputsDir = join(folder, "inputs");
  // Workers are another user and must be able to walk here; the data folder above keeps everybody else out.
  for (const path of [folder, incomingDir, inputsDir]) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o755);
  }
  const collector = new Collector(keep);
  const discard = (workshop: string): Promise<void> => discardWorkshop(sandbox, log, workshop);
  for (const name of readdirSync(incomingDir)) void discard(join(incomingDir, name));
  const folderOf = (image: BuiltImage): string | undefined => imageFolderIn(folder, image);
  const inputPath = (input: string): string => join(inputsDir, `${input}.json`);

  return {
    async find(input) {
      const entry = await readEntry(inputPath(input));
      const image = entry && imageOf(entry);
      return image !== undefined && (await this.holds(image)) ? image : undefined;
    },
    async holds(image) {
      try {
        await collector.give(image.digest);
        const path = folderOf(image);
        return path === undefined || (await lstat(path)).isDirectory();
      } catch {
        return false;
      }
    },
    folderOf,
    prepare: () => prepareWorkshop(join(incomingDir, randomUUID()), discard),
    async keep(input, digest, lock, content) {
      const entry: Entry = { input, digest, lock, hasFolder: content !== undefined };
      await collector.give(digest);
      if (content !== undefined) await moveIntoPlace(content, join(folder, digest), entry);
      await replaceFile(inputPath(input), JSON.stringify(entry), {
        mode: 0o644,
        draftPath: join(incomingDir, randomUUID()),
      });
      return imageOf(entry);
    },
    async collect(isUsed) {
      const digests = (await readdir(folder)).filter((name) => DIGEST.test(name));
      await collector.collect(digests, isUsed, remove);
    },
  };

  async function remove(digest: string): Promise<void> {
    const imageDir = join(folder, digest);
    const entry = await readEntry(join(imageDir, "image.json"));
    if (entry !== undefined) await rm(inputPath(entry.input), { force: true });
    const doomed = workshopAt(join(incomingDir, randomUUID()));
    await mkdir(doomed.folder);
    await rename(imageDir, doomed.contentDir).catch(ignoreMissing);
    await discard(doomed.folder);
  }
}

function workshopAt(folder: string): { folder: string; workDir: string; contentDir: string } {
  return { folder, workDir: join(folder, "work"), contentDir: join(folder, "image") };
}

async function prepareWorkshop(folder: string, discard: (folder: string) => Promise<void>): Promise<Workshop> {
  const { workDir, contentDir } = workshopAt(folder);
  for (const path of [folder, workDir, contentDir, join(workDir, "tmp")]) {
    await mkdir(path);
    await chmod(path, 0o755); // whatever the server's umask is
  }
  return { workDir, contentDir, discard: () => discard(folder) };
}

/** Deletes a workshop. What an installer owned is emptied by its user; the rest is the server's own. */
async function discardWorkshop(sandbox: Sandbox, log: Log, folder: string): Promise<void> {
  try {
    const { workDir, contentDir } = workshopAt(folder);
    const outputs = await readdir(contentDir).catch(() => []);
    for (const tree of [workDir, ...outputs.map((name) => join(contentDir, name))]) await discardTree(sandbox, tree);
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    log.error({ err: error }, `${folder} could not be removed; the next start tries again`);
  }
}

async function discardTree(sandbox: Sandbox, tree: string): Promise<void> {
  const stats = await lstat(tree).catch(() => undefined);
  const isOwn = process.getuid?.() === 0 && stats?.uid === 0; // no installer could ever write to it
  if (!stats?.isDirectory() || isOwn) return;
  await emptyTree(sandbox, tree);
  await rmdir(tree);
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}

function imageOf({ digest, lock, hasFolder }: Entry): BuiltImage {
  return hasFolder ? { digest, lock, folder: digest } : { digest, lock };
}

async function readEntry(path: string): Promise<Entry | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Entry;
  } catch {
    return undefined; // not there, or damaged: then it is built again
  }
}

/** Flushed before it gets its name: an image that is there is whole, also after a power cut. */
async function moveIntoPlace(content: string, imageDir: string, entry: Entry): Promise<void> {
  if (existsSync(imageDir)) return;
  await writeFile(join(content, "image.json"), JSON.stringify(entry));
  await run("sync", ["--file-system", content]).catch(() => run("sync"));
  await rename(content, imageDir);
}
