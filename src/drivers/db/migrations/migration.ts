/** One numbered step of the database's shape; steps run in order, each in a transaction of its own. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly statements: readonly string[];
}
