/** From a machine's birth in a real vCenter simulator to the function, over the simulator's death. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildVcsim, startVcsim, type Vcsim } from "../../../apps/cloudmaster/test/vcsim.ts";
import { connectVsphere } from "../../../packages/vsphere/client.ts";
import { type Dispatch, parse, serverWith } from "../support/dispatch.ts";
import type { ServerProcess } from "../support/server.ts";
import { until } from "../support/until.ts";

const built = await buildVcsim();
if ("missing" in built) console.warn(`skipped: ${built.missing}`);

let simulator: Vcsim;
let server: ServerProcess;
let dispatch: Dispatch;

const start = async (port?: number): Promise<void> => {
  if ("missing" in built) throw new Error(built.missing);
  simulator = await startVcsim(built.program, port === undefined ? [] : ["-listen", `127.0.0.1:${port}`]);
};

interface Seen {
  readonly type: string;
  readonly data: {
    readonly metadata: { readonly vm_name: string } | null;
    readonly category: string;
    readonly message: string;
  };
}

const seen = async (): Promise<Seen[]> =>
  (await dispatch.runs("?functionName=note")).flatMap(({ output }) => (output ? [output as unknown as Seen] : []));

const sawMachine = (name: string) =>
  until(`the birth of ${name} has arrived`, async () =>
    (await seen()).find(({ type, data }) => type === "vm.being.created" && data.metadata?.vm_name === name),
  );

async function clone(name: string): Promise<void> {
  const { host = "", username = "", password = "", thumbprint = "" } = simulator.secret;
  const vsphere = await connectVsphere({ address: host, thumbprint }, { username, password });
  const machines = await vsphere.below(vsphere.rootFolder, "VirtualMachine", ["name", "parent"]);
  const [template, source] = machines;
  if (template === undefined || source === undefined) throw new Error("the simulator has no machines");
  const spec = { location: {}, powerOn: false, template: false };
  await vsphere.task("CloneVM_Task", source.ref, { folder: template.properties.parent as never, name, spec });
  await vsphere.close();
}

const status = async () =>
  parse<{ status: string; reason: string[] | null }>(await dispatch.get("/v1/event/drivers/vcenter"));

beforeAll(async () => {
  if ("missing" in built) return;
  await start();
  const flags = ["--allow-host-service", `127.0.0.1:${simulator.port}`];
  ({ server, dispatch } = await serverWith(["nodejs"], { flags }));
  await dispatch.createFunction("note", {
    "f.js": "module.exports = ({ event }, data) => ({ type: event.eventType, data });",
  });
  await dispatch.post("/v1/event/subscriptions", { name: "births", eventType: "vm.being.>", function: "note" });
  const image = "dispatchframework/dispatch-events-vcenter:solo-auth";
  await dispatch.post("/v1/event/drivertypes", { name: "vcenter", image });
});

afterAll(async () => {
  await server?.dispose();
  await simulator?.stop();
});

test.skipIf("missing" in built)(
  "a machine that is made is told with its name, also after the vCenter was gone",
  async () => {
    await dispatch.post("/v1/secret", { name: "vsphere", secrets: { ...simulator.secret, password: "wrong" } });
    await dispatch.post("/v1/event/drivers", { name: "vcenter", type: "vcenter", secrets: ["vsphere"] });
    await until("a wrong password shows", async () => ((await status()).status === "ERROR" ? true : undefined));
    expect((await status()).reason?.[0]).toMatch(/^the driver ended \(exit code 1\): .*/);

    await dispatch.put("/v1/secret/vsphere", { name: "vsphere", secrets: { ...simulator.secret } });
    await dispatch.put("/v1/event/drivers/vcenter", { name: "vcenter", type: "vcenter", secrets: ["vsphere"] });
    await until("it is READY", async () => ((await status()).status === "READY" ? true : undefined));
    await clone("web-1");
    const { data } = await sawMachine("web-1");
    expect(data).toMatchObject({ category: "info", message: expect.stringMatching(/^Creating web-1 on host/) });

    const { port } = simulator;
    await simulator.stop();
    await start(port);
    const pinned = { name: "vsphere", secrets: { ...simulator.secret } };
    await dispatch.put("/v1/secret/vsphere", pinned);
    await dispatch.put("/v1/event/drivers/vcenter", { name: "vcenter", type: "vcenter", secrets: ["vsphere"] });
    await until("it is READY again", async () => ((await status()).status === "READY" ? true : undefined));
    await clone("web-2");
    await sawMachine("web-2");
    const names = (await seen()).map(({ type, data: { metadata } }) => `${type} ${metadata?.vm_name}`);
    expect(names.filter((name) => name === "vm.being.created web-1")).toHaveLength(1);
  },
);
