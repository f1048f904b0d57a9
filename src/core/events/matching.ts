/** Event types and the patterns that subscriptions name (decisions 19): parts between dots, `*` for one, `>` for the rest. */
import { DispatchError } from "../shared/errors.ts";

/** Whether a subscription's pattern covers an event type. */
export function matches(pattern: string, eventType: string): boolean {
  if (pattern === eventType) return true;
  const wanted = pattern.split(".");
  const given = eventType.split(".");
  const open = wanted.at(-1) === ">";
  if (open ? given.length < wanted.length : given.length !== wanted.length) return false;
  return wanted.every((part, index) => part === "*" || part === given[index] || (open && index === wanted.length - 1));
}

/** A wildcard is a whole part, and `>` the last one. @throws BAD_REQUEST that shows how to write it */
export function refuseBadPattern(pattern: string): void {
  const parts = pattern.split(".");
  const misplaced = parts.find(
    (part, index) => (/[*>]/.test(part) && part.length > 1) || (part === ">" && index < parts.length - 1),
  );
  if (misplaced === undefined) return;
  const message = `eventType ${pattern}: ${JSON.stringify(misplaced)} cannot stand there: * is one whole part (vm.*.done), > the last one (vm.>)`;
  throw new DispatchError("BAD_REQUEST", { message });
}
