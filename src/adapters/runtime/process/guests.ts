/** How the guest of each language is started, and what it needs to see. */
import { existsSync, lstatSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BuiltImage, Language } from "../../../core/shared/ports.ts";
import type { Link } from "./bubblewrap.ts";
import { findInterpreter, type Interpreter, interpreterPath } from "./interpreters.ts";
import type { Bind, Sandbox } from "./sandbox.ts";

export interface GuestCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly binds: readonly Bind[];
  readonly links: readonly Link[];
  readonly environment: Readonly<Record<string, string>>;
  /** The image's dependencies as the guest sees them. It is told when a function is loaded: until then it runs nothing of theirs. */
  readonly modules?: string;
}

/** What depends on the language alone. */
type Guest = Pick<GuestCommand, "args" | "binds" | "modules"> & Partial<Pick<GuestCommand, "environment">>;

const GUEST_AT = "/opt/dispatch/guest";
const IMAGE_AT = "/image";

/** Where the guests are: beside the built server, or in the source tree. */
export const defaultGuestFolder = (): string => {
  const here = dirname(fileURLToPath(import.meta.url));
  const built = join(here, "guest");
  return existsSync(built) ? built : join(here, "../../../guest");
};

const entryOf = (sandbox: Sandbox, guests: Bind, candidates: readonly string[]): string => {
  const found = candidates.find((path) => existsSync(join(guests.source, path)));
  if (found === undefined) throw new Error(`the guest is missing in ${guests.source}: run npm run build`);
  return join(sandbox.pathOf(guests), found);
};

/**
 * A bind of a folder that strangers' packages filled; undefined when it is not there.
 * @throws Error when it is a link: bubblewrap would follow it to any place of the host.
 */
const realFolder = (bind: Bind): Bind | undefined => {
  const stats = lstatSync(bind.source, { throwIfNoEntry: false });
  if (stats === undefined || stats.isDirectory()) return stats && bind;
  throw new Error(
    `${bind.source} of the image is not a real folder, so nothing is started with it; apply the image again`,
  );
};

const nodejs = (sandbox: Sandbox, guests: Bind, image: BuiltImage): Guest => {
  const entry = entryOf(sandbox, guests, ["nodejs.mjs", "nodejs/main.ts"]);
  if (image.folder === undefined) return { args: [entry], binds: [guests] };
  const folder = realFolder({ source: image.folder, target: IMAGE_AT });
  const packages = realFolder({ source: join(image.folder, "node_modules"), target: "/node_modules" });
  if (folder === undefined || packages === undefined) return { args: [entry], binds: [guests] };
  return { args: [entry], binds: [guests, folder, packages], modules: sandbox.pathOf(packages) };
};

const python3 = (sandbox: Sandbox, guests: Bind, image: BuiltImage): Guest => {
  const args = ["-I", "-S", "-B", entryOf(sandbox, guests, ["python3/main.py"])];
  if (image.folder === undefined) return { args, binds: [guests] };
  const folder = realFolder({ source: image.folder, target: IMAGE_AT });
  if (folder === undefined) throw new Error(`the folder ${image.folder} of the image is gone; apply the image again`);
  const packages = join(sandbox.pathOf(folder), "site-packages");
  // The guest itself does not look at PYTHONPATH; a python3 that the function starts does.
  return { args, binds: [guests, folder], environment: { PYTHONPATH: packages }, modules: packages };
};

const GUESTS: Partial<Record<Language, typeof nodejs>> = { nodejs, python3 };

const obtain = async (language: Language): Promise<Interpreter> => {
  const search = await findInterpreter(language);
  if (!search.found) throw new Error(`${search.reason}; ${search.remedy}`);
  return search.interpreter;
};

/** The command that starts a generic worker. @throws Error with reason and remedy when the language cannot run here. */
export const guestCommand = async (
  sandbox: Sandbox,
  guestFolder: string,
  language: Language,
  image: BuiltImage,
): Promise<GuestCommand> => {
  const interpreter = await obtain(language);
  const guest = GUESTS[language];
  if (guest === undefined) throw new Error(`there is no guest for ${language}`);
  const rest = guest(sandbox, { source: guestFolder, target: GUEST_AT }, image);
  const command = sandbox.mode === "none" ? interpreter.command : interpreter.inside;
  return {
    ...{ ...rest, command, links: [interpreter.link], binds: [...interpreter.binds, ...rest.binds] },
    environment: { PATH: interpreterPath(interpreter, sandbox.mode), ...rest.environment },
  };
};
