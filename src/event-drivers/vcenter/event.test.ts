/** The names and data of vSphere's events, and both forms of the secret. */
import { describe, expect, test } from "vitest";
import { at, parseXml } from "../../../packages/xml/xml.ts";
import { readFlags } from "../shared/flags.ts";
import { readVcenterEvent, toDriverEvent, typeName } from "./event.ts";
import { readVcenterSettings } from "./settings.ts";

describe("the type of an event", () => {
  test.each([
    ["VmBeingDeployedEvent", "vm.being.deployed"],
    ["VmDeployedEvent", "vm.deployed"],
    ["VmPoweredOnEvent", "vm.powered.on"],
    ["DVPortgroupCreatedEvent", "dv.portgroup.created"],
    ["TaskEvent", "task"],
    ["VmEvent", "vm"],
  ])("%s is %s", (className, name) => expect(typeName(className)).toBe(name));
});

const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
const vm = '<vm><name>web-1</name><vm type="VirtualMachine">vm-42</vm></vm>';

function dataOf(className: string, elements: string) {
  const xml = `<e ${XSI} xsi:type="${className}"><key>7</key><createdTime>2026-01-02T03:04:05Z</createdTime>${elements}</e>`;
  const event = at(parseXml(xml), "e");
  if (event === undefined) throw new Error("no event");
  return toDriverEvent(readVcenterEvent(event), "uuid", "info");
}

describe("the data of an event", () => {
  test("of a machine that is deployed", () => {
    const message = "<fullFormattedMessage> web-1 deployed </fullFormattedMessage>";
    expect(dataOf("VmDeployedEvent", `${vm}<srcTemplate><name>gold</name></srcTemplate>${message}`)).toEqual({
      eventType: "vm.deployed",
      source: "vcenter1",
      eventID: `uuid-7-${Date.parse("2026-01-02T03:04:05Z")}`,
      eventTime: "0001-01-01T00:00:00Z",
      eventTypeVersion: "0.1",
      contentType: "application/json",
      data: {
        metadata: { vm_name: "web-1", vm_id: "VirtualMachine:vm-42", src_template: "gold" },
        time: "2026-01-02T03:04:05Z",
        category: "info",
        message: "web-1 deployed",
      },
    });
  });

  test.each([
    [
      "VmBeingCreatedEvent",
      `${vm}<configSpec><numCPUs>2</numCPUs><numCoresPerSocket>4</numCoresPerSocket><memoryMB>512</memoryMB></configSpec>`,
      { vm_name: "web-1", vm_id: "VirtualMachine:vm-42", num_cpus: 8, mem_mb: 512 },
    ],
    [
      "VmEvent",
      `${vm}<template>true</template>`,
      { vm_name: "web-1", vm_id: "VirtualMachine:vm-42", is_template: true },
    ],
    ["VmPoweredOnEvent", vm, null],
  ])("of a %s", (className, elements, metadata) => {
    expect(dataOf(className, elements).data).toMatchObject({ metadata });
  });

  test("of a task names its target", () => {
    const info = '<info><entity type="VirtualMachine">vm-1</entity><entityName>web-1</entityName></info>';
    expect(
      dataOf("TaskEvent", `${info}<fullFormattedMessage>Task: Power On</fullFormattedMessage>`).data,
    ).toMatchObject({
      message: "Task: Power On (target=VirtualMachine web-1)",
    });
  });
});

describe("the settings", () => {
  const expected = { endpoint: { address: "https://vc:443" }, credentials: { username: "u", password: "p:w@" } };

  test.each([
    [{ VCENTERURL: "u:p:w@@vc:443" }],
    [{ VCENTERURL: "https://u:p%3Aw%40@vc:443" }],
    [{ HOST: "https://vc:443", USERNAME: "u", PASSWORD: "p:w@" }],
  ])("are read from %o", (environment) => expect(readVcenterSettings({}, environment)).toEqual(expected));

  test("that are missing are named", () => {
    expect(() => readVcenterSettings({}, { HOST: "vc" })).toThrow(
      /^username, password missing: give the driver a secret/,
    );
  });
});

test("a flag without a value does not take the one behind it", () => {
  const flags = readFlags({ debug: "", seconds: "60" }, ["--debug", "--seconds=2", "--dispatch-api-endpoint=h:1"]);
  expect(flags).toEqual({ debug: "true", seconds: "2", "dispatch-api-endpoint": "h:1" });
  expect(() => readFlags({ seconds: "" }, ["--secnds=2"])).toThrow(
    "secnds is no setting of this driver; it knows seconds",
  );
});
