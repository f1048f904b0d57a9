/** The server's own threads go before functions when both want a processor. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { expect, test } from "vitest";
import { serverWith } from "../support/dispatch.ts";
import { isPostgres } from "../support/server-database.ts";
import { until } from "../support/until.ts";

const obstacle =
  process.getuid?.() === 0 ? (getPriority() === 0 ? undefined : "the tests have a priority of their own") : "not root";

/** As nice(1) counts, of each thread of a process; the main one first. */
function priorities(pid: number): number[] {
  const threads = readdirSync(`/proc/${pid}/task`).toSorted((a, b) => Number(a) - Number(b));
  return threads.flatMap((thread) => {
    const file = `/proc/${pid}/task/${thread}/stat`;
    // One that has ended meanwhile has none.
    const stat = existsSync(file) ? readFileSync(file, "latin1") : "";
    return stat === "" ? [] : [Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16])];
  });
}

test.skipIf(obstacle !== undefined)(
  `the main thread and that of the database go first, no other thread and no function${obstacle === undefined ? "" : ` (SKIPPED: ${obstacle})`}`,
  async () => {
    const { server, dispatch } = await serverWith(["nodejs"]);
    try {
      await dispatch.createFunction("priority", { "f.js": "module.exports = () => require('node:os').getPriority();" });
      const ours = isPostgres ? [-10] : [-10, -10];
      await until("the server's threads go first", () => (priorities(server.pid)[0] === 0 ? undefined : true));
      expect(priorities(server.pid).filter((priority) => priority !== 0)).toEqual(ours);
      expect((await dispatch.run("priority")).output).toBe(0);
    } finally {
      await server.dispose();
    }
  },
);
