/** One call of a cloud function in a process of its own, to be killed: `node kill.fixture.ts CLOUD` with the call on standard input. */
import { text } from "node:stream/consumers";
import type { Context } from "../functions/shared/context.ts";

const cloud = process.argv[2] ?? "";
const { context, payload } = JSON.parse(await text(process.stdin)) as { context: Context; payload: unknown };
const { default: handler } = (await import(`../functions/${cloud}/main.ts`)) as {
  default: (context: Context, payload: unknown) => Promise<unknown>;
};
process.stdout.write("begun\n");
process.stdout.write(`${JSON.stringify(await handler(context, payload))}\n`);
