import { booksRoot } from "../../keeper/domain/booksRoot.ts";
import { bigintToHex32, type Hash } from "../../keeper/lib/hex.ts";
import { bookSetAt, rootsOf, type Block } from "./Block.ts";
import type { Draw } from "./Draw.ts";
import { claim, type Claim } from "./Statement.ts";
import type { Tree } from "./growTree.ts";

/** What a liar knows. */
interface Scene {
  readonly tree: Tree;
  /** The block it lies about. */
  readonly block: Block;
  readonly setId: bigint;
  readonly draw: Draw;
}

type Lie = (scene: Scene, truth: Claim) => Claim;

const MAX_NUMBER = 2n ** 64n - 1n;

function withRoots(truth: Claim, roots: readonly Hash[]): Claim {
  return { ...truth, roots, attestation: { ...truth.attestation, booksRoot: booksRoot(roots) } };
}

function withFields(truth: Claim, fields: Partial<Claim["attestation"]>): Claim {
  return { ...truth, attestation: { ...truth.attestation, ...fields } };
}

/** What a dishonest keeper may sign. Some of it turns out to be true; whether it did is for the judgement, not for the liar. */
const LIES: Readonly<Record<string, Lie>> = {
  wrongRoot: ({ draw }, truth) => withRoots(truth, truth.roots.with(draw.below(truth.roots.length), draw.hash())),
  wrongRoots: ({ draw }, truth) =>
    withRoots(
      truth,
      truth.roots.map((root) => (draw.chance(0.5) ? draw.hash() : root)),
    ),
  zeroRoot: ({ draw }, truth) => withRoots(truth, truth.roots.with(draw.below(truth.roots.length), bigintToHex32(0n))),
  swappedRoots: ({ draw }, truth) => {
    const [first, second] = [draw.below(truth.roots.length), draw.below(truth.roots.length)];
    const { [first]: one, [second]: other } = truth.roots;
    return withRoots(truth, truth.roots.with(first, other as Hash).with(second, one as Hash));
  },
  staleRoots: ({ block }, truth) =>
    withRoots(truth, rootsOf(block.parent ?? block, bookSetAt(block.bookSets, block.number))),
  rootsOfAnotherFork: ({ block, tree, draw }, truth) => {
    const siblings = tree.blocks.filter(({ number }) => number === block.number);
    return withRoots(truth, rootsOf(draw.pick(siblings), bookSetAt(block.bookSets, block.number)));
  },
  wrongNumber: ({ draw }, truth) => {
    const { blockNumber } = truth.attestation;
    const numbers = [
      blockNumber - 1n,
      blockNumber + 1n,
      blockNumber + 64n,
      0n,
      MAX_NUMBER,
      BigInt(draw.below(2 ** 40)),
    ];
    return withFields(truth, { blockNumber: draw.pick(numbers) });
  },
  wrongHash: ({ tree, draw }, truth) => {
    // The hash of another block under this one's number and roots.
    const other = draw.pick(tree.blocks);
    return { ...withFields(truth, { blockHash: other.hash }), block: other };
  },
  unknownHash: ({ draw }, truth) => ({ ...withFields(truth, { blockHash: draw.hash() }), block: null }),
  wrongVersion: ({ draw }, truth) => {
    const { bookSetVersion } = truth.attestation;
    const versions = [0n, bookSetVersion + 1n, bookSetVersion - 1n, 2n ** 32n - 1n];
    const roots = draw.chance(0.5) ? truth.roots : truth.roots.map(() => draw.hash());
    return withFields(withRoots(truth, roots), { bookSetVersion: draw.pick(versions) });
  },
  wrongCount: ({ draw }, truth) =>
    withRoots(truth, draw.chance(0.5) ? truth.roots.slice(1) : [...truth.roots, draw.hash()]),
  otherBooks: ({ block, tree, draw, setId }) => {
    const sets = tree.head.bookSets;
    const [named, listed] = [draw.pick(sets), draw.pick(sets)];
    return claim("", block, { setId, version: BigInt(named.version) }, rootsOf(block, listed));
  },
};

/** Names of all lies. */
export const LIE_KINDS: readonly string[] = Object.keys(LIES);

/** A lie about a block of the tree. */
export function drawLie(scene: Scene, truth: Claim): Claim {
  const [kind, lie] = scene.draw.pick(Object.entries(LIES));
  return { ...lie(scene, truth), kind };
}
