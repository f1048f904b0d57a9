/** What the server's frames mean to a guest. */
import { type FrameHandler, FrameType } from "../frames.ts";
import type { Runner } from "./runner.ts";

/** @param runner undefined until a function is loaded. @param load is given bytes of its own. */
export const hearing =
  (runner: () => Runner | undefined, load: (body: Buffer) => void): FrameHandler =>
  (type, number, bytes, start, end) => {
    if (type === FrameType.invoke) runner()?.invoke(number, bytes.toString("utf8", start, end));
    else if (type === FrameType.cancel) runner()?.cancel(number);
    else if (type === FrameType.probe) runner()?.probe();
    else if (type === FrameType.load) load(Buffer.from(bytes.subarray(start, end)));
  };
