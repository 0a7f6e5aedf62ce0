/** The candidate that was probably meant by a mistyped name, or undefined when none is near. */
export function suggest(name: string, candidates: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  const typed = plain(name);
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(typed, plain(candidate));
    if (best === undefined || distance < best.distance) best = { candidate, distance };
  }
  return best !== undefined && best.distance <= Math.max(1, Math.floor(typed.length / 3)) ? best.candidate : undefined;
}

/** Levenshtein's distance, by the rows of its matrix. */
function editDistance(left: string, right: string): number {
  let distances = Array.from({ length: right.length + 1 }, (_, column) => column);
  let last = right.length;
  for (let row = 1; row <= left.length; row++) {
    let diagonal = row - 1;
    distances = distances.map((above, column) => {
      const replaced = diagonal + (left[row - 1] === right[column - 1] ? 0 : 1);
      diagonal = above;
      last = column === 0 ? row : Math.min(replaced, above + 1, last + 1);
      return last;
    });
  }
  return last;
}
