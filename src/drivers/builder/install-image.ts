/** From an order to an image: prepares the working folder, runs the installer, keeps what came out. */
import { lstat, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuiltImage, ImageSpec, NetworkKind } from "../../core/shared/ports.ts";
import type { Interpreter } from "../runtime/process/interpreters.ts";
import type { Log } from "../runtime/process/log.ts";
import type { Sandbox } from "../runtime/process/sandbox.ts";
import { closeFolder } from "./folder-tree.ts";
import { imageDigest } from "./image-digest.ts";
import type { ImageStore, Workshop } from "./image-store.ts";
import { type Installation, type InstallLimits, refuseTooLarge, runInstallation, workBind } from "./installation.ts";
import type { Installer } from "./installer.ts";
import { commonVariables, type RegistrySettings, toRegistrySettings } from "./registry-settings.ts";

/** What is to be installed, by what. */
export interface Order {
  readonly spec: ImageSpec;
  /** The digest of the order, by which an earlier result is found. */
  readonly input: string;
  readonly interpreter: Interpreter;
  readonly installer: Installer;
}

/** What installations need of the server. */
export interface InstallSite {
  readonly store: ImageStore;
  readonly sandbox: Sandbox;
  readonly log: Log;
  readonly environment: NodeJS.ProcessEnv;
  readonly limits: InstallLimits;
  /** Undefined: whichever leads to the registry. */
  readonly network: NetworkKind | undefined;
}

/** @throws BuildError with the installer's own last lines. */
export async function installImage(
  site: InstallSite,
  order: Order,
  progress: (line: string) => void,
): Promise<BuiltImage> {
  const found = await site.store.find(order.input);
  if (found !== undefined) {
    progress(`${order.installer.name}: the same dependencies are installed already`);
    return found;
  }
  const workshop = await site.store.prepare();
  try {
    return await installInto(workshop, site, order, progress);
  } finally {
    await workshop.discard();
  }
}

async function installInto(
  workshop: Workshop,
  site: InstallSite,
  order: Order,
  progress: (line: string) => void,
): Promise<BuiltImage> {
  const { installer, spec, interpreter, input } = order;
  const { workDir, contentDir } = workshop;
  await writeFile(
    join(workDir, installer.manifestFileName),
    installer.prepareManifest?.(spec.manifest) ?? spec.manifest,
    { mode: 0o644 },
  );
  const installation = await planInstallation(site, order, workDir);
  progress(`${installer.name} with ${spec.language} ${interpreter.version}`);
  await runInstallation(installation, progress);
  await refuseTooLarge(installation);
  const lock = await installer.readLock(workDir);
  const digest = imageDigest(spec, interpreter.version, lock);
  const hasContent = await takeOutput(join(workDir, installer.outputName), contentDir);
  return site.store.keep(input, digest, lock, hasContent ? contentDir : undefined);
}

async function planInstallation(site: InstallSite, order: Order, workDir: string): Promise<Installation> {
  const { sandbox, environment, limits } = site;
  const { installer, interpreter, spec } = order;
  const pathOf = sandbox.pathOf.bind(sandbox);
  const variables = { ...commonVariables(environment), ...(await installer.readSettings(interpreter, environment)) };
  const found = toRegistrySettings(variables, pathOf);
  const settings = { ...found, network: site.network ?? found.network };
  warn(site.log, installer, settings);
  const plan = installer.plan({
    interpreter,
    mode: sandbox.mode,
    manifest: spec.manifest,
    settings,
    environment,
    workDir: pathOf(workBind(workDir)),
    pathOf,
  });
  return {
    ...{ sandbox, installer, workDir, limits, organization: spec.organization, network: settings.network },
    command: sandbox.mode === "none" ? interpreter.command : interpreter.inside,
    plan: { ...plan, binds: [...plan.binds, ...settings.binds] },
    environment: settings.environment,
  };
}

function warn(log: Log, installer: Installer, { warnings, network }: RegistrySettings): void {
  for (const warning of warnings) log.warn({ installer: installer.name }, warning);
  if (network !== "host") return;
  log.warn(
    { installer: installer.name },
    "the installer uses the host's network, because it was told to or a registry or proxy is on this machine; packages run no code while they are installed",
  );
}

/** Moves what was installed into the image and closes it; false when the installer made nothing. */
async function takeOutput(output: string, contentDir: string): Promise<boolean> {
  const stats = await lstat(output).catch(() => undefined);
  if (!stats?.isDirectory()) return false;
  await closeFolder(output);
  await rename(output, join(contentDir, output.slice(output.lastIndexOf("/") + 1)));
  return true;
}
