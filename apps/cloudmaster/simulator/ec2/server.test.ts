import type { DescribeInstancesCommandInput } from "@aws-sdk/client-ec2";
import {
  CreateTagsCommand,
  DescribeInstancesCommand,
  EC2Client,
  paginateDescribeInstances,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Ec2 } from "./server.ts";
import { EXAMPLE_KEYS, startEc2 } from "./server.ts";

const TRANSITION_MS = 1000;
let now = 0;
let ec2: Ec2;
let client: EC2Client;

beforeEach(async () => {
  now = Date.now();
  ec2 = await startEc2({ transitionMs: TRANSITION_MS, now: () => now });
  client = connect();
});

afterEach(async () => {
  client.destroy();
  await ec2.close();
});

describe("the official SDK", () => {
  test("sees a machine go from pending to running and from shutting-down to terminated", async () => {
    const started = await client.send(run("vm<1> & co"));
    expect(started.Instances?.[0]).toMatchObject({
      State: { Name: "pending", Code: 0 },
      InstanceType: "t3.micro",
      Tags: [{ Key: "Name", Value: "vm<1> & co" }],
    });
    const id = started.Instances?.[0]?.InstanceId ?? "";
    now += TRANSITION_MS;
    expect(await states({ InstanceIds: [id] })).toEqual(["running"]);
    const ended = await client.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    expect(ended.TerminatingInstances?.[0]).toMatchObject({
      InstanceId: id,
      PreviousState: { Name: "running" },
      CurrentState: { Name: "shutting-down" },
    });
    now += TRANSITION_MS;
    expect(await states({ InstanceIds: [id] })).toEqual(["terminated"]);
  });

  test("finds machines by tag, state and wildcard", async () => {
    for (const name of ["web-1", "web-2", "db*1"]) await client.send(run(name));
    const count = async (Name: string, ...Values: string[]) => (await states({ Filters: [{ Name, Values }] })).length;
    expect(await count("tag:Name", "web-1")).toBe(1);
    expect(await count("tag:Name", "web-1", "web-2")).toBe(2);
    expect(await count("tag:Name", "web-?")).toBe(2);
    expect(await count("tag:Name", "db\\*1")).toBe(1);
    expect(await count("tag:Name", "w.*")).toBe(0);
    expect(await count("instance-state-name", "running")).toBe(0);
    expect(await count("tag-key", "Name")).toBe(3);
  });

  test("reads long lists page by page", async () => {
    for (let index = 0; index < 12; index++) await client.send(run(`vm-${index}`));
    const sizes: number[] = [];
    for await (const page of paginateDescribeInstances({ client, pageSize: 5 }, {})) {
      sizes.push(page.Reservations?.length ?? 0);
    }
    expect(sizes).toEqual([5, 5, 2]);
  });

  test("gets one machine for one client token, and an error when the request differs", async () => {
    const first = await client.send(run("vm", "token"));
    const second = await client.send(run("vm", "token"));
    expect(second.Instances?.[0]?.InstanceId).toBe(first.Instances?.[0]?.InstanceId);
    await expect(client.send(run("other", "token"))).rejects.toMatchObject({ name: "IdempotentParameterMismatch" });
  });

  test("adds tags later", async () => {
    const id = (await client.send(run("vm"))).Instances?.[0]?.InstanceId ?? "";
    await client.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: "owner", Value: "jon" }] }));
    expect(await states({ Filters: [{ Name: "tag:owner", Values: ["jon"] }] })).toHaveLength(1);
  });

  test("tries again by itself when the service is throttled", async () => {
    ec2.failNext(1, 503, "RequestLimitExceeded", "Request limit exceeded.");
    expect(await states({})).toEqual([]);
  });
});

describe("errors carry AWS's codes", () => {
  test.each([
    ["InvalidInstanceID.NotFound", () => new TerminateInstancesCommand({ InstanceIds: ["i-0123"] })],
    ["InvalidAMIID.Malformed", () => run("vm", undefined, "nonsense")],
  ])("%s", async (name, command) => {
    const failure = await client.send(command() as RunInstancesCommand).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name, $metadata: { requestId: expect.any(String) } });
  });

  test("InstanceLimitExceeded when the account is full", async () => {
    const small = await startEc2({ maxMachines: 1 });
    const full = connect({ endpoint: small.url });
    await full.send(run("one"));
    await expect(full.send(run("two"))).rejects.toMatchObject({ name: "InstanceLimitExceeded" });
    full.destroy();
    await small.close();
  });
});

describe("signatures are checked", () => {
  test.each([
    ["AuthFailure", { ...EXAMPLE_KEYS, accessKeyId: "AKIAUNKNOWN" }],
    ["SignatureDoesNotMatch", { ...EXAMPLE_KEYS, secretAccessKey: "wrong" }],
  ])("%s", async (name, credentials) => {
    const stranger = connect({ credentials });
    await expect(stranger.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({ name });
    stranger.destroy();
  });

  test("a request without one is refused", async () => {
    const response = await fetch(ec2.url, { method: "POST", body: "Action=DescribeInstances" });
    expect(response.status).toBe(400);
    expect(await response.text()).toMatch(/<Response><Errors><Error><Code>MissingAuthenticationToken/);
  });

  test("a request from another hour is refused", async () => {
    now += 3_600_000;
    const stale = connect({ maxAttempts: 1 });
    await expect(stale.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({ name: "RequestExpired" });
    stale.destroy();
  });

  test("a body that was changed on the way is refused", async () => {
    const tampering = connect({ maxAttempts: 1 });
    tampering.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { body: string };
        request.body = request.body.replace("Version=2016", "Version=2017");
        return next(args);
      },
      { step: "finalizeRequest", priority: "low", name: "tamper" },
    );
    const failure = await tampering.send(new DescribeInstancesCommand({})).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "SignatureDoesNotMatch" });
    tampering.destroy();
  });
});

function connect(options: Partial<ConstructorParameters<typeof EC2Client>[0]> = {}): EC2Client {
  return new EC2Client({ region: "us-east-1", endpoint: ec2.url, credentials: EXAMPLE_KEYS, ...options });
}

function run(name: string, ClientToken?: string, ImageId = "ami-0123456789abcdef0"): RunInstancesCommand {
  return new RunInstancesCommand({
    ImageId,
    InstanceType: "t3.micro",
    MinCount: 1,
    MaxCount: 1,
    TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "Name", Value: name }] }],
    ...(ClientToken === undefined ? {} : { ClientToken }),
  });
}

async function states(input: DescribeInstancesCommandInput) {
  const answer = await client.send(new DescribeInstancesCommand(input));
  return (answer.Reservations ?? []).flatMap((each) => each.Instances ?? []).map((each) => each.State?.Name);
}
