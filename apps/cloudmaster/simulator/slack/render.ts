/** Shows posts as a person in the channel would see them, as plain text. */
import { unescapeSlack } from "../../functions/shared/escape.ts";
import type { Post, ShownAttachment, ShownField } from "./channel.ts";

/** Paints text; the default leaves it plain. Keys are what is painted. */
export interface Paint {
  readonly author: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly danger: (text: string) => string;
}

export interface RenderOptions {
  /** Slack user id to display name. */
  readonly names: ReadonlyMap<string, string>;
  readonly paint?: Paint;
}

const same = (text: string) => text;
const PLAIN: Paint = { author: same, faint: same, good: same, warning: same, danger: same };
const SHORT_COLUMN = 26;

/** The lines of one post. */
export function renderPost(post: Post, { names, paint = PLAIN }: RenderOptions): string[] {
  const notes = [
    ...(post.kind === "app" ? ["APP"] : []),
    ...(post.onlyFor === undefined || post.kind === "person" ? [] : ["only visible to you"]),
    ...(post.afterMs === undefined ? [] : [`after ${Math.round(post.afterMs)} ms`]),
  ];
  const heading = paint.author(post.author) + (notes.length > 0 ? paint.faint(`  ${notes.join(" · ")}`) : "");
  const text = post.text === "" ? [] : readable(post.text, names).split("\n");
  return [heading, ...text, ...post.attachments.flatMap((each) => renderAttachment(each, names, paint))];
}

function renderAttachment(shown: ShownAttachment, names: ReadonlyMap<string, string>, paint: Paint): string[] {
  const bar = barPainter(shown.color, paint)("┃");
  const lines = [...textLines(shown.title), ...textLines(shown.text), ...fieldLines(shown.fields)];
  return lines.map((line) => `${bar} ${readable(line, names)}`);
}

function barPainter(color: string | undefined, paint: Paint): (text: string) => string {
  if (color === "good" || color === "warning" || color === "danger") return paint[color];
  return paint.faint;
}

function textLines(text: string | undefined): string[] {
  return text === undefined ? [] : text.split("\n");
}

/** Short fields stand in pairs, as in Slack's own window. */
function fieldLines(fields: readonly ShownField[]): string[] {
  const lines: string[] = [];
  let row: string[] = [];
  const flush = () => {
    if (row.length > 0)
      lines.push(
        row
          .map((cell) => cell.padEnd(SHORT_COLUMN))
          .join("  ")
          .trimEnd(),
      );
    row = [];
  };
  for (const field of fields) {
    const cell = `${field.title}: ${field.value}`;
    if (!field.short || row.length === 2) flush();
    row.push(cell);
    if (!field.short) flush();
  }
  flush();
  return lines;
}

/** `<@U1>` becomes a name and `<!channel>` a call to everybody, as in Slack; the rest is unescaped. */
function readable(text: string, names: ReadonlyMap<string, string>): string {
  const mentioned = text
    .replace(/<@([A-Z0-9]+)>/g, (_mention, id: string) => `@${names.get(id) ?? id}`)
    .replace(/<!(channel|here|everyone)>/g, "@$1");
  return unescapeSlack(mentioned);
}
