/** A run that begins in the unit of whoever starts it. */
import type { Statement } from "../shared/ports.ts";

export interface Beginning {
  readonly id: string;
  /** To be committed together with the work of whoever starts it. */
  readonly unit: readonly Statement[];
  /** That is on record: its handler is entered. */
  committed(): void;
  /** It is not: nothing remains. */
  failed(): void;
}
