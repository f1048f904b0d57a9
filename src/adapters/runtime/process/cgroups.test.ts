import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Limits } from "../../../core/shared/ports.ts";
import { openControlGroups } from "./cgroups.ts";

const groups = await openControlGroups();
afterAll(() => groups.close());

const FILES = [
  "memory.limit_in_bytes",
  "memory.max",
  "pids.max",
  "cpu.cfs_quota_us",
  "cpu.max",
  "cpu.shares",
  "cpu.weight",
];

const isMissing = Object.keys(groups.controllers).length < 3;

describe.skipIf(isMissing)(
  `limits of a control group${isMissing ? " (skipped: no writable control groups)" : ""}`,
  () => {
    const group = groups.create("limits");
    const folders = group.joinFiles.map((file) => dirname(file));
    const standing = (): Record<string, string> =>
      Object.fromEntries(
        folders.flatMap((folder) =>
          FILES.filter((name) => existsSync(join(folder, name))).map((name) => [
            name,
            readFileSync(join(folder, name), "utf8").trim(),
          ]),
        ),
      );
    const set = (limits: Partial<Limits>, background?: boolean): Record<string, string> => {
      group.apply({ memory: 128, cpu: 1, pids: 32, disk: 16, ...limits }, background);
      return standing();
    };

    test("stand as they were set last, also those that had been the same before", () => {
      const first = set({});
      const other = set({ memory: 64, cpu: 2, pids: 16 }, true);
      for (const name of Object.keys(first)) expect(other[name], name).not.toBe(first[name]);
      expect(set({})).toEqual(first);
      expect(set({})).toEqual(first);
      expect(set({ memory: 64, cpu: 2, pids: 16 }, true)).toEqual(other);
    });
  },
);
