import { AREA_COUNT, AREA_SIZE, AREAS_AT } from "./layout.ts";
import type { NodeMemory } from "./NodeMemory.ts";

const MAX_BLOCKS = 4;

/**
 * Hashes encodings two at a time: one that has been handed in waits for another of equally many blocks, or for
 * {@link HashQueue.flush}. Encodings are written into {@link HashQueue.area}, which is another one after each hand-in.
 */
export class HashQueue {
  readonly #memory: NodeMemory;
  readonly #freeAreas = Array.from({ length: AREA_COUNT - 2 }, (_, at) => AREAS_AT + AREA_SIZE * (at + 1));
  /** By number of blocks: where the one that waits starts, its area, and where its digest goes; 0 for none. */
  readonly #from = new Uint32Array(MAX_BLOCKS + 1);
  readonly #areas = new Uint32Array(MAX_BLOCKS + 1);
  readonly #to = new Uint32Array(MAX_BLOCKS + 1);
  /** Where the next encoding is to be written. */
  area = AREAS_AT;

  constructor(memory: NodeMemory) {
    this.#memory = memory;
  }

  /** Hands in the encoding at `from` in the current area; its digest will be at `to`. */
  push(from: number, length: number, to: number): void {
    const { kernel } = this.#memory;
    const blocks = kernel.pad(from, length);
    const other = this.#from[blocks]!;
    if (other === 0) {
      this.#from[blocks] = from;
      this.#areas[blocks] = this.area;
      this.#to[blocks] = to;
      // One area for each number of blocks, and one more.
      this.area = this.#freeAreas.pop() ?? 0;
      return;
    }
    kernel.hashTwo(other, from, blocks, this.#to[blocks]!, to);
    this.#release(blocks);
  }

  /** Hashes what waits. */
  flush(): void {
    for (let blocks = 1; blocks <= MAX_BLOCKS; blocks += 1) {
      if (this.#from[blocks] === 0) continue;
      this.#memory.kernel.hash(this.#from[blocks]!, blocks, this.#to[blocks]!);
      this.#release(blocks);
    }
  }

  #release(blocks: number): void {
    this.#from[blocks] = 0;
    this.#freeAreas.push(this.#areas[blocks]!);
  }
}
