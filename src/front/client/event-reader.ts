/** Server-sent events out of texts that break anywhere; comments and unknown fields are passed over. */

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Gets the parts of a stream and hands over its events. */
export function eventReader(heard: (event: ServerEvent) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = new Map(block.split("\n").map(fieldOf));
      const data = fields.get("data");
      if (data !== undefined) heard({ event: fields.get("event") ?? "message", data });
    }
  };
}

function fieldOf(line: string): [name: string, value: string] {
  const colon = line.indexOf(":");
  return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
}
