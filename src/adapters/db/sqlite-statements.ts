/** How statements are written down for SQLite. */
import { SqliteQueryCompiler } from "kysely";
import { Placeholder } from "../../core/shared/statement.ts";

/**
 * SQLite prepares a statement anew for each execution where a bare parameter may decide its plan: one that is compared with the
 * condition of a partial index, with what is sorted by, or by `like`. That costs several times what the statement does. So what
 * is always the same stands in the text, and a parameter is an expression.
 */
export class StatementCompiler extends SqliteQueryCompiler {
  protected override appendValue(value: unknown): void {
    if (value instanceof Placeholder) {
      this.addParameter(value);
      this.append(`+${this.getCurrentParameterPlaceholder()}`);
    } else this.appendImmediateValue(value);
  }
}
