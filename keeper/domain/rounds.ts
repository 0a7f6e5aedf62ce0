/** While a checkpoint that is due is not on chain, every so many blocks another one is signed. */
export const ROUND_BLOCKS = 8;
/** Blocks that a keeper has to carry what a quorum signed, before the next one takes over. */
export const TAKE_OVER_BLOCKS = 2;

/** What decides which block keepers sign; all of it stands in the chain, so that they need not talk. */
export interface RoundView {
  /** Newest block that may be signed: the head, less the depth of the chain's profile. */
  readonly top: number;
  /** Highest block of which a checkpoint was ever posted; only later ones are taken. */
  readonly highest: number;
  /** Time from which another checkpoint is due, seconds; -Infinity when there is none yet. */
  readonly dueAt: number;
  /** Time of a block of the branch that is followed, seconds; null where it is not known any more. */
  readonly timestampAt: (number: number) => number | null;
}

/**
 * The block of the newest round; null while none is due.
 *
 * The first round is of the first block that is due, whichever its number, and has {@link ROUND_BLOCKS} to be posted. The next ones
 * are of blocks whose number is a multiple of that: who has just started does not know which block was the first, and who
 * asks for another interval has another first, but they all know these. A keeper whose head is a block behind signs the same
 * block, only later.
 */
export function roundBlock({ top, highest, dueAt, timestampAt }: RoundView): number | null {
  let grid: number | null = null;
  for (let number = top; top - number < 2 * ROUND_BLOCKS; number -= 1) {
    const timestamp = number > highest ? timestampAt(number) : -Infinity;
    // Beyond its memory a keeper cannot know which one was the first.
    if (timestamp === null) return grid;
    if (number <= highest || timestamp < dueAt) {
      const first = number + 1;
      if (first > top) return null;
      return grid !== null && grid >= first + ROUND_BLOCKS ? grid : first;
    }
    if (grid === null && number % ROUND_BLOCKS === 0) grid = number;
  }
  return grid;
}
