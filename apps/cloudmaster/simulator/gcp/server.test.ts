import { InstancesClient, ZoneOperationsClient } from "@google-cloud/compute";
import { PassThroughClient } from "google-auth-library";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PROJECT, ZONE } from "./project.ts";
import type { Gcp } from "./server.ts";
import { startGcp } from "./server.ts";

let gcp: Gcp;
let instances: InstancesClient;
let operations: ZoneOperationsClient;

beforeAll(async () => {
  gcp = await startGcp({ transitionMs: 50, anonymous: true });
  const options = { apiEndpoint: "127.0.0.1", port: gcp.port, protocol: "http", fallback: true as const };
  const authClient = new PassThroughClient();
  instances = new InstancesClient({ ...options, authClient });
  operations = new ZoneOperationsClient({ ...options, authClient });
});
afterAll(() => gcp.close());

const place = { project: PROJECT, zone: ZONE };

async function settled(answer: { readonly name?: string | null | undefined } | undefined): Promise<void> {
  const [operation] = await operations.wait({ ...place, operation: answer?.name ?? "" });
  expect(operation).toMatchObject({ status: "DONE" });
}

test("Google's own client makes, lists and deletes a machine", async () => {
  const [insert] = await instances.insert({
    ...place,
    requestId: crypto.randomUUID(),
    instanceResource: {
      name: "vm1",
      labels: { managedby: "cloudmaster" },
      machineType: `zones/${ZONE}/machineTypes/e2-micro`,
      disks: [
        { boot: true, autoDelete: true, initializeParams: { sourceImage: "projects/ubuntu-os-cloud/global/images/x" } },
      ],
      networkInterfaces: [{ network: `projects/${PROJECT}/global/networks/default` }],
    },
  });
  await settled(insert.latestResponse as { name?: string });
  const [listed] = await instances.list({ ...place, filter: "labels.managedby=cloudmaster" });
  expect(listed).toMatchObject([{ name: "vm1", status: "RUNNING" }]);
  const [removal] = await instances.delete({ ...place, instance: "vm1", requestId: crypto.randomUUID() });
  await settled(removal.latestResponse as { name?: string });
  expect(gcp.resources()).toEqual([]);
});

test("Google's own client tells what is missing as it does at Google's", async () => {
  await expect(instances.get({ ...place, instance: "nobody" })).rejects.toThrow(/was not found/);
});
