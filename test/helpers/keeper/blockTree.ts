import { Ancestry, type Link } from "../../../keeper/chain/agree/Ancestry.ts";
import type { ServedHead } from "../../../keeper/chain/agree/Votes.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import type { SeededRandom } from "../SeededRandom.ts";

/** A block of a tree that a test invents. */
export interface TreeBlock extends ServedHead {
  /** Null for the first. */
  readonly parent: TreeBlock | null;
}

const NOBODY: Hash = `0x${"0".repeat(64)}`;

/** 32 bytes, none of them an edge: the order of hashes is not that of their making. */
function randomHash(random: SeededRandom): Hash {
  const words = Array.from({ length: 8 }, () => random.below(2 ** 32));
  return `0x${words.map((word) => word.toString(16).padStart(8, "0")).join("")}`;
}

/** A hash of its own for each name, in the order of the names. */
export function hashOf(name: string): Hash {
  return `0x${Buffer.from(name).toString("hex").padEnd(64, "0")}`;
}

/** A tree of blocks without contents, and what a keeper that has verified some of its headers knows of it. */
export class BlockTree {
  readonly blocks: TreeBlock[] = [];
  readonly #byHash = new Map<Hash, TreeBlock>();
  readonly #random: SeededRandom;

  constructor(random: SeededRandom, number = 0) {
    this.#random = random;
    this.add(null, number);
  }

  /** A tree of so many blocks, of few long branches or of many short ones. */
  static random(random: SeededRandom, count: number): BlockTree {
    const tree = new BlockTree(random);
    const width = 1 + random.below(6);
    while (tree.blocks.length < count) {
      const newest = tree.blocks.slice(-width);
      tree.add(random.below(8) === 0 ? tree.pick() : newest[random.below(newest.length)]!);
    }
    return tree;
  }

  get root(): TreeBlock {
    return this.blocks[0]!;
  }

  add(parent: TreeBlock | null, number = parent === null ? 0 : parent.number + 1): TreeBlock {
    const block = { number, hash: randomHash(this.#random), parent };
    this.blocks.push(block);
    this.#byHash.set(block.hash, block);
    return block;
  }

  /** A chain of so many blocks on top of one; returns its end. */
  extend(parent: TreeBlock, count: number): TreeBlock {
    let end = parent;
    for (let added = 0; added < count; added += 1) end = this.add(end);
    return end;
  }

  pick(): TreeBlock {
    return this.blocks[this.#random.below(this.blocks.length)]!;
  }

  /** Looks headers up, all or those of some blocks. */
  headers(knows: (block: TreeBlock) => boolean = () => true): (hash: Hash) => Link | undefined {
    return (hash) => {
      const block = this.#byHash.get(hash);
      if (block === undefined || !knows(block)) return undefined;
      return { number: block.number, parentHash: block.parent?.hash ?? NOBODY };
    };
  }

  ancestry(knows?: (block: TreeBlock) => boolean): Ancestry {
    return new Ancestry(this.headers(knows));
  }
}

/** The block and all below it, newest first. */
export function lineOf(block: TreeBlock): TreeBlock[] {
  const line: TreeBlock[] = [];
  for (let next: TreeBlock | null = block; next !== null; next = next.parent) line.push(next);
  return line;
}
