/** Times as tables show them, in the local time zone (cli-and-runtimes.md 1.2). */
import { readFileSync } from "node:fs";
import { orElse } from "../../../frame/errors.ts";

/** Unix seconds as `Fri Jun  8 14:31:48 PDT 2018`; "" for none. */
export function unixDate(seconds: number | undefined, zone: string = zoneRule()): string {
  if (!seconds) return "";
  const date = new Date(seconds * 1000);
  const [weekday, month, day, year, clock] = date.toString().split(" ");
  return `${weekday} ${month} ${day?.replace(/^0/, " ")} ${clock} ${zoneName(date, zone)} ${year}`;
}

/** Unix nanoseconds as RFC 3339, zeros at the end of the fraction cut; "" for none. */
export function rfc3339(nanoseconds: bigint | undefined): string {
  if (nanoseconds === undefined || nanoseconds <= 0n) return "";
  const date = new Date(Number(nanoseconds / 1_000_000n));
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, -".000Z".length);
  const fraction = `.${String(nanoseconds % 1_000_000_000n).padStart(9, "0")}`.replace(/\.?0+$/, "");
  return `${local}${fraction}${offset(date)}`;
}

/** Milliseconds since 1970, as RFC 3339; "" when they are absent or no number. */
export function millisecondsText(milliseconds: unknown): string {
  return typeof milliseconds === "number" && Number.isFinite(milliseconds)
    ? rfc3339(BigInt(milliseconds) * 1_000_000n)
    : "";
}

/** A span in nanoseconds in the unit that fits: `850µs`, `12.9ms`, `3.2s`, `2m5s`. */
export function duration(nanoseconds: bigint): string {
  const microseconds = Number(nanoseconds / 1000n);
  if (microseconds < 1000) return `${microseconds}µs`;
  if (microseconds < 1_000_000) return `${short(microseconds / 1000)}ms`;
  if (microseconds < 60_000_000) return `${short(microseconds / 1_000_000)}s`;
  const seconds = Math.round(microseconds / 1_000_000);
  const rest = `${Math.floor((seconds % 3600) / 60)}m${seconds % 60}s`;
  return seconds < 3600 ? rest : `${Math.floor(seconds / 3600)}h${rest}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function offset(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  if (minutes === 0) return "Z";
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? "-" : "+"}${String(hours).padStart(2, "0")}:${String(rest).padStart(2, "0")}`;
}

/**
 * The short name of the time zone at a date, taken from the zone's POSIX rule (`CET-1CEST,M3.5.0,M10.5.0/3`): the
 * standard name when the date's offset is the standard one, else the summer name; an offset when there is no rule.
 * Intl knows names too, but costs as much time to load as Node itself.
 */
export function zoneName(date: Date, rule: string): string {
  const east = -date.getTimezoneOffset();
  const [, standard, hours, minutes, summer] = zonePattern.exec(rule) ?? [];
  if (standard === undefined) return east === 0 ? "UTC" : offset(date).replace(":", "");
  const west = Math.abs(Number(hours)) * 60 + Number(minutes ?? 0);
  const standardEast = hours?.startsWith("-") ? west : -west;
  const name = east === standardEast || summer === undefined ? standard : summer;
  return name.replaceAll(/[<>]/g, "");
}

const zonePattern = /^(<[^>]+>|[A-Za-z]+)([+-]?\d+)(?::(\d+))?(?::\d+)?(<[^>]+>|[A-Za-z]+)?/;

let knownRule: string | undefined;

/** The last line of the system's time zone file; "" when there is none. */
function zoneRule(): string {
  knownRule ??= orElse(readZoneRule, "");
  return knownRule;
}

function readZoneRule(): string {
  const zone = process.env.TZ?.replace(/^:/, "");
  const path = zone ? `/usr/share/zoneinfo/${zone}` : "/etc/localtime";
  return readFileSync(path, "latin1").trimEnd().split("\n").at(-1) ?? "";
}
