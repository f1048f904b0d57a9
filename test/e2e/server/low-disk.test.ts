/** A disk that is nearly full: new work is refused with a sentence before a write fails, and taken again when there is room. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Dispatch, errorOf, ORGANIZATION, parse, serverWith } from "../support/dispatch.ts";
import { type Answer, send } from "../support/http.ts";
import type { ServerProcess } from "../support/server.ts";
import { smallDisk } from "../support/small-disk.ts";
import { until } from "../support/until.ts";

const MB = 1024 * 1024;

const disk = smallDisk(160);
const ballast = join(disk?.folder ?? "", "ballast");
let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  if (disk === undefined) return;
  ({ server, dispatch } = await serverWith(["nodejs"], {
    dataDir: join(disk.folder, "data"),
    flags: ["--warm-workers", "1"],
  }));
  await dispatch.createFunction("echo", { "f.js": "module.exports = (c, p) => p;" });
  const fields = { function: "echo", enabled: true, methods: ["POST"], protocols: ["http"], authentication: "public" };
  await dispatch.post("/v1/api", { name: "echo", uris: ["/echo"], ...fields });
  await dispatch.post("/v1/secret", { name: "spare", secrets: { key: "value" } });
});
afterAll(async () => {
  if (disk === undefined) return;
  await server.dispose();
  disk.remove();
});

function fillUpTo(free: number): void {
  writeFileSync(ballast, Buffer.alloc((disk?.freeBytes() ?? 0) - free));
}

const isRefusing = async (): Promise<boolean> =>
  parse<{ disk: { refusing: boolean } }>(await dispatch.get("/healthz")).disk.refusing;

test.skipIf(disk === undefined)(
  "runs, events and creates are refused, deletes and reading are not, and all is well by itself with room again (needs the right to mount a tmpfs)",
  async () => {
    await dispatch.run("echo", 1);
    const before = (await dispatch.runs()).length;
    fillUpTo(40 * MB);
    await until("the server says so", async () => (await isRefusing()) || undefined);
    const event = { eventType: "a.b", cloudEventsVersion: "0.1", source: "s", eventID: "1", data: {} };
    const refused: Answer[] = [
      await dispatch.post("/v1/runs?functionName=echo", { blocking: true, input: 1 }),
      await dispatch.post("/v1/runs?functionName=echo", { blocking: false, input: 1 }),
      await send(`${server.gateway}/${ORGANIZATION}/echo`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "1",
      }),
      await dispatch.post("/v1/event", event),
      await dispatch.post("/v1/secret", { name: "more", secrets: { key: "value" } }),
      await dispatch.put("/v1/state/app/key", { value: 1 }),
    ];
    expect(refused.map(({ status, headers }) => [status, headers["retry-after"]])).toEqual(
      Array(refused.length).fill([507, "30"]),
    );
    expect(refused.map((answer) => errorOf(answer).message)).toEqual(
      Array(refused.length).fill(expect.stringMatching(/^the server's disk is nearly full: \d+ MB are free/)),
    );
    expect(await dispatch.runs()).toHaveLength(before);
    expect((await dispatch.delete("/v1/secret/spare")).status).toBeLessThan(300);
    rmSync(ballast);
    await until("new work is taken again", async () => !(await isRefusing()) || undefined);
    expect((await dispatch.run("echo", 2)).output).toBe(2);
  },
);
