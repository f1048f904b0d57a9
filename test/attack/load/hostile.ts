/** Hostile traffic of every kind at once, bounded in count and time: it stops by itself. */
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { FORGER } from "../../escapes/hostile.ts";
import type { Target } from "../target.ts";

const json = { "content-type": "application/json" };
const form = { "content-type": "application/x-www-form-urlencoded" };
const SLOW_CLIENTS = 200;
/** Pauses between the requests of one attacker, so that it is the server that is measured, not the processors. */
const PAUSE_MS = 100;

const FLOOD = "import os\ndef handle(c, p):\n    while True: os.write(1, b'x' * 65535 + b'\\n')";

export type Wave = () => Promise<unknown>;

/** One wave for each kind of attacker; each sends one request, and is called again and again. */
export async function waves(target: Target): Promise<Readonly<Record<string, Wave>>> {
  const open = await target.publish(
    await target.deploy("nodejs", "module.exports = (context, payload) => payload ?? null;"),
  );
  const forger = await target.deploy("nodejs", FORGER);
  const flood = await target.deploy("python3", FLOOD, { timeout: 2000 });
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  const fields = "a&".repeat(400_000);
  return {
    "deep JSON": () => target.knock(open, { headers: json, body: deep }),
    bombs: () => target.knock(open, { headers: { ...json, "content-encoding": "gzip" }, body: bomb }),
    "large forms": () => target.knock(open, { headers: form, body: fields }),
    "unknown paths": () => Promise.all(Array.from({ length: 20 }, (_, at) => target.knock(`/nowhere/${at}`))),
    "forged frames": () => target.admin.run(forger, { frames: [[18, 77, '"forged"']], markers: [9] }),
    "output without end": () => target.admin.run(flood),
  };
}

/** Calls every wave until the time is over; how many requests of each were sent. */
export async function attackFor(
  target: Target,
  kinds: Readonly<Record<string, Wave>>,
  milliseconds: number,
): Promise<Record<string, number>> {
  const until = performance.now() + milliseconds;
  const sent: Record<string, number> = {};
  const repeat = async (kind: string, wave: Wave): Promise<void> => {
    while (performance.now() < until) {
      sent[kind] = (sent[kind] ?? 0) + 1;
      await wave().catch(() => undefined);
      await sleep(PAUSE_MS);
    }
  };
  const slow = slowClients(target, until);
  await Promise.all(Object.entries(kinds).map(([kind, wave]) => repeat(kind, wave)));
  return { ...sent, "slow clients": await slow };
}

/** Clients that send a byte of their head every second. */
async function slowClients({ server }: Target, until: number): Promise<number> {
  const open = (address: string): Socket => {
    const { hostname, port } = new URL(address);
    const socket = connect(Number(port), hostname)
      .on("error", () => undefined)
      .resume();
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nX-Slow: ");
    return socket;
  };
  const sockets = Array.from({ length: SLOW_CLIENTS }, (_, at) => open(at % 2 === 0 ? server.api : server.gateway));
  while (performance.now() < until) {
    for (const socket of sockets) if (!socket.destroyed) socket.write("a");
    await sleep(1000);
  }
  for (const socket of sockets) socket.destroy();
  return sockets.length;
}
