/** Time in the units of the wire: seconds for resources, exact nanoseconds for runs. */

let base = wallBase();

function wallBase(): bigint {
  return BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();
}

/** Nanoseconds since 1970: the wall clock's milliseconds, refined by the monotonic clock. */
export function unixNanoseconds(): bigint {
  const now = base + process.hrtime.bigint();
  const drift = Number(now) / 1e6 - Date.now();
  if (drift > -5 && drift < 5) return now;
  base = wallBase();
  return base + process.hrtime.bigint();
}

/** Seconds since 1970. */
export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
