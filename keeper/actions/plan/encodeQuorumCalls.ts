import type { KeeperSet } from "../../domain/keeperSet.ts";
import type { Attestation } from "../../domain/Attestation.ts";
import type { PauseCertificate } from "../../domain/PauseCertificate.ts";
import type { ResumeCertificate } from "../../domain/ResumeCertificate.ts";
import type { Hash, Hex } from "../../lib/hex.ts";
import { bytesTail, selectorOf, word, wordList } from "./abi.ts";

const SET = "(uint32,uint16,address[])";
const CERTIFICATE = "(bytes32,uint32,uint32,uint64,bytes32)";
const HARD_PAUSE = selectorOf(`hardPause(${CERTIFICATE},${SET},bytes)`);
const RESUME = selectorOf(`resume(${CERTIFICATE},${SET},bytes)`);
const CONVICT = selectorOf("convict((uint32,uint32,uint64,bytes32,bytes32),bytes32[],bytes,uint256,bytes,bytes[])");

/** A certificate with the signatures of a quorum, 65 bytes each, ascending by signer. */
export interface CertifiedCall<Certificate> {
  readonly certificate: Certificate;
  /** The current one. */
  readonly set: KeeperSet;
  readonly signatures: readonly Hex[];
}

/** What shows on chain that an attestation is false. */
export interface ConvictCall {
  readonly attestation: Attestation;
  readonly roots: readonly Hash[];
  /** Of those who are to be convicted, ascending by signer. */
  readonly signatures: readonly Hex[];
  /** Place in its book set of the contract whose root differs. */
  readonly index: number;
  /** The preimage of the attested block hash. */
  readonly headerRlp: Hex;
  /** Account proof of that contract; empty where the block number is what is false. */
  readonly accountProof: readonly Hex[];
}

/** Call data of `SyncGuard.hardPause`. */
export function encodeHardPause({ certificate, set, signatures }: CertifiedCall<PauseCertificate>): Hex {
  const { incidentId, setId, pauseNonce, blockNumber, blockHash } = certificate;
  return encodeCertified(HARD_PAUSE, [incidentId, setId, pauseNonce, blockNumber, blockHash], set, signatures);
}

/** Call data of `SyncGuard.resume`. */
export function encodeResume({ certificate, set, signatures }: CertifiedCall<ResumeCertificate>): Hex {
  const { incidentId, setId, pauseNonce, checkpointNumber, checkpointDigest } = certificate;
  const words = [incidentId, setId, pauseNonce, checkpointNumber, checkpointDigest];
  return encodeCertified(RESUME, words, set, signatures);
}

/** Call data of `CheckpointRegistry.convict`. */
export function encodeConvict(call: ConvictCall): Hex {
  const { setId, bookSetVersion, blockNumber, blockHash, booksRoot } = call.attestation;
  const proof = call.accountProof.map(bytesTail);
  let inner = proof.length * 32;
  const offsets = proof.map((tail) => {
    const at = word(BigInt(inner));
    inner += tail.length / 2;
    return at;
  });
  const nodes = word(BigInt(proof.length)) + offsets.join("") + proof.join("");
  return join(CONVICT, [
    ...[setId, bookSetVersion, blockNumber, blockHash, booksRoot].map(word),
    { tail: wordList(call.roots) },
    { tail: bytesTail(concat(call.signatures)) },
    word(BigInt(call.index)),
    { tail: bytesTail(call.headerRlp) },
    { tail: nodes },
  ]);
}

function encodeCertified(
  selector: Hex,
  words: readonly (bigint | Hex)[],
  set: KeeperSet,
  signatures: readonly Hex[],
): Hex {
  const members = wordList(set.members.map((member): Hash => `0x${word(member)}`));
  // The set's own head: id, quorum, and the offset of its members behind these three words.
  const setTail = [set.id, set.quorum, 96n].map(word).join("") + members;
  return join(selector, [...words.map(word), { tail: setTail }, { tail: bytesTail(concat(signatures)) }]);
}

/** Static words stand in the head; of a dynamic value the head has the offset of its tail. */
function join(selector: Hex, parts: readonly (string | { readonly tail: string })[]): Hex {
  let offset = parts.length * 32;
  const tails: string[] = [];
  const head = parts.map((part) => {
    if (typeof part === "string") return part;
    const at = word(BigInt(offset));
    offset += part.tail.length / 2;
    tails.push(part.tail);
    return at;
  });
  return `${selector}${head.join("")}${tails.join("")}`;
}

function concat(values: readonly Hex[]): Hex {
  return `0x${values.map((value) => value.slice(2)).join("")}`;
}
