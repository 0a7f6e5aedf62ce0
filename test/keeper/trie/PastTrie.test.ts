import { expect } from "chai";

import { bytesToHex, hexToBytes, type Hex } from "../../../keeper/lib/hex.ts";
import { keccak256 } from "../../../keeper/lib/keccak.ts";
import { bytesToNibbles } from "../../../keeper/lib/bytes.ts";
import { PastTrie } from "../../../keeper/trie/PastTrie.ts";
import { StorageTrie } from "../../../keeper/trie/StorageTrie.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { slotOf, SLOTS_SHARING_NINE_NIBBLES, SLOTS_SHARING_TEN_NIBBLES } from "./referenceTrie.ts";

const SEED = 20_261_122;

function trieOf(words: Iterable<readonly [Hex, bigint]>): StorageTrie {
  const trie = new StorageTrie();
  for (const [slot, value] of words) trie.set(slot, value);
  return trie;
}

/** Every path that leads to a word of either, to nibble 12, and one beside each. */
function pathsOf(slots: Iterable<Hex>): number[][] {
  const paths = new Map<string, number[]>();
  for (const slot of slots) {
    const key = bytesToNibbles(keccak256(hexToBytes(slot)));
    for (let length = 0; length <= 12; length += 1) {
      const path = key.slice(0, length);
      paths.set(path.join(), path);
      if (length > 0)
        paths.set([...path.slice(0, -1), path[length - 1]! ^ 1].join(), [...path.slice(0, -1), path[length - 1]! ^ 1]);
    }
  }
  return [...paths.values()];
}

function refsText(refs: readonly (Uint8Array | null)[]): string {
  return refs.map((ref) => (ref === null ? "none" : bytesToHex(ref))).join();
}

/** All that a trie says of a path. */
function describePath(trie: StorageTrie | PastTrie, path: readonly number[]): string {
  return [
    refsText([trie.nodeRefAt(path)]),
    refsText(trie.childRefsAt(path)),
    [...trie.entriesUnder(path)].join(),
    [...trie.slotsUnder(path)].join(),
  ].join("; ");
}

function expectPast(past: ReadonlyMap<Hex, bigint>, now: ReadonlyMap<Hex, bigint>): void {
  const written = [...new Set([...past.keys(), ...now.keys()])];
  const before = written
    .filter((slot) => past.get(slot) !== now.get(slot))
    .map((slot) => [slot, past.get(slot) ?? 0n] as const);
  const expected = trieOf(past);
  for (const actual of [new PastTrie(trieOf(now), before), ...[1, 7, 1_000].map((words) => made(now, before, words))]) {
    expectSame(actual, expected, written);
  }
}

/** Made in pieces. */
function made(
  now: ReadonlyMap<Hex, bigint>,
  before: readonly (readonly [Hex, bigint])[],
  wordsAtOnce: number,
): PastTrie {
  const pieces = PastTrie.inPieces(trieOf(now), before, wordsAtOnce);
  for (let count = 0, piece = pieces.next(); ; count += 1, piece = pieces.next()) {
    if (piece.done !== true) continue;
    expect(count, "pieces").to.be.at.least(Math.floor(before.length / wordsAtOnce));
    return piece.value;
  }
}

function expectSame(actual: PastTrie, expected: StorageTrie, written: readonly Hex[]): void {
  expect(actual.root()).to.equal(expected.root());
  for (const path of pathsOf(written)) {
    // One text a trie and path: a hundred thousand comparisons of lists by the matchers take half a minute.
    const [mine, wanted] = [describePath(actual, path), describePath(expected, path)];
    if (mine !== wanted) expect(mine, path.join()).to.equal(wanted);
    const each = Array.from({ length: 16 }, (_, nibble) => expected.nodeRefAt([...path, nibble]));
    if (refsText(expected.childRefsAt(path)) !== refsText(each)) expect.fail(`children at ${path.join()}`);
  }
}

describe(`PastTrie (seed ${SEED})`, function () {
  this.timeout(60_000);

  for (const size of [0, 1, 2, 17, 40, 400]) {
    it(`answers as the trie of ${size} words did before random writes`, () => {
      const random = new SeededRandom(SEED + size);
      for (let round = 0; round < (size > 40 ? 4 : 25); round += 1) {
        const past = new Map<Hex, bigint>();
        for (let at = 0; at < size; at += 1) past.set(slotOf(BigInt(at) << 30n), random.uint(128) | 1n);
        const now = new Map(past);
        for (let write = random.below(2 * size + 4); write > 0; write -= 1) {
          const slot = slotOf(BigInt(random.below(size * 2 + 2)) << 30n);
          if (random.below(2) === 0) now.delete(slot);
          else now.set(slot, random.uint(8) | 1n);
        }
        expectPast(past, now);
      }
    });
  }

  it("answers where a deep fork, and what it embeds, was written or removed", () => {
    const [[left, right]] = SLOTS_SHARING_TEN_NIBBLES as [readonly [Hex, Hex]];
    const many = Array.from({ length: 60 }, (_, at) => [slotOf(BigInt(at + 1) << 30n), BigInt(at + 1)] as const);
    const pair = [
      [left, 1n],
      [right, 2n],
    ] as const;
    const near = SLOTS_SHARING_NINE_NIBBLES.map((slot) => [slot, 3n] as const);
    for (const rest of [[], many, near]) {
      expectPast(new Map([...rest, ...pair]), new Map(rest));
      expectPast(new Map(rest), new Map([...rest, ...pair]));
      expectPast(new Map([...rest, pair[0]]), new Map([...rest, ...pair]));
      expectPast(new Map([...rest, ...pair]), new Map([...rest, pair[1]]));
    }
    // A whole branch beside one word goes: the word takes its place.
    const [lone] = many;
    expectPast(new Map([lone!, ...pair]), new Map([...many, ...pair]));
  });

  it("is the trie itself where nothing was written, and refuses what is no slot", () => {
    const words = new Map([[slotOf(1), 5n]]);
    expectPast(words, words);
    expect(() => new PastTrie(trieOf(words), [["0x01", 1n]])).to.throw();
  });
});
