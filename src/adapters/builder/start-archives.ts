/**
 * Archives of the classes that a worker needs while it starts (class data sharing of Java). One for each image with dependencies, and one for each
 * interpreter for all that have none: `archives/<name>/` holds the file and what it was made for. Made once, in an installer's sandbox; workers map it
 * read-only. Nothing depends on one: without it a start is slower.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { chmod, lstat, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuiltImage, Language } from "../../core/shared/ports.ts";
import { guestCommand } from "../languages/guest-command.ts";
import { languageAdapters, obtainInterpreter } from "../languages/languages.ts";
import { defaultGuestFolder } from "../runtime/process/guest-files.ts";
import type { Interpreter } from "../runtime/process/interpreters.ts";
import type { Sandbox } from "../runtime/process/sandbox.ts";
import { DIGEST, imageFolderIn } from "./image-folder.ts";
import { type InstallSite, takeOutput } from "./install-image.ts";
import { runInstallation } from "./installation.ts";

/** What stands beside an archive. */
interface Entry {
  /** The guest and the interpreter that it was made for. */
  readonly key: string;
  /** SHA-256 of the file: an interpreter believes whatever it maps. */
  readonly content: string;
  /** Where the interpreter is, when it is for images without dependencies. */
  readonly interpreter?: string;
}

interface Place {
  readonly name: string;
  readonly key: string;
  readonly interpreter: Interpreter;
}

const FILE = "start.jsa";
const ENTRY = "archive.json";
const OUTPUT = "archive";
const MOST_BYTES = 128 * 1024 * 1024;
const LONGEST_MILLISECONDS = 120_000;

const archivesIn = (images: string): string => join(images, "archives");

/** Where the archive of an image lies or would lie; undefined for languages that know none, and without sandbox, where paths are never the same. */
async function placeOf(
  sandbox: Sandbox,
  language: Language,
  image: BuiltImage,
  guests: string,
): Promise<Place | undefined> {
  const { startArchive } = languageAdapters[language];
  if (startArchive === undefined || sandbox.mode === "none") return undefined;
  const interpreter = await obtainInterpreter(language, image.madeFor?.interpreter);
  const name = image.folder ?? createHash("sha256").update(interpreter.command).digest("hex");
  return { name, interpreter, key: await startArchive.key(guests, interpreter) };
}

/** The file for workers of an image; undefined when there is none, or none that is whole and fits. */
export async function findStartArchive(
  images: string,
  sandbox: Sandbox,
  language: Language,
  image: BuiltImage,
  guests: string = defaultGuestFolder(),
): Promise<string | undefined> {
  const place = await placeOf(sandbox, language, image, guests);
  if (place === undefined) return undefined;
  const folder = join(archivesIn(images), place.name);
  const entry = await readEntry(folder);
  const file = join(folder, FILE);
  return entry?.key === place.key && (await isWhole(file, entry.content)) ? file : undefined;
}

export interface StartArchives {
  /** Makes the archive of an image unless it is there. Never fails: why there is none is logged, once. */
  make(language: Language, image: BuiltImage): Promise<void>;
  /** Removes those whose image or interpreter is gone. */
  collect(): Promise<void>;
}

interface Order extends Place {
  readonly language: Language;
  readonly image: BuiltImage;
}

