import { expect, test } from "vitest";
import { readSettings, requireImageId } from "./settings.ts";

const minimal = { accessKeyId: "AKIA", secretAccessKey: "hush", region: "us-east-1" };

test("three values are enough to list and delete", () => {
  expect(readSettings(minimal, {})).toEqual({ ...minimal, instanceType: "t3.micro" });
});

test("the older spellings are understood", () => {
  const older = {
    aws_access_key_id: "AKIA",
    aws_secret_access_key: "hush",
    aws_region: "eu-west-1",
    image_id: "ami-1",
    instance_type: "t3.nano",
    subnet_id: "subnet-1",
    endpoint_url: "http://127.0.0.1:5000",
  };
  expect(readSettings(older, {})).toEqual({
    accessKeyId: "AKIA",
    secretAccessKey: "hush",
    region: "eu-west-1",
    imageId: "ami-1",
    instanceType: "t3.nano",
    subnetId: "subnet-1",
    endpoint: "http://127.0.0.1:5000",
  });
});

test("the endpoint of the secret wins over the environment's, and blanks count as nothing", () => {
  const environment = { AWS_ENDPOINT_URL_EC2: "http://127.0.0.1:1" };
  expect(readSettings(minimal, environment).endpoint).toBe("http://127.0.0.1:1");
  expect(readSettings({ ...minimal, endpoint: " " }, environment).endpoint).toBe("http://127.0.0.1:1");
  expect(readSettings({ ...minimal, endpoint: "http://127.0.0.1:2" }, environment).endpoint).toBe("http://127.0.0.1:2");
});

test.each(["accessKeyId", "secretAccessKey", "region"])("a secret without %s is named, and no value is", (key) => {
  const read = () => readSettings({ ...minimal, [key]: "" }, {});
  expect(read).toThrow(`the secret \`aws\` has no \`${key}\``);
  expect(read).not.toThrow(/hush|AKIA/);
});

test("creating needs an image", () => {
  expect(() => requireImageId(readSettings(minimal, {}))).toThrow("has no `imageId`");
});
