/** Which events of AWS are asked for, what they become, and each mistake told. */
import { expect, test } from "vitest";
import { toAwsEvent } from "./event.ts";
import { readAwsSettings } from "./settings.ts";

const flags = {
  ...{ region: "us-west-2", "event-patterns": '[{"source": ["aws.s3"]}]', "queue-name": "dispatch" },
  ...{ duration: "20s", visibility: "60", source: "dispatch" },
};
const keys = { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "secret" };

test("the same settings find the same queue again, others another", () => {
  const mark = (more: Readonly<Record<string, string>>) => readAwsSettings({ ...flags, ...more }, keys).mark;
  expect(mark({})).toBe(mark({}));
  expect(mark({})).not.toBe(mark({ source: "other" }));
});

test("patterns, times and keys are read", () => {
  expect(readAwsSettings(flags, keys)).toMatchObject({
    ...{ patterns: ['{"source":["aws.s3"]}'], queueUrl: undefined, waitSeconds: 20, hiddenSeconds: 60 },
    account: { region: "us-west-2", accessKeyId: "AKIA", secretAccessKey: "secret", sessionToken: "", endpoint: "" },
  });
});

test.each([
  [{ "event-patterns": "" }, keys, /nothing to listen to/],
  [{ "event-patterns": "{}" }, keys, /event-patterns is no JSON array/],
  [{ "queue-url": "https://sqs/q" }, keys, /queue-url is for a queue that is fed already/],
  [{ "queue-name": "a b" }, keys, /queue-name is a b/],
  [{ region: "moon" }, keys, /region is moon/],
  [{ duration: "long" }, keys, /duration is long: use a whole number of seconds from 0 to 20/],
  [{}, {}, /give the driver a secret with aws_access_key_id and aws_secret_access_key/],
])("%j with %j is refused with a sentence", (wrong, environment, reason) => {
  expect(() => readAwsSettings({ ...flags, ...wrong }, environment)).toThrow(reason);
});

test("an event of EventBridge is named by its source, and comes whole", () => {
  const event = { id: "e-1", source: "aws.s3", "detail-type": "made", time: "2026-01-02T03:04:05Z", detail: {} };
  expect(toAwsEvent({ id: "m-1", body: JSON.stringify(event) }, "dispatch")).toEqual({
    ...{ eventType: "aws.s3", source: "dispatch", eventID: "e-1", eventTime: event.time },
    ...{ contentType: "application/json", data: event },
  });
});

test("any other message is its own text", () => {
  const expected = {
    eventType: "aws.sqs",
    source: "dispatch",
    eventID: "m-1",
    contentType: "text/plain",
    data: "words",
  };
  expect(toAwsEvent({ id: "m-1", body: "words" }, "dispatch")).toEqual(expected);
});
