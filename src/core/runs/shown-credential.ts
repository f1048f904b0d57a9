/**
 * The credential that a caller of a `public` endpoint showed: its function gets it, because nobody else judges it, and no record has
 * it (decision 13), also where the function returns its whole context or prints it.
 */

/** What is shorter is no secret, and hiding it would blot out everything. */
const SHORTEST = 8;

export class ShownCredential {
  readonly #words: readonly string[];

  /** `authorization` is the header: a scheme and what it proves, which a function may have taken out of it. */
  constructor(authorization: string) {
    const [, proof = ""] = /^\S+ +(.+)$/.exec(authorization) ?? [];
    this.#words = [authorization, proof].filter((word) => word.length >= SHORTEST);
  }

  /** A line or a message without it. */
  hideIn(text: string): string {
    return this.#words.reduce((left, word) => left.replaceAll(word, "***"), text);
  }

  /** JSON without the texts that are the credential. One that begins with a letter cannot be mistaken for what stands between two texts. */
  hideInJson(json: string): string {
    const quoted = this.#words.filter((word) => /^\w/.test(word)).map((word) => JSON.stringify(word));
    return quoted.reduce((left, word) => left.replaceAll(word, '"***"'), json);
  }
}
