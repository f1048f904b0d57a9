/** Half a minute of mixed hostile load beside honest traffic: how much worse honest callers are served, and what is left. */
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { startTarget, type Target } from "../target.ts";
import { type Honest, honestTraffic } from "./honest.ts";
import { attackFor, waves } from "./hostile.ts";

const IDLE_MS = 10_000;
const ATTACK_MS = 30_000;
/** After this nothing of the attack may be held any more: longer than any deadline of a connection. */
const AFTERWARDS_MS = 40_000;

const MOST_SLOWER = 3;
const MOST_MEMORY = 150;
/** A descriptor or two more belong to what the server itself does at that moment. */
const SPARE_DESCRIPTORS = 8;

export interface Measured {
  readonly lines: readonly string[];
  /** Every figure is within its goal. */
  readonly held: boolean;
}

export async function measureLoad(): Promise<Measured> {
  const target = await startTarget();
  try {
    return await measure(target);
  } finally {
    await target.close();
  }
}

async function measure(target: Target): Promise<Measured> {
  const honest = await target.publish(await target.deploy("nodejs", "module.exports = (c, { name }) => ({ name });"));
  const url = `${target.server.gateway}${honest}`;
  const kinds = await waves(target);
  // Once each, so that no worker and no compiled code is counted as what the attack cost.
  await attackFor(target, kinds, 1000);
  const idle = await honestTraffic(url, IDLE_MS);
  const before = { memory: target.server.residentMebibytes(), descriptors: descriptorsOf(target) };
  const memory = watchMemory(target);
  const [beside, sent] = await Promise.all([honestTraffic(url, ATTACK_MS), attackFor(target, kinds, ATTACK_MS)]);
  const growth = memory.stop() - before.memory;
  const left = await leftDescriptors(target, before.descriptors);
  return report({ idle, beside, growth, left, sent });
}

interface Figures {
  readonly idle: Honest;
  readonly beside: Honest;
  readonly growth: number;
  readonly left: number;
  readonly sent: Readonly<Record<string, number>>;
}

function report({ idle, beside, growth, left, sent }: Figures): Measured {
  const ratio = beside.p99 / idle.p99;
  const rows: [string, string, boolean][] = [
    [
      "honest p99 under attack",
      `${ratio.toFixed(1)} x idle (${idle.p99.toFixed(1)} ms, then ${beside.p99.toFixed(1)} ms; goal: at most ${MOST_SLOWER} x)`,
      ratio <= MOST_SLOWER,
    ],
    ["honest requests that failed", `${beside.failed} of ${beside.requests} (goal: 0)`, beside.failed === 0],
    ["memory of the server", `at most ${Math.round(growth)} MB more (goal: ${MOST_MEMORY} MB)`, growth <= MOST_MEMORY],
    ["descriptors afterwards", `${left} more (goal: all given back)`, left <= SPARE_DESCRIPTORS],
  ];
  const attackers = Object.entries(sent).map(([kind, count]) => `${count} x ${kind}`);
  const lines = rows.map(([what, figure, met]) => `${met ? "met   " : "MISSED"}  ${what.padEnd(28)}  ${figure}`);
  return {
    lines: [`${ATTACK_MS / 1000} s of ${attackers.join(", ")}`, ...lines],
    held: rows.every(([, , met]) => met),
  };
}

const descriptorsOf = ({ server }: Target): number => readdirSync(`/proc/${server.pid}/fd`).length;

/** How many more than before are open once nothing more is given back. */
async function leftDescriptors(target: Target, before: number): Promise<number> {
  const until = performance.now() + AFTERWARDS_MS;
  while (descriptorsOf(target) > before && performance.now() < until) await sleep(500);
  return Math.max(0, descriptorsOf(target) - before);
}

function watchMemory({ server }: Target): { stop(): number } {
  let most = server.residentMebibytes();
  const timer = setInterval(() => {
    most = Math.max(most, server.residentMebibytes());
  }, 50);
  return {
    stop: () => {
      clearInterval(timer);
      return most;
    },
  };
}
