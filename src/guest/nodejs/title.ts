/** `context.setTitle(text)`: what a run is about, for those who look for it in a list. */
import { FrameType, textFrame } from "../frames.ts";
import type { Channel } from "./channel.ts";
import { attempt } from "./failure.ts";
import { runOfNow } from "./late.ts";

/** Letters; nobody reads more in a list. */
const LONGEST = 200;

/** Gives a context its `setTitle`; it is no part of what the context is as JSON. */
export const titleSetter = (channel: Channel): ((context: unknown) => void) => {
  const setTitle = (title: unknown): void => {
    const run = runOfNow();
    const text = attempt(() => String(title));
    if (run === undefined || run.ended || text === undefined) return;
    channel.send(textFrame(FrameType.title, run.number, text.slice(0, LONGEST)));
    channel.flush();
  };
  const property = { value: setTitle, writable: true, configurable: true };
  return (context) => void Object.defineProperty(context as object, "setTitle", property);
};
