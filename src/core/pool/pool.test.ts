import { afterEach, describe, expect, test, vi } from "vitest";
import { DispatchError } from "../shared/errors.ts";
import { Pool, type PoolSettings } from "./pool.ts";
import type { Revision } from "./revision.ts";
import { noBlobs, TestRuntime, TestTask, type TestWorker } from "./test-runtime.ts";

const pools: Pool[] = [];

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(pools.splice(0).map((pool) => pool.close(0)));
});

function poolWith(settings: Partial<PoolSettings> = {}) {
  const runtime = new TestRuntime();
  const log = { info: () => {}, warn: () => {} };
  const defaults = { warmWorkers: 0, maxWorkers: 100, idleTimeout: 60_000, maxQueue: 1000, maxWait: 60_000 };
  const pool = new Pool({ ...defaults, ...settings }, runtime, noBlobs, log);
  pools.push(pool);
  return { pool, runtime };
}

function revisionOf(fields: Partial<Revision> = {}): Revision {
  return {
    organization: "o",
    functionId: "f",
    functionName: "hello",
    faasId: "r1",
    language: "nodejs",
    image: { digest: "i", lock: "" },
    handler: "./hello.js",
    source: "s",
    environment: {},
    limits: { memory: 128, cpu: 1, pids: 64, disk: 64 },
    concurrency: 4,
    network: "isolated",
    timeout: 0,
    ...fields,
  };
}

/** Waits until something is so; what the pool does it does within a few turns. */
async function eventually(what: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000; turn++) {
    if (what()) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  expect(what.toString()).toBe("so");
}

async function ready(pool: Pool, runtime: TestRuntime, revision: Revision): Promise<TestWorker> {
  await pool.prepare(revision);
  return runtime.loaded.at(-1) as TestWorker;
}

describe("a task", () => {
  test("goes to the worker that was prepared, and hears how it went", async () => {
    const { pool, runtime } = poolWith();
    const worker = await ready(pool, runtime, revisionOf());
    const task = new TestTask(revisionOf());
    pool.submit(task);
    worker.begin();
    worker.end();
    expect(task.events).toEqual(["started", "finished"]);
    expect(runtime.started).toHaveLength(1);
  });

  test("of a function without a worker waits for one to be started", async () => {
    const { pool, runtime } = poolWith();
    const task = new TestTask(revisionOf());
    pool.submit(task);
    await eventually(() => runtime.loaded[0]?.held.length === 1);
    runtime.loaded[0]?.end();
    expect(task.events).toEqual(["finished"]);
  });

  test("is refused with the reason when no worker can be had", async () => {
    const { pool, runtime } = poolWith();
    runtime.failure = new Error("no sandbox");
    const task = new TestTask(revisionOf());
    pool.submit(task);
    await eventually(() => task.events.length > 0);
    expect([task.events, task.refusal?.message]).toEqual([["refused"], "no sandbox"]);
  });
});

describe("a worker of a function with isolation: run", () => {
  const isolated = revisionOf({ isolation: "run", concurrency: 2 });

  test("serves one run and ends; the next one is ready before anybody asks", async () => {
    const { pool, runtime } = poolWith();
    const first = await ready(pool, runtime, isolated);
    for (const worker of [first, undefined, undefined]) {
      const task = new TestTask(isolated);
      pool.submit(task);
      const serving = worker ?? (runtime.loaded.at(-1) as TestWorker);
      expect(serving.held).toHaveLength(1);
      serving.begin();
      serving.end();
      expect(task.events).toEqual(["started", "finished"]);
      expect(serving.stops).toEqual(["retired"]);
      const { length } = runtime.loaded;
      await eventually(() => runtime.loaded.length >= length && runtime.loaded.at(-1)?.stops.length === 0);
    }
    expect(new Set(runtime.loaded).size).toBe(4);
  });

  test("never holds a second run; those that wait get workers up to the concurrency", async () => {
    const { pool, runtime } = poolWith();
    const tasks = Array.from({ length: 5 }, () => new TestTask(isolated));
    for (const task of tasks) pool.submit(task);
    await eventually(() => runtime.loaded.length === 2 && runtime.loaded.every(({ held }) => held.length === 1));
    for (let done = 0; done < 5; done++) {
      await eventually(() => runtime.loaded.some(({ held }) => held.length === 1));
      const busy = runtime.loaded.find(({ held }) => held.length > 0) as TestWorker;
      expect(busy.held).toHaveLength(1);
      busy.end();
    }
    expect(tasks.every(({ events }) => events.at(-1) === "finished")).toBe(true);
    expect(runtime.loaded.filter(({ stops }) => stops.includes("retired"))).toHaveLength(5);
  });
});

