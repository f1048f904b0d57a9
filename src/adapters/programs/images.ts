/** What the image of a driver type means (decisions 21). */
import { statSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve } from "node:path";

export const BUILT_IN = ["ticker", "cron", "vcenter", "nats", "postgres", "aws", "cloudevents", "eventgrid"] as const;
export type BuiltIn = (typeof BUILT_IN)[number];

export type Found =
  | { readonly kind: "built-in"; readonly name: BuiltIn }
  | { readonly kind: "file"; readonly path: string }
  /** Of the Docker engine, under this name. */
  | { readonly kind: "container" }
  | { readonly kind: "none"; readonly reason: string };

/** The published names: `dispatchframework/ticker`, `dispatchframework/dispatch-events-vcenter` ..., with any tag; or the bare name. */
const published = /^(?:(?:docker\.io\/)?dispatchframework\/)?(?:dispatch-events-)?([a-z]+)(?::[\w.-]+)?$/;

/** As names of images are written: `registry.example:5000/team/driver:1@sha256:...`. */
const REFERENCE =
  /^(?:[A-Za-z0-9.-]+(?::\d+)?\/)?[a-z0-9._-]+(?:\/[a-z0-9._-]+)*(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

/**
 * @param folder where the operator keeps program files; "" for none.
 * @param hasContainers whether images of containers can be run.
 */
export function findImage(image: string, folder: string, hasContainers: boolean): Found {
  const name = published.exec(image)?.[1];
  const builtIn = BUILT_IN.find((known) => known === name);
  if (builtIn !== undefined) return { kind: "built-in", name: builtIn };
  if (isAbsolute(image)) return findFile(image, folder);
  if (!hasContainers) return none(unknownImage(image, folder));
  const isName = REFERENCE.test(image) && !/(?:^|\/)\.{1,2}(?:\/|$)/.test(image);
  return isName ? { kind: "container" } : none("this is no name of an image: write it as `docker pull` takes it");
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
  return `${image} is no built-in driver (${BUILT_IN.join(", ")}), and this server runs no containers: start it with --runtime docker or both, or use ${own}`;
}

function none(reason: string): Found {
  return { kind: "none", reason };
}
