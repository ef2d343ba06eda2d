const MAX_WORD_CHARS = 64;

/** The known word closest to `word` in edits, if it is close enough to be a slip of the fingers. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  const limit = Math.max(2, Math.floor(Math.min(word.length, MAX_WORD_CHARS) / 3));
  let nearest: string | undefined;
  let fewest = limit + 1;
  for (const candidate of known) {
    const edits = editDistance(word.slice(0, MAX_WORD_CHARS), candidate.slice(0, MAX_WORD_CHARS));
    if (edits < fewest) {
      fewest = edits;
      nearest = candidate;
    }
  }
  return nearest;
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substituted = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substituted, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
