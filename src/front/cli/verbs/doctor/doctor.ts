import type { Context } from "../../frame/context.ts";
import { printData } from "../../output/print.ts";
import { checkAudit } from "./check-audit.ts";
import { checkLanguages, checkSandbox } from "./check-functions.ts";
import { checkConfiguration, checkDataFolder } from "./check-machine.ts";
import { checkEndpoints, checkGateway, checkServer } from "./check-server.ts";
import type { Finding } from "./finding.ts";

/** `doctor`: exits with 1 when something is broken. */
export async function doctor(context: Context): Promise<number> {
  const server = await checkServer(context);
  const there = server.health
    ? [
        ...checkSandbox(server.health),
        ...checkAudit(server.health),
        ...(await checkLanguages(context)),
        await checkGateway(context),
        ...(await checkEndpoints(context)),
      ]
    : [];
  const findings = [checkConfiguration(context), ...server.findings, ...there, ...checkDataFolder(context)];
  if (context.format === "json" || context.format === "yaml") await printData(context, findings);
  else context.io.stdout(report(findings));
  return findings.some(({ state }) => state === "broken") ? 1 : 0;
}

const stateWidth = 9;
const checkWidth = 15;

function report(findings: readonly Finding[]): string {
  return `${findings.map(findingText).join("")}\n${summary(findings)}\n`;
}

function findingText({ check, state, message, remedy }: Finding): string {
  const indent = " ".repeat(stateWidth + checkWidth);
  const mend = remedy === undefined ? "" : `${indent}mend: ${remedy}\n`;
  return `${state.padEnd(stateWidth)}${check.padEnd(checkWidth)}${message.replaceAll("\n", `\n${indent}`)}\n${mend}`;
}

function summary(findings: readonly Finding[]): string {
  const count = (state: Finding["state"]) => findings.filter((finding) => finding.state === state).length;
  const [broken, warnings] = [count("broken"), count("warning")];
  const told = warnings === 1 ? "1 warning" : `${warnings} warnings`;
  if (broken === 0) return warnings === 0 ? "All is well." : `Nothing is broken; ${told}.`;
  return `${broken} broken; ${told}.`;
}
