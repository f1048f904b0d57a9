import { findOnPath } from "../runtime/process/interpreters.ts";
import type { LanguageAdapter } from "./language.ts";

/** A language that is known but has no guest. */
export const notYet = (name: string, program: string, install: string): LanguageAdapter => ({
  find: async () => {
    const path = await findOnPath(program);
    if (path === undefined) return { found: false, reason: `${name} was not found on this machine`, remedy: install };
    return {
      found: false,
      reason: `${name} is here (${path}), but this version of Dispatch does not run ${name} functions`,
      remedy: "write the function in Node.js, TypeScript or Python",
    };
  },
});
