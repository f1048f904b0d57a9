import type { Options } from "./options.ts";
import type { Row } from "./row.ts";

/** Starts what it needs, measures, stops it. @throws Error when something fails that must not fail. */
export type Measure = (options: Options) => Promise<readonly Row[]>;
