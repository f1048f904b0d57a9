/** Whoever decides when a sandbox has ended must be out of its reach, and an end must be one. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openControlGroups } from "../../src/adapters/runtime/process/cgroups.ts";
import { createSandbox } from "../../src/adapters/runtime/process/create-sandbox.ts";
import { type Outputs, openOutputPipes, type Started } from "../../src/adapters/runtime/process/output-pipes.ts";
import { PROGRAM_PATH } from "../../src/adapters/runtime/process/programs.ts";
import { followSandboxed, INFO_FD } from "../../src/adapters/runtime/process/sandboxed-process.ts";
import {
  createHarness,
  evaluate,
  findObstacle,
  type Harness,
  LIMITS,
  run,
  silent,
  startFunction,
  suiteName,
} from "../contract/runtime-harness.ts";
import { INIT_ATTACK, INIT_OUT_OF_REACH } from "./hostile.ts";
import { commandOf, isAlive, processesCalled } from "./support.ts";

const obstacle = await findObstacle();
const isRoot = process.getuid?.() === 0;
const ORDINARY_UID = 61_234;

/** The same for a server that is not root: a process of that user runs the attack. */
const AS_ORDINARY_USER = `
const { createHarness, evaluate } = await import(${JSON.stringify(new URL("../contract/runtime-harness.ts", import.meta.url).href)});
const harness = await createHarness();
console.log(JSON.stringify(await evaluate(harness.runtime, "python3", ${JSON.stringify(INIT_ATTACK)})));
await harness.close();
`;

const runAsOrdinaryUser = async (program: string): Promise<unknown> => {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-ordinary-"));
  await chown(folder, ORDINARY_UID, ORDINARY_UID);
  const user = ["--reuid", String(ORDINARY_UID), "--regid", String(ORDINARY_UID), "--clear-groups"];
  const child = spawn("setpriv", [...user, process.execPath, "--input-type=module", "-e", program], {
    env: { PATH: process.env.PATH, TMPDIR: folder, HOME: folder },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(child, "close");
  await rm(folder, { recursive: true, force: true });
  return JSON.parse(text);
};

const attackKnowsMachine = process.arch === "x64";

describe.skipIf(obstacle !== undefined)(suiteName("a function that attacks its init", obstacle), () => {
  const why = attackKnowsMachine ? undefined : "the numbers of its system calls are those of x64";

  test.skipIf(!attackKnowsMachine)(suiteName("finds no way to its memory", why), async () => {
    const harness = await createHarness();
    expect(await evaluate(harness.runtime, "python3", INIT_ATTACK)).toEqual(INIT_OUT_OF_REACH);
    await harness.close();
  });

  const ordinary = isRoot ? why : "only root can start a server as somebody else";
  test.skipIf(ordinary !== undefined)(
    suiteName("finds none when the server is an ordinary user's", ordinary),
    async () => {
      expect(await runAsOrdinaryUser(AS_ORDINARY_USER)).toEqual(INIT_OUT_OF_REACH);
    },
  );
});

/** A sandbox's outer process that ends with 0 while what it started goes on, holding its pipes: what a seized init does. */
const startLiar = (joinFiles: readonly string[], unshare: readonly string[], outputs: Outputs): Started => {
  const join = joinFiles.map((file) => `echo 0 > ${file}`).join("\n");
  const script = `${join}\nunshare ${unshare.join(" ")} sh -c 'sleep 1234567.5 & wait' &\n`;
  const tell = `sleep 0.2; printf '{ "child-pid": %d }' $(cat /proc/$!/task/$!/children || echo 0) >&${INFO_FD}; sleep 0.3; exit 0`;
  return outputs.start((...own) =>
    spawn("sh", ["-c", script + tell], {
      env: { PATH: PROGRAM_PATH },
      stdio: ["ignore", ...own, "ignore", "ignore", "ignore", "pipe"],
    }),
  );
};

describe.skipIf(obstacle !== undefined)(suiteName("a sandbox whose outer process lies about its end", obstacle), () => {
  test.each([
    ["with control groups", true, ["--fork"]],
    ["without control groups, by its process namespace", false, ["--user", "--pid", "--fork"]],
  ] as const)("has ended only when nothing of it is left, %s", async (_name, withGroup, unshare) => {
    const groups = await openControlGroups();
    const group = withGroup ? groups.create("1") : { ...groups.create("1"), joinFiles: [], kill: () => [] };
    const folder = await mkdtemp(join(tmpdir(), "dispatch-test-"));
    const pipes = openOutputPipes(folder, silent);
    const running = followSandboxed(startLiar(group.joinFiles, unshare, await pipes.take()), group, silent);
    await vi.waitFor(() => expect(processesCalled("sleep 1234567.5")).toHaveLength(1));
    expect((await running.exited).code).toBe(0);
    expect(processesCalled("sleep 1234567.5")).toEqual([]);
    await groups.close();
    await pipes.close();
    await rm(folder, { recursive: true, force: true });
  });
});

describe.skipIf(obstacle !== undefined)(suiteName("a function whose pipes somebody else holds", obstacle), () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await createHarness();
  });
  afterAll(() => harness.close());

  /** Takes the descriptors of a sibling on the same network, and keeps them. */
  const TAKER = `
import socket
kept = []
def handle(context, payload):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind("\\0taker"); listener.listen(); listener.settimeout(10)
    connection, _ = listener.accept()
    kept.extend(socket.recv_fds(connection, 1, 4)[1])
    return len(kept)`;
  const GIVER = `
import socket, time
def handle(context, payload):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    for _ in range(100):
        try: connection.connect("\\0taker"); break
        except OSError: time.sleep(0.05)
    socket.send_fds(connection, [b"x"], [1, 2, 3])
    return "given"`;

  test("ends within its grace, and is not waited for", async () => {
    const [taker, giver] = await Promise.all([
      startFunction(harness.runtime, "python3", TAKER),
      startFunction(harness.runtime, "python3", GIVER),
    ]);
    const [taken, given] = await Promise.all([run(taker), run(giver)]);
    expect([taken.output, given.output]).toEqual(["3", '"given"']);
    const ended = await Promise.race([giver.stop("retired").then(() => "ended"), sleep(5000, "still waiting")]);
    expect(ended).toBe("ended");
    await taker.stop("retired");
  });
});

describe.skipIf(obstacle !== undefined)(suiteName("what a server that died left running", obstacle), () => {
  test("is ended by the next server on the same folder, and by no other", async () => {
    const harness = await createHarness();
    const { sandbox } = harness;
    const running = await sandbox.spawn({
      ...{
        command: "/usr/bin/sleep",
        args: ["4321.5"],
        environment: {},
        binds: [],
        network: "none",
        organization: "test",
      },
      limits: LIMITS,
    });
    const found = () => processesCalled("/usr/bin/sleep 4321.5").filter((pid) => !/bwrap/.test(commandOf(pid)));
    await vi.waitFor(() => expect(found()).toHaveLength(1));
    const [pid = 0] = found();
    const other = await createHarness();
    expect(isAlive(pid)).toBe(true);
    await other.close();
    const next = await createSandbox({ mode: "bubblewrap", stateDir: join(harness.folder, "state"), log: silent });
    expect(isAlive(pid)).toBe(false);
    await running.exited;
    await next.close();
    await harness.close();
  });
});
