/** The texts of statements in one database's dialect: compiled at their first use, and numbered from 0. */
import type { Kysely } from "kysely";
import type { DatabaseSchema } from "../../core/shared/database-schema.ts";
import type { Query } from "../../core/shared/ports.ts";

export interface StatementText {
  readonly index: number;
  readonly sql: string;
  /** In the order of the text: a placeholder, or a value that is always the same. */
  readonly slots: readonly unknown[];
}

export class StatementTexts {
  readonly #compiler: Kysely<DatabaseSchema>;
  readonly #added: (sql: string, index: number) => void;
  readonly #texts = new Map<Query<unknown>, StatementText>();
  readonly #indexes = new Map<string, number>();

  /** The compiler need not be able to run anything; `added` hears of every new text. */
  constructor(compiler: Kysely<DatabaseSchema>, added: (sql: string, index: number) => void = () => {}) {
    this.#compiler = compiler;
    this.#added = added;
  }

  /** @throws Error when Kysely cannot compile it. */
  of(query: Query<unknown>): StatementText {
    return this.#texts.get(query) ?? this.#compiled(query);
  }

  /** The number of a text. */
  index(sql: string): number {
    return this.#indexes.get(sql) ?? this.#numbered(sql);
  }

  #compiled(query: Query<unknown>): StatementText {
    const { sql, parameters } = query(this.#compiler).compile();
    const text = { index: this.index(sql), sql, slots: parameters };
    this.#texts.set(query, text);
    return text;
  }

  #numbered(sql: string): number {
    const index = this.#indexes.size;
    this.#indexes.set(sql, index);
    this.#added(sql, index);
    return index;
  }
}
