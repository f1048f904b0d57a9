/** Spans of time as people write them: `30s`, `5m`, `1h30m`, `2d`. */

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds; undefined when the text is no span. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (unitsMs[unit ?? ""] ?? 0), 0);
}

/** The shortest text of a span: `90000` is `1m30s`. */
export function formatDuration(milliseconds: number): string {
  const parts = [
    { unit: "h", amount: Math.floor(milliseconds / 3_600_000) },
    { unit: "m", amount: Math.floor(milliseconds / 60_000) % 60 },
    { unit: "s", amount: Math.floor(milliseconds / 1000) % 60 },
    { unit: "ms", amount: milliseconds % 1000 },
  ];
  const text = parts.map(({ unit, amount }) => (amount === 0 ? "" : `${amount}${unit}`)).join("");
  return text === "" ? "0s" : text;
}
