/** One line of the table of results. */
export interface Row {
  readonly measure: string;
  readonly result: string;
  /** What was promised; "" when the figure is for information. */
  readonly goal: string;
  /** What stands behind the figure: the absolute values of a ratio, the slowest of a set. */
  readonly beside: string;
  /** Undefined when nothing was promised. */
  readonly met?: boolean;
}

/** A figure that must not be above its goal. */
export function atMost(measure: string, value: number, limit: number, unit: string, beside = ""): Row {
  return {
    measure,
    result: withUnit(value, unit),
    goal: `<= ${withUnit(limit, unit)}`,
    beside,
    met: value <= limit,
  };
}

/** A figure that must not be below its goal. */
export function atLeast(measure: string, value: number, limit: number, unit: string, beside = ""): Row {
  return {
    measure,
    result: withUnit(value, unit),
    goal: `>= ${withUnit(limit, unit)}`,
    beside,
    met: value >= limit,
  };
}

/** A figure without a promise. */
export function fact(measure: string, value: number, unit: string, beside = ""): Row {
  return { measure, result: withUnit(value, unit), goal: "", beside };
}

/** Three significant digits, without exponents: `0.42 ms`, `12.3 us`, `5310 /s`, `2.9 x`. */
export function withUnit(value: number, unit: string): string {
  return `${shortNumber(value)} ${unit}`;
}

function shortNumber(value: number): string {
  if (Math.abs(value) >= 100 || value === 0) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}
