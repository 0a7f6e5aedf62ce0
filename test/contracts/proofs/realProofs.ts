import { encodeHeader } from "../../../keeper/chain/verify/header.ts";
import { bigintToHex32, bytesToHex, type Address, type Hash, type Hex } from "../../../keeper/lib/hex.ts";
import { readHeaders, readProofs } from "../../fixtures/mainnet/chainData.ts";
import type { ProofCall } from "./proofHarness.ts";

/** A trie's key with its proof, as a chain had it. */
export interface RealProof {
  readonly name: string;
  readonly kind: "account" | "slot";
  /** State root, or storage root of the account. */
  readonly root: Hash;
  /** Address or slot. */
  readonly key: Hex;
  readonly nodes: readonly Hex[];
  /** Storage root, or word. */
  readonly value: Hash;
}

/** A real account proof with its header, and a slot's if the fixture has one. */
export interface RealAccount {
  readonly name: string;
  readonly blockHash: Hash;
  readonly headerRlp: Hex;
  readonly account: RealProof;
  readonly slot: RealProof | null;
}

/** The real proofs of the fixtures, with the headers that their roots come from. */
export function readRealAccounts(): RealAccount[] {
  const headers = new Map(readHeaders().map(({ hash, header }) => [hash, bytesToHex(encodeHeader(header).rlp)]));
  return readProofs().map(({ network, number, blockHash, stateRoot, proof }) => {
    const name = `${network} ${number} ${proof.address}`;
    const { address: key, storageHash, accountProof, storageProof } = proof;
    const [slot] = storageProof;
    const word = slot && {
      name: `${name} ${slot.key}`,
      kind: "slot" as const,
      root: storageHash,
      key: bigintToHex32(BigInt(slot.key)),
      nodes: slot.proof,
      value: bigintToHex32(BigInt(slot.value)),
    };
    return {
      name,
      blockHash,
      headerRlp: headers.get(blockHash)!,
      account: { name, kind: "account", root: stateRoot, key, nodes: accountProof, value: storageHash },
      slot: word ?? null,
    };
  });
}

/** The real proofs themselves, of accounts and slots, each once. */
export function readRealProofs(): RealProof[] {
  const proofs = readRealAccounts().flatMap(({ account, slot }) => (slot === null ? [account] : [account, slot]));
  return [...new Map(proofs.map((proof) => [proof.root + proof.key, proof])).values()];
}

/** The verifier's call for a proof. */
export function callOf({ kind, root, key, nodes }: Pick<RealProof, "kind" | "root" | "key" | "nodes">): ProofCall {
  return kind === "account" ? ["storageRoot", root, key as Address, nodes] : ["word", root, key, nodes];
}
