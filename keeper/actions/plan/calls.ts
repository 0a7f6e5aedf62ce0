import type { KeeperSet } from "../../domain/keeperSet.ts";
import type { Hash, Hex } from "../../lib/hex.ts";
import type { Attestation } from "../../domain/Attestation.ts";
import { bytesTail, selectorOf, word, wordList } from "./abi.ts";

const SOFT_PAUSE = selectorOf("softPause(bytes32,uint8,uint64,bytes32,bytes32)");
const POST = selectorOf("post((uint32,uint32,uint64,bytes32,bytes32),bytes32[],(uint32,uint16,address[]),bytes)");

/** What a soft pause rests on; each class has its own budget. */
export type CauseClass = "books" | "view";

/** `CauseClass` of contracts/types/CauseClass.sol. */
const CAUSE_CLASS: Readonly<Record<CauseClass, bigint>> = { books: 0n, view: 1n };

/** What a soft pause says. */
export interface SoftPauseCall {
  readonly incidentId: Hash;
  readonly causeClass: CauseClass;
  readonly blockNumber: number;
  readonly blockHash: Hash;
  readonly evidenceHash: Hash;
}

/** What carries a checkpoint: the set must be the current one, the signatures ascend by signer. */
export interface PostCall {
  readonly attestation: Attestation;
  readonly roots: readonly Hash[];
  readonly set: KeeperSet;
  /** 65 bytes each. */
  readonly signatures: readonly Hex[];
}

/** Call data of `SyncGuard.softPause`. */
export function encodeSoftPause(call: SoftPauseCall): Hex {
  const { incidentId, causeClass, blockNumber, blockHash, evidenceHash } = call;
  const words = [incidentId, CAUSE_CLASS[causeClass], BigInt(blockNumber), blockHash, evidenceHash];
  return `${SOFT_PAUSE}${words.map(word).join("")}`;
}

/** Call data of `CheckpointRegistry.post`. */
export function encodePost({ attestation, roots, set, signatures }: PostCall): Hex {
  const { setId, bookSetVersion, blockNumber, blockHash, booksRoot } = attestation;
  const head = [setId, bookSetVersion, blockNumber, blockHash, booksRoot].map(word).join("");
  // The set's own head: id, quorum, and the offset of its members behind these three words.
  const setTail =
    [set.id, set.quorum, 96n].map(word).join("") + wordList(set.members.map((member): Hash => `0x${word(member)}`));
  const signed: Hex = `0x${signatures.map((signature) => signature.slice(2)).join("")}`;
  const tails = [wordList(roots), setTail, bytesTail(signed)];
  // Five words of the attestation and three offsets precede the tails.
  let offset = 8 * 32;
  const offsets = tails.map((tail) => {
    const at = word(BigInt(offset));
    offset += tail.length / 2;
    return at;
  });
  return `${POST}${head}${offsets.join("")}${tails.join("")}`;
}
