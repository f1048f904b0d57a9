/** Whether a server on this machine is well: it answers /healthz, and its database is ready. */
import { type IncomingMessage, request } from "node:http";
import { request as secureRequest } from "node:https";
import { json } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

const PAUSE_MS = 500;
const DEADLINE_MS = 5000;

/** Asks until it is well twice in a row, for so many milliseconds at most. */
export async function isHealthy(address: string, patience: number): Promise<boolean> {
  const until = performance.now() + patience;
  let times = 0;
  while (times < 2 && performance.now() < until) {
    times = (await isWell(`${address}/healthz`)) ? times + 1 : 0;
    await sleep(PAUSE_MS);
  }
  return times >= 2;
}

async function isWell(url: string): Promise<boolean> {
  try {
    const response = await get(url);
    const { database } = (await json(response)) as { database?: { ready?: unknown } };
    return response.statusCode === 200 && database?.ready === true;
  } catch {
    return false;
  }
}

/** Its certificate is for its name, and this is its address. */
function get(url: string): Promise<IncomingMessage> {
  const open = url.startsWith("https:") ? secureRequest : request;
  return new Promise((resolve, reject) => {
    const options = { rejectUnauthorized: false, agent: false as const, timeout: DEADLINE_MS };
    const asking = open(url, options, resolve).on("error", reject);
    asking.on("timeout", () => asking.destroy(new Error("no answer"))).end();
  });
}
