import { command } from "../frame/context.ts";
import { printData } from "../output/print.ts";
import type { Finding } from "./doctor/finding.ts";

/** Exits with 1 when something is broken. */
export const doctor = command({
  name: "doctor",
  summary: "Check the server, its sandbox, this machine and these settings, and say how to fix what is wrong",
  examples: ["dispatch doctor", "dispatch doctor -o json"],
  run: async (context) => {
    const { checkAll } = await import("./doctor/check-all.ts");
    const findings = await checkAll(context);
    if (context.format === "json" || context.format === "yaml") await printData(context, findings);
    else context.io.stdout(`${findings.map(findingText).join("")}\n${summary(findings)}\n`);
    return findings.some(({ state }) => state === "broken") ? 1 : 0;
  },
});

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
