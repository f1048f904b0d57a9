/** From a machine's birth in a real vCenter simulator to the function, over the simulator's death. */
import { createServer, type ServerResponse } from "node:http";
import { request as askSecurely } from "node:https";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { closeServer, freePorts, listen } from "../../../apps/cloudmaster/simulator/listener.ts";
import { buildVcsim, startVcsim, type Vcsim } from "../../../apps/cloudmaster/test/vcsim.ts";
import { connectVsphere } from "../../../packages/vsphere/client.ts";
import { all } from "../../../packages/xml/xml.ts";
import { type Dispatch, parse, serverWith } from "../support/dispatch.ts";
import type { ServerProcess } from "../support/server.ts";
import { until } from "../support/until.ts";

const built = await buildVcsim();
if ("missing" in built) console.warn(`skipped: ${built.missing}`);

let simulator: Vcsim;
let server: ServerProcess;
let dispatch: Dispatch;
let proxyPort: number;

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

const status = async (name = "vcenter") =>
  parse<{ status: string; reason: string[] | null }>(await dispatch.get(`/v1/event/drivers/${name}`));

/** Those of the simulator, with that of the question. */
async function sessions(): Promise<number> {
  const { host = "", username = "", password = "", thumbprint = "" } = simulator.secret;
  const vsphere = await connectVsphere({ address: host, thumbprint }, { username, password });
  const found = await vsphere.properties(vsphere.manager("sessionManager"), ["sessionList"]);
  await vsphere.close();
  return all(found?.properties.sessionList, "UserSession").length;
}

type Nonsense = (response: ServerResponse) => void;

const fault = (words: string): string =>
  `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>${words}</e:Fault></e:Body></e:Envelope>`;

/** What stands in the place of a vCenter, and what its driver says then. */
const NONSENSE: readonly (readonly [string, Nonsense, RegExp])[] = [
  ["a page", (response) => response.end("<html><h1>Welcome</h1></html>"), /what answered \(HTTP 200\) is no vCenter/],
  ["nothing", (response) => response.end(), /what answered \(HTTP 200\) is no vCenter/],
  ["depth", (response) => response.end("<a>".repeat(350_000)), /what answered \(HTTP 200\) is no vCenter/],
  [
    "another address",
    (response) => response.writeHead(302, { Location: "http://elsewhere.example/" }).end(),
    /what answered \(HTTP 302\) and leads to http:\/\/elsewhere.example\/ is no vCenter/,
  ],
  [
    "a fault without words",
    (response) => response.writeHead(500).end(fault("")),
    /the vCenter refused RetrieveServiceContent: Fault$/,
  ],
  [
    "half an answer",
    (response) => response.writeHead(200, { "Content-Length": 1000 }).write("<e:Env", () => response.destroy()),
    /cannot be reached: aborted/,
  ],
];

/** Before the simulator: what it answers, or what `nonsense` does in its place. */
async function startProxy() {
  const proxy = { nonsense: undefined as Nonsense | undefined, spoiled: 0, url: "", stop: () => closeServer(between) };
  const between = createServer((request, response) => {
    if (proxy.nonsense !== undefined) {
      proxy.spoiled += 1;
      proxy.nonsense(response);
      return;
    }
    const { method, url, headers } = request;
    const options = { host: "127.0.0.1", port: simulator.port, method, path: url, headers, rejectUnauthorized: false };
    const asked = askSecurely(options, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    asked.on("error", () => response.destroy());
    request.pipe(asked);
  });
  proxy.url = (await listen(between, proxyPort)).url;
  return proxy;
}

beforeAll(async () => {
  if ("missing" in built) return;
  await start();
  [proxyPort = 0] = await freePorts(1);
  const flags = [simulator.port, proxyPort].flatMap((port) => ["--allow-host-service", `127.0.0.1:${port}`]);
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
    await dispatch.delete("/v1/event/drivers/vcenter");
    await until("its session is closed, too", async () => ((await sessions()) === 1 ? true : undefined));
  },
);

test.skipIf("missing" in built)(
  "nonsense in the place of a vCenter shows in the driver's state, and loses no event, not even the first",
  async () => {
    const proxy = await startProxy();
    onTestFinished(proxy.stop);
    const { username = "", password = "" } = simulator.secret;
    await dispatch.post("/v1/secret", { name: "between", secrets: { host: proxy.url, username, password } });
    const body = { name: "between", type: "vcenter", secrets: ["between"] };
    await dispatch.post("/v1/event/drivers", body);
    for (const [what, nonsense, words] of NONSENSE) {
      proxy.nonsense = nonsense;
      await dispatch.put("/v1/event/drivers/between", body);
      const found = await until(`${what} shows`, async () => {
        const { status: now, reason } = await status("between");
        return now === "ERROR" && words.test(reason?.[0] ?? "") ? reason?.[0] : undefined;
      });
      expect(found).toMatch(/^the driver ended \(exit code 1\): /);
    }
    await clone("early");
    proxy.nonsense = undefined;
    await until("it is READY", async () => ((await status("between")).status === "READY" ? true : undefined));
    await sawMachine("early");
    for (const [what, nonsense] of NONSENSE) {
      proxy.nonsense = nonsense;
      const before = proxy.spoiled;
      await until(`${what} comes`, () => (proxy.spoiled > before ? true : undefined));
      await clone(what.replaceAll(" ", "-"));
      proxy.nonsense = undefined;
      await sawMachine(what.replaceAll(" ", "-"));
    }
    await dispatch.delete("/v1/event/drivers/between");
    const names = (await seen()).map(({ type, data: { metadata } }) => `${type} ${metadata?.vm_name}`);
    expect(names.filter((name) => name === "vm.being.created early")).toHaveLength(1);
  },
);
