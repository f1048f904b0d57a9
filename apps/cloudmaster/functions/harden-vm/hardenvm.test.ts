/** Function `harden-vm` in a real PowerShell, against the stand-in and against govmomi's simulator. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectVsphere } from "../../../../packages/vsphere/client.ts";
import { all, text } from "../../../../packages/xml/xml.ts";
import { providePowerShell } from "../../../../test/support/powershell.ts";
import type { VsphereStandIn } from "../../simulator/vsphere/server.ts";
import { startVsphere } from "../../simulator/vsphere/server.ts";
import type { Vcsim } from "../../test/vcsim.ts";
import { buildVcsim, startVcsim } from "../../test/vcsim.ts";
import vsphere from "../vsphere/main.ts";

const CALL = fileURLToPath(new URL("call.fixture.ps1", import.meta.url));
const SETTINGS = 10;

interface Answer {
  readonly output?: { readonly vm: string; readonly id: string; readonly gone?: true; readonly changed: object };
  readonly type?: string;
  readonly message?: string;
}

type Call = (secrets: Readonly<Record<string, string>>, metadata: unknown) => Promise<Answer>;

/** One PowerShell for many calls: its start is what takes time. */
function openPowerShell(): { readonly harden: Call; close(): void } {
  const shell = spawn("pwsh", ["-NoLogo", "-NoProfile", "-NonInteractive", "-File", CALL]);
  const answers = createInterface({ input: shell.stderr })[Symbol.asyncIterator]();
  const harden: Call = async (secrets, metadata) => {
    shell.stdin.write(`${JSON.stringify({ context: { secrets }, payload: { metadata } })}\n`);
    const { value } = await answers.next();
    return JSON.parse(String(value)) as Answer;
  };
  return { harden, close: () => shell.stdin.end() };
}

const noPowerShell = providePowerShell();
const noSimulator = noPowerShell === undefined ? await buildVcsim() : { missing: noPowerShell };
const shell = noPowerShell === undefined ? openPowerShell() : undefined;
afterAll(() => shell?.close());

function call(...words: Parameters<Call>): Promise<Answer> {
  if (shell === undefined) throw new Error(noPowerShell);
  return shell.harden(...words);
}

const told = (reason: string | undefined) => (reason === undefined ? "" : ` (SKIPPED: ${reason})`);

describe.skipIf(noPowerShell !== undefined)(`function harden-vm${told(noPowerShell)}`, () => {
  let standIn: VsphereStandIn;
  beforeAll(async () => {
    standIn = await startVsphere({ transitionMs: 0 });
    await vsphere({ secrets: standIn.secret }, { command: "create", name: "web-1" });
  });
  afterAll(() => standIn?.close());

  test("a machine gets the settings once, found by its name as by its id", async () => {
    const first = await call(standIn.secret, { vm_name: "web-1" });
    expect(first.output).toMatchObject({ vm: "web-1", changed: { "isolation.tools.copy.disable": "TRUE" } });
    expect(Object.keys(first.output?.changed ?? {})).toHaveLength(SETTINGS);
    expect(standIn.settings("web-1")?.get("RemoteDisplay.maxConnections")).toBe("1");
    const again = await call(standIn.secret, { vm_name: "web-1", vm_id: `VirtualMachine:${first.output?.id}` });
    expect(again.output).toEqual({ vm: "web-1", id: first.output?.id, changed: {} });
  });

  test("one that is gone by now is no error", async () => {
    const { output } = await call(standIn.secret, { vm_name: "web-0", vm_id: "VirtualMachine:vm-999" });
    expect(output).toEqual({ vm: "web-0", id: "vm-999", gone: true, changed: {} });
  });

  test.each([
    ["no name", {}, { vm_id: "VirtualMachine:vm-1" }, /needs an input like/],
    ["a name that nobody has", {}, { vm_name: "nobody" }, /has 0 machines called nobody/],
    ["a wrong password", { password: "no" }, { vm_name: "web-1" }, /does not accept the user/],
    ["no password", { password: "" }, { vm_name: "web-1" }, /has no `password`/],
  ])("%s is the caller's mistake", async (_what, secret, metadata, message) => {
    const answer = await call({ ...standIn.secret, ...secret }, metadata);
    expect(answer).toEqual({ type: "ArgumentException", message: expect.stringMatching(message) });
  });
});

describe.skipIf("missing" in noSimulator)(
  `function harden-vm against govmomi's simulator${told("missing" in noSimulator ? noSimulator.missing : undefined)}`,
  () => {
    let vcenter: Vcsim;
    beforeAll(async () => {
      if ("program" in noSimulator) vcenter = await startVcsim(noSimulator.program);
      await vsphere({ secrets: vcenter.secret }, { command: "create", name: "web-1" });
    });
    afterAll(() => vcenter?.stop());

    test("over https to the pinned certificate and to no other", async () => {
      const foreign = await call({ ...vcenter.secret, thumbprint: "AB:CD" }, { vm_name: "web-1" });
      expect(foreign.message).toMatch(/its certificate is not the expected one/);
      const { thumbprint: _left, ...unpinned } = vcenter.secret;
      expect((await call(unpinned, { vm_name: "web-1" })).message).toMatch(/its certificate is not the expected one/);
      const { output } = await call(vcenter.secret, { vm_name: "web-1" });
      expect(Object.keys(output?.changed ?? {})).toHaveLength(SETTINGS);
      expect(await settingsOf("web-1")).toMatchObject({ "isolation.tools.paste.disable": "TRUE" });
      expect((await call(vcenter.secret, { vm_name: "web-1" })).output?.changed).toEqual({});
    });

    test("with the address, user and password in one", async () => {
      const { username = "", password = "", host = "", thumbprint = "" } = vcenter.secret;
      const vcenterurl = `${username}:${password}@${new URL(host).host}`;
      expect((await call({ vcenterurl, thumbprint }, { vm_name: "web-1" })).output?.vm).toBe("web-1");
    });

    async function settingsOf(name: string): Promise<Record<string, string>> {
      const { host = "", username = "", password = "", thumbprint = "" } = vcenter.secret;
      const session = await connectVsphere({ address: host, thumbprint }, { username, password });
      const machines = await session.below(session.rootFolder, "VirtualMachine", ["name", "config.extraConfig"]);
      await session.close();
      const machine = machines.find(({ properties }) => text(properties.name) === name);
      const options = all(machine?.properties["config.extraConfig"], "OptionValue");
      return Object.fromEntries(options.map((option) => [text(option, "key") ?? "", text(option, "value") ?? ""]));
    }
  },
);
