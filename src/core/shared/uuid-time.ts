/** The time with which a UUID of version 7 begins (RFC 9562, 5.7). */

const DIGITS = 12;

/** Its letters before those of the version, for a time in milliseconds since 1970: `0191f3a2-7c4d`. */
export function uuidTime(milliseconds: number | bigint): string {
  const digits = milliseconds.toString(16).padStart(DIGITS, "0");
  return `${digits.slice(0, 8)}-${digits.slice(8)}`;
}
