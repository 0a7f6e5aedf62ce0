import type { Draw } from "../../scripts/histories/Draw.ts";
import { ancestorOf, type SimBlock } from "../chain/Block.ts";
import { Pool } from "../chain/Pool.ts";
import { Producer } from "../chain/Producer.ts";
import type { TamperOrder } from "../chain/tamper.ts";
import type { Coverage } from "../run/Coverage.ts";
import { GENESIS } from "./genesis.ts";

const GWEI = 1_000_000_000n;
/** Blocks on top of one that make it final, and safe. */
export const FINAL_DEPTH = 16;
/** See {@link FINAL_DEPTH}. */
export const SAFE_DEPTH = 8;

/** What the next block is like. */
export interface NextBlock {
  /** Seconds since the genesis. */
  readonly seconds: number;
  readonly tamper: TamperOrder | null;
  /** Multiplies the base fee. */
  readonly gasFactor: number;
  readonly isFull: boolean;
}

/** The canonical chain: one head, now and then another one. */
export class Chain {
  readonly pool = new Pool();
  readonly #producer: Producer;
  readonly #traffic: number;
  readonly #coverage: Coverage;
  readonly #draw: Draw;
  #head: SimBlock = GENESIS.block;
  /** Blocks that were made, whichever branch they are of. */
  made = 0;

  constructor(draw: Draw, options: { readonly traffic: number; readonly coverage: Coverage }) {
    this.#draw = draw;
    this.#traffic = options.traffic;
    this.#coverage = options.coverage;
    this.#producer = new Producer(GENESIS.contracts, this.pool, draw);
  }

  get head(): SimBlock {
    return this.#head;
  }

  /** Makes the next block on top of the head. */
  grow(next: NextBlock): SimBlock {
    this.#head = this.#make(this.#head, next);
    return this.#head;
  }

  /**
   * Replaces the newest blocks by others, one more than there were. What was tampered with is not on the new branch, unless the branch
   * begins above it.
   */
  reorg(depth: number, next: NextBlock): SimBlock {
    const oldest = this.#head.number - GENESIS.block.number;
    const base = ancestorOf(this.#head, Math.min(depth, oldest, FINAL_DEPTH - 2));
    const count = this.#head.number - base.number;
    const hadPause = branchOf(this.#head, base).some(({ effects }) =>
      effects.some(({ kind }) => kind === "soft-pause"),
    );
    if (count > 0) this.#coverage.hit("reorg");
    if (count > 3) this.#coverage.hit("reorg deeper than confirmations");
    if (this.#head.taint !== null && base.taint === null) this.#coverage.hit("reorg of a tampered block");
    if (hadPause) this.#coverage.hit("reorg of an effective pause");
    const seconds = base.timestamp - GENESIS.block.timestamp;
    let block = base;
    for (let made = 1; made <= count + 1; made += 1) {
      const at = seconds + Math.max(made, Math.floor(((next.seconds - seconds) * made) / (count + 1)));
      // Some producers have not heard yet of what the others had included.
      const isFull = next.isFull || (made <= count && this.#draw.chance(0.5));
      block = this.#make(block, { ...next, seconds: at, tamper: null, isFull });
    }
    this.#head = block;
    return block;
  }

  /** A block that nobody but a liar serves. */
  invent(parent: SimBlock, seconds: number, tamper: TamperOrder | null): SimBlock {
    const timestamp = Math.max(parent.timestamp + 1, GENESIS.block.timestamp + seconds);
    const { baseFeePerGas } = parent;
    const order = { parent, timestamp, baseFeePerGas, tamper, isReal: false, traffic: 1 };
    return this.#producer.make({ ...order, isFull: this.#draw.chance(0.5) });
  }

  #make(parent: SimBlock, { seconds, tamper, gasFactor, isFull }: NextBlock): SimBlock {
    this.made += 1;
    const timestamp = Math.max(parent.timestamp + 1, GENESIS.block.timestamp + seconds);
    const baseFeePerGas = GWEI * BigInt(gasFactor);
    const order = { parent, timestamp, baseFeePerGas, tamper: parent.taint === null ? tamper : null };
    const block = this.#producer.make({ ...order, isReal: true, traffic: this.#traffic, isFull });
    if (isFull) this.#coverage.hit("block without room");
    if (block.taint?.hash === block.hash) this.#coverage.hit(`tamper ${block.taint.kind}`);
    return block;
  }
}

/** Blocks of a branch above a base, newest first. */
export function branchOf(head: SimBlock, base: SimBlock): SimBlock[] {
  const blocks: SimBlock[] = [];
  for (let block: SimBlock | null = head; block !== null && block !== base; block = block.parent) blocks.push(block);
  return blocks;
}

/** Whether a block is another one or an ancestor of it. */
export function isOnBranch(head: SimBlock, block: SimBlock): boolean {
  let at: SimBlock | null = head;
  while (at !== null && at.number > block.number) at = at.parent;
  return at === block;
}
