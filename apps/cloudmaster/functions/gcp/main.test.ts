import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Gcp } from "../../simulator/gcp/server.ts";
import { startGcp } from "../../simulator/gcp/server.ts";
import { describeCloud } from "../../test/cloud-behaviour.ts";
import gcp from "./main.ts";

let cloud: Gcp;
beforeAll(async () => {
  cloud = await startGcp({ transitionMs: 30 });
});
afterAll(() => cloud.close());

const secrets = (more: Readonly<Record<string, string>> = {}) => ({ ...cloud.secret, ...more });
const ask = (command: string, name?: string, more: Readonly<Record<string, string>> = {}) =>
  gcp({ secrets: secrets(more) }, { command, name });

describeCloud({
  title: "function gcp against the stand-in",
  cloud: "gcp",
  handler: gcp,
  secrets,
  resources: () => cloud.resources(),
});

test("where the secret names nothing, image, type and network are found, and said", async () => {
  const [machine] = await ask("create", "vm-defaults");
  expect(machine?.ip).toMatch(/^203\.0\.113\.\d+$/);
  const chosen = { image: "ubuntu-2404-noble-amd64-v20261110", size: "e2-micro", network: "default" };
  expect(machine?.chosen).toEqual(chosen);
  await ask("delete", "vm-defaults");
});

describe("a create that fails half-way leaves nothing", () => {
  test("the zone has no room after the disk was made", async () => {
    cloud.failNextMachine("ZONE_RESOURCE_POOL_EXHAUSTED", "The zone does not have enough resources available.");
    await expect(ask("create", "vm-half")).rejects.toThrow(/no machine of this type free in the zone/);
    expect(cloud.resources()).toEqual([]);
  });

  test("the answer to the insert is lost: the same mark makes no second machine", async () => {
    cloud.faults.next(1, { kind: "hangup" }, /^POST .*instances\?/);
    await ask("create", "vm-lost");
    expect(cloud.resources()).toEqual(["instances/vm-lost", "disks/vm-lost"]);
    await ask("delete", "vm-lost");
  });

  test("a list that lags behind hides no machine from create, show and delete", async () => {
    const slow = await startGcp({ transitionMs: 0, listLagMs: 60_000 });
    const lagging = (command: string) => gcp({ secrets: slow.secret }, { command, name: "vm-lag" });
    const [first] = await lagging("create");
    expect(await lagging("create")).toMatchObject([{ id: first?.id, existing: true }]);
    expect(await lagging("show")).toMatchObject([{ id: first?.id }]);
    await lagging("delete");
    expect(slow.resources()).toEqual([]);
    await slow.close();
  });
});

describe("what people do wrong is told in words", () => {
  test.each([
    [{ private_key: "no" }, /is no private key/],
    [{ client_email: "somebody@else.example" }, /does not accept the service account's key/],
    [{ project_id: "no" }, /no such project/],
    [{ zone: "mars-west1-a" }, /no such zone/],
    [{ network: "no" }, /no such network/],
    [{ machine_type: "e2-huge" }, /no such machine type/],
  ])("%j", async (more, message) => {
    const failure = await ask("create", "vm-wrong", more).catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: expect.stringMatching(message) });
    expect(String(failure)).not.toContain("PRIVATE KEY-----");
    expect(cloud.resources()).toEqual([]);
  });

  test("a quota that is used up", async () => {
    const small = await startGcp({ transitionMs: 0, maxMachines: 0 });
    await expect(gcp({ secrets: small.secret }, { command: "create", name: "vm-quota" })).rejects.toThrow(
      /larger quota/,
    );
    expect(small.resources()).toEqual([]);
    await small.close();
  });
});