export function openStartArchives(images: string, site: InstallSite): StartArchives {
  const { sandbox, log } = site;
  const running = new Map<string, Promise<void>>();
  const failed = new Set<string>();

  const makeOnce = (order: Order): Promise<void> => {
    const making = running.get(order.name) ?? makeArchive(images, site, order);
    running.set(order.name, making);
    return making.finally(() => running.delete(order.name));
  };

  const makeMissing = async (language: Language, image: BuiltImage): Promise<void> => {
    const place = await placeOf(sandbox, language, image, defaultGuestFolder());
    if (place === undefined || failed.has(place.name + place.key)) return;
    if ((await findStartArchive(images, sandbox, language, image)) !== undefined) return;
    await makeOnce({ ...place, language, image }).catch((error: unknown) => {
      failed.add(place.name + place.key);
      log.warn({ err: error, language }, "no archive of classes could be made, so workers start more slowly");
    });
  };

  return {
    make: (language, image) =>
      makeMissing(language, image).catch((error: unknown) =>
        log.warn({ err: error, language }, "nobody knows whether there is an archive of classes"),
      ),
    async collect() {
      const names = (await readdir(archivesIn(images)).catch(() => [])).filter((name) => DIGEST.test(name));
      for (const name of names) {
        const folder = join(archivesIn(images), name);
        const { interpreter } = (await readEntry(folder)) ?? { interpreter: "" };
        if (!existsSync(interpreter ?? join(images, name))) await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function makeArchive(images: string, site: InstallSite, order: Order): Promise<void> {
  const { store, sandbox } = site;
  const workshop = await store.prepare();
  const user = sandbox.installer();
  try {
    await train(images, site, order, { workDir: workshop.workDir, uid: user.uid });
    await takeOutput(sandbox, workshop, OUTPUT);
    const draft = join(workshop.contentDir, "draft");
    await writeArchive(draft, await readMade(join(workshop.contentDir, OUTPUT, FILE)), order);
    await makeFolder(archivesIn(images));
    const target = join(archivesIn(images), order.name);
    await rm(target, { recursive: true, force: true });
    await rename(draft, target);
  } finally {
    await workshop.discard();
    user.release();
  }
}

/** One life of the language's guest with the image, in which it learns what a worker needs. */
async function train(
  images: string,
  { sandbox, limits }: InstallSite,
  { language, image }: Order,
  who: { readonly workDir: string; readonly uid: number | undefined },
): Promise<void> {
  const placed = { folder: imageFolderIn(images, image), interpreter: image.madeFor?.interpreter };
  const guest = await guestCommand(sandbox, defaultGuestFolder(), language, placed);
  const { command, links, binds, environment } = guest;
  const args = languageAdapters[language].startArchive?.training(guest, OUTPUT, FILE) ?? [];
  await runInstallation(
    {
      ...{ sandbox, organization: "", command, ...who, network: "nothing", environment: {} },
      installer: { name: language, complaints: () => [] },
      plan: { args, links, environment, binds },
      limits: { ...limits, milliseconds: LONGEST_MILLISECONDS },
    },
    () => {},
  );
}

/** What the sandbox wrote, of which only the server is the owner from here on. @throws Error when that is no file of a fitting size. */
async function readMade(path: string): Promise<Buffer> {
  const stats = await lstat(path);
  if (!stats.isFile() || stats.size > MOST_BYTES)
    throw new Error(`${path} is no file of at most ${MOST_BYTES} bytes: it has ${stats.size}`);
  return readFile(path);
}

async function writeArchive(folder: string, bytes: Buffer, { image, key, interpreter }: Order): Promise<void> {
  const content = createHash("sha256").update(bytes).digest("hex");
  const owner = image.folder === undefined ? { interpreter: interpreter.command } : {};
  const entry: Entry = { key, content, ...owner };
  await makeFolder(folder);
  await writeFile(join(folder, FILE), bytes);
  await chmod(join(folder, FILE), 0o444);
  await writeFile(join(folder, ENTRY), JSON.stringify(entry));
}

/** Workers are another user and must be able to read there, whatever the server's umask is. */
async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, 0o755);
}

async function readEntry(folder: string): Promise<Entry | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, ENTRY), "utf8")) as Entry;
  } catch {
    return undefined; // not there, or damaged: then it is made again
  }
}

/** What was looked at, and the state of the file then. */
const looked = new Map<string, { readonly mark: string; readonly content: Promise<string> }>();

/** Reads a file once, and again when it was changed. */
async function isWhole(file: string, content: string): Promise<boolean> {
  const stats = await lstat(file).catch(() => undefined);
  if (stats === undefined) return false;
  const mark = [stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join(" ");
  const before = looked.get(file);
  const now = before?.mark === mark ? before : { mark, content: digestOf(file) };
  looked.set(file, now);
  return (await now.content) === content;
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  } catch {
    return ""; // it is gone
  }
  return hash.digest("hex");
}
