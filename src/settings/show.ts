/** What `dispatch-server config` prints: every setting in force and where its value comes from. */
import { formatDuration } from "../core/shared/duration.ts";
import type { Resolved } from "./resolve.ts";

const MASK = "***";

/** An aligned table: setting, value, origin. */
export function settingsTable(resolved: readonly Resolved[]): string {
  const rows = [["SETTING", "VALUE", "FROM"], ...resolved.map((one) => [one.name, textOf(one), one.source])];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = ([name = "", value = "", source = ""]: readonly string[]): string =>
    `${name.padEnd(widths[0] ?? 0)}  ${value.padEnd(widths[1] ?? 0)}  ${source}`;
  return `${rows.map(line).join("\n")}\n`;
}

/** The same as JSON: a list of `{name, value, origin, source}`; durations as text, as they are written in a file. */
export function settingsJson(resolved: readonly Resolved[]): string {
  const list = resolved.map((one) => ({
    name: one.name,
    value: one.secret || one.type === "duration" ? textOf(one) : one.value,
    origin: one.origin,
    source: one.source,
  }));
  return `${JSON.stringify(list, null, 2)}\n`;
}

function textOf({ value, type, secret }: Resolved): string {
  if (secret && value !== "") return MASK;
  if (type === "duration") return formatDuration(Number(value));
  const text = Array.isArray(value) ? value.join(",") : String(value);
  return text === "" ? "-" : text;
}
