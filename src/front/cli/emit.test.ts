/** What `dispatch emit` sends in the forms of CloudEvents 1.0 is read by the project's own SDK, which checks it. */
import { CloudEvent, HTTP } from "cloudevents";
import { expect, test } from "vitest";
import { call, recordedServer, temporaryFolder } from "./cli.fixture.ts";

const attributes = { type: "vm.deployed", source: "/lab", id: "e-1", subject: "host/1?a=b&c" };
const data = { name: "vmtest01", ä: "ß" };
const words = ["emit", attributes.type, "--source-id", attributes.source, "--event-id", attributes.id];
const extension = ["--extension", `subject=${attributes.subject}`, "--data", JSON.stringify(data)];

/** The events of what one call sends. */
async function sent(
  line: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<Record<string, unknown>[]> {
  const { requests, env } = await recordedServer(() => ({ status: 200, body: [] }));
  const { status, stderr } = await call(line, { env, cwd: temporaryFolder(files) });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const [{ headers, text } = { headers: {}, text: "" }] = requests;
  const read = HTTP.toEvent<unknown>({ headers, body: text }) as CloudEvent<unknown> | CloudEvent<unknown>[];
  return [read].flat().map((event) => {
    expect(event.validate()).toBe(true);
    return event.toJSON();
  });
}

test.each(["structured", "binary"])("an event in %s form", async (form) => {
  const [event] = await sent([...words, ...extension, "--format", form, "--event-schema-url", "http://a.example/b"]);
  const described = { dataschema: "http://a.example/b", datacontenttype: "application/json" };
  expect(event).toMatchObject({ specversion: "1.0", ...attributes, ...described, data });
});

test.each(["structured", "binary"])("an event without data in %s form", async (form) => {
  const [event] = await sent([...words, "--format", form]);
  expect(event).toMatchObject({ type: attributes.type, id: attributes.id });
  // The SDK reads an empty body as an empty text.
  expect(event?.data ?? "").toBe("");
});

test("what a header cannot carry is in percent, and nothing else", async () => {
  const { requests, env } = await recordedServer(() => ({ status: 200, body: {} }));
  await call([...words, "--format", "binary", "--extension", 'subject=höst "1" 100% a:b/c'], { env });
  expect(requests[0]?.headers["ce-subject"]).toBe("h%C3%B6st%20%221%22%20100%25%20a:b/c");
});

test("bytes", async () => {
  const file = { "bytes.bin": "\u0001words" };
  const [event] = await sent([...words, "--format", "structured", "--binary", "--data-from-file", "bytes.bin"], file);
  const bytes = Buffer.from(file["bytes.bin"]).toString("base64");
  expect(event).toMatchObject({ datacontenttype: "application/octet-stream", data_base64: bytes });
});

test("a batch", async () => {
  const events = ["b-1", "b-2"].map((id) => new CloudEvent({ ...attributes, id, data }).toJSON());
  expect(await sent(["emit", "--batch", "events.json"], { "events.json": JSON.stringify(events) })).toEqual(events);
});
