/** What a queue carries, as an event has it: names as types, bytes as JSON, text or base64. */

/** Of an event's type. */
const LONGEST_TYPE = 128;

/** The name of a subject or a channel as the type of its events: what a type cannot have becomes `_`. */
export function typeOfName(name: string): string {
  return name.replaceAll(/[^\w.-]/g, "_").slice(0, LONGEST_TYPE) || "_";
}

export interface Content {
  readonly contentType: string;
  readonly data: unknown;
}

/** Whoever sends says nothing of what it is: JSON when it reads as such, else text, else base64. */
export function contentOf(bytes: Uint8Array): Content {
  try {
    return contentOfText(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return { contentType: "application/octet-stream", data: Buffer.from(bytes).toString("base64") };
  }
}

export function contentOfText(text: string): Content {
  if (text === "") return { contentType: "text/plain", data: null };
  try {
    return { contentType: "application/json", data: JSON.parse(text) as unknown };
  } catch {
    return { contentType: "text/plain", data: text };
  }
}
