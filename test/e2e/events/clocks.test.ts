/** The built-in clocks of an organization live in one process: each is a driver of its own all the same. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { descendantsOf } from "../../../bench/process-tree.ts";
import { runCommand } from "../support/command-line.ts";
import { Dispatch, parse } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

type Settings = Readonly<Record<string, string>>;

const EVERY_SECOND = "* * * * *";
let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  server = await startServer();
  dispatch = new Dispatch(server.api);
  await makeTypes(dispatch);
});

afterAll(() => server.dispose());

async function makeTypes(of: Dispatch): Promise<void> {
  for (const image of ["cron", "ticker"]) await of.post("/v1/event/drivertypes", { name: image, image });
}

function make(name: string, type: string, settings: Settings, of = dispatch) {
  const config = Object.entries({ source: name, ...settings }).map(([key, value]) => ({ key, value }));
  return of.post("/v1/event/drivers", { name, type, config });
}

const stateOf = async (name: string, of = dispatch) =>
  parse<{ status: string; reason: string[] | null }>(await of.get(`/v1/event/drivers/${name}`));

const isNow = (name: string, wanted: string, of = dispatch) =>
  until(`the driver ${name} is ${wanted}`, async () => {
    const state = await stateOf(name, of);
    return state.status === wanted ? state : undefined;
  });

/** How many events came from a driver. */
async function sent(source: string, of = dispatch): Promise<number> {
  const kept = parse<{ event: { source: string } }[]>(await of.get("/v1/event/events?limit=1000"));
  return kept.filter(({ event }) => event.source === source).length;
}

async function goesOn(source: string, of = dispatch): Promise<void> {
  const before = await sent(source, of);
  await until(`${source} goes on`, async () => ((await sent(source, of)) >= before + 2 ? true : undefined));
}

/** Processes that are houses of clocks. */
function houses(): number[] {
  return descendantsOf(server.pid).filter((pid) => {
    const [program = "", ...words] = wordsOf(pid);
    return program.endsWith("/node") && words.some((word) => word.endsWith("/clocks.mjs"));
  });
}

function wordsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

const houseCount = (wanted: number) =>
  until(`there are ${wanted} houses`, async () => (houses().length === wanted ? true : undefined));

test("clocks of one organization share a process; one that is wrong, changed or deleted is no matter for the others", async () => {
  await make("steady", "cron", { cron: EVERY_SECOND });
  await make("ticks", "ticker", { seconds: "0.5" });
  await make("wrong", "cron", { cron: "0 0 0 30 2 *" });
  for (const name of ["steady", "ticks"]) await isNow(name, "READY");
  expect((await isNow("wrong", "ERROR")).reason?.[0]).toMatch(
    /^the driver ended \(exit code 1\): the cron expression `0 0 0 30 2 \*` never comes$/,
  );
  for (const name of ["steady", "ticks"]) await goesOn(name);
  const [house] = houses();
  expect(houses()).toHaveLength(1);

  await dispatch.put("/v1/event/drivers/ticks", {
    ...{ name: "ticks", type: "ticker" },
    config: [{ key: "seconds", value: "86400" }],
  });
  await isNow("ticks", "READY");
  for (const name of ["wrong", "ticks"]) await dispatch.delete(`/v1/event/drivers/${name}`);
  await goesOn("steady");
  expect(houses()).toEqual([house]);
  await dispatch.delete("/v1/event/drivers/steady");
  await houseCount(0);
});

test("each organization has a house of its own, and a clock sends into its own", async () => {
  const other = new Dispatch(server.api, { "x-dispatch-org": "other" });
  await makeTypes(other);
  await make("same", "cron", { cron: EVERY_SECOND });
  await make("same", "cron", { cron: EVERY_SECOND }, other);
  await goesOn("same");
  await goesOn("same", other);
  expect(houses()).toHaveLength(2);
  await other.delete("/v1/event/drivers/same");
  await houseCount(1);
  await goesOn("same");
  await dispatch.delete("/v1/event/drivers/same");
});

test("when the process is killed, all of them say so and go on; none of their times is lost", async () => {
  for (const name of ["one", "two", "three"]) await make(name, "cron", { cron: EVERY_SECOND, catchup: "all" });
  for (const name of ["one", "two", "three"]) await goesOn(name);
  const [house = 0] = houses();
  process.kill(house, "SIGKILL");
  await until("another is there", async () => {
    const [now = house] = houses();
    return now === house ? undefined : true;
  });
  for (const name of ["one", "two", "three"]) {
    await isNow(name, "READY");
    await goesOn(name);
    const kept = parse<{ event: { source: string; time?: string } }[]>(
      await dispatch.get("/v1/event/events?limit=1000"),
    );
    const times = kept.flatMap(({ event }) => (event.source === name ? [Date.parse(event.time ?? "")] : [])).reverse();
    expect(times.slice(1).every((time, index) => time - (times[index] ?? 0) === 1000)).toBe(true);
  }
  const environment = { DISPATCH_PORT: new URL(server.api).port };
  const { stderr } = await runCommand(["logs", "driver", "two"], { cwd: server.dataDir, environment });
  expect(stderr).toMatch(/the driver ended \(the process of the clocks: exit code 137\); next start in [\d.]+ s/);
  for (const name of ["one", "two", "three"]) await dispatch.delete(`/v1/event/drivers/${name}`);
  await houseCount(0);
});

test("what one says is in its own log", async () => {
  await make("quiet", "cron", { cron: EVERY_SECOND, dryrun: "" });
  await make("loud", "cron", { cron: EVERY_SECOND, source: "x".repeat(4000), dryrun: "" });
  const environment = { DISPATCH_PORT: new URL(server.api).port };
  const log = async (name: string) =>
    (await runCommand(["logs", "driver", name], { cwd: server.dataDir, environment })).stdout;
  await until("they say what they would send", async () =>
    (await log("quiet")).includes('"source":"quiet"') && (await log("loud")).includes("xxxx") ? true : undefined,
  );
  expect(await log("quiet")).not.toContain("xxxx");
  for (const name of ["quiet", "loud"]) await dispatch.delete(`/v1/event/drivers/${name}`);
  await houseCount(0);
});
