import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Ec2 } from "../../simulator/ec2/server.ts";
import { startEc2 } from "../../simulator/ec2/server.ts";
import { describeCloud } from "../../test/cloud-behaviour.ts";
import type { Moto } from "../../test/moto.ts";
import { installMoto, startMoto } from "../../test/moto.ts";
import aws from "./main.ts";

const account = { region: "us-west-2" };
const IMAGE = "ami-0123456789abcdef0";
const install = await installMoto();

let ec2: Ec2;
beforeAll(async () => {
  ec2 = await startEc2({ transitionMs: 0 });
});
afterAll(() => ec2.close());
const secrets = () => ({
  ...account,
  ...{ access_key: ec2.keys.accessKeyId, secret_key: ec2.keys.secretAccessKey, endpoint: ec2.url },
});

const living = () =>
  ec2
    .machines()
    .filter(({ state }) => state !== "terminated")
    .map(({ id }) => id);
describeCloud({ title: "function aws against the stand-in", cloud: "aws", handler: aws, secrets, resources: living });

describe.skipIf("missing" in install)(`moto${"missing" in install ? ` (SKIPPED: ${install.missing})` : ""}`, () => {
  let moto: Moto;
  beforeAll(async () => {
    if ("program" in install) moto = await startMoto(install.program);
  });
  afterAll(() => moto?.stop());
  const motoSecrets = () => ({ ...account, access_key: "any", secret_key: "any", endpoint: moto.url });
  describeCloud({
    title: "function aws against moto",
    cloud: "aws",
    handler: aws,
    secrets: motoSecrets,
    keepsMarks: false,
  });
});

describe("a mistake is told in words", () => {
  test.each([
    [403, "UnauthorizedOperation", /may not do this: its user needs ec2:RunInstances/],
    [400, "InstanceLimitExceeded", /as many machines as it may have/],
    [400, "SomethingNew", /AWS: the words of AWS \(SomethingNew\)/],
  ])("AWS answers %i %s", async (status, code, message) => {
    ec2.failNext(1, status, code, "the words of AWS");
    await expect(aws({ secrets: secrets() }, { command: "list" })).rejects.toThrow(message);
  });

  test("a wrong key", async () => {
    const wrong = { ...secrets(), access_key: "AKIAUNKNOWN" };
    await expect(aws({ secrets: wrong }, { command: "list" })).rejects.toThrow(/does not accept the access key/);
  });

  test("an address where nobody listens", async () => {
    const nowhere = { ...secrets(), endpoint: "http://127.0.0.1:1" };
    await expect(aws({ secrets: nowhere }, { command: "list" })).rejects.toThrow(/AWS cannot be reached/);
  });
});

describe("where the secret names nothing", () => {
  const create = async (name: string, more: Readonly<Record<string, string>> = {}) => {
    const [machine] = await aws({ secrets: { ...secrets(), ...more } }, { command: "create", name });
    return machine;
  };

  test("the newest long-term Ubuntu, the smallest ordinary type and the default network are taken, and the answer says so", async () => {
    expect(await create("vm-defaults")).toMatchObject({
      chosen: {
        image: "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261115 ami-0a1b2c3d4e5f60003",
        size: "t3.micro",
        network: "subnet-0d3fau1t000000001",
      },
    });
  });

  test("what it names is taken, and nothing is said", async () => {
    const named = { image_id: IMAGE, instance_type: "t3.small", subnet_id: "subnet-1" };
    expect(await create("vm-named", named)).not.toHaveProperty("chosen");
    expect(await create("vm-half", { image_id: IMAGE })).toMatchObject({ chosen: { size: "t3.micro" } });
  });

  test("a creation is still one when it is asked for twice", async () => {
    const [left, right] = await Promise.all([create("vm-twice"), create("vm-twice")]);
    expect(left).toMatchObject({ id: right?.id });
  });
});

test("a list that lags behind hides no machine from create, show and delete", async () => {
  const slow = await startEc2({ transitionMs: 0, listLagMs: 60_000 });
  const secret = { ...secrets(), endpoint: slow.url };
  const ask = (command: string) => aws({ secrets: secret }, { command, name: "vm-lag" });
  const [first] = await ask("create");
  expect(await ask("create")).toMatchObject([{ id: first?.id, existing: true }]);
  expect(await ask("show")).toMatchObject([{ id: first?.id }]);
  expect(await ask("delete")).toMatchObject([{ id: first?.id }]);
  expect(slow.machines().filter(({ state }) => state !== "terminated")).toEqual([]);
  await slow.close();
});

test("machines that Cloudmaster did not make are left alone", async () => {
  const { EC2Client, RunInstancesCommand } = await import("@aws-sdk/client-ec2");
  const client = new EC2Client({ region: "us-east-1", endpoint: ec2.url, credentials: ec2.keys });
  const Tags = [{ Key: "Name", Value: "payroll" }];
  const TagSpecifications = [{ ResourceType: "instance" as const, Tags }];
  await client.send(new RunInstancesCommand({ ImageId: IMAGE, MinCount: 1, MaxCount: 1, TagSpecifications }));
  client.destroy();
  expect(await aws({ secrets: secrets() }, { command: "list" })).not.toContainEqual(
    expect.objectContaining({ name: "payroll" }),
  );
  await expect(aws({ secrets: secrets() }, { command: "delete", name: "payroll" })).rejects.toThrow(
    /no machine called payroll/,
  );
});
