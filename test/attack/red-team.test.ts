import { afterAll, beforeAll, expect, test } from "vitest";
import { attacksOf, judge } from "./attack.ts";
import { groups } from "./groups.ts";
import { tryAll } from "./red-team.ts";
import { progressLine, summary, table } from "./report.ts";
import { startTarget, type Target } from "./target.ts";

let target: Target;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(() => target.close());

test.each(["escapes", "rights", "terminal"])("no attack of the group %s succeeds", async (group) => {
  const all = await tryAll(target, groups[group] ?? []);
  expect(all.length).toBeGreaterThan(1);
  expect(all.filter(({ held }) => held === false).map(progressLine)).toEqual([]);
});

test("an attack that ends the server, or that cannot be judged, has succeeded, and the next one meets a server", async () => {
  const attacks = attacksOf("made up", {
    "ends it": async ({ server }) => {
      await server.kill();
      return judge(true, "nothing noticed");
    },
    "fails itself": () => Promise.reject(new Error("a mistake")),
    "meets it": async ({ admin }) => judge((await admin.get("/v1/version")).status === 200, "it answers"),
  });
  const all = await tryAll(target, attacks);
  expect(all.map(({ held }) => held)).toEqual([false, false, true]);
  expect(table(all)).toMatch(/ends it +made up +SUCCEEDED +the server did not answer any more/);
  expect(summary(all)).toBe("1 held, 2 succeeded, 0 not tried");
});
