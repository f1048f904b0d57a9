/** Events on their way to subscriptions: in order, over crashes, and what becomes of those that nobody can take. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../support/command-line.ts";
import { Dispatch, parse, serverWith } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"]));
  await dispatch.createFunction("slow", {
    "f.js": "module.exports = async (_, n) => { await new Promise((resolve) => setTimeout(resolve, 30)); return n; };",
  });
  await dispatch.createFunction(
    "strict",
    { "f.js": "module.exports = () => 1;" },
    { schema: { in: { type: "object", required: ["vm"] } } },
  );
});

afterAll(() => server.dispose());

const emit = (eventType: string, eventID: string, data: unknown) =>
  dispatch.post("/v1/event", { cloudEventsVersion: "0.1", eventType, source: "test", eventID, data });

const command = (...words: string[]) =>
  runCommand(words, { cwd: server.dataDir, environment: { DISPATCH_PORT: new URL(server.api).port } });

test("events of one subscription run in the order of their arrival, and none is lost or doubled by a power cut", async () => {
  await dispatch.post("/v1/event/subscriptions", {
    ...{ name: "ordered", eventType: "vm.ordered", function: "slow", concurrency: 1 },
  });
  const numbers = Array.from({ length: 30 }, (_, at) => at);
  for (const n of numbers) expect((await emit("vm.ordered", `e-${n}`, n)).status).toBe(200);
  await server.kill();
  server = await startServer({ dataDir: server.dataDir });
  dispatch = new Dispatch(server.api);
  const runs = await until("every event has a run that ended well", async () => {
    const ended = (await dispatch.runs("?functionName=slow")).filter(({ status }) => status === "READY");
    return ended.length >= numbers.length ? ended : undefined;
  });
  const inOrder = runs.toSorted((one, other) => one.executedTime - other.executedTime);
  expect(inOrder.map(({ input }) => input ?? 0)).toEqual(numbers);
});

test("an event that its function cannot take is a dead letter, which the command line shows, sends again and deletes", async () => {
  await dispatch.post("/v1/event/subscriptions", { name: "picky", eventType: "vm.picky", function: "strict" });
  await emit("vm.picky", "wrong", { name: "no vm" });
  const [letter] = await until("there is a dead letter", async () => {
    const found = parse<{ name: string; error: string }[]>(await dispatch.get("/v1/deadletter"));
    return found.length === 1 ? found : undefined;
  });
  const { name = "" } = letter ?? {};
  expect((await command("get", "deadletters")).stdout).toContain(name);
  const described = (await command("describe", "deadletter", name)).stdout;
  expect(described).toMatch(/Subscription: +picky\nEvent: +vm\.picky\nEvent ID: +wrong/);
  expect(described).toMatch(/Error: +run .*Input invalid against schema/);
  await dispatch.updateFunction("strict", { "f.js": "module.exports = (_, input) => input;" });
  expect((await command("retry", "deadletter", name)).stdout).toBe(`Retried dead letter: ${name}\n`);
  await until("it was delivered", async () =>
    (await dispatch.runs("?functionName=strict")).find(({ status }) => status === "READY"),
  );
  expect((await command("get", "deadletters", "-o", "json")).stdout.trim()).toBe("[]");
  const gone = await command("retry", "deadletter", name);
  expect([gone.status, gone.stderr]).toEqual([1, expect.stringContaining(`dead letter ${name} not found`)]);
  await dispatch.updateFunction(
    "strict",
    { "f.js": "module.exports = () => 1;" },
    { schema: { in: { type: "object", required: ["vm"] } } },
  );
  await emit("vm.picky", "wrong again", {});
  const lost = await until(
    "there is another",
    async () => parse<{ name: string }[]>(await dispatch.get("/v1/deadletter"))[0],
  );
  expect((await command("delete", "deadletter", lost.name)).stdout).toBe(`Deleted dead letter: ${lost.name}\n`);
  expect((await dispatch.get(`/v1/deadletter/${lost.name}`)).status).toBe(404);
});
