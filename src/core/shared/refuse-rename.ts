import { DispatchError } from "./errors.ts";

/** A PUT under one name with another in its body would rename. */
export function refuseRename(word: string, name: string, bodyName: string): void {
  if (name === bodyName) return;
  const message = `the body names ${word} ${bodyName}, the path ${name}: ${/^[aeio]/i.test(word) ? "an" : "a"} ${word} cannot be renamed`;
  throw new DispatchError("BAD_REQUEST", { message });
}
