/** Filters of subscriptions: the dialects of CloudEvents Subscriptions, and places in the data. */
import { describe, expect, test } from "vitest";
import type { CloudEvent } from "../cloud-events/cloud-event.ts";
import { lookInto, passes, readFilters } from "./filters.ts";

const event: CloudEvent = {
  eventType: "com.example.made",
  eventTypeVersion: undefined,
  cloudEventsVersion: "0.1",
  source: "/shop/eu",
  eventID: "e1",
  eventTime: "2026-01-02T03:04:05.000Z",
  schemaURL: undefined,
  contentType: "application/json",
  extensions: '{"subject":"order 7","region":"eu"}',
  data: undefined,
};
const data = { vm: { name: "web-1", cpus: 4, on: true, tags: ["a"] }, "": "x", none: null };
const look = lookInto(event, () => data);
const passed = (...filters: unknown[]) => passes(readFilters(filters), look);

test.each<[boolean, ...object[]]>([
  [true],
  [true, { exact: { type: "com.example.made", source: "/shop/eu" } }],
  [false, { exact: { type: "com.example.made", source: "/shop" } }],
  [true, { prefix: { source: "/shop" } }, { suffix: { type: ".made" } }],
  [false, { prefix: { source: "/shop" } }, { suffix: { type: ".gone" } }],
  [true, { exact: { subject: "order 7" } }, { exact: { region: "eu" } }, { exact: { specversion: "1.0" } }],
  [false, { exact: { nothere: "x" } }],
  [true, { not: { exact: { nothere: "x" } } }],
  [true, { any: [{ exact: { type: "x" } }, { prefix: { type: "com." } }] }],
  [false, { all: [{ exact: { type: "x" } }, { prefix: { type: "com." } }] }],
  [true, { exact: { "data.vm.name": "web-1", "data.vm.cpus": "4", "data.vm.on": "true", "data.vm.tags.0": "a" } }],
  [false, { prefix: { "data.vm": "w" } }],
  [false, { exact: { "data.constructor.name": "Object" } }],
  [false, { exact: { "data.none": "null" } }],
])("%s for %j", (expected, ...filters) => {
  expect(passed(...filters)).toBe(expected);
});

test("data that is a text compares as it is", () => {
  expect(
    passes(
      readFilters([{ prefix: { data: "good" } }]),
      lookInto(event, () => "good morning"),
    ),
  ).toBe(true);
});

describe("is refused with its place:", () => {
  const deep = JSON.parse(`${'{"not":'.repeat(10)}{"exact":{"type":"x"}}${"}".repeat(10)}`) as unknown;
  test.each<[unknown[], string]>([
    [[{ exat: { type: "x" } }], "filters[0].exat: there are the filters exact, prefix, suffix, all, any, not"],
    [[{}], "filters[0] must be one of"],
    [["type = x"], "filters[0] must be one of"],
    [[{ exact: { type: "x" }, prefix: { type: "x" } }], "filters[0] must be one of"],
    [[{ exact: {} }], "filters[0].exact must name an attribute"],
    [[{ all: [{ exact: { type: 1 } }] }], "filters[0].all[0].exact.type must be a text"],
    [[{ exact: { type: "" } }], "filters[0].exact.type must be a text of 1"],
    [[{ exact: { Type: "x" } }], "filters[0].exact.Type: attributes have small letters"],
    [[{ any: [] }], "filters[0].any must be a list"],
    [[deep], "filters may nest 10 deep"],
    [[{ all: Array.from({ length: 100 }, () => ({ exact: { type: "x" } })) }], "may have 100 filters"],
  ])("%j", (filters, reason) => {
    expect(() => readFilters(filters)).toThrow(reason);
  });
});
