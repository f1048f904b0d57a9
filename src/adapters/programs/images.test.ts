/** What the image of a driver type means. */
import { expect, test } from "vitest";
import { findImage } from "./images.ts";

test("published names with any tag, and short ones, are the built-in drivers, also where containers run", () => {
  for (const image of [
    "cron",
    "cron:latest",
    "dispatchframework/dispatch-events-cron:0.0.1",
    "docker.io/dispatchframework/cron:any.tag-1",
  ])
    for (const hasContainers of [true, false])
      expect(findImage(image, "", hasContainers)).toEqual({ kind: "built-in", name: "cron" });
});

test("any other name is an image of a container where there is an engine, and else a sentence with the remedy", () => {
  const digest = `@sha256:${"0a".repeat(32)}`;
  for (const image of [
    "tides",
    "team/tides:3",
    "registry.example:5000/team/sub/tides:v1.2_3-x",
    `team/tides:3${digest}`,
    `tides${digest}`,
    "dispatchframework/own-driver:1",
    "someone/cron:1",
  ]) {
    expect(findImage(image, "", true)).toEqual({ kind: "container" });
    expect(findImage(image, "", false)).toMatchObject({
      kind: "none",
      reason: expect.stringMatching(/ is no built-in driver \(.*--runtime docker or both/),
    });
  }
});

test("what is no name of an image never reaches the engine", () => {
  for (const image of [
    "../containers/json",
    "a/../b",
    "a//b",
    "UPPER",
    "a b",
    "a?x=1",
    "a:",
    "a/%2e%2e/b",
    ".",
    "a@sha256:12",
    "",
  ])
    expect(findImage(image, "", true), image).toMatchObject({ kind: "none" });
  const start = performance.now();
  findImage(`${"a/".repeat(50_000)}!`, "", true);
  findImage(`${"a.-_".repeat(50_000)}!`, "", true);
  expect(performance.now() - start).toBeLessThan(5000);
});
