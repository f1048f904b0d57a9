/** The artefact step: a source is compiled once, in the sandbox and without network, against the image it will run on. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type ArtefactSpec, BuildError, type BuiltImage } from "../../core/shared/ports.ts";
import type { SourceFile } from "../../core/shared/source-file.ts";
import type { Compiler } from "../languages/language.ts";
import { IMAGE_AT } from "../runtime/process/guest-files.ts";
import { type Interpreter, interpreterPath } from "../runtime/process/interpreters.ts";
import type { Bind } from "../runtime/process/sandbox.ts";
import type { ImageStore, Workshop } from "./image-store.ts";
import { type InstallSite, takeOutput } from "./install-image.ts";
import { refuseTooLarge, runInstallation } from "./installation.ts";

const SOURCE_AT = "/source";

/** The files of the artefact: what was compiled, and what of the source was not. @throws BuildError with the compiler's own lines. */
export async function compileSource(
  site: InstallSite,
  spec: ArtefactSpec,
  interpreter: Interpreter,
  compiler: Compiler,
): Promise<readonly SourceFile[]> {
  const workshop = await site.store.prepare();
  const user = site.sandbox.installer();
  try {
    const sourceDir = join(workshop.contentDir, "source");
    await writeSource(sourceDir, spec.files);
    await runCompiler(site, spec, interpreter, compiler, workshop, { sourceDir, uid: user.uid });
    const hasOutput = await takeOutput(site.sandbox, workshop, compiler.outputName);
    const kept = spec.files.filter(({ path }) => !compiler.isSource(path));
    const compiled = hasOutput ? await readTree(workshop.contentDir, compiler.outputName) : [];
    const placed = compiled.map((file) => ({ ...file, path: compiler.compiledPath?.(file.path) ?? file.path }));
    return [...kept.map((file) => ({ ...file, path: compiler.keptPath(file.path) })), ...placed];
  } finally {
    await workshop.discard();
    user.release();
  }
}

async function writeSource(folder: string, files: readonly SourceFile[]): Promise<void> {
  await mkdir(folder, { mode: 0o755 });
  for (const { path, bytes } of files) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true, mode: 0o755 });
    await writeFile(target, bytes, { mode: 0o644 });
  }
}

function imageBind(store: ImageStore, image: BuiltImage): Bind[] {
  const source = store.folderOf(image);
  return source === undefined ? [] : [{ source, target: IMAGE_AT }];
}

async function runCompiler(
  site: InstallSite,
  { files, image, organization }: ArtefactSpec,
  interpreter: Interpreter,
  compiler: Compiler,
  { workDir }: Workshop,
  { sourceDir, uid }: { readonly sourceDir: string; readonly uid: number | undefined },
): Promise<void> {
  const { sandbox, limits } = site;
  const bind = { source: sourceDir, target: SOURCE_AT };
  const imageBinds = imageBind(site.store, image);
  const [dependencies] = imageBinds;
  const folder = sandbox.pathOf(bind);
  const sources = files.map(({ path }) => path).filter(compiler.isSource);
  const modules = dependencies === undefined ? undefined : join(sandbox.pathOf(dependencies), compiler.imageModules);
  const program = sandbox.mode === "none" ? interpreter.command : interpreter.inside;
  const installation = {
    ...{ sandbox, organization, limits, workDir, uid, network: "nothing" as const, environment: {} },
    installer: {
      name: compiler.name,
      /** With the paths that the source has. */
      complaints: (lines: readonly string[]) =>
        compiler.complaints(lines).map((line) => line.replaceAll(`${folder}/`, "")),
    },
    command: compiler.program === undefined ? program : join(dirname(program), compiler.program),
    plan: {
      args: compiler.args({ sources, folder, modules, sandbox }),
      links: [interpreter.link],
      environment: { PATH: interpreterPath(interpreter, sandbox.mode) },
      binds: [...interpreter.binds, bind, ...imageBinds, ...(compiler.binds?.() ?? [])],
    },
  };
  await runInstallation(installation, () => {});
  await refuseTooLarge(installation);
}

/** What was taken is closed: only the server writes there. Links are no part of an artefact. */
async function readTree(root: string, path: string): Promise<SourceFile[]> {
  const entries = await readdir(join(root, path), { withFileTypes: true });
  const files: SourceFile[] = [];
  for (const entry of entries) {
    const inner = `${path}/${entry.name}`;
    if (entry.isDirectory()) files.push(...(await readTree(root, inner)));
    else if (entry.isFile()) files.push({ path: inner, mode: 0o644, bytes: await readFile(join(root, inner)) });
  }
  return files;
}

/** @throws BuildError when the artefact is larger than what a worker has room for. */
export function refuseLargeArtefact(files: readonly SourceFile[], mostBytes: number): void {
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  if (bytes > mostBytes)
    throw new BuildError(`the compiled function has ${bytes} bytes, and at most ${mostBytes} are allowed`);
}
