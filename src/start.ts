/**
 * Where dispatch-server begins: a hang-up no longer ends it at once. Node.js forgets that nohup ignores the signal, and main.ts
 * can answer it only when all is loaded, which takes a second or more: whoever logs out right after the start must lose nothing.
 */
import { isatty } from "node:tty";

const hasTerminal = isatty(0);
process.on("SIGHUP", () => hasTerminal && process.exit(129));
await import("./main.ts");
