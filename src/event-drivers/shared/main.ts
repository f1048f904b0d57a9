/** How every driver begins and ends: what it cannot do is one sentence on stderr, never a stack trace. */
import { setTimeout as delay } from "node:timers/promises";
import { type Flags, isOn, readFlags } from "./flags.ts";
import { type Gateway, openGateway } from "./gateway.ts";

export async function runDriver<Name extends string>(
  known: Readonly<Record<Name, string>>,
  work: (flags: Flags<Name | "dispatch-api-endpoint">, gateway: Gateway) => Promise<void>,
): Promise<void> {
  try {
    const flags = readFlags(known);
    const all: Readonly<Record<string, string>> = flags;
    const gateway = openGateway({
      endpoint: flags["dispatch-api-endpoint"],
      token: process.env.AUTH_TOKEN ?? "",
      dryRun: isOn(all.dryrun ?? all["dry-run"] ?? ""),
    });
    await work(flags, gateway);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
    // Whatever still holds the process open has no purpose any more.
    await delay(0);
    process.exit();
  }
}
