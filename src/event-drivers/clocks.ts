/**
 * A house of clocks: all that one organization has of the drivers `cron` and `ticker`, in one process. A clock is a few
 * kilobytes here, and forty megabytes as a program of its own.
 */
import { once } from "node:events";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import pLimit from "p-limit";
import type { Clock } from "./clocks/clock.ts";
import { cron } from "./clocks/cron.ts";
import type { ClockName, Order, Report, StartOrder } from "./clocks/orders.ts";
import { ticker } from "./clocks/ticker.ts";
import { type Flags, isOn, readFlags } from "./shared/flags.ts";
import { openGateway } from "./shared/gateway.ts";

/** Clocks that go off at the same second share so many connections. */
const inTurn = pLimit(16);
const clocks: Readonly<Record<ClockName, Clock>> = { cron, ticker };
const channel = new Socket({ fd: 3 });
const living = new Map<number, AbortController>();
/** By the server's address: whether it has answered. */
const greetings = new Map<string, Promise<void>>();

// Nobody wants them any more.
channel.on("close", () => process.exit());
for await (const line of createInterface({ input: channel })) {
  const order = JSON.parse(line) as Order;
  if ("stop" in order) living.get(order.id)?.abort();
  else void live(order);
}

async function live(order: StartOrder): Promise<void> {
  const { id } = order;
  const end = new AbortController();
  living.set(id, end);
  try {
    // At once, also where it waits for others: its events have their turns, its hello is that of all.
    await Promise.race([run(order, end.signal), once(end.signal, "abort")]);
    report({ id, ended: "exit code 0" });
  } catch (error) {
    if (!end.signal.aborted)
      report({ id, stream: "stderr", line: error instanceof Error ? error.message : String(error) });
    report({ id, ended: "exit code 1" });
  } finally {
    living.delete(id);
  }
}

async function run({ id, clock: name, args, environment }: StartOrder, signal: AbortSignal): Promise<void> {
  const clock = clocks[name];
  const flags: Flags<string> = readFlags(clock.settings(), args);
  const endpoint = flags["dispatch-api-endpoint"] ?? "";
  const say = (line: string): void => report({ id, stream: "stderr", line });
  const { push } = openGateway({
    ...{ endpoint, token: environment.AUTH_TOKEN ?? "", dryRun: isOn(flags.dryrun ?? "") },
    ...{ signal, inTurn, say, show: (line) => report({ id, stream: "stdout", line }) },
  });
  const hello = async (): Promise<void> => {
    await greeted(endpoint);
    report({ id, hello: true });
  };
  const { DISPATCH_BOOKMARK: bookmark, DISPATCH_SINCE: since } = environment;
  await clock.run(flags, { gateway: { hello, push }, bookmark, since, signal, say });
}

/** They are all of one server: one look is enough for all, until it fails. */
function greeted(endpoint: string): Promise<void> {
  const greeting = greetings.get(endpoint) ?? openGateway({ endpoint, token: "" }).hello();
  greetings.set(endpoint, greeting);
  greeting.catch(() => greetings.delete(endpoint));
  return greeting;
}

function report(what: Report): void {
  channel.write(`${JSON.stringify(what)}\n`);
}
