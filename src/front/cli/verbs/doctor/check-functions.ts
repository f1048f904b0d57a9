/** Can functions run there? What the server found out about its sandbox, and the languages it knows. */
import { baseImageOperations } from "../../../../core/images/contract.ts";
import { messageOf } from "../../../../core/shared/message-of.ts";
import type { Context } from "../../context/context.ts";
import { isObject, type JsonObject, list, objectOf, objectsOf, text } from "../../output/json.ts";
import { type Finding, finding } from "./finding.ts";

/** `functions` of /healthz: problems, warnings, and the limits in force. */
export function checkSandbox({ functions }: JsonObject): Finding[] {
  if (!isObject(functions)) return [];
  if (functions.checking === true)
    return [finding("sandbox", "warning", "the server is still trying its first worker", "ask again in a moment")];
  const problems = list(functions, "problems").map((message) => finding("sandbox", "broken", message));
  const found = problems.length > 0 ? problems : limitFindings(objectOf(functions.limits));
  return [...found, ...list(functions, "warnings").map((message) => finding("sandbox", "warning", message))];
}

function limitFindings({ network, ...limits }: JsonObject): Finding[] {
  const words = Object.entries(limits).map(([name, value]) => `${name} (${wordOf(value)})`);
  const limited = words.length === 0 ? "" : `, with limits for ${words.join(", ")}`;
  const works = finding("sandbox", "ok", `a worker starts${limited}`);
  if (network === undefined) return [works];
  return [works, finding("network", "ok", `functions have the network ${wordOf(network)}`)];
}

function wordOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The base images: each stands for an interpreter of the server's machine. */
export async function checkLanguages({ client }: Context): Promise<Finding[]> {
  try {
    const images = objectsOf(await client.call(baseImageOperations.list));
    if (images.length === 0)
      return [finding("languages", "warning", "there is no base image", "dispatch create seed-images")];
    const ready = new Set(images.filter(isReady).map((image) => text(image, "language")));
    const others = images.filter((image) => !isReady(image)).map(notReady);
    return [...(ready.size > 0 ? [finding("languages", "ok", [...ready].toSorted().join(", "))] : []), ...others];
  } catch (error) {
    return [finding("languages", "skipped", `base images cannot be read: ${messageOf(error)}`)];
  }
}

function isReady({ status }: JsonObject): boolean {
  return status === "READY";
}

function notReady(image: JsonObject): Finding {
  const name = text(image, "name");
  const reason = list(image, "reason").join(" ") || text(image, "status");
  const remedy = `see there; without need for that language: dispatch delete base-image ${name}`;
  return finding("languages", "warning", `base image ${name}: ${reason}`, remedy);
}

/** `audit` of /healthz; older servers have none. */
export function checkAudit({ audit }: JsonObject): Finding[] {
  if (!isObject(audit)) return [];
  if (audit.checking === true) return [finding("audit log", "ok", "it is being checked")];
  if (audit.whole === true) return [finding("audit log", "ok", `whole, ${String(audit.entries)} entries sealed`)];
  const remedy = "find out who could write to the database; then dispatch audit accept goes on from what is there";
  return [finding("audit log", "broken", `it cannot be believed: ${text(audit, "reason")}`, remedy)];
}
