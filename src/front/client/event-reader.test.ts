import { expect, test } from "vitest";
import { eventReader, type ServerEvent } from "./event-reader.ts";

test("events are the same wherever their text breaks, and comments are none", () => {
  const text = ': hello\n\nevent: line\ndata: {"line":"a: b"}\n\n:\n\nevent: end\ndata: {}\n\n';
  for (let at = 0; at <= text.length; at++) {
    const events: ServerEvent[] = [];
    const read = eventReader((event) => events.push(event));
    read(text.slice(0, at));
    read(text.slice(at));
    expect(events).toEqual([
      { event: "line", data: '{"line":"a: b"}' },
      { event: "end", data: "{}" },
    ]);
  }
});
