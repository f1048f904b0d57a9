/** What is handed to a connection at once: it takes memory for three times as much. */
const LONGEST = 64 * 1024;

/** A text in parts that can be sent one by one: no character is cut in two. */
export function* pieces(text: string): Generator<string> {
  for (let from = 0; from < text.length; ) {
    const end = Math.min(from + LONGEST, text.length);
    const to = isHighSurrogate(text.charCodeAt(end - 1)) && end < text.length ? end - 1 : end;
    yield text.slice(from, to);
    from = to;
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}
