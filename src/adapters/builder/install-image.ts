/** From an order to an image: prepares the working folder, runs the installer, keeps what came out. */
import { lstat, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BuildError, type BuiltImage, type ImageSpec, type NetworkKind } from "../../core/shared/ports.ts";
import type { Installer } from "../installers/installer.ts";
import { commonVariables, type RegistrySettings, toRegistrySettings } from "../installers/registry-settings.ts";
import type { Interpreter } from "../runtime/process/interpreters.ts";
import type { Log } from "../runtime/process/log.ts";
import type { Sandbox } from "../runtime/process/sandbox.ts";
import { imageDigest } from "./image-digest.ts";
import type { ImageStore, Workshop } from "./image-store.ts";
import { type Installation, type InstallLimits, refuseTooLarge, runInstallation, workBind } from "./installation.ts";
import { closeTree } from "./stranger-tree.ts";

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
  const user = site.sandbox.installer();
  try {
    return await installInto(workshop, site, order, user.uid, progress);
  } finally {
    await workshop.discard();
    user.release();
  }
}

async function installInto(
  workshop: Workshop,
  site: InstallSite,
  order: Order,
  uid: number | undefined,
  progress: (line: string) => void,
): Promise<BuiltImage> {
  const { installer, spec, interpreter, input } = order;
  const { workDir, contentDir } = workshop;
  await writeFile(
    join(workDir, installer.manifestFileName),
    installer.prepareManifest?.(spec.manifest) ?? spec.manifest,
    { mode: 0o644 },
  );
  const installation = { ...(await planInstallation(site, order, workDir)), uid };
  for (const [name, text] of Object.entries(installer.extraFiles?.(installation.environment) ?? {}))
    await writeFile(join(workDir, name), text, { mode: 0o644 });
  progress(`${installer.name} with ${spec.language} ${interpreter.version}`);
  await runInstallation(installation, progress);
  await refuseTooLarge(installation);
  const hasContent = await takeOutput(site.sandbox, workshop, installer.outputName);
  const lock = await installer.readLock(workshop);
  const digest = imageDigest(spec, interpreter.version, lock);
  return site.store.keep(input, digest, lock, hasContent ? contentDir : undefined);
}

async function planInstallation(site: InstallSite, order: Order, workDir: string): Promise<Omit<Installation, "uid">> {
  const { sandbox, environment, limits } = site;
  const { installer, interpreter, spec } = order;
  const pathOf = sandbox.pathOf.bind(sandbox);
  const variables = { ...commonVariables(environment), ...(await installer.readSettings(interpreter, environment)) };
  const found = toRegistrySettings(variables, pathOf);
  const settings = { ...found, network: site.network ?? found.network };
  warn(site.log, installer, settings);
  const plan = await installer.plan({
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

/**
 * Closes what was installed and moves it into the image; false when the installer made nothing. Nothing of the installer
 * is left, and the new place is one that only the server may write: what is a real folder there stays one.
 */
export async function takeOutput(sandbox: Sandbox, { workDir, contentDir }: Workshop, name: string): Promise<boolean> {
  if (!(await closeTree(sandbox, workDir, name))) return false;
  const taken = join(contentDir, name);
  await rename(join(workDir, name), taken);
  if ((await lstat(taken)).isDirectory()) return true;
  throw new BuildError(`${name} is not a real folder`);
}
