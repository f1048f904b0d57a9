const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const CHARACTERS: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };

/** Undoes Slack's escaping, one level: Slack sends the three characters escaped in a command's text. */
export function unescapeSlack(text: string): string {
  return text.replaceAll(/&(?:amp|lt|gt);/g, (entity) => CHARACTERS[entity] ?? entity);
}

/** Writes plain text as Slack writes it in a command; `unescapeSlack` reads it back. */
export function encodeSlack(text: string): string {
  return text.replaceAll(/[&<>]/g, (character) => ESCAPES[character] ?? character);
}

/**
 * Makes text harmless in a Slack message: `<!channel>`, `<@U1>` and links stay plain words.
 * Text that is escaped already stays as it is, so that no piece of the way needs to know what the one before did.
 */
export function escapeSlack(text: string): string {
  return encodeSlack(unescapeSlack(text));
}
