/** What an alert asks of what it watches. */

export interface Subject {
  readonly organization: string;
  /** The name of what is watched; all without. */
  readonly of: string | undefined;
}

/** How far a watch has looked, as JSON: the next look continues there. */
export type Mark = string | readonly string[];

export interface Seen {
  readonly mark: Mark;
  /** What is worth a message; undefined when nothing is. */
  readonly news: string | undefined;
}

export interface Watch {
  /** `mark` is undefined at the first look. */
  look(subject: Subject, mark: Mark | undefined): Promise<Seen>;
  /** The last 24 hours. */
  digest(subject: Subject): Promise<string>;
}
