/** One numbered step of the database's shape; steps run in order, each in a transaction of its own. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  /** As SQLite takes them; PostgreSQL's words for the types of columns are put in where it differs, see postgres/migrate.ts. */
  readonly statements: readonly string[];
  /** Instead of `statements` where those mean nothing to PostgreSQL. */
  readonly postgres?: readonly string[];
}
