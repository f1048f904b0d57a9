/** Writes that must succeed in the end, although they cannot be done now, for example because the disk is full. */
import { DuplicateError, StaleWriteError } from "../shared/ports.ts";

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;

/**
 * Repeats a write until it is done, while `goesOn` says so; `failed` hears of the first failure. A write that lost against
 * another is not repeated. @throws what the last attempt threw
 */
export async function persist(
  write: () => Promise<void>,
  goesOn: () => boolean,
  failed: (error: unknown) => void,
): Promise<void> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, 2 * pause)) {
    try {
      await write();
      return;
    } catch (error) {
      if (error instanceof StaleWriteError || error instanceof DuplicateError || !goesOn()) throw error;
      if (pause === FIRST_PAUSE_MS) failed(error);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
