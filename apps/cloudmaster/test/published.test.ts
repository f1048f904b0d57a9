import { afterEach, describe, expect, test } from "vitest";
import aws from "../functions/aws/main.ts";
import gcp from "../functions/gcp/main.ts";
import { startEc2 } from "../simulator/ec2/server.ts";
import { startGcp } from "../simulator/gcp/server.ts";
import type { Ec2Definition, GceDefinition } from "./published.ts";
import { published, unknownParameters, unknownToGoogle } from "./published.ts";
import { startRecorder } from "./recorder.ts";

const [ec2Wire, gceWire] = [
  await published<Ec2Definition>("ec2.json"),
  await published<GceDefinition>("compute.v1.json"),
];
const COMMANDS = ["create", "list", "show", "stop", "start", "delete"];
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const skip = (wire: object) => ("missing" in wire ? ` (SKIPPED: ${String(wire.missing)})` : "");

describe.skipIf("missing" in ec2Wire)(
  `function aws asks only what botocore's definition of EC2 has${skip(ec2Wire)}`,
  () => {
    test("every action with its parameters", async () => {
      if (!("definition" in ec2Wire)) return;
      const ec2 = await startEc2({ transitionMs: 0 });
      const recorder = await startRecorder(ec2.url);
      closers.push(ec2.close, recorder.close);
      const { accessKeyId: access_key, secretAccessKey: secret_key } = ec2.keys;
      const secrets = { access_key, secret_key, region: "us-west-2", endpoint: recorder.url };
      for (const command of COMMANDS) await aws({ secrets }, { command, name: "vm-wire" });
      const forms = recorder.exchanges.map(({ body }) => new URLSearchParams(body));
      expect(new Set(forms.map((form) => form.get("Action")))).toEqual(
        new Set([
          ...["DescribeInstances", "DescribeImages", "DescribeInstanceTypes", "RunInstances"],
          ...["StopInstances", "StartInstances", "TerminateInstances"],
        ]),
      );
      for (const form of forms) expect(unknownParameters(ec2Wire.definition, form), form.toString()).toEqual([]);
      expect(unknownParameters(ec2Wire.definition, new URLSearchParams("Action=RunInstances&Tag.1.Key=x"))).toEqual([
        "Tag.1.Key",
      ]);
    });
  },
);

describe.skipIf("missing" in gceWire)(
  `function gcp and its stand-in speak as Google's discovery document says${skip(gceWire)}`,
  () => {
    test("every method with its query and the members of both bodies", async () => {
      if (!("definition" in gceWire)) return;
      const cloud = await startGcp({ transitionMs: 0 });
      const recorder = await startRecorder(cloud.url);
      closers.push(cloud.close, recorder.close);
      const secrets = { ...cloud.secret, endpoint: recorder.url };
      for (const command of COMMANDS) await gcp({ secrets }, { command, name: "vm-wire" });
      expect(recorder.exchanges.length).toBeGreaterThan(10);
      for (const exchange of recorder.exchanges.filter(({ answer }) => !answer.includes('"error":{"code":404')))
        expect(unknownToGoogle(gceWire.definition, exchange), `${exchange.method} ${exchange.url.pathname}`).toEqual(
          [],
        );
    });
  },
);
