/** The demo's resource file, as people have it, against a real server: created, applied, compared and deleted. */
import { cp, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CommandResult, runCommand, writeFiles } from "../support/command-line.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server.ts";

const demo = fileURLToPath(new URL("../../fixtures/demo", import.meta.url));

/** Kind and name as they stand in the file; `status` twice. */
const resources = `Image: python3-cloud
Image: powershell-powercli
Function: cloudmaster
Function: gcp
Function: aws
Function: azure
Function: vsphere
Function: status
Function: echo
Function: harden-vm
Function: status
API: cloudmaster
API: get-aws
API: get-gcp
API: get-azure
API: get-vsphere
DriverType: vcenter
Driver: vcenter
Subscription: deployed_harden
Subscription: deployed_status`.split("\n");

const secrets = ["slack", "cloudmaster", "aws", "azure", "gcp", "vsphere"];

let server: ServerProcess;
let folder: string;

beforeAll(async () => {
  server = await startServer();
  folder = await temporaryFolder();
  await cp(demo, folder, { recursive: true });
  await writeFiles(folder, { "secret.json": '{"statusUrl": "http://example.invalid/status"}' });
  for (const name of secrets) await dispatch("create", "secret", name, "secret.json");
  await dispatch("create", "seed-images");
});

afterAll(async () => {
  await server.dispose();
  await rm(folder, { recursive: true, force: true });
});

function dispatch(...words: string[]): Promise<CommandResult> {
  return runCommand(words, { cwd: folder, environment: { DISPATCH_PORT: new URL(server.api).port } });
}

function all(lines: readonly string[]): CommandResult {
  return { status: 0, stdout: lines.map((line) => `${line}\n`).join(""), stderr: "" };
}

/** The second `status` is an update of the first. */
function created(resource: string, index: number): string {
  return `${resources.indexOf(resource) < index ? "Updated" : "Created"} ${resource}`;
}

test("create makes all of it, apply replaces all of it", async () => {
  const younger = "note: API get-gcp: shadows API get-aws: GET /dispatch-server/gcp is answered by this younger one\n";
  const older =
    "note: API get-aws: shadowed by API get-gcp: GET /dispatch-server/gcp is answered by that younger one\n";
  expect(await dispatch("create", "-f", "all-resources.yaml")).toEqual({
    ...all(resources.map(created)),
    stderr: younger,
  });
  expect(await dispatch("apply", "-f", "all-resources.yaml")).toEqual({
    ...all(resources.map((resource) => `Applied ${resource}`)),
    stderr: older + younger,
  });
});

test("what was applied is what the server has", async () => {
  expect(await dispatch("diff", "-f", "all-resources.yaml")).toEqual(all([]));
});

test("the last definition of a name is in force, and describe says who answers a path that two endpoints have", async () => {
  const { stdout } = await dispatch("get", "function", "status", "-o", "json");
  expect(JSON.parse(stdout)).toMatchObject({ image: "python3", secrets: ["slack"] });
  const shadowed = await dispatch("describe", "api", "get-aws");
  expect(shadowed.stdout).toContain(
    "shadowed by API get-gcp: GET /dispatch-server/gcp is answered by that younger one",
  );
});

test("create again names each resource that exists, and sums up", async () => {
  const { status, stdout, stderr } = await dispatch("create", "-f", "all-resources.yaml");
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toMatch(/^\[Code: 409\] image python3-cloud already exists\n/);
  expect(stderr).toContain("create: 20 of 20 resources failed: ");
});

test("delete takes it all away, backwards, without the files that it names", async () => {
  for (const name of ["images", "functions"]) await rm(`${folder}/${name}`, { recursive: true });
  const once = resources.filter((resource, index) => resources.indexOf(resource) === index);
  expect(await dispatch("delete", "-f", "all-resources.yaml")).toEqual(
    all(once.toReversed().map((resource) => `Deleted ${resource}`)),
  );
  for (const type of ["functions", "apis", "subscriptions", "eventdrivers", "eventdrivertypes"]) {
    expect(await dispatch("get", type, "-o", "json")).toEqual(all(["[]"]));
  }
});
