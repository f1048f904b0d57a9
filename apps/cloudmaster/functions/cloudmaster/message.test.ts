import { expect, test } from "vitest";
import { attachment, privately, publicly } from "./message.ts";

test("an attachment says in its fallback what title, text and fields say", () => {
  const built = attachment("good", "aws: 1 machine", {
    text: "all of them",
    fields: [{ title: "vmtest01", value: "running", short: true }],
  });
  expect(built).toEqual({
    color: "good",
    title: "aws: 1 machine",
    text: "all of them",
    fields: [{ title: "vmtest01", value: "running", short: true }],
    fallback: "aws: 1 machine\nall of them\nvmtest01: running",
  });
});

test("no part of a message carries markup from outside", () => {
  const hostile = "<!channel> & <https://evil.example|here>";
  const built = attachment("danger", hostile, {
    text: hostile,
    fields: [{ title: hostile, value: hostile, short: false }],
  });
  expect(JSON.stringify([publicly(hostile, [built]), privately(hostile, [built])])).not.toMatch(/[<>]/);
});

test("a message for the channel names who asked, when it is a Slack id", () => {
  expect(publicly("list aws", [], "U024BE7LH").text).toBe("list aws (asked by <@U024BE7LH>)");
  expect(publicly("list aws", [], "!channel").text).toBe("list aws");
});

test("messages always have a text, and attachments only when there are some", () => {
  expect(privately("creating vmtest01 on aws ...")).toEqual({
    response_type: "ephemeral",
    text: "creating vmtest01 on aws ...",
  });
});
