/** Hears of calls that a function makes of Node.js' own modules. */
import { syncBuiltinESMExports } from "node:module";

type Called = (this: unknown, ...values: unknown[]) => unknown;

/** Calls `notice` with the arguments before each call of these functions. For whoever imports them from now on. */
export const noticeCalls = (owner: object, names: readonly string[], notice: (values: unknown[]) => void): void => {
  const functions = owner as Record<string, Called>;
  for (const name of names) {
    const called = functions[name];
    if (called === undefined) continue;
    const noticing: Called = function (...values) {
      notice(values);
      return called.apply(this, values);
    };
    functions[name] = Object.defineProperties(noticing, Object.getOwnPropertyDescriptors(called));
  }
  syncBuiltinESMExports();
};
