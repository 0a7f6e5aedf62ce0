import { createMPT, type MerklePatriciaTrie } from "@ethereumjs/mpt";
import { expect } from "chai";

import { bigintToBytes } from "../../../../keeper/lib/bytes.ts";
import { bytesToHex, hexToBytes, type Hash, type Hex } from "../../../../keeper/lib/hex.ts";
import { keccak256 } from "../../../../keeper/lib/keccak.ts";
import { encodeRlp } from "../../../../keeper/lib/rlp.ts";
import { StorageTrie } from "../../../../keeper/trie/StorageTrie.ts";
import { SmallRandom } from "./SmallRandom.ts";

const SEED = 20_271_101;
const SEQUENCES = 100_000;
/** Every so many sequences the roots are compared after each write, and not at the end alone. */
const SAMPLE = 10;

/** Tries of others' making with keys that are not hashed, so that every shape can be made. */
async function createReference(): Promise<MerklePatriciaTrie> {
  // Its nodes are hashed by our kernel, which has tests of its own: by its own hash this would take minutes.
  return await createMPT({ useRootPersistence: false, useNodePruning: false, useKeyHashingFunction: keccak256 });
}

/**
 * Keys that leave the path of an earlier one at a random nibble, so that forks lie anywhere: at the root, in the last
 * nibble, one below the other.
 */
function randomKeys(random: SmallRandom, count: number): Hex[] {
  const keys: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const base = keys[random.below(keys.length + 1)] ?? random.digits(64);
    const fork = [random.below(64), random.below(4), 60 + random.below(4), 30 + random.below(3)][random.below(4)] ?? 0;
    const tail = random.below(2) === 0 ? base.slice(fork + 1) : random.digits(63 - fork);
    keys.push(base.slice(0, fork) + random.digits(1) + tail);
  }
  return [...new Set(keys)].map((digits): Hex => `0x${digits}`);
}

/** Words of every length, with those around one byte of RLP more often: they make nodes that are embedded. */
function randomWord(random: SmallRandom): bigint {
  const kind = random.below(8);
  if (kind < 2) return 0n;
  if (kind < 5) return BigInt(1 + random.below(300));
  return BigInt(`0x${random.digits(1 + random.below(64))}`);
}

/** Few keys most times, and now and then up to 40. */
function randomCount(random: SmallRandom): number {
  const kind = random.below(32);
  return kind === 0 ? random.below(41) : kind < 8 ? random.below(12) : random.below(5);
}

describe(`shapes of tries (seed ${SEED})`, function () {
  this.timeout(240_000);

  it(`have the roots of @ethereumjs/mpt along ${SEQUENCES} random sequences of writes and deletions`, async () => {
    const random = new SmallRandom(SEED);
    let deleted = 0;
    for (let sequence = 0; sequence < SEQUENCES; sequence += 1) {
      const keys = randomKeys(random, randomCount(random));
      const trie = new StorageTrie({ keyHash: "none" });
      const reference = await createReference();
      const steps = keys.length === 0 ? 0 : random.below(2 * keys.length + 1);
      for (let step = 0; step < steps; step += 1) {
        const slot = keys[random.below(keys.length)]!;
        const word = randomWord(random);
        if (word === 0n && trie.get(slot) !== 0n) deleted += 1;
        const isKnown = trie.get(slot) !== 0n;
        trie.set(slot, word);
        if (word !== 0n) await reference.put(hexToBytes(slot), encodeRlp(bigintToBytes(word)), true);
        else if (isKnown) await reference.del(hexToBytes(slot), true);
        if (sequence % SAMPLE === 0) expectRoot(trie, reference, `sequence ${sequence} step ${step}`);
      }
      expectRoot(trie, reference, `sequence ${sequence}`);
    }
    expect(deleted).to.be.greaterThan(SEQUENCES / 4);
  });
});

function expectRoot(trie: StorageTrie, reference: MerklePatriciaTrie, what: string): void {
  const root: Hash = bytesToHex(reference.root());
  // Chai's own comparison, a hundred thousand times, takes longer than the tries.
  if (trie.root() !== root) expect(trie.root(), what).to.equal(root);
}
