/** The published demo, line by line: its files, its commands in their order, and the slash command. */
import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildFunctions } from "../../../apps/cloudmaster/build.ts";
import { type Clouds, startClouds } from "../../../apps/cloudmaster/demo/clouds.ts";
import { waitUntilReady } from "../../../apps/cloudmaster/demo/ready.ts";
import { SOURCES } from "../../../apps/cloudmaster/demo/workplace.ts";
import { freePorts } from "../../../apps/cloudmaster/simulator/listener.ts";
import type { Post } from "../../../apps/cloudmaster/simulator/slack/channel.ts";
import { type Slack, startSlack } from "../../../apps/cloudmaster/simulator/slack/workspace.ts";
import { providePowerShell } from "../../support/powershell.ts";
import { type CommandResult, runCommand, writeFiles } from "../support/command-line.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server.ts";
import { until } from "../support/until.ts";
import { secretFiles } from "./files.ts";

const app = fileURLToPath(new URL("../../../apps/cloudmaster", import.meta.url));

const noPowerShell = providePowerShell();

let clouds: Clouds;
let slack: Slack;
let server: ServerProcess;
let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  const [slackPort = 0, apiPort = 0] = await freePorts(2);
  clouds = await startClouds(100);
  const hosts = [slackPort, clouds.ec2.port, clouds.azure.port, clouds.gcp.port, clouds.vsphere.port];
  server = await startServer({
    flags: [
      ...["--enable-tls", "--port", String(apiPort), "--server-names", "dispatch.example.com"],
      ...["--allow-host-service", hosts.map((port) => `127.0.0.1:${port}`).join(",")],
    ],
    listeners: ["api", "gateway", "apiTls", "gatewayTls"],
  });
  const ca = await readFile(join(server.dataDir, "dispatch_self_signed_cert.pem"), "utf8");
  const commandUrl = `${server.addresses.gatewayTls}/dispatch-server/cloudmaster`;
  slack = await startSlack({ port: slackPort, signingSecret: "nobody-was-told", commandUrl, ca });
  await buildFunctions();
  for (const part of SOURCES) await cp(join(app, part), join(folder, part), { recursive: true });
  const slackPlace = { webhookUrl: slack.webhookUrl, slackHost: `127.0.0.1:${slack.port}` };
  await writeFiles(folder, secretFiles({ clouds, ...slackPlace, apiPort: String(apiPort) }));
});

