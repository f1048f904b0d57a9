/** The docker environment on Podman's socket, against the real program. */
import { execFile } from "node:child_process";
import { chownSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { Networks } from "../../src/adapters/docker/networks.ts";
import { mountDisk, removeFolder } from "../support/docker.ts";
import { findPodmanObstacle, startRootlessPodman } from "../support/podman.ts";
import { suiteName } from "./runtime-harness.ts";

const obstacle = findPodmanObstacle();
const SCENARIO = join(import.meta.dirname, "podman-scenario.ts");

const happened = async (): Promise<unknown> => {
  const folder = mkdtempSync(join(tmpdir(), "dispatch-podman-"));
  mountDisk(folder);
  try {
    const { stdout } = await promisify(execFile)("unshare", ["--net", process.execPath, SCENARIO, folder]);
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  } finally {
    removeFolder(folder);
  }
};

describe.skipIf(obstacle !== undefined)(suiteName("the docker environment on Podman", obstacle), () => {
  test("functions are built and run, keep to their network, reach their door, and leave nothing", async () => {
    const found = (await happened()) as { readonly hosts: number; readonly reached: string };
    expect(found).toMatchObject({
      ...{ problems: [], holds: true, door: '"the door of acme"' },
      greeting: { output: '"hello Ada"', logs: { stdout: ["greeting Ada"], stderr: null } },
      end: {
        error: { type: "FunctionError", message: "the function ended its process" },
        logs: { stdout: ["last words"] },
      },
      ...{ after: "returned", reason: "exited", aloneGreeting: '"hello Eve"' },
      left: { containers: 0, networks: 0 },
    });
    expect(found.hosts).toBeGreaterThan(0);
    expect(JSON.stringify(found)).not.toContain('\\"reached\\"');
  });

  test("that of an ordinary user is refused with the reason", async () => {
    const folder = mkdtempSync(join(tmpdir(), "dispatch-rootless-"));
    chownSync(folder, 65_534, 65_534);
    const podman = await startRootlessPodman(folder);
    try {
      await expect(new Networks(podman.engine, "rootless").ready()).rejects.toThrow(/rootless/);
    } finally {
      await podman.close();
    }
  });
});
