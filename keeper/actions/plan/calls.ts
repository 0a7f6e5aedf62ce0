import type { Hash, Hex } from "../../lib/hex.ts";
import type { Attestation } from "./Attestation.ts";
import { bytesList, selectorOf, word, wordList } from "./abi.ts";

const SOFT_PAUSE = selectorOf("softPause(bytes32,uint64,bytes32,bytes32)");
const POST = selectorOf("post((uint32,uint32,uint64,bytes32,bytes32),bytes32[],bytes[])");

/** What a soft pause says. */
export interface SoftPauseCall {
  readonly incidentId: Hash;
  readonly blockNumber: number;
  readonly blockHash: Hash;
  readonly evidenceHash: Hash;
}

/** Call data of `SyncGuard.softPause`. */
export function encodeSoftPause({ incidentId, blockNumber, blockHash, evidenceHash }: SoftPauseCall): Hex {
  return `${SOFT_PAUSE}${word(incidentId)}${word(BigInt(blockNumber))}${word(blockHash)}${word(evidenceHash)}`;
}

/** Call data of `CheckpointRegistry.post`. */
export function encodePost(attestation: Attestation, roots: readonly Hash[], signatures: readonly Hex[]): Hex {
  const { setId, bookSetVersion, blockNumber, blockHash, booksRoot } = attestation;
  const head = [setId, bookSetVersion, blockNumber, blockHash, booksRoot].map(word).join("");
  const rootsTail = wordList(roots);
  // Five words of the attestation and two offsets precede the tails.
  const rootsOffset = 7 * 32;
  const signaturesOffset = rootsOffset + rootsTail.length / 2;
  const offsets = word(BigInt(rootsOffset)) + word(BigInt(signaturesOffset));
  return `${POST}${head}${offsets}${rootsTail}${bytesList(signatures)}`;
}
