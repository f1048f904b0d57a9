/** By which everything of a server is found again among what others have in the same engine. */
import type { Labels } from "./engine.ts";

const PREFIX = "io.dispatchframework";

export type Kind = "image" | "function" | "worker" | "look" | "network";

/** Of a server's own: its images, containers and networks carry it. */
export const labelsOf = (server: string, kind: Kind): Labels => ({
  [`${PREFIX}.server`]: server,
  [`${PREFIX}.kind`]: kind,
});

/** Whether some server made the image, instead of a person. */
export const isOurs = (labels: Labels | null | undefined): boolean => labels?.[`${PREFIX}.server`] !== undefined;

/** Where a base image keeps the files of a build (cli-and-runtimes.md 2.1). */
export const templateOf = (labels: Labels | null | undefined, kind: "image" | "function"): string =>
  labels?.[`${PREFIX}.${kind}Template`] ?? `/${kind}-template`;
