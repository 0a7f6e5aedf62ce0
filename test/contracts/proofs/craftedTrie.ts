import { expect } from "chai";

import { bytesToNibbles, concatBytes } from "../../../keeper/lib/bytes.ts";
import { bytesToHex, hexToBytes, type Address, type Hash } from "../../../keeper/lib/hex.ts";
import { keccak256, keccak256Hex } from "../../../keeper/lib/keccak.ts";
import { encodeRlp, type RlpInput } from "../../../keeper/lib/rlp.ts";
import { encodePath } from "../../../keeper/trie/nodeEncoding.ts";
import { slotOf } from "../../keeper/trie/referenceTrie.ts";
import type { ProofCall, ProofHarness } from "./proofHarness.ts";

/** The account and the slot that crafted proofs are for. */
export const ADDRESS: Address = `0x${"c0".repeat(20)}`;
export const SLOT = slotOf(7) as Hash;
/** The keys of both, hashed, and the nibbles of the slot's. */
export const ACCOUNT_KEY = keccak256(hexToBytes(ADDRESS));
export const KEY = keccak256(hexToBytes(SLOT));
export const NIBBLES = bytesToNibbles(KEY);

export const NONE = new Uint8Array();
export const ONE = Uint8Array.of(1);
/** A word of 32 bytes, encoded. */
export const WORD = encodeRlp(new Uint8Array(32).fill(0xab));
/** A hash of nothing known. */
export const HASH = new Uint8Array(32).fill(0xcd);

/** A leaf for the whole of a key. */
export function leaf(value: Uint8Array, key = KEY): Uint8Array {
  return encodeRlp([encodePath(key, 0, 64, true), value]);
}

/** A path with a flag and a padding of one's own. */
export function path(flag: number, nibbles: readonly number[], padding = 0): Uint8Array {
  const all = nibbles.length % 2 === 0 ? [flag, padding, ...nibbles] : [flag, ...nibbles];
  return Uint8Array.from({ length: all.length / 2 }, (_, index) => (all[2 * index]! << 4) | all[2 * index + 1]!);
}

/** A branch with `child` where the key's nibble at `depth` leads, and another child beside it. */
export function branch(depth: number, child: RlpInput, value: RlpInput = NONE): Uint8Array {
  const children: RlpInput[] = Array.from({ length: 16 }, () => NONE);
  children[(NIBBLES[depth]! + 1) % 16] = HASH;
  children[NIBBLES[depth]!] = child;
  return encodeRlp([...children, value]);
}

/** Asks for the word at the slot, under the hash of the first node. */
export function wordOf(...nodes: readonly Uint8Array[]): ProofCall {
  return ["word", keccak256Hex(nodes[0]!), SLOT, nodes.map(bytesToHex)];
}

/** Asks for the storage root of the account whose leaf, the only node, holds `value`. */
export function accountOf(value: Uint8Array): ProofCall {
  const node = leaf(value, ACCOUNT_KEY);
  return ["storageRoot", keccak256Hex(node), ADDRESS, [bytesToHex(node)]];
}

/** Every call is refused with `error`. */
export async function refusesAll(harness: ProofHarness, calls: readonly ProofCall[], error: string): Promise<void> {
  const outcomes = await harness.judgeAll(calls);
  const seen = outcomes.map((outcome) => (outcome.isAccepted ? "accepted" : outcome.error));
  expect(seen).to.deep.equal(calls.map(() => error));
}

/** The call proves `value`. */
export async function accepts(harness: ProofHarness, call: ProofCall, value: Uint8Array): Promise<void> {
  const padded = bytesToHex(concatBytes([new Uint8Array(32 - value.length), value]));
  expect(await harness.judge(call)).to.deep.equal({ isAccepted: true, value: padded });
}
