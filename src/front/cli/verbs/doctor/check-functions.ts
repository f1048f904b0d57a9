/** Can functions run there? What the server found out about its sandbox, and the languages it knows. */
import { baseImageOperations } from "../../../../core/images/contract.ts";
import { messageOf } from "../../../../core/shared/message-of.ts";
import type { Context } from "../../frame/context.ts";
import { list, text } from "../../kinds/kind.ts";
import { isObject, type JsonObject } from "../../output/shape.ts";
import type { Finding } from "./finding.ts";

/** `functions` of /healthz: problems, warnings, and the limits in force. */
export function checkSandbox(health: JsonObject): Finding[] {
  const { functions } = health;
  if (!isObject(functions)) return [];
  if (functions.checking === true) {
    const remedy = "ask again in a moment";
    return [{ check: "sandbox", state: "warning", message: "the server is still trying its first worker", remedy }];
  }
  const problems = list(functions, "problems").map(
    (message): Finding => ({ check: "sandbox", state: "broken", message }),
  );
  const warnings = list(functions, "warnings").map(
    (message): Finding => ({ check: "sandbox", state: "warning", message }),
  );
  const limits = isObject(functions.limits) ? functions.limits : {};
  return problems.length > 0 ? [...problems, ...warnings] : [...limitFindings(limits), ...warnings];
}

function limitFindings({ network, ...limits }: JsonObject): Finding[] {
  const words = Object.entries(limits).map(([name, value]) => `${name} (${wordOf(value)})`);
  const message = words.length === 0 ? "a worker starts" : `a worker starts, with limits for ${words.join(", ")}`;
  const sandbox: Finding = { check: "sandbox", state: "ok", message };
  if (network === undefined) return [sandbox];
  return [sandbox, { check: "network", state: "ok", message: `functions have the network ${wordOf(network)}` }];
}

function wordOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The base images: each stands for an interpreter of the server's machine. */
export async function checkLanguages(context: Context): Promise<Finding[]> {
  const check = "languages";
  try {
    const answer = await context.client.call(baseImageOperations.list);
    const images = Array.isArray(answer) ? answer.filter(isObject) : [];
    if (images.length === 0) {
      return [{ check, state: "warning", message: "there is no base image", remedy: "dispatch create seed-images" }];
    }
    const ready = images.filter((image) => image.status === "READY").map((image) => text(image, "language"));
    const others = images.filter((image) => image.status !== "READY").map(notReady);
    return [...(ready.length > 0 ? [readyFinding(ready)] : []), ...others];
  } catch (error) {
    return [{ check, state: "skipped", message: `base images cannot be read: ${messageOf(error)}` }];
  }
}

function readyFinding(languages: readonly string[]): Finding {
  return { check: "languages", state: "ok", message: [...new Set(languages)].toSorted().join(", ") };
}

function notReady(image: JsonObject): Finding {
  const reason = list(image, "reason").join(" ") || text(image, "status");
  const remedy = `see there; without need for that language: dispatch delete base-image ${text(image, "name")}`;
  return { check: "languages", state: "warning", message: `base image ${text(image, "name")}: ${reason}`, remedy };
}

/** `audit` of /healthz; older servers have none. */
export function checkAudit({ audit }: JsonObject): Finding[] {
  const check = "audit log";
  if (!isObject(audit)) return [];
  if (audit.checking === true) return [{ check, state: "ok", message: "it is being checked" }];
  if (audit.whole === true) return [{ check, state: "ok", message: `whole, ${String(audit.entries)} entries sealed` }];
  const message = `it cannot be believed: ${text(audit, "reason")}`;
  const remedy = "find out who could write to the database; then dispatch audit accept goes on from what is there";
  return [{ check, state: "broken", message, remedy }];
}
