/** How the garbage collector is told what kind of program this is. */
import { flushCompileCache } from "node:module";
import { setFlagsFromString } from "node:v8";

/**
 * What lives as long as a call seems long-lived to V8 in a busy first second; from then on it would put every call's objects
 * where only a full collection finds them. To be called once everything is loaded: code that was compiled under other flags
 * is not taken by the next start, so what there is of it is put away before.
 */
export function keepCallsYoung(): void {
  flushCompileCache();
  setFlagsFromString("--no-allocation-site-pretenuring");
}