describe("a worker whose run said that it had ended", () => {
  test("is asked whether it is idle when the time of that run is over", async () => {
    const { pool, runtime } = poolWith();
    const revision = revisionOf({ timeout: 100 });
    const worker = await ready(pool, runtime, revision);
    pool.submit(new TestTask(revision));
    worker.begin();
    worker.end();
    expect(worker.probes).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 2200));
    expect(worker.probes).toBe(1);
  });

  test("and that takes up no other is stopped, and what waits runs elsewhere", async () => {
    const { pool, runtime } = poolWith();
    const revision = revisionOf({ timeout: 50 });
    const worker = await ready(pool, runtime, revision);
    pool.submit(new TestTask(revision));
    worker.begin();
    worker.end();
    const next = new TestTask(revision);
    pool.submit(next);
    expect(worker.held).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(worker.stops).toEqual(["protocol"]);
    await eventually(() => runtime.loaded.length === 2 && runtime.loaded[1]?.held.length === 1);
    runtime.loaded[1]?.end();
    expect(next.events).toEqual(["finished"]);
  });
});

describe("workers", () => {
  test("grow with the queue up to the function's concurrency, and not beyond", async () => {
    const { pool, runtime } = poolWith();
    const revision = revisionOf({ concurrency: 3 });
    for (let i = 0; i < 10; i++) pool.submit(new TestTask(revision));
    await eventually(() => runtime.loaded.length === 3);
    await eventually(() => runtime.loaded.every(({ held }) => held.length === 1));
    expect(runtime.started).toHaveLength(3);
    expect(pool.stats().functions).toMatchObject([{ workers: 3, queued: 7 }]);
  });

  test("are taken from the warm set, which is filled again", async () => {
    const { pool, runtime } = poolWith({ warmWorkers: 2 });
    pool.keepWarm(revisionOf());
    await eventually(() => pool.stats().generic === 2);
    await pool.prepare(revisionOf());
    expect(runtime.started.indexOf(runtime.loaded[0] as TestWorker)).toBe(0);
    await eventually(() => pool.stats().generic === 2);
    expect(runtime.started).toHaveLength(3);
  });

  test("of an image that nobody needs, whose folder may go, are ended, and the image built again gets fresh ones", async () => {
    const { pool, runtime } = poolWith({ warmWorkers: 2 });
    pool.keepWarm(revisionOf());
    await eventually(() => pool.stats().generic === 2);
    pool.forgetOtherImages(new Set());
    expect(pool.stats().generic).toBe(2);
    pool.retire("r1");
    pool.forgetOtherImages(new Set(["i"]));
    expect(pool.stats().generic).toBe(2);
    pool.forgetOtherImages(new Set());
    expect(pool.stats().generic).toBe(0);
    await pool.prepare(revisionOf());
    expect(runtime.started.indexOf(runtime.loaded[0] as TestWorker)).toBeGreaterThanOrEqual(2);
  });

  test("end a while after the last revision that needs them, and only then", async () => {
    const { pool } = poolWith({ warmWorkers: 2 });
    vi.useFakeTimers({ toFake: ["performance"] });
    pool.keepWarm(revisionOf());
    pool.keepWarm(revisionOf({ faasId: "r2" }));
    await eventually(() => pool.stats().generic === 2);
    pool.retire("r1");
    vi.advanceTimersByTime(60_000);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(pool.stats().generic).toBe(2);
    pool.retire("r2");
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(pool.stats().generic).toBe(2);
    vi.advanceTimersByTime(60_000);
    await eventually(() => pool.stats().generic === 0);
  });

  test("that die while they wait are replaced", async () => {
    const { pool, runtime } = poolWith({ warmWorkers: 1 });
    pool.keepWarm(revisionOf());
    await eventually(() => pool.stats().generic === 1);
    runtime.started[0]?.exit("exited", 0);
    await eventually(() => runtime.started.length === 2 && pool.stats().generic === 1);
  });

  test("wait again for calls after a start has failed once, also when nobody calls", async () => {
    const { pool, runtime } = poolWith({ warmWorkers: 2 });
    runtime.failure = new Error("no memory");
    pool.keepWarm(revisionOf());
    await new Promise((resolve) => setTimeout(resolve, 10));
    runtime.failure = undefined;
    await eventually(() => pool.stats().generic === 2);
  });

  test("of functions with other limits that are fixed at a start are never shared, those with others are", async () => {
    const { pool, runtime } = poolWith({ warmWorkers: 1 });
    const limits = { memory: 128, cpu: 1, pids: 64, disk: 64 };
    pool.keepWarm(revisionOf({ limits }));
    await eventually(() => pool.stats().generic === 1);
    pool.keepWarm(revisionOf({ faasId: "r2", limits: { ...limits, memory: 256 } }));
    pool.keepWarm(revisionOf({ faasId: "r3", limits: { ...limits, disk: 128 } }));
    await eventually(() => pool.stats().generic === 2);
    expect(runtime.started.map(({ spec }) => spec.limits.disk)).toEqual([64, 128]);
  });

  test("wait again for calls after a start has failed once", async () => {
    const { pool, runtime } = poolWith({ warmWorkers: 2 });
    runtime.failure = new Error("no memory");
    pool.keepWarm(revisionOf());
    await new Promise((resolve) => setTimeout(resolve, 10));
    runtime.failure = undefined;
    await pool.prepare(revisionOf());
    await eventually(() => pool.stats().generic === 2);
  });

  test("of different organizations, images or networks are never shared", async () => {
    const { pool, runtime } = poolWith({ warmWorkers: 1 });
    pool.keepWarm(revisionOf());
    await eventually(() => pool.stats().generic === 1);
    const others = [{ organization: "p" }, { network: "none" as const }, { image: { digest: "j", lock: "" } }];
    for (const [index, fields] of others.entries()) {
      const revision = revisionOf({ ...fields, faasId: `other-${index}` });
      await pool.prepare(revision);
      const [worker] = runtime.loaded.slice(-1);
      expect(worker?.spec).toMatchObject(fields);
    }
  });

  test("that cannot load a revision are ended, and whoever prepares hears why", async () => {
    const { pool, runtime } = poolWith();
    await expect(pool.prepare(revisionOf({ handler: "broken" }))).rejects.toThrow("cannot be loaded");
    expect(runtime.loaded[0]?.stops).toEqual(["retired"]);
  });

  test("that end take along what had begun; the rest runs elsewhere", async () => {
    const { pool, runtime } = poolWith();
    const revision = revisionOf({ concurrency: 1 });
    const worker = await ready(pool, runtime, revision);
    const [quick, running, waiting] = [1, 2, 3].map(() => new TestTask(revision)) as [TestTask, TestTask, TestTask];
    pool.submit(quick);
    worker.begin();
    worker.end();
    pool.submit(running);
    pool.submit(waiting);
    expect(worker.held).toHaveLength(2);
    worker.begin();
    worker.exit("exited", 1);
    expect(running.events).toEqual(["started", "failed: exited"]);
    await eventually(() => runtime.loaded.length === 2 && runtime.loaded[1]?.held.length === 1);
    runtime.loaded[1]?.end();
    expect(waiting.events).toEqual(["finished"]);
  });

  test("that run longer than the function may are ended", async () => {
    const { pool, runtime } = poolWith();
    const revision = revisionOf({ timeout: 20 });
    const worker = await ready(pool, runtime, revision);
    pool.submit(new TestTask(revision));
    worker.begin();
    await eventually(() => worker.stops.length > 0);
    expect(worker.stops).toEqual(["timeout"]);
  });

  test("give back what waits behind a run that has become long", async () => {
    const { pool, runtime } = poolWith();
    const revision = revisionOf({ concurrency: 2 });
    const worker = await ready(pool, runtime, revision);
    pool.submit(new TestTask(revision));
    worker.begin();
    worker.end();
    const [long, behind] = [new TestTask(revision), new TestTask(revision)];
    pool.submit(long);
    pool.submit(behind);
    expect(worker.held).toHaveLength(2);
    worker.begin();
    await eventually(() => runtime.loaded[1]?.held.length === 1);
    runtime.loaded[1]?.end();
    expect([behind.events, long.events]).toEqual([["finished"], ["started"]]);
  });

  test("that are idle for long are ended, busy ones are not", async () => {
    const { pool, runtime } = poolWith({ idleTimeout: 1 });
    const idle = await ready(pool, runtime, revisionOf());
    const busy = await ready(pool, runtime, revisionOf({ faasId: "r2" }));
    pool.submit(new TestTask(revisionOf({ faasId: "r2" })));
    await eventually(() => idle.stops.length > 0);
    expect([idle.stops, busy.stops]).toEqual([["idle"], []]);
  });

  test("of a function with minWarm are never fewer than that: not idle, not for others, not when one dies", async () => {
    const { pool, runtime } = poolWith({ idleTimeout: 1, maxWorkers: 4 });
    const kept = revisionOf({ faasId: "kept", minWarm: 2 });
    await ready(pool, runtime, kept);
    const living = (faasId: string): number =>
      pool.workers("o").filter((worker) => worker.faasId === faasId && worker.state !== "ending").length;
    await eventually(() => living("kept") === 2);
    // A sweep that ends what is idle for long, and others that want all there is.
    for (const faasId of ["a", "b", "c"]) pool.submit(new TestTask(revisionOf({ faasId, functionName: faasId })));
    await new Promise((resolve) => setTimeout(resolve, 1200));
    const all = pool.workers("o").filter(({ name }) => name !== undefined);
    expect([living("kept"), all.length <= 4]).toEqual([2, true]);
    expect(pool.workers("o").find((worker) => worker.faasId === "kept")).toMatchObject({
      state: "idle",
      functionName: "hello",
      why: "kept by minWarm 2",
    });
    const onlyKept = (): boolean => {
      for (const worker of runtime.loaded.filter(({ held }) => held.length > 0)) {
        worker.begin();
        worker.end();
      }
      return pool.workers("o").every((worker) => worker.faasId === "kept");
    };
    await eventually(onlyKept);
    const [first] = runtime.loaded;
    first?.exit("exited", 0);
    await eventually(() => living("kept") === 2 && !pool.workers("o").some(({ name }) => name === first?.id));
    pool.retire("kept");
    await eventually(() => living("kept") === 0);
  });

  test("make room for others when there are as many as there may be: the one that was idle for longest goes", async () => {
    const { pool, runtime } = poolWith({ maxWorkers: 2 });
    const first = await ready(pool, runtime, revisionOf({ faasId: "a" }));
    const second = await ready(pool, runtime, revisionOf({ faasId: "b" }));
    await pool.prepare(revisionOf({ faasId: "c" }));
    expect([first.stops, second.stops]).toEqual([["idle"], []]);
    expect(runtime.loaded).toHaveLength(3);
  });
});

