import { concatBytes } from "../../keeper/lib/bytes.ts";
import { hexToBytes, type Address, type Hash, type Hex } from "../../keeper/lib/hex.ts";
import { keccak256Hex } from "../../keeper/lib/keccak.ts";

const SIGNATURE_DIGITS = 130;

/**
 * What stands for a signature: 65 bytes that follow from the signer and the digest. Nobody in a simulation makes one for another's key,
 * and no core recovers one, so that nothing is lost by leaving the curve out but its time.
 */
export function signIdeally(signer: Address, digest: Hash): Hex {
  const first = keccak256Hex(concatBytes([hexToBytes(signer), hexToBytes(digest)]));
  const second = keccak256Hex(hexToBytes(first));
  return `0x${first.slice(2)}${second.slice(2)}1b`;
}

/** How many of the members signed: the signatures stand one after the other, ascending by signer; -1 where one is nobody's. */
export function countSigners(signatures: Hex, digest: Hash, members: readonly Address[]): number {
  const expected = new Map(members.map((member, index) => [signIdeally(member, digest).slice(2), index]));
  let last = -1;
  let count = 0;
  for (let at = 2; at < signatures.length; at += SIGNATURE_DIGITS) {
    const index = expected.get(signatures.slice(at, at + SIGNATURE_DIGITS)) ?? -1;
    if (index <= last) return -1;
    last = index;
    count += 1;
  }
  return count;
}
