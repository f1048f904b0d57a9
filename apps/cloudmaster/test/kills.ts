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
  /** The longest that a create is let run; milliseconds. */
  readonly longestMs: number;
  /** A number from 0 to 1. */
  readonly random: () => number;
}

export interface KillReport {
  /** Creates that were killed before they had answered. */
  readonly killed: number;
  /** Ids that each name had over its life, after the create was tried again. */
  readonly ids: ReadonlyMap<string, readonly string[]>;
}

/** Starts creates in processes of their own, kills each at a random moment, and asks for the same machine again. */
export async function killCreates(plan: KillPlan): Promise<KillReport> {
  const ids = new Map<string, string[]>();
  let killed = 0;
  for (let index = 0; index < plan.kills; index++) {
    const name = `kill-${index}`;
    if (await createAndKill(plan, name)) killed++;
    const context = { secrets: plan.secrets, dispatch: plan.door };
    const [machine] = await plan.handler(context, { command: "create", name });
    const listed = await plan.handler(context, { command: "show", name });
    ids.set(name, [machine?.id ?? "", ...listed.map(({ id }) => id)]);
  }
  return { killed, ids };
}

/** @returns true when it was killed before it had answered. */
async function createAndKill({ cloud, door, secrets, longestMs, random }: KillPlan, name: string): Promise<boolean> {
  const program = fileURLToPath(new URL("kill.fixture.ts", import.meta.url));
  const child = spawn(process.execPath, [program, cloud], { stdio: ["pipe", "pipe", "inherit"] });
  const { url, token, organization } = door;
  const context: Context = { secrets, dispatch: { url, token, organization } };
  child.stdin.end(JSON.stringify({ context, payload: { command: "create", name } }));
  const exited = once(child, "exit");
  let answers = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    answers += chunk.toString().split("\n").length - 1;
  });
  await once(child.stdout, "data");
  await Promise.race([exited, delay(random() * longestMs)]);
  const unanswered = answers < 2;
  child.kill("SIGKILL");
  await exited;
  return unanswered && child.signalCode === "SIGKILL";
}
