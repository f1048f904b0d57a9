/** What the image of a driver type means on a machine without Docker (decisions 21). */
import { statSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve } from "node:path";

export const BUILT_IN = ["ticker", "cron", "vcenter", "nats", "postgres", "aws", "cloudevents", "eventgrid"] as const;
export type BuiltIn = (typeof BUILT_IN)[number];

export type Found =
  | { readonly kind: "built-in"; readonly name: BuiltIn }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "none"; readonly reason: string };

/** The published names: `dispatchframework/ticker`, `dispatchframework/dispatch-events-vcenter` ..., with any tag; or the bare name. */
const published = /^(?:(?:docker\.io\/)?dispatchframework\/)?(?:dispatch-events-)?([a-z]+)(?::[\w.-]+)?$/;

/** @param folder where the operator keeps program files; "" for none. */
export function findImage(image: string, folder: string): Found {
  const name = published.exec(image)?.[1];
  const builtIn = BUILT_IN.find((known) => known === name);
  if (builtIn !== undefined) return { kind: "built-in", name: builtIn };
  return isAbsolute(image) ? findFile(image, folder) : none(unknownImage(image, folder));
}

/** Only files of the operator's folder: any other path would show the host's files to whoever makes driver types. */
function findFile(image: string, folder: string): Found {
  if (folder === "") return none(`start the server with --driver-programs FOLDER, and put the program ${image} there`);
  const path = resolve(image);
  const below = relative(folder, path);
  if (below === "" || below.startsWith("..")) return none(`program files must be in ${folder} (--driver-programs)`);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() !== true) return none(`there is no file ${path}`);
  const parent = dirname(path);
  if ((statSync(parent).mode & 0o005) !== 0o005)
    return none(`everybody must be able to read the folder ${parent}: chmod 755 ${parent}`);
  if ((stats.mode & 0o005) !== 0o005) return none(`everybody must be able to read and run ${path}: chmod 755 ${path}`);
  return { kind: "file", path };
}

function unknownImage(image: string, folder: string): string {
  const own = folder === "" ? "a program file (--driver-programs FOLDER)" : `a program file in ${folder}`;
  return `${image} is no built-in driver (${BUILT_IN.join(", ")}); event drivers run as programs, not as images of containers: use one of those, or ${own}`;
}

function none(reason: string): Found {
  return { kind: "none", reason };
}
