/** The build context: somebody's files below the template of a base image, packed for the engine. */
import { lstat, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { create, extract } from "tar";
import { OwnError } from "../../core/shared/own-error.ts";
import type { SourceFile } from "../../core/shared/source-file.ts";

/** Bytes of a template, packed. */
const MOST_TEMPLATE = 256 * 1024 * 1024;

/** Only the template says what a build does. */
const TEMPLATES_OWN: ReadonlySet<string> = new Set(["Dockerfile", ".dockerignore"]);

const atMost = (limit: number): Transform => {
  let length = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      length += chunk.length;
      if (length > limit) done(new OwnError(`the template of the base image is longer than ${limit} bytes`));
      else done(null, chunk);
    },
  });
};

const writeFiles = async (folder: string, files: readonly SourceFile[]): Promise<void> => {
  for (const { path, mode, bytes } of files) {
    if (TEMPLATES_OWN.has(path.split("/")[0] ?? "")) continue;
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, bytes, { mode });
  }
};

/**
 * Packs the files and the template, whose files win, and hands the archive to `use`.
 * @param template a tar archive of one folder, as the engine sends it.
 */
export const withContext = async <Result>(
  files: readonly SourceFile[],
  template: Readable,
  use: (context: Readable) => Promise<Result>,
): Promise<Result> => {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-build-"));
  try {
    // The files first: links of a template must not lead them elsewhere. Unpacking follows none.
    await writeFiles(folder, files);
    await pipeline(template, atMost(MOST_TEMPLATE), extract({ cwd: folder, strip: 1, preserveOwner: false }));
    const dockerfile = await lstat(join(folder, "Dockerfile")).catch(() => undefined);
    if (dockerfile?.isFile() !== true) throw new OwnError("the template of the base image has no Dockerfile");
    return await use(Readable.from(create({ cwd: folder, portable: true }, ["."])));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
