import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { VsphereStandIn } from "../../simulator/vsphere/server.ts";
import { startVsphere } from "../../simulator/vsphere/server.ts";
import { describeCloud } from "../../test/cloud-behaviour.ts";
import type { Vcsim } from "../../test/vcsim.ts";
import { buildVcsim, startVcsim } from "../../test/vcsim.ts";
import vsphere from "./main.ts";

let standIn: VsphereStandIn;
beforeAll(async () => {
  standIn = await startVsphere({ transitionMs: 30 });
});
afterAll(() => standIn.close());
describeCloud({
  title: "function vsphere against the stand-in",
  cloud: "vsphere",
  handler: vsphere,
  secrets: () => standIn.secret,
  resources: () => standIn.machines(),
});

test("a machine whose clone is under way is waited for, not taken for somebody else's", async () => {
  const slow = await startVsphere({ transitionMs: 1_200 });
  const ask = (command: string) => vsphere({ secrets: slow.secret }, { command, name: "vm-twin" });
  const first = ask("create");
  await vi.waitFor(() => expect(slow.machines()).toHaveLength(1));
  expect(await ask("create")).toMatchObject([{ id: (await first)[0]?.id, existing: true }]);
  await ask("delete");
  expect(slow.machines()).toEqual([]);
  await slow.close();
});

test("a clone that fails leaves nothing, and says why", async () => {
  standIn.failNextMachine("NoDiskSpace", "There is not enough space on the datastore.");
  const asked = vsphere({ secrets: standIn.secret }, { command: "create", name: "vm-full" });
  await expect(asked).rejects.toThrow(/the datastore is full/);
  expect(standIn.machines()).toEqual([]);
});

const build = await buildVcsim();
const skipped = "missing" in build ? ` (SKIPPED: ${build.missing})` : "";

describe.skipIf("missing" in build)(`against govmomi's vCenter simulator${skipped}`, () => {
  let vcenter: Vcsim;
  beforeAll(async () => {
    if ("program" in build) vcenter = await startVcsim(build.program);
  });
  afterAll(() => vcenter?.stop());

  const secrets = (more: Readonly<Record<string, string>> = {}) => ({ ...vcenter.secret, ...more });
  const ask = (command: string, name?: string, more: Readonly<Record<string, string>> = {}) =>
    vsphere({ secrets: secrets(more) }, { command, name });

  describeCloud({ title: "function vsphere", cloud: "vsphere", handler: vsphere, secrets });

  test("where the secret names no template, the newest Ubuntu one is taken, and said", async () => {
    expect(await ask("create", "vm-defaults")).toMatchObject([{ chosen: { image: "ubuntu-24.04-template" } }]);
    const named = { template: "ubuntu-24.04-template", cpus: "2", memory: "2048", network: "VM Network" };
    expect((await ask("create", "vm-named", named))[0]).not.toHaveProperty("chosen");
    await Promise.all([ask("delete", "vm-defaults"), ask("delete", "vm-named")]);
  });

  test.each([
    [{ password: "no" }, /does not accept the user/],
    [{ datacenter: "no" }, /no no: correct `datacenter` .*\(there are: SDDC-Datacenter\)/],
    [{ resourcePool: "no" }, /correct `resourcePool`.*Compute-ResourcePool/],
    [{ vmFolder: "no" }, /correct `vmFolder`.*Workloads/],
    [{ template: "no" }, /no template no: correct `template`/],
    [{ datastore: "no" }, /no no: correct `datastore`/],
    [{ network: "no" }, /no network no: correct `network`.*VM Network/],
    [{ cpus: "many" }, /`cpus` .* is no whole number/],
    [{ thumbprint: "00:11" }, /is another one: its certificate has the thumbprint ([0-9A-F]{2}:){31}/],
    [{ thumbprint: "" }, /put the authority's certificate into `certificate`/],
    [{ host: "http://127.0.0.1:1" }, /cannot be reached/],
    [{ host: "::" }, /is no address of a vCenter/],
  ])("what people do wrong is told in words: %j", async (more, message) => {
    const failure = await ask("create", "vm-wrong", more).catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: expect.stringMatching(message) });
    expect(String(failure)).not.toContain(vcenter.secret.password);
    expect(await ask("list")).toEqual([]);
  });
});