describe("organizations", () => {
  const own = revisionOf({ organization: "one", faasId: "slow", concurrency: 10 });
  const others = revisionOf({ organization: "two", faasId: "quick" });

  const crowded = async (maxWorkers: number, busy: number) => {
    const { pool, runtime } = poolWith({ maxWorkers });
    const slow = [1, 2, 3, 4, 5, 6].map(() => new TestTask(own));
    for (const task of slow) pool.submit(task);
    await eventually(() => runtime.loaded.filter(({ held }) => held.length === 1).length === busy);
    for (const worker of runtime.loaded) worker.begin();
    return { pool, runtime };
  };

  test("leave a worker for one another: six slow runs of one do not keep another's run waiting", async () => {
    const { pool, runtime } = await crowded(4, 3);
    const task = new TestTask(others);
    pool.submit(task);
    await eventually(() => runtime.loaded.length === 4);
    runtime.loaded[3]?.end();
    expect(task.events).toEqual(["finished"]);
    expect(runtime.loaded[3]?.spec.organization).toBe("two");
  });

  test("start workers while those of another never get ready", async () => {
    const { pool, runtime } = poolWith();
    runtime.stuck = "one";
    for (const task of [1, 2, 3, 4].map(() => new TestTask(own))) pool.submit(task);
    pool.submit(new TestTask(others));
    await eventually(() => runtime.loaded[0]?.held.length === 1);
  });

  test("of which one has none goes before one that has many, however long that has waited", async () => {
    const { pool, runtime } = await crowded(2, 2);
    const task = new TestTask(others);
    pool.submit(task);
    runtime.loaded[0]?.exit("exited", 1);
    await eventually(() => runtime.loaded.length === 3);
    expect(runtime.loaded[2]?.spec.organization).toBe("two");
    await eventually(() => runtime.loaded[2]?.held.length === 1);
  });

  test("get the place of another's worker as soon as that is idle", async () => {
    const { pool, runtime } = await crowded(2, 2);
    pool.submit(new TestTask(others));
    await eventually(() => {
      for (const worker of runtime.loaded.slice(0, 2)) if (worker.held.length > 0) worker.end();
      return runtime.loaded[2]?.held.length === 1;
    });
    expect(runtime.loaded[2]?.spec.organization).toBe("two");
  });
});

