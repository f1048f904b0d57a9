/** The machine that measured, without its name. */
import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";

export function machineText(): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} cores, ${cpuModel()}, ${memory} GB, ${systemName()}, kernel ${release()}, Node.js ${process.version}`;
}

function cpuModel(): string {
  return cpus()[0]?.model.trim() || "unknown processor";
}

function systemName(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "Linux";
  } catch {
    return "Linux";
  }
}
