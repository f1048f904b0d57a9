import { expect, test } from "vitest";
import { readSettings } from "./settings.ts";

const minimal = { access_key: "AKIA", secret_key: "hush", region: "us-west-2" };

test("three values are enough", () => {
  expect(readSettings(minimal, {})).toEqual({ accessKeyId: "AKIA", secretAccessKey: "hush", region: "us-west-2" });
});

test.each([
  ["AWS's own tools", "aws_access_key_id", "aws_secret_access_key", "aws_default_region"],
  ["AWS's environment", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"],
  ["the SDKs", "accessKeyId", "secretAccessKey", "regionName"],
])("the spelling of %s is understood", (_whose, identity, password, place) => {
  const file = {
    [identity]: "AKIA",
    [password]: "hush",
    [place]: "eu-west-1",
    imageId: "ami-1",
    instanceType: "t3.nano",
    subnetId: "subnet-1",
    endpoint_url: "http://127.0.0.1:5000",
  };
  expect(readSettings(file, {})).toEqual({
    ...{ accessKeyId: "AKIA", secretAccessKey: "hush", region: "eu-west-1", imageId: "ami-1" },
    ...{ instanceType: "t3.nano", subnetId: "subnet-1", endpoint: "http://127.0.0.1:5000" },
  });
});

test("the endpoint of the secret wins over the environment's, and blanks count as nothing", () => {
  const environment = { AWS_ENDPOINT_URL_EC2: "http://127.0.0.1:1" };
  expect(readSettings(minimal, environment).endpoint).toBe("http://127.0.0.1:1");
  expect(readSettings({ ...minimal, endpoint: " " }, environment).endpoint).toBe("http://127.0.0.1:1");
  expect(readSettings({ ...minimal, endpoint: "http://127.0.0.1:2" }, environment).endpoint).toBe("http://127.0.0.1:2");
});