test.each([
  ["of what they do", "protocol", {}, true] as const,
  ["their time is over while they write without end", "timeout", { flooding: true }, true] as const,
  ["their time is over", "timeout", {}, false] as const,
])(
  "a function whose workers are ended again and again because %s goes on, %s: %o, yielding to others: %s",
  async (_, reason, more, yields) => {
    const { pool, runtime } = poolWith();
    for (let turn = 0; turn < 5; turn++) {
      const task = new TestTask(revisionOf());
      pool.submit(task);
      await eventually(() => runtime.loaded.length === turn + 1 && runtime.loaded[turn]?.held.length === 1);
      runtime.loaded[turn]?.exit(reason, 1, more);
      expect(task.events).toEqual([`failed: ${reason}`]);
      await eventually(() => pool.stats().functions[0]?.workers === 0);
    }
    await ready(pool, runtime, revisionOf({ faasId: "r2" }));
    expect(runtime.loaded.map(({ yields }) => yields)).toEqual([false, false, false, false, yields, false]);
  },
);

describe("functions of one organization", () => {
  const flooding = revisionOf({ faasId: "flooding", concurrency: 10 });
  const other = revisionOf({ faasId: "other" });

  test("get a worker of one that never idles, and are not all given one for it", async () => {
    const { pool, runtime } = poolWith({ maxWorkers: 8 });
    for (let i = 0; i < 200; i++) pool.submit(new TestTask(flooding));
    await eventually(() => runtime.loaded.filter(({ held }) => held.length > 0).length === 7);
    for (const worker of runtime.loaded) worker.begin();
    await new Promise((resolve) => setTimeout(resolve, 30));
    const task = new TestTask(other);
    pool.submit(task);
    await new Promise((resolve) => setTimeout(resolve, 30));
    for (const worker of [...runtime.loaded]) {
      worker.end();
      if (worker.held.length > 0) worker.begin();
    }
    await eventually(() => runtime.loaded[7]?.held.length === 1);
    expect(runtime.loaded.filter(({ stops }) => stops.length > 0)).toHaveLength(1);
    runtime.loaded[7]?.end();
    expect(task.events).toEqual(["finished"]);
  });

  test("whose callers have gone do not run, and leave their places to others", async () => {
    const { pool, runtime } = poolWith({ maxQueue: 1 });
    const narrow = revisionOf({ concurrency: 1 });
    const worker = await ready(pool, runtime, narrow);
    const [, leaving] = [new TestTask(narrow), new TestTask(narrow)].map((task) => {
      pool.submit(task);
      return task;
    }) as [TestTask, TestTask];
    leaving.gone = true;
    await eventually(() => leaving.events.length > 0);
    const next = new TestTask(narrow);
    pool.submit(next);
    worker.end();
    worker.end();
    expect([leaving.events, next.events]).toEqual([["refused"], ["finished"]]);
  });
});

