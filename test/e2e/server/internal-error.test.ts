/** An error that nobody foresaw ends the server in order, and tells no values. */
import { rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { startServer } from "../support/server.ts";

test("it ends with 70, and the log has the place and not the message", async () => {
  const thrower = `process.on("SIGUSR2", () => { throw new Error("s3cret"); });`;
  const environment = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(thrower)}` };
  const server = await startServer({ environment });
  process.kill(server.pid, "SIGUSR2");
  expect(await server.ended).toEqual({ code: 70, signal: null });
  expect(server.log.some(({ msg }) => msg === "an internal error ends the server")).toBe(true);
  const told = server.log.find(({ msg }) => msg === "an internal error ends the server");
  expect(Object.keys(told ?? {})).toEqual(["level", "time", "name", "at", "msg"]);
  await rm(server.dataDir, { recursive: true, force: true });
});
