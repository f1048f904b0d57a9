/** Callers who hang up. */
import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Dispatch, serverWith } from "../support/dispatch.ts";
import type { ServerProcess } from "../support/server.ts";
import { until } from "../support/until.ts";

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"], { flags: ["--max-queue", "4"] }));
  const slow = "module.exports = (c, ms) => new Promise((resolve) => setTimeout(resolve, ms, 'done'));";
  await dispatch.createFunction("narrow", { "f.js": slow }, { limits: { concurrency: 1 } });
  const endpoint = { name: "narrow", function: "narrow", uris: ["/narrow"], methods: ["POST"], enabled: true };
  expect((await dispatch.post("/v1/api", endpoint)).status).toBe(200);
  expect((await dispatch.run("narrow", 1)).output).toBe("done");
});

afterAll(() => server.dispose());

const rest = () => `${server.api}/v1/runs?functionName=narrow`;
const gateway = () => `${server.gateway}/dispatch-server/narrow`;

/** A call whose caller hangs up after a third of a second. */
const hangUp = (url: string, input: number, key?: string) =>
  new Promise<void>((resolve) => {
    const keyed = key === undefined ? {} : { "idempotency-key": key };
    const sent = request(url, {
      method: "POST",
      headers: { ...dispatch.headers, "content-type": "application/json", ...keyed },
      agent: false,
    });
    sent.on("error", () => {}).on("close", () => resolve());
    sent.end(JSON.stringify(url === rest() ? { blocking: true, input } : input));
    setTimeout(() => sent.destroy(), 333);
  });

const all = () => dispatch.runs("?functionName=narrow");

/** Keeps the only worker busy. */
const occupy = async (milliseconds: number) => {
  const before = (await all()).length;
  const run = dispatch.run("narrow", milliseconds);
  await until("it runs", async () => ((await all()).length > before ? true : undefined));
  return { run };
};

test("while they wait give up their places and their keys at once, and what they asked for is not begun", async () => {
  const { run: first } = await occupy(2500);
  const gone = [hangUp(rest(), 1), hangUp(gateway(), 1), hangUp(rest(), 1, "k1"), hangUp(gateway(), 1, "k2")];
  await Promise.all(gone);
  await until("their rows are gone", async () => ((await all()).length === 2 ? true : undefined));
  const next = dispatch.run("narrow", 1);
  const again = dispatch.post(
    "/v1/runs?functionName=narrow",
    { blocking: true, input: 2 },
    { "idempotency-key": "k1" },
  );
  expect((await first).output).toBe("done");
  expect((await next).output).toBe("done");
  expect((await again).status).toBe(200);
  expect(await all()).toHaveLength(4);
});

test("do not take along others who wait for the same run by the same key", async () => {
  const before = (await all()).length;
  const { run: first } = await occupy(1500);
  const gone = hangUp(rest(), 3, "shared");
  const stays = dispatch.post(
    "/v1/runs?functionName=narrow",
    { blocking: true, input: 3 },
    { "idempotency-key": "shared" },
  );
  await gone;
  await first;
  expect([(await stays).status, (await all()).length]).toEqual([200, before + 2]);
});

test("while their run goes on leave it to its end, and the record says how it ended", async () => {
  const before = (await all()).length;
  await hangUp(gateway(), 1000);
  const [run] = await until("its end", async () => {
    const runs = await all();
    return runs.length === before + 1 && runs[0]?.finishedTime !== undefined ? runs : undefined;
  });
  expect([run?.status, run?.output]).toEqual(["READY", "done"]);
});

test("and who has only closed their own half while they wait get their answer", async () => {
  const { run } = await occupy(1000);
  const { hostname, port } = new URL(server.gateway);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  const head = `POST /narrow HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json`;
  socket.end(`${head}\r\nContent-Length: 1\r\n\r\n7`);
  expect(await text(socket)).toMatch(/HTTP\/1.1 200 OK[\s\S]*\r\n\r\ndone$/);
  expect((await run).output).toBe("done");
});
