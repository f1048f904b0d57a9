/** What the demo's story needs is waited for; what this machine lacks is said. */
import { setTimeout as delay } from "node:timers/promises";
import { StepFailure } from "./failure.ts";
import type { Shell } from "./shell.ts";

export interface Readiness {
  /** Why function harden-vm cannot run here, with the remedy; undefined when it can. */
  readonly noHardening: string | undefined;
}

interface Resource {
  readonly name: string;
  readonly status: string;
  readonly reason?: readonly string[] | null;
}

/** The first installation of Python's packages takes a while. */
const PATIENCE_MS = 360_000;
const PAUSE_MS = 300;
/** Needs a program that a machine may lack. */
const OPTIONAL = "harden-vm";

/** Until all functions and the event driver are READY. @throws StepFailure for what ends in ERROR */
export async function waitUntilReady(shell: Shell): Promise<Readiness> {
  const functions = await settled(shell, "functions");
  const [driver] = await settled(shell, "eventdrivers");
  const failed = [...functions, ...(driver === undefined ? [] : [driver])].filter(({ status }) => status === "ERROR");
  const broken = failed.find(({ name }) => name !== OPTIONAL);
  if (broken !== undefined) throw new StepFailure(`${broken.name} is in ERROR`, broken.reason?.join("\n"));
  if (failed.length === 0) return { noHardening: undefined };
  const [base] = (await list(shell, "base-images")).filter(({ name }) => name === "powershell-base");
  return { noHardening: base?.reason?.join(" ") ?? failed[0]?.reason?.join(" ") ?? "it is in ERROR" };
}

async function settled(shell: Shell, type: string): Promise<readonly Resource[]> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const all = await list(shell, type);
    const waiting = all.filter(({ status }) => status !== "READY" && status !== "ERROR");
    if (waiting.length === 0) return all;
    if (Date.now() > deadline)
      throw new StepFailure(
        `${waiting.map(({ name, status }) => `${name} is ${status}`).join(", ")} after ${PATIENCE_MS / 60_000} minutes`,
      );
    await delay(PAUSE_MS);
  }
}

async function list(shell: Shell, type: string): Promise<readonly Resource[]> {
  return JSON.parse(await shell.ask("get", type, "-o", "json")) as Resource[];
}
