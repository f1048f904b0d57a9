/** Where functions run: one environment for each mode, which the base image chooses; what an image is stays the environment's own business. */
import { languageNames, languageOfImage } from "../core/languages/languages.ts";
import {
  type BaseImageSpec,
  BuildError,
  type Builder,
  type BuiltImage,
  type LanguageReport,
  type Runtime,
  type RuntimeReport,
} from "../core/shared/ports.ts";

/** What checks, builds and runs in one mode. */
export interface Environment {
  readonly builder: Builder;
  readonly runtime: Runtime;
}

/** `both`: the published base images are this machine's languages, every other one is an image of the engine. */
export type RuntimeChoice = "process" | "docker" | "both";

export interface Environments {
  readonly choice: RuntimeChoice;
  readonly process: Environment;
  /** Absent where the choice is `process`. */
  readonly docker: Environment | undefined;
}

const NO_DOCKER =
  "it was made by the docker runtime, which this server does not have: start it with --runtime docker or both";

const ofImage = ({ process, docker }: Environments, { mode }: BuiltImage): Environment => {
  const environment = mode === "docker" ? docker : process;
  if (environment === undefined) throw new BuildError(NO_DOCKER);
  return environment;
};

const ofBase = ({ choice, process, docker }: Environments, image: string): Environment => {
  const inSandbox = choice === "process" || (choice === "both" && languageOfImage(image) !== undefined);
  return inSandbox ? process : (docker ?? process);
};

const OWN_INTERPRETER: LanguageReport = {
  available: false,
  reason: "a container brings its own interpreter",
  remedy:
    "leave the interpreter out; in sandboxes (--runtime process or both, and a published base image) it may be named",
};

/** In sandboxes only the published names stand for a language. */
const checkBase = async (environments: Environments, base: BaseImageSpec): Promise<LanguageReport> => {
  const { builder } = ofBase(environments, base.image);
  if (builder === environments.process.builder)
    return builder.check({ ...base, language: languageOfImage(base.image) });
  if (base.interpreter !== undefined) return OWN_INTERPRETER;
  if (base.language !== undefined) return builder.check(base);
  const reason = `image ${base.image} is of no language that is known here`;
  return { available: false, reason, remedy: `name one of ${languageNames.join(", ")}` };
};

const builderOf = (environments: Environments): Builder => ({
  check: (base) => checkBase(environments, base),
  build: (spec, progress) => ofBase(environments, spec.baseImage).builder.build(spec, progress),
  holds: async (image) => {
    if (image.mode === "docker" && environments.docker === undefined) return false;
    return ofImage(environments, image).builder.holds(image);
  },
  compile: async (spec) => ofImage(environments, spec.image).builder.compile(spec),
  collect: async (isUsed) => {
    await environments.process.builder.collect(isUsed);
    await environments.docker?.builder.collect(isUsed);
  },
});

/** Sandboxes still run event drivers, and the images that were built before. */
const joined = (choice: RuntimeChoice, sandboxes: RuntimeReport, containers: RuntimeReport): RuntimeReport => {
  const sandboxed = choice === "both" ? sandboxes.problems : [];
  const told = choice === "both" ? [] : sandboxes.problems.map((problem) => `only containers can run here: ${problem}`);
  return {
    problems: [...containers.problems, ...sandboxed],
    warnings: [...sandboxes.warnings, ...containers.warnings, ...told],
    limits: choice === "both" ? sandboxes.limits : containers.limits,
  };
};

const runtimeOf = (environments: Environments): Runtime => {
  const { choice, process, docker } = environments;
  return {
    fixedLimits: process.runtime.fixedLimits,
    check: async () => {
      const report = await process.runtime.check();
      return docker === undefined ? report : joined(choice, report, await docker.runtime.check());
    },
    start: async (spec) => ofImage(environments, spec.image).runtime.start(spec),
    memoryOf: (workerId) => process.runtime.memoryOf(workerId) ?? docker?.runtime.memoryOf(workerId),
    close: async () => {
      await Promise.all([process.runtime.close(), docker?.runtime.close()]);
    },
  };
};

/** All modes as one: the core knows no mode. */
export const environmentOf = (environments: Environments): Environment => ({
  builder: builderOf(environments),
  runtime: runtimeOf(environments),
});
