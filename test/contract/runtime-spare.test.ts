import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findHierarchies } from "../../src/adapters/runtime/process/cgroups.ts";
import { encodeBundle } from "../../src/core/functions/bundle.ts";
import { createHarness, findObstacle, type Harness, LIMITS, NO_IMAGE, suiteName } from "./runtime-harness.ts";

const obstacle = await findObstacle();

/** What the kernel gives the workers of this process when several want the processors; version 1 counts to 1024, version 2 to 100. */
const weights = (): number[] => {
  const [mounts, membership] = ["/proc/self/mountinfo", "/proc/self/cgroup"].map((file) => readFileSync(file, "utf8"));
  const parents = findHierarchies(mounts ?? "", membership ?? "")
    .filter(({ controllers }) => controllers.includes("cpu"))
    .flatMap((hierarchy) => hierarchy.parents);
  const own = [...new Set(parents.map((parent) => resolve(parent)))].flatMap((parent) =>
    readdirSync(parent)
      .filter((name) => name.startsWith(`dispatch-${process.pid}-`))
      .map((name) => join(parent, name)),
  );
  const files = own.flatMap((folder) =>
    readdirSync(folder).flatMap((child) => ["cpu.shares", "cpu.weight"].map((name) => join(folder, child, name))),
  );
  return files.filter((file) => existsSync(file)).map((file) => Number(readFileSync(file, "utf8")));
};

let harness: Harness;

beforeAll(async () => {
  harness = await createHarness();
});

afterAll(() => harness.close());

const limited = (): boolean => harness.sandbox.limits.cpu?.startsWith("cgroup") === true;

test
  .skipIf(obstacle !== undefined)
  .for([
    ["until it gets a function", false, 10] as const,
    ["and goes on so with a function that yields", true, 1] as const,
  ])(suiteName("a worker that nobody waits for yields to others %s", obstacle), async ([, yields, times], { skip }) => {
  if (!limited()) skip("no writable cpu cgroup");
  const spec = {
    organization: "acme",
    language: "nodejs",
    image: NO_IMAGE,
    network: "none",
    limits: LIMITS,
  } as const;
  const worker = await harness.runtime.start(spec, true);
  const [waiting = 0, ...others] = weights();
  expect(others).toEqual([]);
  const source = { path: "hello.js", mode: 0o644, bytes: Buffer.from("module.exports = () => 1;") };
  const bundle = encodeBundle([source]);
  await worker.load({ handler: "./hello.js", bundle, environment: {}, limits: LIMITS, yields });
  const [loaded = 0] = weights();
  expect(loaded / waiting).toBeCloseTo(times, 0);
  await worker.stop("idle");
});
