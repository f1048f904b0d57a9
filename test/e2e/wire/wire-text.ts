/** Answers compared character by character, the order of their keys included; what differs each time has a blank for it. */

const blanks: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g, "<uuid>"],
  // Run ids begin with their time.
  [/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g, "<uuid>"],
  [/("(?:created|modified)-?[tT]ime":)[12]\d{9}(?=[,}])/g, "$1<seconds>"],
  [/("(?:executed|finished)Time":)[12]\d{18}(?=[,}])/g, "$1<nanoseconds>"],
];

/** The text of an answer with `<uuid>`, `<seconds>` and `<nanoseconds>` in the place of ids and times. */
export function blanked(text: string): string {
  return blanks.reduce((filled, [pattern, blank]) => filled.replace(pattern, blank), text);
}
