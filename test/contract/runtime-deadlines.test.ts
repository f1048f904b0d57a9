/** Packages and guests that never get ready do not keep a start waiting for ever. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  createHarness,
  findObstacle,
  type Harness,
  type HarnessOptions,
  pretendedImage,
  run,
  startFunction,
  startGeneric,
  suiteName,
} from "./runtime-harness.ts";

const obstacle = await findObstacle();
const handler = "import sys\ndef handle(context, payload): return getattr(sys, 'said', None)";

describe.skipIf(obstacle !== undefined)(suiteName("a start", obstacle), () => {
  let folder: string;
  let harness: Harness | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "dispatch-test-"));
    await chmod(folder, 0o755);
  });

  afterEach(async () => {
    await harness?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = async (options: HarnessOptions): Promise<Harness> => {
    harness = await createHarness(options);
    return harness;
  };

  const imageWith = async (within: Harness, line: string) => {
    const { image, path } = pretendedImage(within, "python3");
    await mkdir(join(path, "site-packages"), { recursive: true });
    await writeFile(join(path, "site-packages/package.pth"), `${line}\n`);
    return image;
  };

  test("runs nothing of the image's packages: one whose .pth sleeps is ended when the time for loading is over", async () => {
    const within = await open({ loadMilliseconds: 1000 });
    const { runtime } = within;
    const image = await imageWith(within, "import time; time.sleep(600)");
    await startGeneric(runtime, "python3", { image });
    await expect(startFunction(runtime, "python3", handler, { image })).rejects.toThrow(
      "the function was not loaded within 1 s, so it was ended",
    );
  });

  test("leaves what a .pth says to the load, and it is done then", async () => {
    const within = await open({});
    const { runtime } = within;
    const image = await imageWith(within, "import sys; sys.said = 'hello'");
    expect((await run(await startFunction(runtime, "python3", handler, { image }))).output).toBe('"hello"');
  });

  test("of a guest that never gets ready ends with a sentence", async () => {
    await writeFile(join(folder, "nodejs.cjs"), "setInterval(() => {}, 1000);");
    const { runtime } = await open({ guestFolder: folder, startMilliseconds: 1000 });
    await expect(startGeneric(runtime, "nodejs")).rejects.toThrow("the worker was not ready within 1 s");
  });
});
