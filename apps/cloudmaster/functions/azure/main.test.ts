import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Azure } from "../../simulator/azure/server.ts";
import { startAzure } from "../../simulator/azure/server.ts";
import { describeCloud } from "../../test/cloud-behaviour.ts";
import azure from "./main.ts";

let cloud: Azure;
beforeAll(async () => {
  cloud = await startAzure({ transitionMs: 30 });
});
afterAll(() => cloud.close());

const secrets = (more: Readonly<Record<string, string>> = {}) => ({ ...cloud.secret, ...more });
const ask = (command: string, name?: string, more: Readonly<Record<string, string>> = {}) =>
  azure({ secrets: secrets(more) }, { command, name });

describeCloud({
  title: "function azure against the stand-in",
  cloud: "azure",
  handler: azure,
  secrets,
  resources: () => cloud.resources(),
});

test("where the secret names nothing, the newest Ubuntu and the smallest general size are taken, and said", async () => {
  const [machine] = await ask("create", "vm-defaults");
  expect(machine?.ip).toMatch(/^10\.0\.0\.\d+$/);
  expect(machine?.chosen).toEqual({ image: "ubuntu-24_04-lts", size: "Standard_B1s" });
  const named = { image: "Canonical:ubuntu-22_04-lts:server", size: "Standard_B2s", resource_group: "chat-ops" };
  expect((await ask("create", "vm-named", named))[0]).not.toHaveProperty("chosen");
  await Promise.all([ask("delete", "vm-defaults"), ask("delete", "vm-named", named)]);
});

describe("a create that fails half-way leaves nothing", () => {
  test.each([
    ["AllocationFailed", /no machine of this size free/],
    ["SkuNotAvailable", /no machine of this size free in the region/],
    ["OSProvisioningTimedOut", /\[OSProvisioningTimedOut\]/],
  ])("Azure says %s after the card and the disk were made", async (code, message) => {
    cloud.failNextMachine(code, "in Azure's words");
    await expect(ask("create", "vm-half")).rejects.toThrow(message);
    expect(cloud.resources()).toEqual([]);
  });

  test("the quota is used up", async () => {
    const small = await startAzure({ transitionMs: 0, maxMachines: 0 });
    await expect(azure({ secrets: small.secret }, { command: "create", name: "vm-quota" })).rejects.toThrow(
      /as many processors/,
    );
    expect(small.resources()).toEqual([]);
    await small.close();
  });

  test("what a create that was cut off has left is finished by the next one, or deleted by name", async () => {
    const silent = await startAzure({ transitionMs: 10 });
    const secret = silent.secret;
    silent.faults.next(99, { kind: "hangup" }, /^PUT .*virtualMachines/);
    await expect(azure({ secrets: secret }, { command: "create", name: "vm-cut" })).rejects.toThrow(
      /cannot be reached/,
    );
    expect(silent.resources()).toHaveLength(1);
    expect(await azure({ secrets: secret }, { command: "delete", name: "vm-cut" })).toMatchObject([
      { status: "deleted" },
    ]);
    expect(silent.resources()).toEqual([]);
    await silent.close();
  });
});

describe("what people do wrong is told in words", () => {
  test.each([
    [{ password: "no" }, /does not accept the application's password/],
    [{ clientId: "no" }, /does not know the application/],
    [{ tenant: "no" }, /does not know the tenant/],
    [{ subscription: "no" }, /does not know the subscription/],
    [{ location: "mars" }, /has no such region|no Ubuntu|no general size/],
    [{ virtual_network: "no" }, /no virtual network no/],
    [{ subnet: "no" }, /no such network or subnet/],
    [{ resource_group: "no" }, /no such resource group/],
    [{ image: "ubuntu" }, /is no image: it looks like Canonical:/],
  ])("%j", async (more, message) => {
    const failure = await ask("create", "vm-wrong", more).catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: expect.stringMatching(message) });
    expect(String(failure)).not.toContain(cloud.secret.password);
    expect(cloud.resources()).toEqual([]);
  });

  test("Azure that is busy for a while is asked again", async () => {
    cloud.faults.next(2, { kind: "throttle", retryAfterSeconds: 0 });
    expect(await ask("list")).toEqual([]);
  });

  test("a proxy's web page in Azure's place", async () => {
    cloud.faults.next(5, { kind: "nonsense" }, /^GET .*virtualMachines\?api-version=[\d-]+$/);
    await expect(ask("list")).rejects.toThrow("Azure answered a web page (HTTP 200): is a proxy in between?");
  });

  test("an address where nobody listens", async () => {
    const nowhere = { endpoint: "http://127.0.0.1:1", authority: "http://127.0.0.1:1" };
    await expect(ask("list", undefined, nowhere)).rejects.toThrow(/Microsoft Entra cannot be reached/);
  });
});
