import type { KeeperSet } from "../../keeper/domain/keeperSet.ts";
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

/**
 * `Quorum.check`: the signatures stand one after the other, ascending by signer, and enough of them are of members.
 * What is nobody's is taken for a stranger's that stands in order.
 *
 * @returns the error's signature; null when they suffice
 */
export function quorumError(signatures: Hex, digest: Hash, { quorum, members }: KeeperSet): string | null {
  const digits = signatures.length - 2;
  if (digits % SIGNATURE_DIGITS !== 0) return "QuorumBadLength(uint256)";
  if (BigInt(digits / SIGNATURE_DIGITS) < quorum) return "QuorumTooFew(uint256,uint256)";
  const places = new Map(members.map((member, index) => [signIdeally(member, digest).slice(2), index]));
  let last = -1;
  let isStrange = false;
  for (let at = 2; at < signatures.length; at += SIGNATURE_DIGITS) {
    const place = places.get(signatures.slice(at, at + SIGNATURE_DIGITS));
    if (place === undefined) isStrange = true;
    else if (place <= last) return "QuorumNotSorted(address,address)";
    else last = place;
  }
  return isStrange ? "QuorumNotMember(address)" : null;
}
