import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Ec2 } from "../../simulator/ec2/server.ts";
import { startEc2 } from "../../simulator/ec2/server.ts";
import { describeAws } from "../../test/aws-behaviour.ts";
import type { Moto } from "../../test/moto.ts";
import { installMoto, startMoto } from "../../test/moto.ts";
import aws from "./main.ts";

const account = { region: "us-east-1", imageId: "ami-0123456789abcdef0" };
const install = await installMoto();

let ec2: Ec2;
beforeAll(async () => {
  ec2 = await startEc2({ transitionMs: 0 });
});
afterAll(() => ec2.close());
const secrets = () => ({ ...account, ...ec2.keys, endpoint: ec2.url });

describeAws({ name: "the stand-in", secrets, keepsClientTokens: true });

describe.skipIf("missing" in install)(`moto${"missing" in install ? ` (SKIPPED: ${install.missing})` : ""}`, () => {
  let moto: Moto;
  beforeAll(async () => {
    if ("program" in install) moto = await startMoto(install.program);
  }, 60_000);
  afterAll(() => moto?.stop());
  const motoSecrets = () => ({ ...account, accessKeyId: "any", secretAccessKey: "any", endpoint: moto.url });
  describeAws({ name: "moto", secrets: motoSecrets, keepsClientTokens: false });
});

describe("a mistake is told in words", () => {
  test.each([
    [{}, /aws needs a command: create, list or delete, not null/],
    [{ command: "reboot" }, /not "reboot"/],
    [{ command: "create" }, /aws needs the name of a machine/],
    [{ command: "create", name: "*" }, /cannot name a machine/],
    ["list", /aws needs a command/],
  ])("input %j", async (payload, message) => {
    const failure = await aws({ secrets: secrets() }, payload).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "InputError", message: expect.stringMatching(message) });
  });

  test.each([
    [403, "UnauthorizedOperation", /may not do this: its user needs ec2:RunInstances/],
    [400, "InstanceLimitExceeded", /as many machines as it may have/],
    [400, "SomethingNew", /AWS: the words of AWS \(SomethingNew\)/],
  ])("AWS answers %i %s", async (status, code, message) => {
    ec2.failNext(1, status, code, "the words of AWS");
    await expect(aws({ secrets: secrets() }, { command: "list" })).rejects.toThrow(message);
  });

  test("a wrong key", async () => {
    const wrong = { ...secrets(), accessKeyId: "AKIAUNKNOWN" };
    await expect(aws({ secrets: wrong }, { command: "list" })).rejects.toThrow(/does not accept the access key/);
  });

  test("an address where nobody listens", async () => {
    const nowhere = { ...secrets(), endpoint: "http://127.0.0.1:1" };
    await expect(aws({ secrets: nowhere }, { command: "list" })).rejects.toThrow(/AWS cannot be reached/);
  });
});

test("machines that Cloudmaster did not make are left alone", async () => {
  const { EC2Client, RunInstancesCommand } = await import("@aws-sdk/client-ec2");
  const client = new EC2Client({ region: "us-east-1", endpoint: ec2.url, credentials: ec2.keys });
  const Tags = [{ Key: "Name", Value: "payroll" }];
  const TagSpecifications = [{ ResourceType: "instance" as const, Tags }];
  await client.send(new RunInstancesCommand({ ImageId: account.imageId, MinCount: 1, MaxCount: 1, TagSpecifications }));
  client.destroy();
  expect(await aws({ secrets: secrets() }, { command: "list" })).not.toContainEqual(
    expect.objectContaining({ name: "payroll" }),
  );
  await expect(aws({ secrets: secrets() }, { command: "delete", name: "payroll" })).rejects.toThrow(
    /no machine called payroll/,
  );
});
