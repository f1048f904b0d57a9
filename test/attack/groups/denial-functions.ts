/** Functions that want all of the machine, or all of the server's time; and secrets that are too much for it. */
import { functionBody } from "../../e2e/support/dispatch.ts";
import { KERNEL_ASKER, KERNEL_TAKER } from "../../escapes/hostile.ts";
import { type Attack, attacksOf, judge } from "../attack.ts";
import type { Target } from "../target.ts";

const NEIGHBOUR = "neighbours";

/** A function of another organization, deployed once. */
async function neighbourRuns(
  target: Target,
  name: string,
  language: "nodejs" | "python3",
  source: string,
): Promise<unknown> {
  const neighbour = target.as(NEIGHBOUR);
  if ((await neighbour.get(`/v1/image/${language}`)).status !== 200) await neighbour.createImage(language);
  const files = language === "nodejs" ? { "f.js": source } : { "f.py": source };
  const handler = language === "nodejs" ? {} : { handler: "f.handle" };
  if ((await neighbour.get(`/v1/function/${name}`)).status !== 200)
    await neighbour.createFunction(name, files, { image: language, ...handler });
  return (await neighbour.run(name)).output;
}

const honestRun = (target: Target): Promise<unknown> =>
  neighbourRuns(target, "honest", "nodejs", "module.exports = () => 'honest';");

/** The slowest of some honest runs while an attack is going on, in milliseconds. */
async function slowestBeside(target: Target, attack: Promise<unknown>): Promise<number> {
  let ended = false;
  void attack
    .catch(() => undefined)
    .finally(() => {
      ended = true;
    });
  let slowest = 0;
  for (let runs = 0; runs < 3 || (!ended && runs < 200); runs++) {
    const before = performance.now();
    await honestRun(target);
    slowest = Math.max(slowest, performance.now() - before);
  }
  return slowest;
}

/** A worker may have to be started meanwhile, on a machine that the attacker keeps busy. */
const PATIENCE_MS = 3000;

/** Each must end with a sentence of this kind or give what its limit leaves, while others run. */
const greedy: Record<
  string,
  { readonly source: string; readonly limits?: object; held(output: unknown, error: string): boolean }
> = {
  "take 4 GB of memory": {
    source: "def handle(c, p):\n    return len([bytearray(b'x' * (1 << 26)) for _ in range(64)])",
    limits: { memory: 128 },
    held: (_, error) => error.includes("exceeded its memory limit"),
  },
  "start processes without end": {
    source: `
import os, time
def handle(context, payload):
    made = 0
    while made < 5000:
        try:
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            made += 1
        except OSError: break
    return made`,
    limits: { pids: 32 },
    held: (made) => Number(made) < 32,
  },
  "open files without end": {
    source: `
import os, resource
def handle(c, p):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    count = 0
    try:
        while count < 100000: os.dup(0); count += 1
    except OSError: os.closerange(10, most)
    return count`,
    held: (count) => Number(count) <= 4096,
  },
  "fill the disk": {
    source: `
def handle(c, p):
    written = 0
    try:
        with open("/tmp/fill", "wb", buffering=0) as file:
            while written < 2000: written += file.write(bytes(1 << 20)) / (1 << 20)
    except OSError: pass
    return written`,
    limits: { disk: 16, memory: 256 },
    held: (written) => Number(written) <= 16,
  },
  "write output without end": {
    source: "import os\ndef handle(c, p):\n    while True: os.write(1, b'x' * 65535 + b'\\n')",
    held: (_, error) => error.includes("output without end"),
  },
  "send messages of the guest without end": {
    source: `
import os, struct
def handle(c, p):
    body = b'{"stream":"stdout","text":"late"}'
    frame = struct.pack(">IIB", len(body), 0, 21) + body
    for _ in range(100000): os.write(3, frame)`,
    held: (_, error) => error.includes("messages without end"),
  },
};

const resources: Record<string, Attack["run"]> = Object.fromEntries(
  Object.entries(greedy).map(([name, { source, limits, held }]) => [
    name,
    async (target: Target) => {
      await honestRun(target);
      const attack = target.evaluate("python3", source, null, limits === undefined ? {} : { limits });
      const slowest = await slowestBeside(target, attack);
      const { output, error } = await attack;
      const detail = `${error?.message ?? `it got ${JSON.stringify(output)}`}; others took at most ${Math.round(slowest)} ms`;
      return judge(held(output, error?.message ?? "") && slowest < PATIENCE_MS, detail);
    },
  ]),
);

