/** Spans of time as users write them: `30s`, `5m`, `1h30m`, `2d`; a bare number is seconds. */

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds; undefined when the text is no span. */
export function spanMilliseconds(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (unitsMs[unit ?? ""] ?? 0), 0);
}

/** The message for a flag whose value is no span. */
export function invalidSpan(flag: string, value: string): string {
  return `invalid argument ${JSON.stringify(value)} for "--${flag}" flag: a span of time is needed, like 30s, 5m or 1h`;
}
