/** Kills creates at random moments and looks at what is left. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Context } from "../functions/shared/context.ts";
import type { Machine } from "../functions/shared/machine.ts";
import type { Door } from "./door.ts";

export interface KillPlan {
  readonly cloud: string;
  readonly door: Door;
  readonly secrets: Readonly<Record<string, string>>;
  readonly handler: (context: Context, payload: unknown) => Promise<Machine[]>;
  /** How often; each machine has a name of its own. */
  readonly kills: number;
  /** A number from 0 to 1. */
  readonly random: () => number;
}

export interface KillReport {
  /** Creates that were killed before they had answered. */
  readonly killed: number;
  /** Ids that each name had over its life, after the create was tried again. */
  readonly ids: ReadonlyMap<string, readonly string[]>;
}

/**
 * Starts creates in processes of their own, kills each at a random moment, and asks for the same machine again.
 * One create first runs to its end: its time is cut in as many parts as there are kills, and each part has one of them,
 * so that some kills come early on a machine of any speed.
 */
export async function killCreates(plan: KillPlan): Promise<KillReport> {
  const ids = new Map<string, string[]>();
  const wholeMs = await timeOfWholeCreate(plan, "whole-0");
  let killed = 0;
  for (let index = 0; index < plan.kills; index++) {
    const name = `kill-${index}`;
    const afterMs = ((index + plan.random()) / plan.kills) * wholeMs;
    if (await createAndKill(plan, name, afterMs)) killed++;
    const context = { secrets: plan.secrets, dispatch: plan.door };
    const [machine] = await plan.handler(context, { command: "create", name });
    const listed = await plan.handler(context, { command: "show", name });
    ids.set(name, [machine?.id ?? "", ...listed.map(({ id }) => id)]);
  }
  return { killed, ids };
}

/** Creates a machine that is not killed, and deletes it. @returns the milliseconds from the begin of the call to its answer. */
async function timeOfWholeCreate(plan: KillPlan, name: string): Promise<number> {
  const create = startCreate(plan, name);
  await create.begun;
  const begunMs = performance.now();
  await create.exited;
  const wholeMs = performance.now() - begunMs;
  if (!create.isAnswered()) throw new Error(`The create of ${name} that nobody killed failed: its error is above.`);
  await plan.handler({ secrets: plan.secrets, dispatch: plan.door }, { command: "delete", name });
  return wholeMs;
}

/** @returns true when it was killed before it had answered. */
async function createAndKill(plan: KillPlan, name: string, afterMs: number): Promise<boolean> {
  const create = startCreate(plan, name);
  await create.begun;
  await Promise.race([create.exited, delay(afterMs)]);
  const answered = create.isAnswered();
  create.child.kill("SIGKILL");
  await create.exited;
  return !answered && create.child.signalCode === "SIGKILL";
}

function startCreate({ cloud, door, secrets }: KillPlan, name: string) {
  const program = fileURLToPath(new URL("kill.fixture.ts", import.meta.url));
  const child = spawn(process.execPath, [program, cloud], { stdio: ["pipe", "pipe", "inherit"] });
  const { url, token, organization } = door;
  const context: Context = { secrets, dispatch: { url, token, organization } };
  child.stdin.end(JSON.stringify({ context, payload: { command: "create", name } }));
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  return {
    child,
    begun: once(child.stdout, "data"),
    exited: once(child, "close"),
    /** The first line says that it has begun, the second is the answer. */
    isAnswered: () => output.split("\n").length > 2,
  };
}
