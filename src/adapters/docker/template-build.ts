/** Builds an image from another one by the template that lies in it (cli-and-runtimes.md 2.1). */
import { randomUUID } from "node:crypto";
import type { Readable } from "node:stream";
import { OwnError } from "../../core/shared/own-error.ts";
import type { SourceFile } from "../../core/shared/source-file.ts";
import { withContext } from "./build-context.ts";
import type { Engine } from "./engine.ts";
import { attempted } from "./engine-attempts.ts";
import { type Kind, labelsOf, templateOf } from "./labels.ts";

export interface TemplateBuild {
  readonly engine: Engine;
  /** Of the server. */
  readonly server: string;
  readonly kind: Kind & ("image" | "function");
  /** The image that holds the template. */
  readonly from: string;
  readonly files: readonly SourceFile[];
  readonly args: Readonly<Record<string, string>>;
  readonly tag: string;
  readonly network: string;
  readonly signal?: AbortSignal;
}

/** Bytes of memory for the steps of a build. */
const BUILD_MEMORY = 2 * 1024 * 1024 * 1024;

/** @throws EngineError, or OwnError when the image has no such template. */
export const buildFromTemplate = (build: TemplateBuild, progress: (line: string) => void): Promise<void> =>
  attempted(
    () => buildOnce(build, progress),
    (message) => progress(`the Docker engine failed by itself, trying again: ${message}`),
  );

const buildOnce = async (build: TemplateBuild, progress: (line: string) => void): Promise<void> => {
  const { engine, server, kind, from, args, tag, network, signal } = build;
  const labels = labelsOf(server, kind);
  await withTemplate(build, (template) =>
    withContext(build.files, template, (context) =>
      engine.build({ context, tag, args, labels, network, memory: BUILD_MEMORY, signal }, progress),
    ),
  );
  progress(`built ${tag} on ${from}`);
};

/** The files of an image are read through a container that is made and never started. */
const withTemplate = async (
  { engine, server, kind, from }: TemplateBuild,
  use: (template: Readable) => Promise<void>,
): Promise<void> => {
  const path = templateOf((await engine.image(from))?.Config?.Labels, kind);
  const container = await engine.createContainer(`dispatch-look-${randomUUID()}`, {
    Image: from,
    Cmd: ["never-run"],
    Labels: labelsOf(server, "look"),
    HostConfig: { NetworkMode: "none" },
  });
  try {
    const template = await engine.folder(container, path);
    if (template === undefined)
      throw new OwnError(`image ${from} has no folder ${path}, so it is no base image: see docs/guides/docker.md`);
    await use(template);
  } finally {
    await engine.removeContainer(container);
  }
};
