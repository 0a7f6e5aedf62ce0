import type { Block, BookSet } from "./Block.ts";
import type { Draw } from "./Draw.ts";
import { TreeGrower, type Tree, type TreeTerms } from "./growTree.ts";
import { drawLie } from "./lies.ts";
import { trueClaim, type Statement } from "./Statement.ts";
import type { World } from "./World.ts";

/** A chain with its forks, and what its keepers signed on the way. */
export interface History {
  readonly tree: Tree;
  /** What the chain ended up with, oldest first. */
  readonly bookSets: readonly BookSet[];
  /** Indices of the keepers who told the truth only. */
  readonly honest: readonly number[];
  readonly statements: readonly Statement[];
  /** Keepers that governance removes, and keepers that become active, before anybody is accused. */
  readonly removed: readonly number[];
  readonly joined: readonly number[];
}

/** Keepers by what can be done to them. */
export interface Roster {
  readonly count: number;
  /** Indices of those who are active, of whom some leave. */
  readonly active: readonly number[];
  /** Indices of those who have a bond and wait. */
  readonly bonded: readonly number[];
}

/** One history. The same draw makes the same one. */
export function generateHistory(world: World, roster: Roster, terms: TreeTerms, draw: Draw): History {
  const tree = new TreeGrower(world, terms, draw).grow();
  const all = Array.from({ length: roster.count }, (_, index) => index);
  const honest = all.filter(() => draw.chance(0.65));
  const liars = all.filter((index) => !honest.includes(index));
  const signers = (of: readonly number[]) => draw.some(of, draw.pick([1, 2, 3, of.length]));
  const setId = () => BigInt(draw.between(1, 6));

  const statements: Statement[] = [];
  for (const block of honest.length === 0 ? [] : chooseBlocks(tree, draw)) {
    const truth = trueClaim(block, setId());
    const followers = draw.chance(0.2) ? signers(liars) : [];
    statements.push({ ...truth, signers: [...signers(honest), ...followers] });
  }
  for (let count = liars.length === 0 ? 0 : draw.between(0, 3); count > 0; count -= 1) {
    const block = draw.chance(0.5) ? draw.pick(tree.blocks) : (statements.at(-1)?.block ?? tree.head);
    const truth = trueClaim(block, setId());
    const lie = drawLie({ tree, block, setId: truth.attestation.setId, draw }, truth);
    statements.push({ ...lie, signers: signers(liars) });
  }
  const removed = draw.chance(0.2) ? draw.some(roster.active, draw.between(1, 3)) : [];
  const joined = roster.bonded.filter(() => draw.chance(0.2));
  return { tree, bookSets: tree.head.bookSets, honest, statements, removed, joined };
}

/**
 * Blocks that honest keepers sign as they see them: where two forks have one height both of them, blocks on either side of
 * a new book set, tips of forks that died, the head, and any others.
 */
function chooseBlocks(tree: Tree, draw: Draw): Set<Block> {
  const { blocks, head } = tree;
  const forked = blocks.filter(({ number }, at) =>
    blocks.some((other, index) => index < at && other.number === number),
  );
  const starts = new Set(blocks.flatMap((block) => block.bookSets.map(({ activeFrom }) => activeFrom)));
  const turning = blocks.filter(({ number }) => starts.has(number) || starts.has(number + 1));
  const parents = new Set(blocks.map(({ parent }) => parent));
  const tips = blocks.filter((block) => !parents.has(block) && block !== head);
  const chosen = new Set<Block>();
  if (forked.length > 0) {
    const { number } = draw.pick([draw.pick(forked), forked.at(-1) ?? head]);
    for (const block of blocks.filter((other) => other.number === number)) chosen.add(block);
  }
  if (turning.length > 0) chosen.add(draw.pick(turning));
  for (const tip of tips) if (draw.chance(0.5)) chosen.add(tip);
  for (const block of [head, draw.pick(blocks), draw.pick(blocks)]) if (draw.chance(0.4)) chosen.add(block);
  return chosen;
}
