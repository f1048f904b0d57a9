/**
 * The local builder: an image is a folder of dependencies that the language's own installer fills, in the same sandbox in
 * which functions run (decision 22). The same manifest with the same interpreter is installed once for an organization.
 */
import { realpath } from "node:fs/promises";
import { dirname } from "node:path";
import {
  type ArtefactSpec,
  type BaseImageSpec,
  BuildError,
  type Builder,
  type BuiltImage,
  type ImageSpec,
  type LanguageReport,
  type MadeFor,
} from "../../core/shared/ports.ts";
import type { SourceFile } from "../../core/shared/source-file.ts";
import { findInterpreter, fitsToday, languageAdapters, reportLanguage } from "../languages/languages.ts";
import type { Log } from "../runtime/process/log.ts";
import type { Sandbox } from "../runtime/process/sandbox.ts";
import { compileSource, refuseLargeArtefact } from "./compile.ts";
import { imageDigest } from "./image-digest.ts";
import { openImageStore } from "./image-store.ts";
import { type InstallSite, installImage, type Order } from "./install-image.ts";
import { defaultInstallLimits, type InstallLimits } from "./installation.ts";
import { openStartArchives } from "./start-archives.ts";

type Unavailable = Extract<LanguageReport, { available: false }>;

export interface LocalBuilderOptions {
  /** The folder of images, below the server's data folder; it belongs to one server at a time. */
  readonly folder: string;
  readonly sandbox: Sandbox;
  readonly log: Log;
  /** The server's environment, read for proxies, certificates and registries; default `process.env`. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly limits?: Partial<InstallLimits>;
  /** How long an image that was given is not collected, in milliseconds. */
  readonly keep?: number;
  /**
   * The network of installers: `host` where isolated networks cannot be made. Packages then run no code while they are
   * installed. Default: isolated, unless a registry or proxy is on this machine.
   */
  readonly network?: "isolated" | "host";
}

/**
 * Makes the builder of the process runtime. Images of one organization with equal manifests are one and the same folder.
 */
export function createLocalBuilder(options: LocalBuilderOptions): Builder {
  const { folder, sandbox, log, environment = process.env } = options;
  const site: InstallSite = {
    ...{ store: openImageStore(folder, sandbox, log, options.keep), sandbox, log, environment },
    limits: { ...defaultInstallLimits, ...options.limits },
    network: options.network,
  };
  const archives = openStartArchives(folder, site);
  const running = new Map<string, Promise<BuiltImage>>();

  const installOnce = (order: Order, progress: (line: string) => void): Promise<BuiltImage> => {
    const already = running.get(order.input);
    if (already !== undefined) return already;
    const installing = installImage(site, order, progress).finally(() => running.delete(order.input));
    running.set(order.input, installing);
    return installing;
  };

  return {
    check: async (base) => (await refusal(folder, base)) ?? reportBase(base),
    build: async (spec, progress) => {
      const refused = await refusal(folder, spec);
      if (refused !== undefined) throw new BuildError(`${refused.reason}. Remedy: ${refused.remedy}`);
      const order = await placeOrder(spec);
      const isNeeded = order.installer.isNeeded(order.spec.manifest);
      const installed = isNeeded ? await installOnce(order, progress) : { digest: order.input, lock: "" };
      const image = { ...installed, madeFor: madeFor(order) };
      await archives.make(spec.language, image);
      return image;
    },
    holds: async (image) => {
      if (!(await site.store.holds(image))) return false;
      if (image.madeFor === undefined) return true;
      // Of an older Dispatch, or for an interpreter that was replaced: nobody waits for it.
      void archives.make(image.madeFor.language, image);
      return fitsToday(image.madeFor);
    },
    compile: (spec) => compile(site, spec),
    collect: async (isUsed) => {
      await site.store.collect(isUsed);
      await archives.collect();
    },
  };
}

async function compile(site: InstallSite, spec: ArtefactSpec): Promise<readonly SourceFile[] | undefined> {
  const { compiler } = languageAdapters[spec.language];
  if (compiler === undefined || !spec.files.some(({ path }) => compiler.isSource(path))) return undefined;
  if (compiler.isNeeded?.(spec.files) === false) return undefined;
  const search = await findInterpreter(spec.language, spec.image.madeFor?.interpreter);
  if (!search.found) throw new BuildError(`${search.reason}. Remedy: ${search.remedy}`);
  const files = await compileSource(site, spec, search.interpreter, compiler);
  refuseLargeArtefact(files, MOST_ARTEFACT_BYTES);
  return files;
}

/** Why an interpreter below the server's own folders is refused: packages of strangers wrote those files, whoever owns them. */
async function refusal(
  folder: string,
  { interpreter }: Pick<ImageSpec, "interpreter">,
): Promise<Unavailable | undefined> {
  if (!interpreter?.startsWith("/")) return undefined;
  const path = await realpath(interpreter).catch(() => interpreter);
  if (!path.startsWith(`${await realpath(dirname(folder))}/`)) return undefined;
  const remedy = "name one that the administrator of this machine installed";
  return { available: false, reason: `${interpreter} lies in the server's data folder`, remedy };
}

function madeFor({ spec: { language, interpreter }, interpreter: { version } }: Order): MadeFor {
  return { language, version, ...(interpreter === undefined ? {} : { interpreter }) };
}

function reportBase({ image, language, interpreter }: BaseImageSpec): Promise<LanguageReport> {
  if (language !== undefined) return reportLanguage(language, interpreter);
  const remedy = "start the server with --runtime docker, or name a published base image";
  return Promise.resolve({ available: false, reason: `image ${image} needs the docker runtime`, remedy });
}

/** The limit for an unpacked source (decision 18). */
const MOST_ARTEFACT_BYTES = 256 * 1024 * 1024;

/** Some editors write it at the start of a file; installers would read it as a part of the first line. */
const BYTE_ORDER_MARK = /^\uFEFF/;

async function placeOrder(given: ImageSpec): Promise<Order> {
  const spec = { ...given, manifest: given.manifest.replace(BYTE_ORDER_MARK, "") };
  refuseSystemPackages(spec);
  const search = await findInterpreter(spec.language, spec.interpreter);
  if (!search.found) throw new BuildError(`${search.reason}. Remedy: ${search.remedy}`);
  const { installer } = languageAdapters[spec.language];
  const isNeeded = installer.isNeeded(spec.manifest);
  if (isNeeded) installer.refuseFiles(spec.manifest);
  const manifest = isNeeded ? installer.withBase?.(spec.manifest) : undefined;
  const whole = { ...spec, manifest: manifest ?? spec.manifest };
  return {
    spec: whole,
    input: imageDigest(whole, search.interpreter.version),
    interpreter: search.interpreter,
    installer,
  };
}

function refuseSystemPackages({ systemPackages }: ImageSpec): void {
  if (systemPackages.length === 0) return;
  const names = systemPackages.map(({ name }) => name).join(" ");
  throw new BuildError(
    `System packages (${names}) cannot be installed by the process runtime, in which images share this machine's system. ` +
      `Install them on the machine (apt-get install ${names}) and leave them out of the image; the docker runtime installs them for each image.`,
  );
}
