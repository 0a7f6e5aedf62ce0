import type { SeededRandom } from "../local/SeededRandom.ts";
import { FAULTS, type FaultName } from "./faults.ts";

/** From this block on a source has this fault, or none. */
export interface Change {
  readonly source: number;
  readonly fault: FaultName | null;
}

/** A source's fault, and the block at which it is over. */
interface Spell {
  readonly fault: FaultName;
  readonly until: number;
}

/** Chance a block that trouble begins while all are well, and that a second source falls ill while one is. */
const TROUBLE = 0.05;
const MORE_TROUBLE = 0.012;
/** How many sources fall ill together; the weights of one, two and three. */
const TOGETHER = [0.8, 0.14, 0.06] as const;
/** Blocks that a fault lasts: alone, and when no majority is left. */
const SPELL_BLOCKS = [4, 40] as const;
const OUTAGE_BLOCKS = [3, 20] as const;

/**
 * Which source has which fault when: drawn from the seed, block by block, whatever the keeper does. Each fault is used
 * once before the first is used again.
 */
export class FaultPlan {
  readonly #random: SeededRandom;
  readonly #spells: (Spell | null)[];
  #deck: FaultName[] = [];
  /** How often each fault was begun. */
  readonly counts = new Map<FaultName, number>();
  /** How often a majority was lost. */
  outages = 0;

  constructor(random: SeededRandom, sourceCount: number) {
    this.#random = random;
    this.#spells = Array.from({ length: sourceCount }, () => null);
  }

  /** Whether more than half of the sources have no fault. */
  get hasMajority(): boolean {
    return this.#countWell() * 2 > this.#spells.length;
  }

  /** What changes before the block with this number is made. In a calm everybody is well. */
  next(block: number, isCalm: boolean): readonly Change[] {
    const before = this.#spells.map((spell) => spell?.fault ?? null);
    const wellBefore = this.#countWell();
    for (const [source, spell] of this.#spells.entries()) {
      if (spell !== null && (isCalm || spell.until <= block)) this.#spells[source] = null;
    }
    if (!isCalm) this.#fallIll(block);
    if (wellBefore * 2 > this.#spells.length && !this.hasMajority) this.outages += 1;
    return this.#spells.flatMap((spell, source) => {
      const fault = spell?.fault ?? null;
      return fault === before[source] ? [] : [{ source, fault }];
    });
  }

  #countWell(): number {
    return this.#spells.filter((spell) => spell === null).length;
  }

  #fallIll(block: number): void {
    const well = this.#spells.flatMap((spell, source) => (spell === null ? [source] : []));
    const areAllWell = well.length === this.#spells.length;
    // Drawn whether it is used or not: what follows must not depend on who is ill.
    const [chance, share] = [this.#random.next(), this.#random.next()];
    if (chance >= (areAllWell ? TROUBLE : MORE_TROUBLE)) return;
    const count = areAllWell ? this.#drawCount(share) : 1;
    for (let ill = 0; ill < count && well.length > 0; ill += 1) {
      const [source] = well.splice(Math.floor(this.#random.next() * well.length), 1);
      const [shortest, longest] = well.length * 2 > this.#spells.length ? SPELL_BLOCKS : OUTAGE_BLOCKS;
      const fault = this.#draw();
      const until = block + Math.floor(this.#random.between(shortest, longest + 1));
      if (source !== undefined) this.#spells[source] = { fault, until };
    }
  }

  #drawCount(share: number): number {
    const [one, two] = TOGETHER;
    if (share < one) return 1;
    return share < one + two ? 2 : 3;
  }

  #draw(): FaultName {
    if (this.#deck.length === 0) this.#deck = Object.keys(FAULTS) as FaultName[];
    // Two on one fork would be a majority that lies alike: no keeper can tell that from the truth.
    const isForked = this.#spells.some((spell) => spell?.fault === "fork");
    const choice = this.#deck.filter((fault) => !isForked || fault !== "fork");
    const fault = choice[Math.floor(this.#random.next() * choice.length)] ?? "dead";
    this.#deck = this.#deck.filter((other) => other !== fault);
    this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1);
    return fault;
  }
}
