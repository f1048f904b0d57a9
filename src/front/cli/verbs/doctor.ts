import { type Context, command } from "../context/context.ts";
import { printData } from "../output/print.ts";
import { checkAudit, checkLanguages, checkSandbox } from "./doctor/check-functions.ts";
import { checkConfiguration, checkDataFolder } from "./doctor/check-machine.ts";
import { checkEndpoints, checkGateway, checkServer } from "./doctor/check-server.ts";
import type { Finding } from "./doctor/finding.ts";

export const doctor = command({
  name: "doctor",
  summary: "Check the server, its sandbox, this machine and these settings, and say how to fix what is wrong",
  examples: ["dispatch doctor", "dispatch doctor -o json"],
  run: async (context) => {
    const findings = await checkAll(context);
    if (context.format === "json" || context.format === "yaml") await printData(context, findings);
    else context.io.stdout(`${findings.map(findingText).join("")}\n${summary(findings)}\n`);
    return findings.some(({ state }) => state === "broken") ? 1 : 0;
  },
});

/** What only a server can tell is left out when none answers. */
async function checkAll(context: Context): Promise<Finding[]> {
  const { findings, health } = await checkServer(context);
  const running = health && [
    ...checkSandbox(health),
    ...checkAudit(health),
    ...(await checkLanguages(context)),
    await checkGateway(context, health),
    ...(await checkEndpoints(context)),
  ];
  return [checkConfiguration(context), ...findings, ...(running ?? []), ...checkDataFolder(context)];
}

const stateWidth = 9;
const checkWidth = 15;

function findingText({ check, state, message, remedy }: Finding): string {
  const indent = " ".repeat(stateWidth + checkWidth);
  const fix = remedy === undefined ? "" : `${indent}fix: ${remedy}\n`;
  return `${state.padEnd(stateWidth)}${check.padEnd(checkWidth)}${message.replaceAll("\n", `\n${indent}`)}\n${fix}`;
}

function summary(findings: readonly Finding[]): string {
  const count = (state: Finding["state"]) => findings.filter((finding) => finding.state === state).length;
  const [broken, warnings] = [count("broken"), count("warning")];
  const told = warnings === 1 ? "1 warning" : `${warnings} warnings`;
  if (broken === 0) return warnings === 0 ? "All is well." : `Nothing is broken; ${told}.`;
  return `${broken} broken; ${told}.`;
}
