/** One function for each language that does whatever the payload's `op` says: starts of workers are dear. */
import type { Language } from "../../../src/core/shared/ports.ts";

/** A source that cannot be deployed, with what the reason must say. */
export interface Broken {
  readonly source: string;
  readonly reason: RegExp;
}

export interface Subject {
  readonly language: Language;
  readonly file: string;
  readonly handler: string;
  readonly source: string;
  readonly syntaxError: Broken;
  readonly missingHandler: Broken;
  readonly wrongShape: Broken;
  readonly missingDependency: Broken;
  readonly failsWhileLoading: Broken;
  /** The program by which the language's interpreter is started. */
  readonly interpreter: string;
  /** What cannot be tried, with the reason: the name of a case. */
  readonly without?: Readonly<Record<string, string>>;
}
