/**
 * The image of a container that does nothing: this machine's own `sleep` with its libraries, so that nothing is pulled. It holds a network
 * for another container, see holder.ts.
 */
import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { create } from "tar";
import { OwnError } from "../../core/shared/own-error.ts";
import type { Engine } from "../docker/engine.ts";
import { attempted } from "../docker/engine-attempts.ts";
import { labelsOf } from "../docker/labels.ts";
import { findProgram, runProgram } from "../runtime/process/programs.ts";

const BUILD_MEMORY = 64 * 1024 * 1024;
const DOCKERFILE = `FROM scratch
COPY rootfs /
ENTRYPOINT ["/bin/sleep", "infinity"]
`;

/** Where a file lies in the image, and here. */
type Files = ReadonlyMap<string, string>;

/** Its name; it is built when the engine does not have it. @throws EngineError */
export async function holderImage(engine: Engine, server: string): Promise<string> {
  const files = await findFiles();
  const tag = `dispatch/holder-${await digestOf(files)}:latest`;
  if ((await engine.image(tag)) === undefined)
    await attempted(
      () => build(engine, server, tag, files),
      () => undefined,
    );
  return tag;
}

async function findFiles(): Promise<Files> {
  const sleep = await findProgram("sleep");
  if (sleep === undefined)
    throw new OwnError("the program sleep is missing, of which the containers of drivers need a copy");
  const linked = await runProgram("ldd", [sleep]);
  const libraries = [...linked.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path = ""]) => path);
  return new Map([["/bin/sleep", sleep], ...libraries.map((path) => [path, path] as const)]);
}

async function digestOf(files: Files): Promise<string> {
  const hash = createHash("sha256");
  for (const [path, source] of files) hash.update(path).update(await readFile(source));
  return hash.digest("hex").slice(0, 32);
}

async function build(engine: Engine, server: string, tag: string, files: Files): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-holder-"));
  try {
    for (const [path, source] of files) {
      const target = join(folder, "rootfs", path);
      await mkdir(dirname(target), { recursive: true });
      await copyFile(await realpath(source), target);
    }
    await writeFile(join(folder, "Dockerfile"), DOCKERFILE);
    const context = Readable.from(create({ cwd: folder, portable: true }, ["."]));
    const labels = labelsOf(server, "holder");
    await engine.build({ context, tag, args: {}, labels, network: "none", memory: BUILD_MEMORY }, () => undefined);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
