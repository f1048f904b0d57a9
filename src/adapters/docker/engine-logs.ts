/** A container's output as the engine sends it: frames of both streams, each with a header of eight bytes. */
const HEADER = 8;
const SIZE_AT = 4;

/** The text of both streams, in the order in which they were written. */
export const textOfLogs = (bytes: Buffer): string => {
  const parts: Buffer[] = [];
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const end = at + HEADER + bytes.readUInt32BE(at + SIZE_AT);
    parts.push(bytes.subarray(at + HEADER, end));
    at = end;
  }
  return Buffer.concat(parts).toString();
};
