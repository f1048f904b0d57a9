/** Where the NATS is and what is asked of it, with each mistake told. */
import { expect, test } from "vitest";
import { toNatsEvent } from "./event.ts";
import { readNatsSettings } from "./settings.ts";

const flags = { servers: "nats://mq:4222", subject: "a.>, b", deliver: "new", source: "nats" };

test("user and password come from the secret, apart or in the address", () => {
  const user = { user: "u", pass: "p@ss" };
  const apart = { USERNAME: "u", PASSWORD: "p@ss" };
  expect(readNatsSettings(flags, apart).connection).toMatchObject({ servers: ["mq:4222"], ...user });
  const whole = readNatsSettings({ ...flags, servers: "" }, { SERVERS: "tls://u:p%40ss@mq:4222" });
  expect(whole.connection).toMatchObject({ servers: ["mq:4222"], ...user, tls: {} });
  expect(whole.subjects).toEqual(["a.>", "b"]);
});

test("the consumer of a stream is another for other subjects, and the same for the same", () => {
  const durable = (subject: string) => readNatsSettings({ ...flags, subject, stream: "S" }, {}).stream?.durable;
  expect(durable("a")).toBe(durable("a"));
  expect(durable("a")).not.toBe(durable("b"));
  expect(readNatsSettings({ ...flags, stream: "S", durable: "mine" }, {}).stream?.durable).toBe("mine");
});

test.each([
  [{ servers: "" }, {}, /servers is missing/],
  [{ servers: "nats://u:p@mq" }, {}, /servers has a password in it/],
  [{ subject: "" }, {}, /subject is missing/],
  [{ stream: "S", deliver: "some" }, {}, /deliver is some: use new .* or all/],
  [{ stream: "S", queue: "q" }, {}, /queue is for subjects without a stream/],
  [{}, { NKEY: "nonsense" }, /creds or nkey of the secret cannot be read/],
  [{}, { CREDS: "nonsense" }, /creds or nkey of the secret cannot be read/],
])("%j is refused with a sentence", (wrong, environment, reason) => {
  expect(() => readNatsSettings({ ...flags, ...wrong }, environment)).toThrow(reason);
});

const message = { subject: "orders.new", data: new TextEncoder().encode('{"a":1}'), header: () => "" };
const naming = { type: "", source: "nats" };

test("a message is an event of its subject, and keeps its id when it is sent again", () => {
  expect(toNatsEvent({ ...message, id: "S-7-1", time: "2026-01-02T03:04:05.000Z" }, naming)).toEqual({
    ...{ eventType: "orders.new", source: "nats", eventID: "S-7-1", eventTime: "2026-01-02T03:04:05.000Z" },
    ...{ extensions: { subject: "orders.new" }, contentType: "application/json", data: { a: 1 } },
  });
});

test("a CloudEvent names itself in its headers", () => {
  const headers: Readonly<Record<string, string>> = {
    ...{ "ce-type": "com.shop.order", "ce-id": "1", "ce-source": "/shop", "ce-subject": "7" },
    "content-type": "text/csv",
  };
  const event = toNatsEvent({ ...message, header: (name) => headers[name] ?? "" }, naming);
  expect(event).toEqual({
    ...{ eventType: "com.shop.order", source: "/shop", eventID: "1", extensions: { subject: "7" } },
    ...{ contentType: "text/csv", data: '{"a":1}' },
  });
});
