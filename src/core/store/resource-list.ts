/** A list of resources as it stood when it was asked for. What is not in an answer is not made for it. */
import { DispatchError } from "../shared/errors.ts";
import type { ResourceRecord } from "./resource-store.ts";

export interface Listed<W> {
  readonly resource: W;
  /** Where a list goes on behind it, also when it is gone by then. */
  readonly cursor: string;
  readonly isLast: boolean;
}

/** Made for an answer at once. */
const PART = 50;
/** When it was made, and its name. */
const CURSOR = /^(\d{1,16})\.(.+)$/s;

export interface ResourceList<W> {
  /** So many of them, newest first, some at a time; `cursor` is that of the last one before. @throws BAD_REQUEST */
  parts(cursor?: string, most?: number): AsyncGenerator<readonly Listed<W>[]>;
}

export class RecordList<W, D> implements ResourceList<W> {
  readonly #records: readonly ResourceRecord<D>[];
  readonly #show: (records: ResourceRecord<D>[]) => Promise<W[]>;

  /** `records`: newest first. */
  constructor(records: readonly ResourceRecord<D>[], show: (records: ResourceRecord<D>[]) => Promise<W[]>) {
    this.#records = records;
    this.#show = show;
  }

  async *parts(cursor?: string, most = Number.POSITIVE_INFINITY): AsyncGenerator<readonly Listed<W>[]> {
    const from = cursor === undefined ? 0 : this.#placeAfter(cursor);
    const to = Math.min(this.#records.length, from + most);
    for (let at = from; at < to; at += PART) {
      const records = this.#records.slice(at, Math.min(at + PART, to));
      const resources = await this.#show(records);
      yield records.flatMap((record, index) => {
        const resource = resources[index];
        const isLast = at + index + 1 === this.#records.length;
        return resource === undefined ? [] : [{ resource, cursor: `${record.born}.${record.name}`, isLast }];
      });
    }
  }

  #placeAfter(cursor: string): number {
    const [, born, name] = CURSOR.exec(cursor) ?? [];
    if (born === undefined) {
      const message = `cursor in query must be one that a list answered: ${JSON.stringify(cursor)}`;
      throw new DispatchError("BAD_REQUEST", { message });
    }
    const same = this.#records.findIndex((record) => record.born === Number(born) && record.name === name);
    if (same >= 0) return same + 1;
    const older = this.#records.findIndex((record) => record.born <= Number(born));
    return older < 0 ? this.#records.length : older;
  }
}
