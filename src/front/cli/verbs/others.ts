/** Handlers that are loaded together, when one of them is called: one file costs less time than many. */
export { complete } from "./complete.ts";
export { completion } from "./completion.ts";
export { createContext, currentContext, deleteContext, listContexts, setContext } from "./contexts.ts";
export { deleteDeadLetter, getDeadLetters, retryDeadLetter } from "./dead-letters.ts";
export { deleter } from "./delete.ts";
export { describe } from "./describe.ts";
export { doctor } from "./doctor/doctor.ts";
export { emit } from "./emit.ts";
export { exec } from "./exec.ts";
export { getState } from "./get-state.ts";
export { login, logout } from "./login.ts";
export { logs } from "./logs.ts";
export { version } from "./version.ts";
