/** The CloudEvents SDK and Dispatch understand each other: what it writes is taken with all attributes, what Dispatch writes it reads. */
import { CloudEvent, HTTP } from "cloudevents";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Dispatch, ORGANIZATION, parse, serverWith } from "../support/dispatch.ts";
import type { ServerProcess } from "../support/server.ts";

let server: ServerProcess;
let dispatch: Dispatch;
beforeAll(async () => {
  ({ server, dispatch } = await serverWith([]));
});
afterAll(() => server?.dispose());

const attributes = {
  ...{ type: "com.example.made", source: "/shop", subject: "order/7", time: "2026-01-02T03:04:05.678Z" },
  ...{ dataschema: "http://example.com/order.json", traceparent: "00-1-2-01", tenant: "blue" },
};

/** One event of each kind of data that the SDK knows how to write as JSON or text. */
const made = (kind: string): CloudEvent<unknown>[] => [
  new CloudEvent({
    ...attributes,
    id: `${kind}-json`,
    datacontenttype: "application/json",
    data: { order: 7, ä: "ß" },
  }),
  new CloudEvent({ ...attributes, id: `${kind}-text`, datacontenttype: "text/plain", data: "words" }),
];

type Message = ReturnType<typeof HTTP.binary>;

async function emit({ headers, body }: Message): Promise<void> {
  const texts = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  const sent = { ...texts, cookie: "cookie", "x-dispatch-org": ORGANIZATION };
  const answer = await dispatch.raw("/v1/event", { method: "POST", headers: sent, body: String(body) });
  expect(answer.status, answer.text).toBeLessThan(300);
}

/** The event of this id, as the log of events has it: read by the SDK, which checks it. */
async function kept(id: string): Promise<CloudEvent<unknown>> {
  const all = parse<{ event: { id: string } }[]>(await dispatch.get("/v1/event/events?limit=200"));
  const body = JSON.stringify(all.find(({ event }) => event.id === id)?.event);
  const read = HTTP.toEvent<unknown>({ headers: { "content-type": "application/cloudevents+json" }, body });
  if (!(read instanceof CloudEvent)) throw new Error(`the log has no event ${id}`);
  return read;
}

async function expectKept(event: CloudEvent<unknown>): Promise<void> {
  const found = await kept(event.id);
  expect(found.validate()).toBe(true);
  expect(found.toJSON()).toEqual(event.toJSON());
}

test.each([
  ["binary", HTTP.binary],
  ["structured", HTTP.structured],
] as const)("an event in %s mode arrives with all attributes", async (mode, write) => {
  for (const event of made(mode)) {
    await emit(write(event));
    await expectKept(event);
  }
});

test("a batch arrives with all attributes of all", async () => {
  const events = made("batch");
  const body = JSON.stringify(events.map((event) => event.toJSON()));
  await emit({ headers: { "content-type": "application/cloudevents-batch+json" }, body });
  for (const event of events) await expectKept(event);
});
