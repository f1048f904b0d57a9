/** How a guest is started in a sandbox. What it is for each language: adapters/languages. */
import type { Bind, Link } from "./bubblewrap.ts";

export interface GuestCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly binds: readonly Bind[];
  readonly links: readonly Link[];
  readonly environment: Readonly<Record<string, string>>;
  /** Where it starts; default /tmp. For interpreters that cannot change their folder later. */
  readonly directory?: string;
  /** The image's dependencies as the guest sees them. It is told when a function is loaded: until then it runs nothing of theirs. */
  readonly modules?: string;
}
