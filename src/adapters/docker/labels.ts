/** By which everything of a server is found again among what others have in the same engine. */
import type { Labels } from "./engine.ts";

const PREFIX = "io.dispatchframework";

export type Kind = "image" | "function" | "network" | ContainerKind;

/** In the order in which they can be removed: a driver's container is in the network of its holder. */
export const CONTAINER_KINDS = ["worker", "look", "driver", "holder"] as const;
type ContainerKind = (typeof CONTAINER_KINDS)[number];

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
