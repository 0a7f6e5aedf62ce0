import { expect } from "chai";

import { linkTo, type Link } from "../../../../keeper/books/naive/naiveNodes.ts";
import { PartialTrie } from "../../../../keeper/books/naive/PartialTrie.ts";
import { UnprovenNodeError } from "../../../../keeper/books/naive/UnprovenNodeError.ts";
import { bytesToHex, type Hex } from "../../../../keeper/lib/hex.ts";
import { naiveStorageRoot } from "../../../../keeper/trie/naiveRoot.ts";
import { nodeAt } from "../../../../keeper/trie/pathNodes.ts";
import { StorageTrie } from "../../../../keeper/trie/StorageTrie.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";
import {
  ReferenceTrie,
  slotOf,
  SLOTS_SHARING_NINE_NIBBLES,
  SLOTS_SHARING_TEN_NIBBLES,
} from "../../trie/referenceTrie.ts";

const SEED = Number(process.env["SEED"] ?? 20_261_122);
const CASES = 3_000;
/** One case in so many is compared with `@ethereumjs/mpt` as well, which is slow. */
const REFERENCE_EVERY = 8;
/** Their keys part so late that small words are embedded in their parents. */
const DEEP = [SLOTS_SHARING_NINE_NIBBLES, ...SLOTS_SHARING_TEN_NIBBLES.slice(0, 2)].flat();

type Writes = [Hex, bigint][];
type TrieClass = new (...args: ConstructorParameters<typeof PartialTrie>) => PartialTrie;

/** Takes every child that moves up for a branch. */
class Forgetful extends PartialTrie {
  protected override join(digits: string, child: Link): Link {
    return linkTo({ kind: "extension", path: digits, child });
  }
}

function draw<Item>(random: SeededRandom, items: readonly Item[]): Item {
  return items[random.below(items.length)]!;
}

function drawSlot(random: SeededRandom, slots: number): Hex {
  return random.below(5) === 0 ? draw(random, DEEP) : slotOf(random.below(slots));
}

function drawWrites(random: SeededRandom, count: number, slots: number, known: readonly Hex[]): Writes {
  return Array.from({ length: count }, () => {
    const slot = known.length > 0 && random.below(2) === 0 ? draw(random, known) : drawSlot(random, slots);
    return [slot, random.below(5) < 2 ? 0n : random.uint(draw(random, [1, 7, 8, 64, 256]))];
  });
}

function partialOf(trie: StorageTrie, Trie: TrieClass = PartialTrie, served: string[] = []): PartialTrie {
  return new Trie(trie.root(), (path) => {
    const node = nodeAt(
      trie,
      Array.from(path, (digit) => parseInt(digit, 16)),
    );
    served.push(path);
    return node === null ? "" : bytesToHex(node).slice(2);
  });
}

/** A random trie, and random writes to it: sometimes all of its words are removed, or every one of a pair's. */
function drawCase(random: SeededRandom): { readonly trie: StorageTrie; readonly writes: Writes } {
  const slots = draw(random, [4, 20, 200]);
  const trie = new StorageTrie();
  trie.setMany(drawWrites(random, random.below(draw(random, [1, 4, 60])), slots, []));
  const known = [...trie.slots()].map(([slot]) => slot);
  const writes = drawWrites(random, random.below(draw(random, [2, 6, 30])), slots, known);
  if (random.below(10) === 0) writes.push(...known.map((slot): [Hex, bigint] => [slot, 0n]));
  return { trie, writes };
}

/** The first case in which a partial trie says something else than the words do; null for none. */
async function findDifference(Trie: TrieClass, cases: number): Promise<string | null> {
  const random = new SeededRandom(SEED);
  for (let number = 0; number < cases; number += 1) {
    const { trie, writes } = drawCase(random);
    const words = new Map(trie.slots());
    const partial = partialOf(trie, Trie);
    for (const [slot, word] of writes) {
      if (partial.get(slot) !== (words.get(slot) ?? 0n)) return `case ${number} reads another word`;
      partial.set(slot, word);
      words.set(slot, word);
      if (random.below(4) !== 0) continue;
      if (partial.root() !== naiveStorageRoot(words)) return `case ${number} has another root in between`;
    }
    if (partial.root() !== naiveStorageRoot(words)) return `case ${number} has another root`;
    if (number % REFERENCE_EVERY !== 0) continue;
    const reference = await ReferenceTrie.of([...words].filter(([, word]) => word !== 0n));
    if (partial.root() !== reference.root()) return `case ${number} has another root than the reference`;
  }
  return null;
}

describe(`PartialTrie (seed ${SEED})`, function () {
  this.timeout(120_000);

  it(`has the root and the words of the whole trie in ${CASES} random cases`, async () => {
    expect(await findDifference(PartialTrie, CASES)).to.equal(null);
  });

  it("would be caught if it forgot that a leaf moves up when its branch collapses", async () => {
    expect(await findDifference(Forgetful, 100)).to.be.a("string");
  });

  it("is refused a node that differs in any bit of any byte, whatever is asked", () => {
    const random = new SeededRandom(SEED);
    let tried = 0;
    for (let number = 0; number < 12; number += 1) {
      const { trie, writes } = drawCase(random);
      const paths: string[] = [];
      const sound = partialOf(trie, PartialTrie, paths);
      for (const [slot, word] of writes) sound.set(slot, word);
      for (const path of paths) {
        const right = nodeAt(
          trie,
          Array.from(path, (digit) => parseInt(digit, 16)),
        )!;
        for (let at = 0; at < right.length; at += 1) {
          const wrong = right.slice();
          wrong[at]! ^= 1 << random.below(8);
          const lying = new PartialTrie(trie.root(), (asked) => {
            const node =
              asked === path
                ? wrong
                : nodeAt(
                    trie,
                    Array.from(asked, (digit) => parseInt(digit, 16)),
                  )!;
            return bytesToHex(node).slice(2);
          });
          expect(() => writes.forEach(([slot, word]) => lying.set(slot, word)), `${path} ${at}`).to.throw(
            UnprovenNodeError,
          );
          tried += 1;
        }
      }
    }
    expect(tried).to.be.greaterThan(1_000);
  });

  it("is refused a node that is missing, cut off, or the one of another path", () => {
    const trie = new StorageTrie();
    for (let number = 0; number < 40; number += 1) trie.set(slotOf(number), BigInt(number + 1));
    const [root, other] = [nodeAt(trie, [])!, nodeAt(trie, [1])!].map((node) => bytesToHex(node).slice(2));
    for (const node of ["", root!.slice(2), root!.slice(0, -2), `${root}80`, other!]) {
      expect(() => new PartialTrie(trie.root(), () => node).get(slotOf(1))).to.throw(UnprovenNodeError);
    }
    // The right root, and then that again.
    expect(() => new PartialTrie(trie.root(), () => root!).get(slotOf(1))).to.throw(UnprovenNodeError);
  });

  it("asks for the paths that are touched and for nothing else", () => {
    const trie = new StorageTrie();
    trie.setMany(Array.from({ length: 50_000 }, (_, number) => [slotOf(number), BigInt(number + 1)]));
    const served: string[] = [];
    const partial = partialOf(trie, PartialTrie, served);
    for (let number = 0; number < 10; number += 1) partial.set(slotOf(number), 7n);
    expect(partial.root()).to.not.equal(trie.root());
    expect(served.length).to.be.lessThan(10 * 8);
    expect(new Set(served).size).to.equal(served.length);
  });
});
