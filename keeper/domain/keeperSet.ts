import type { Address, Hash } from "../lib/hex.ts";
import { keccakWords } from "../lib/keccakWords.ts";

/** The keepers whose signatures count, as `KeeperSet` in contracts/types/KeeperSet.sol. */
export interface KeeperSet {
  readonly id: bigint;
  /** Signatures needed. */
  readonly quorum: bigint;
  /** Attest keys, strictly ascending. */
  readonly members: readonly Address[];
}

/** What nothing reaches: the quorum while there are fewer seats than the minimum. */
const UNREACHABLE = 65_535n;

/** Signatures that so many seats need: more than two thirds. */
export function quorumOf(size: bigint, minKeepers: bigint): bigint {
  return size >= minKeepers ? (2n * size) / 3n + 1n : UNREACHABLE;
}

/** keccak256 of id, quorum and members, 32 bytes each: what the contracts keep of a set. As `Quorum.hash`. */
export function keeperSetHash({ id, quorum, members }: KeeperSet): Hash {
  return keccakWords([id, quorum, ...members]);
}
