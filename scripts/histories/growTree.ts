import type { Hash } from "../../keeper/lib/hex.ts";
import { drawHeaderShape, sealBlock, type Block, type BookSet } from "./Block.ts";
import type { Draw } from "./Draw.ts";
import type { StateTrie } from "./StateTrie.ts";
import { encodeAccount, type World } from "./World.ts";

/** How wild histories are. */
export interface TreeTerms {
  /** Blocks from a book set's announcement to its first block, at least. */
  readonly lead: number;
  /** Deepest reorganisation, blocks. */
  readonly maxDepth: number;
}

/** All blocks that anybody ever saw, and the one that the chain ended up with. */
export interface Tree {
  readonly blocks: readonly Block[];
  readonly head: Block;
}

/** Where histories begin: beyond every lead after the deployment, and around the lengths of encoded numbers. */
const FIRST_BLOCKS = [10_000, 65_500, 16_777_180, 2 ** 32 - 40, 2 ** 39] as const;
/** Share of histories that are longer than a book set's lead. */
const LONG_SHARE = 0.06;
const MAX_VERSIONS = 5;

/** Grows a tree of blocks: a trunk, then forks, of which some overtake it. */
export class TreeGrower {
  readonly #world: World;
  readonly #terms: TreeTerms;
  readonly #draw: Draw;
  readonly #shape: readonly Uint8Array[];
  readonly #blocks: Block[] = [];
  readonly #announceShare: number;
  /** Whether the next block, the first one of a fork, announces books. */
  #isAnnouncing = false;

  constructor(world: World, terms: TreeTerms, draw: Draw) {
    this.#world = world;
    this.#terms = terms;
    this.#draw = draw;
    this.#shape = drawHeaderShape(draw);
    this.#announceShare = draw.pick([0, 0, 0.03, 0.3]);
  }

  /** A whole tree. */
  grow(): Tree {
    const draw = this.#draw;
    const first = this.#seal(this.#genesis());
    let head = this.#extend(first, draw.chance(LONG_SHARE) ? draw.between(66, 130) : draw.between(2, 10));
    for (let forks = draw.between(1, 3); forks > 0; forks -= 1) {
      const depth = Math.min(this.#terms.maxDepth, this.#drawDepth());
      head = draw.chance(0.5) ? this.#race(head, depth) : this.#fork(head, Math.min(depth, head.number - first.number));
    }
    return { blocks: this.#blocks, head };
  }

  /** Two forks of the next blocks, of which the second wins. Each may announce books that the other knows nothing of. */
  #race(from: Block, depth: number): Block {
    const isRivalry = this.#draw.chance(0.6);
    this.#isAnnouncing = isRivalry;
    this.#extend(from, depth);
    this.#isAnnouncing = isRivalry;
    return this.#extend(from, depth + this.#draw.between(1, 2));
  }

  /** A fork of blocks that are there already: it takes over, or dies. */
  #fork(head: Block, depth: number): Block {
    const draw = this.#draw;
    const ancestor = ancestorOf(head, depth);
    this.#isAnnouncing = draw.chance(0.5);
    if (depth === 0 || draw.chance(0.6)) return this.#extend(ancestor, depth + draw.between(1, 2));
    this.#extend(ancestor, draw.between(1, depth));
    return head;
  }

  #drawDepth(): number {
    const { maxDepth } = this.#terms;
    return this.#draw.pick([1, 1, 1, 2, 3, 4, 6, this.#draw.between(1, maxDepth), maxDepth]);
  }

  #genesis() {
    const draw = this.#draw;
    const number = draw.pick(FIRST_BLOCKS) + draw.below(10);
    const roots = this.#world.contracts.map(() => draw.hash());
    const state = roots.reduce((known, root, book) => this.#write(known, book, root), draw.pick(this.#world.states));
    const { bookCount } = this.#world;
    let bookSets: readonly BookSet[] = [
      { version: 1, activeFrom: 0, books: Array.from({ length: bookCount }, (_, index) => index) },
    ];
    // What was announced long before any of this.
    for (let count = draw.pick([0, 0, 1, 2]); count > 0; count -= 1) {
      bookSets = this.#announce(bookSets, number + draw.below(draw.pick([12, 80])));
    }
    return { number, parent: null, state, roots, bookSets };
  }

  #extend(from: Block, count: number): Block {
    let block = from;
    for (let left = count; left > 0; left -= 1) block = this.#seal(this.#next(block));
    return block;
  }

  #next(parent: Block) {
    const draw = this.#draw;
    const number = parent.number + 1;
    let { state, roots, bookSets } = parent;
    for (let changes = draw.pick([0, 0, 1, 1, 2, 4]); changes > 0; changes -= 1) {
      const book = draw.below(roots.length);
      // Now and then what another book has, or what this one had: equal roots in different places.
      const root = draw.chance(0.15) ? draw.pick(draw.pick([roots, parent.parent?.roots ?? roots])) : draw.hash();
      roots = roots.with(book, root);
      state = this.#write(state, book, root);
    }
    if (this.#isAnnouncing || draw.chance(this.#announceShare)) {
      this.#isAnnouncing = false;
      bookSets = this.#announce(bookSets, number + this.#terms.lead + draw.pick([0, 0, 0, 1, 3]));
    }
    return { number, parent, state, roots, bookSets };
  }

  /** Another list of books: others, in another order, more or fewer. */
  #announce(bookSets: readonly BookSet[], earliest: number): readonly BookSet[] {
    const last = bookSets.at(-1) as BookSet;
    if (last.version >= MAX_VERSIONS) return bookSets;
    const all = this.#world.contracts.map((_, index) => index);
    const books = this.#draw.some(all, this.#draw.pick([1, 3, last.books.length, last.books.length, all.length]));
    const activeFrom = Math.max(earliest, last.activeFrom + 1);
    return [...bookSets, { version: last.version + 1, activeFrom, books }];
  }

  #write(state: StateTrie, book: number, root: Hash): StateTrie {
    const account = this.#world.contracts[book];
    if (account === undefined) throw new Error(`no contract ${book}`);
    return state.with(account.key, encodeAccount(root, book + 1));
  }

  #seal(content: Parameters<typeof sealBlock>[1]): Block {
    const block = sealBlock(this.#shape, content, this.#draw);
    this.#blocks.push(block);
    return block;
  }
}

/** The block `depth` below this one. */
export function ancestorOf(block: Block, depth: number): Block {
  let found = block;
  for (let left = depth; left > 0 && found.parent !== null; left -= 1) found = found.parent;
  return found;
}