const shares: Record<string, Attack["run"]> = {
  "take what the kernel gives to one user": async (target) => {
    const taker = await target.deploy("python3", KERNEL_TAKER);
    await target.admin.run(taker);
    const got = await neighbourRuns(target, "asker", "python3", KERNEL_ASKER);
    await target.admin.delete(`/v1/function/${taker}`);
    return judge(JSON.stringify(got) === "[true,1048576]", `others still get ${JSON.stringify(got)}`);
  },

  "take every worker with slow runs": async (target) => {
    const slow = await target.deploy("nodejs", "module.exports = (c, ms) => new Promise((r) => setTimeout(r, ms));", {
      limits: { concurrency: 40 },
    });
    const taken = Promise.allSettled(Array.from({ length: 40 }, () => target.admin.start(slow, 6000)));
    await taken;
    const before = performance.now();
    const output = await honestRun(target);
    const waited = Math.round(performance.now() - before);
    await target.admin.delete(`/v1/function/${slow}`);
    return judge(output === "honest" && waited < 5000, `another organization waited ${waited} ms`);
  },

  "ask for more than the machine has": async (target) => {
    const source = { "f.js": "module.exports = () => 1;" };
    const wishes = [{ memory: 2 ** 20 }, { cpu: 1024 }, { pids: 2 ** 22 }, { disk: 2 ** 20 }];
    const answers = await Promise.all(
      wishes.map((limits) =>
        target.admin.post("/v1/function", functionBody(target.name("greedy"), source, { limits })),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    return judge(
      statuses.every((status) => status === 422),
      `memory, cpu, pids, disk: ${statuses.join(", ")}`,
    );
  },
};

const secrets: Record<string, Attack["run"]> = {
  "end the server by a large secret, and find it in the log": async (target) => {
    const lines = Array.from({ length: 6000 }, (_, n) => `bundle-line-${process.pid}-${n}`);
    const name = target.name("bundle");
    await target.admin.post("/v1/secret", { name, secrets: { bundle: lines.join("\n") } });
    const source = "module.exports = ({ secrets }) => { console.log('a', secrets.bundle.split('\\n')[5999], 'b'); };";
    const { logs } = await target.evaluate("nodejs", source, null, { secrets: [name] });
    const loose = JSON.stringify([logs, target.server.log]).includes(`bundle-line-${process.pid}-5999`);
    return judge(!loose && logs?.stdout?.[0] === "a *** b", loose ? "the secret is in a log" : "masked, of 150 KB");
  },

  "get a secret into a log by escapes, by rotation, late, or cut": async (target) => {
    const name = target.name("token");
    const values = [`fir"st/value-${process.pid}`, `second value+${process.pid}`];
    await target.admin.post("/v1/secret", { name, secrets: { token: values[0] } });
    const source = `const seen = [];
    module.exports = ({ secrets }, payload) => {
      if (secrets.token) seen.push(secrets.token);
      console.log(JSON.stringify({ seen }), encodeURIComponent(seen.join()));
      setTimeout(() => console.log("later: " + seen.join()), 50);
      if (payload === "throw") throw new Error("x".repeat(16000) + seen.join().repeat(100));
    };`;
    const attacker = await target.deploy("nodejs", source, { limits: { concurrency: 1 } });
    const runs = [await target.admin.run(attacker, null, { secrets: [name] })];
    await target.admin.put(`/v1/secret/${name}`, { name, secrets: { token: values[1] } });
    runs.push(await target.admin.run(attacker, null, { secrets: [name] }), await target.admin.run(attacker, "throw"));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const said = JSON.stringify([runs, target.server.log]);
    const parts = ["st/value-", "st%2Fvalue-", "second value+", "second%20value"].filter((part) => said.includes(part));
    return judge(parts.length === 0, parts.length === 0 ? "masked each time" : parts);
  },
};

export const denialByFunctions = attacksOf("denial", { ...resources, ...shares, ...secrets });