afterAll(async () => {
  await slack?.close();
  await server?.dispose();
  await clouds?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Types the line as it stands in the demo. */
function type(line: string): Promise<CommandResult> {
  const [, ...words] = line.split(" ");
  const port = (url = "") => new URL(url).port;
  return runCommand(words, { cwd: folder, environment: { DISPATCH_PORT: port(server.addresses.api) } });
}

/** Types a slash command and waits for what the app says, as many posts as are expected. */
async function say(text: string, expected: number): Promise<readonly Post[]> {
  const before = slack.posts.length;
  await slack.type(text);
  const said: Post[] = [];
  for (let number = before + 1; said.length <= expected; number++) {
    const post = await slack.post(number, AbortSignal.timeout(120_000));
    // Function status tells what the vCenter does meanwhile.
    if (!post.text.startsWith("Deploying ")) said.push(post);
  }
  return said.slice(1);
}

test.each(["slack", "cloudmaster", "aws", "azure", "gcp", "vsphere"])("dispatch create secret %s", async (name) => {
  const stdout = `Created secret: ${name}\n`;
  expect(await type(`dispatch create secret ${name} ${name}.json`)).toEqual({ status: 0, stdout, stderr: "" });
});

test("dispatch create seed-images, dispatch create -f all-resources.yaml", async () => {
  expect(await type("dispatch create seed-images")).toMatchObject({ status: 0, stderr: "" });
  const { status, stderr, stdout } = await type("dispatch create -f all-resources.yaml");
  expect({ status, stderr }).toEqual({
    status: 0,
    stderr: expect.stringMatching(/^note: API cloudmaster: secret slack has no `signingSecret`.*\n$/),
  });
  expect(stdout).toContain("Created API: cloudmaster\n");
  const ask = async (...words: string[]) => (await type(["dispatch", ...words].join(" "))).stdout;
  const { noHardening } = await waitUntilReady({ ask, dispatch: ask });
  const missing = noPowerShell === undefined ? undefined : expect.stringMatching(/install PowerShell 7/);
  expect(noHardening).toEqual(missing);
}, 400_000);

test("the slash command's payload: Slack gets a reply, and the run of echo has the whole of it", async () => {
  const line = "dispatch create api echo echo --path /cloudmaster --method POST --https-only";
  expect(await type(line)).toMatchObject({ status: 0, stdout: "Created api: echo\n" });
  expect(await say("create myvm on aws", 1)).toMatchObject([{ kind: "app", text: "create myvm on aws" }]);
  const [newest] = JSON.parse((await type("dispatch get runs echo --json")).stdout) as { name: string }[];
  const run = JSON.parse((await type(`dispatch get runs echo ${newest?.name} --json`)).stdout) as { output: Echoed };
  const { context, ...payload } = run.output;
  expect(payload).toMatchObject({ command: "/cloudmaster", text: "create myvm on aws", team_id: "T0001" });
  expect(Object.keys(payload)).toEqual(expect.arrayContaining(["channel_id", "response_url", "token", "user_id"]));
  expect(Object.keys(context).toSorted()).toEqual(["httpContext", "secrets", "serviceBindings"]);
  expect([context.secrets, context.serviceBindings]).toEqual([{}, {}]);
  expect(context.httpContext).toMatchObject({ method: "POST", scheme: "https", "server-protocol": "HTTP/1.1" });
  expect(context.httpContext).toMatchObject({ "content-type": "application/x-www-form-urlencoded" });
  for (const key of ["args", "content-length", "host", "request", "request-uri", "upstream-uri", "uri"])
    expect(context.httpContext).toHaveProperty(key);
  expect(await type("dispatch delete api echo")).toMatchObject({ status: 0, stdout: "Deleted api: echo\n" });
});

interface Echoed {
  readonly context: Readonly<Record<"httpContext" | "secrets" | "serviceBindings", Readonly<Record<string, string>>>>;
}

test("/cloudmaster create vmtest01 on aws makes a machine, and says what it took where the file names nothing", async () => {
  const posts = await say("create vmtest01 on aws", 2);
  expect(posts.map(({ text }) => text)).toContain("creating vmtest01 on aws ...");
  const [created] = posts.flatMap(({ attachments }) => attachments);
  expect(created).toMatchObject({ color: "good", title: "created vmtest01 on aws" });
  expect(created?.text).toMatch(
    /this was taken: image ubuntu\S+noble-24\.04\S+ ami-\w+, size t3\.micro, network subnet-\w+\.$/,
  );
  expect(clouds.ec2.machines()).toMatchObject([{ name: "vmtest01" }]);
});

test.each([
  ["gcp", /image ubuntu-2404-\S+, size e2-micro, network default\.$/],
  ["azure", /image ubuntu-24_04-lts, size Standard_B1s\.$/],
  ["vsphere", /image ubuntu-24\.04-template\.$/],
])("/cloudmaster create vmtest01 on %s makes a machine as well, with id and address", async (cloud, taken) => {
  const posts = await say(`create vmtest01 on ${cloud}`, 2);
  const [created] = posts.flatMap(({ attachments }) => attachments);
  expect(created).toMatchObject({ color: "good", title: `created vmtest01 on ${cloud}` });
  expect(created?.text).toMatch(taken);
  expect(created?.fields?.map(({ title }) => title)).toEqual(["Id", "Status", "Address"]);
});

test("/cloudmaster list all and delete vmtest01 on all: each cloud reports for itself, and nothing stays", async () => {
  const titles = (posts: readonly Post[]) => posts.flatMap(({ attachments }) => attachments.map(({ title }) => title));
  const each = ["aws", "azure", "gcp", "vsphere"];
  const listed = titles(await say("list all", 5)).toSorted();
  expect(listed).toEqual(each.map((cloud) => `${cloud}: 1 machine`));
  const deleted = titles(await say("delete vmtest01 on all", 5)).toSorted();
  expect(deleted).toEqual(each.map((cloud) => `deleted vmtest01 on ${cloud}`));
  expect(clouds.left()).toEqual([]);
});

test("what the vCenter told of that machine: function status posted it, harden-vm was run for it", async () => {
  const announced = (post: Post) => post.text.startsWith("Deploying vmtest01 on host esx-1.example.com");
  await until("the machine is announced", async () => slack.posts.find(announced));
  const [run] = await until("harden-vm has looked at it", async () => {
    const runs = JSON.parse((await type("dispatch get runs harden-vm --json")).stdout) as Hardened[];
    return noPowerShell !== undefined || runs.some(({ status }) => status === "READY") ? runs : undefined;
  });
  expect(run?.output?.vm).toBe(noPowerShell === undefined ? "vmtest01" : undefined);
});

interface Hardened {
  readonly status: string;
  readonly output?: { readonly vm: string };
}

test("machines are not shown to strangers at GET /gcp", async () => {
  const answer = await fetch(`${server.gateway}/dispatch-server/gcp?command=list`);
  expect(answer.status).toBe(401);
});

test("a function that calls the `url` of cloudmaster.json comes back to Dispatch, as published ones do", async () => {
  const source = `import json, urllib.request
def handle(context, payload):
    url = context["secrets"]["url"] + "/v1/runs?functionName=echo"
    body = json.dumps({"blocking": True, "input": payload, "functionName": "echo"}).encode()
    request = urllib.request.Request(url, body, {"Cookie": "cookie", "X-Dispatch-Org": "dispatch-server", "Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=20))["output"]["text"]
`;
  await writeFiles(folder, { "back.py": source });
  const line = "dispatch create function back back.py --image python3 --secret cloudmaster --wait";
  expect(await type(line)).toMatchObject({ status: 0, stderr: "" });
  expect(await type('dispatch exec back --input {"text":"hello"} --output-only')).toEqual({
    ...{ status: 0, stdout: '"hello"\n', stderr: "" },
  });
});

test("the file of another cloud is told by a key and its twin, and no value is", async () => {
  expect(await type("dispatch update secret aws azure.json")).toMatchObject({ status: 0 });
  const posts = await say("list aws", 2);
  const [told] = posts.flatMap(({ attachments }) => attachments);
  expect(told?.text).toContain(
    "the secret `aws` has no `access_key` but `clientId`, which belongs to the secret `azure`",
  );
  expect(JSON.stringify(posts)).not.toContain("00000000-0000");
});

test("strangers hear which key is missing, and so does whoever describes the endpoint or asks the doctor", async () => {
  const url = `${server.gateway}/dispatch-server/cloudmaster`;
  const answer = await fetch(url, { method: "POST", body: "text=help", headers: { "X-Forwarded-For": "192.0.2.7" } });
  expect([answer.status, await answer.text()]).toEqual([401, expect.stringContaining("no `signingSecret`")]);
  expect((await type("dispatch describe api cloudmaster")).stdout).toContain("secret slack has no `signingSecret`");
  expect((await type("dispatch doctor")).stdout).toMatch(/^warning +endpoints +cloudmaster: secret slack has no/m);
});
