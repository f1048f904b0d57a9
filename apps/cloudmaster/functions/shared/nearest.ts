/** The number of letters to insert, remove, replace or swap with their neighbour to get from one word to the other. */
export function distance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = at(previous, column - 1) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
          ? at(beforePrevious, column - 2) + 1
          : Number.POSITIVE_INFINITY;
      current.push(Math.min(replaced, swapped, at(previous, column) + 1, at(current, column - 1) + 1));
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}

/** The candidate that `word` was probably meant to be; undefined when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  // A long word need not be measured: nothing we know is near it.
  if (word.length > 20) return undefined;
  const typed = word.toLowerCase();
  const ranked = candidates
    .map((candidate) => ({ candidate, steps: distance(typed, candidate) }))
    .filter(
      ({ candidate, steps }) => steps <= Math.max(1, Math.floor(candidate.length / 2)) && steps < candidate.length,
    )
    .sort((left, right) => left.steps - right.steps);
  return ranked[0]?.candidate;
}