describe("all functions of an organization", () => {
  test("may have no more calls waiting together than four full lines; others and promised ones are taken", () => {
    const { pool } = poolWith({ maxQueue: 2, maxWorkers: 2 });
    const tasks = [1, 2, 3, 4, 5].flatMap((at) => {
      const revision = revisionOf({ faasId: `r${at}`, functionName: `f${at}` });
      return [new TestTask(revision), new TestTask(revision)];
    });
    for (const task of tasks) pool.submit(task);
    const refused = tasks.filter(({ refusal }) => refusal !== undefined);
    expect(refused).toHaveLength(2);
    expect(refused[0]?.refusal).toMatchObject({
      status: 429,
      message: expect.stringMatching(/^function f5 is overloaded: 8 calls of organization o wait already/),
    });
    const others = [new TestTask(revisionOf({ organization: "p", faasId: "p1" })), new TestTask(revisionOf(), true)];
    for (const task of others) pool.submit(task);
    expect(others.map(({ refusal }) => refusal)).toEqual([undefined, undefined]);
    expect(pool.stats().refused).toEqual([{ organization: "o", reason: "organization", count: 2 }]);
  });
});

describe("calls by calls", () => {
  const functionAt = (depth: number) => revisionOf({ faasId: `at-${depth}`, concurrency: 50 });

  test("that cannot fit are refused at once, with a sentence", () => {
    const { pool } = poolWith({ maxWorkers: 4 });
    const task = new TestTask(functionAt(4), false, 4);
    pool.submit(task);
    expect(task.refusal?.message).toContain(
      "it would take 5 workers at once, and this server has 4 (setting max-workers)",
    );
  });

  test("find a worker although those that wait for them have all, and room is kept for the next", async () => {
    const { pool, runtime } = poolWith({ maxWorkers: 4 });
    const outer = [1, 2, 3, 4, 5, 6].map(() => new TestTask(functionAt(0)));
    for (const task of outer) pool.submit(task);
    await eventually(() => runtime.loaded.filter(({ held }) => held.length === 1).length === 3);
    for (const worker of runtime.loaded) worker.begin();
    const inner = [1, 2, 3].map(() => new TestTask(functionAt(1), false, 1));
    for (const task of inner) pool.submit(task);
    await eventually(() => runtime.loaded[3]?.held.length === 1);
    for (let done = 0; done < 3; done++) {
      await eventually(() => runtime.loaded[3]?.held.length !== 0);
      runtime.loaded[3]?.end();
    }
    expect(inner.every(({ events }) => events.at(-1) === "finished")).toBe(true);
    for (const worker of runtime.loaded.slice(0, 3)) worker.end();
    const busy = () => runtime.loaded.filter(({ held, stops }) => held.length > 0 && stops.length === 0);
    await eventually(() => busy().length === 2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(busy()).toHaveLength(2);
  });
});

describe("a full queue", () => {
  const full = async () => {
    const { pool, runtime } = poolWith({ maxQueue: 2 });
    const revision = revisionOf({ concurrency: 1 });
    const worker = await ready(pool, runtime, revision);
    const tasks = [1, 2, 3].map(() => new TestTask(revision));
    for (const task of tasks) pool.submit(task);
    return { pool, revision, worker, tasks };
  };

  test("refuses with 429 and a time after which to try again", async () => {
    const { pool, revision } = await full();
    const late = new TestTask(revision);
    pool.submit(late);
    expect(late.events).toEqual(["refused"]);
    expect(late.refusal).toBeInstanceOf(DispatchError);
    expect(late.refusal).toMatchObject({ status: 429, retryAfter: expect.any(Number) });
    expect(late.refusal?.message).toMatch(
      /^function hello is overloaded: 2 calls wait already \(setting max-queue\); try again in \d+ s$/,
    );
  });

  test("is told before something is promised, and takes what was promised", async () => {
    const { pool, revision, worker } = await full();
    expect(() => pool.admit(new TestTask(revision))).toThrow(/is overloaded/);
    const promised = new TestTask(revision, true);
    pool.submit(promised);
    expect(promised.events).toEqual([]);
    for (let turn = 0; turn < 4; turn++) {
      await eventually(() => worker.held.length > 0);
      worker.end();
    }
    expect(promised.events).toEqual(["finished"]);
    expect(() => pool.admit(new TestTask(revision))).not.toThrow();
  });
});

test("who waited too long is refused, but not what was promised", async () => {
  const { pool, runtime } = poolWith({ maxWait: 20 });
  const revision = revisionOf({ concurrency: 1 });
  const worker = await ready(pool, runtime, revision);
  const [, promised, waiting] = [new TestTask(revision), new TestTask(revision, true), new TestTask(revision)].map(
    (task) => {
      pool.submit(task);
      return task;
    },
  ) as [TestTask, TestTask, TestTask];
  await eventually(() => waiting.events.length > 0);
  expect(waiting.refusal?.message).toContain("no worker had time for this call within 0.02 s (setting max-wait)");
  expect(promised.events).toEqual([]);
  worker.end();
  expect(worker.held).toHaveLength(1);
});

describe("a revision that is retired", () => {
  test("ends its idle workers at once, its busy ones after what they have to do", async () => {
    const { pool, runtime } = poolWith();
    const revision = revisionOf({ concurrency: 1 });
    const worker = await ready(pool, runtime, revision);
    const tasks = [new TestTask(revision), new TestTask(revision)];
    for (const task of tasks) pool.submit(task);
    pool.retire("r1");
    expect(worker.stops).toEqual([]);
    worker.end();
    await eventually(() => worker.held.length === 1);
    worker.end();
    expect(tasks.map(({ events }) => events)).toEqual([["finished"], ["finished"]]);
    await eventually(() => worker.stops.length > 0);
    expect(worker.stops).toEqual(["retired"]);
  });
});

describe("a pool that closes", () => {
  test("waits for what runs within the grace, ends all workers and takes nothing more", async () => {
    const { pool, runtime } = poolWith({ warmWorkers: 1 });
    const worker = await ready(pool, runtime, revisionOf());
    const task = new TestTask(revisionOf());
    pool.submit(task);
    const closed = pool.close(5000);
    worker.begin();
    worker.end();
    await closed;
    expect(task.events).toEqual(["started", "finished"]);
    expect(runtime.started.every(({ stops }) => stops.includes("shutdown"))).toBe(true);
    const late = new TestTask(revisionOf());
    pool.submit(late);
    expect([late.events, late.refusal?.message]).toEqual([["refused"], expect.stringContaining("is stopping")]);
  });

  test("refuses what still waits after the grace", async () => {
    const { pool, runtime } = poolWith();
    const revision = revisionOf({ concurrency: 1 });
    await ready(pool, runtime, revision);
    const [running, waiting] = [new TestTask(revision), new TestTask(revision)] as [TestTask, TestTask];
    pool.submit(running);
    pool.submit(waiting);
    runtime.loaded[0]?.begin();
    await pool.close(0);
    expect([running.events, waiting.events]).toEqual([["started", "failed: shutdown"], ["refused"]]);
  });
});
