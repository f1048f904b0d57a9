/** The published resource file: what can run here becomes READY, what cannot ends in ERROR and says why. */
import { execFile } from "node:child_process";
import { cp, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findInterpreter } from "../../../src/adapters/languages/languages.ts";
import type { Language } from "../../../src/core/shared/ports.ts";
import { type CommandResult, runCommand, writeFiles } from "../support/command-line.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server.ts";
import { until } from "../support/until.ts";

const demo = fileURLToPath(new URL("../../fixtures/demo", import.meta.url));

interface Resource {
  readonly name: string;
  readonly status: string;
  readonly reason?: readonly string[] | null;
}

/** pip installs from a public index, on a machine that may be busy. */
const SETTLE_MS = 240_000;

/** What the ordinary client cannot fetch, the builder cannot either. */
const offline = await promisify(execFile)("python3", [
  "-m",
  "pip",
  "download",
  "--no-deps",
  "--retries=0",
  "-d",
  "/tmp/dispatch-test-six",
  "six",
]).then(
  () => undefined,
  () => "packages cannot be fetched here",
);

describe.skipIf(offline !== undefined)(
  `the published file${offline === undefined ? "" : ` (SKIPPED: ${offline})`}`,
  () => {
    let server: ServerProcess;
    let folder: string;

    beforeAll(async () => {
      server = await startServer();
      folder = await temporaryFolder();
      await cp(demo, folder, { recursive: true });
      await writeFiles(folder, { "secret.json": '{"statusUrl": "http://example.invalid/status"}' });
      for (const name of ["slack", "cloudmaster", "aws", "azure", "gcp", "vsphere"])
        await dispatch("create", "secret", name, "secret.json");
      await dispatch("create", "seed-images");
      await dispatch("create", "-f", "all-resources.yaml");
    });

    afterAll(async () => {
      await server?.dispose();
      await rm(folder, { recursive: true, force: true });
    });

    function dispatch(...words: string[]): Promise<CommandResult> {
      return runCommand(words, { cwd: folder, environment: { DISPATCH_PORT: new URL(server.api).port } });
    }

    /** All of a type once none is on its way any more. */
    function settled(type: string): Promise<Resource[]> {
      return until(
        `${type} are settled`,
        async () => {
          const all = JSON.parse((await dispatch("get", type, "-o", "json")).stdout) as Resource[];
          return all.every(({ status }) => status === "READY" || status === "ERROR") ? all : undefined;
        },
        SETTLE_MS,
      );
    }

    const has = async (language: Language) => (await findInterpreter(language)).found;
    const failed = (all: readonly Resource[]) => all.filter(({ status }) => status === "ERROR").map(({ name }) => name);

    test("images, functions and endpoints are READY but for what this machine lacks and the event driver, which say why", async () => {
      const [baseImages, images] = [await settled("base-images"), await settled("images")];
      const absent = [...((await has("java")) ? [] : ["java"]), ...((await has("powershell")) ? [] : ["powershell"])];
      expect(failed(baseImages).toSorted()).toEqual(absent.map((language) => `${language}-base`));
      // The modules of powershell-powercli lie in the PowerShell Gallery.
      expect(
        failed(images)
          .filter((name) => name !== "powershell-powercli")
          .toSorted(),
      ).toEqual(absent);
      const functions = await settled("functions");
      expect(failed(functions).filter((name) => name !== "harden-vm")).toEqual([]);
      expect(functions).toHaveLength(8);
      expect(failed(await settled("apis"))).toEqual([]);
      expect(await settled("subscriptions")).toHaveLength(2);
      const drivers = await settled("eventdrivers");
      expect(failed(drivers)).toEqual(["vcenter"]);
      for (const { name, status, reason } of [...baseImages, ...images, ...functions, ...drivers])
        if (status === "ERROR")
          expect([name, reason?.join(" ")]).toEqual([name, expect.stringMatching(/Java|PowerShell|driver/i)]);
    }, 300_000);
  },
);
