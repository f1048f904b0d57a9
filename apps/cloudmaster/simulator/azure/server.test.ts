import { ComputeManagementClient } from "@azure/arm-compute";
import { NetworkManagementClient } from "@azure/arm-network";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Azure } from "./server.ts";
import { startAzure } from "./server.ts";
import { ACCOUNT, NETWORK_ID } from "./subscription.ts";

let azure: Azure;
let compute: ComputeManagementClient;
let network: NetworkManagementClient;

/** Microsoft's own clients, which send no token over http: that policy is taken out. */
beforeAll(async () => {
  azure = await startAzure({ transitionMs: 50, anonymous: true });
  const credential = { getToken: async () => ({ token: "none", expiresOnTimestamp: Date.now() + 3_600_000 }) };
  const options = { endpoint: azure.url, allowInsecureConnection: true };
  compute = new ComputeManagementClient(credential, ACCOUNT.subscription, options);
  network = new NetworkManagementClient(credential, ACCOUNT.subscription, options);
  for (const { pipeline } of [compute, network]) pipeline.removePolicy({ name: "bearerTokenAuthenticationPolicy" });
});
afterAll(() => azure.close());

const GROUP = ACCOUNT.resourceGroup;
const card = () => network.networkInterfaces.beginCreateOrUpdateAndWait(GROUP, "vm1-nic", cardBody);
const cardBody = {
  location: ACCOUNT.location,
  ipConfigurations: [{ name: "main", subnet: { id: `${NETWORK_ID}/subnets/${ACCOUNT.subnet}` } }],
};

test("Microsoft's own clients make, list, stop and delete a machine", async () => {
  const { id } = await card();
  const made = await compute.virtualMachines.createOrUpdate(GROUP, "vm1", {
    location: ACCOUNT.location,
    hardwareProfile: { vmSize: "Standard_B1s" },
    storageProfile: {
      imageReference: { publisher: "Canonical", offer: "ubuntu-24_04-lts", sku: "server", version: "latest" },
      osDisk: { name: "vm1-disk", createOption: "FromImage", deleteOption: "Delete" },
    },
    networkProfile: { networkInterfaces: [{ id: id ?? "", deleteOption: "Delete" }] },
  });
  expect(made).toMatchObject({ name: "vm1", provisioningState: "Succeeded" });
  const names: (string | undefined)[] = [];
  for await (const machine of compute.virtualMachines.list(GROUP)) names.push(machine.name);
  expect(names).toEqual(["vm1"]);
  expect(azure.resources()).toHaveLength(3);
  await compute.virtualMachines.deallocate(GROUP, "vm1");
  await compute.virtualMachines.delete(GROUP, "vm1");
  expect(azure.resources()).toEqual([]);
});
