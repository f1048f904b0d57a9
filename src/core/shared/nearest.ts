/** The known word that a misspelt one most probably meant; undefined when none is near. Letter case does not count. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  const ranked = known
    .map((candidate) => ({ candidate, distance: closeness(wanted, candidate.toLowerCase()) }))
    .filter(
      ({ candidate, distance }) =>
        distance <= Math.min(wanted.length - 1, Math.max(2, Math.floor(candidate.length / 3))),
    )
    .sort((one, other) => one.distance - other.distance);
  return ranked[0]?.candidate;
}

function closeness(word: string, candidate: string): number {
  const beginning = word.length >= 3 && candidate.startsWith(word);
  return beginning ? 1 : distance(word, candidate);
}

/** Levenshtein's distance: single letters inserted, removed or replaced. */
export function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = at(row, j - 1) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, at(row, j) + 1, at(next, j - 1) + 1));
    }
    row = next;
  }
  return at(row, other.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
