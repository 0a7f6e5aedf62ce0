import { keccak256 } from "ethers";

import { verifyHeader } from "../../../keeper/chain/verify/header.ts";
import { verifyAccountProof, verifyStorageProof } from "../../../keeper/chain/verify/proof.ts";
import type { Address, Hash, Hex } from "../../../keeper/lib/hex.ts";
import type { Rpc } from "../../../testing/Rpc.ts";

/** A word of a contract's storage. */
export interface WordPlace {
  readonly address: Address;
  readonly slot: Hash;
}

interface ProofJson {
  readonly accountProof: readonly Hex[];
  readonly storageProof: readonly { readonly value: Hex; readonly proof: readonly Hex[] }[];
}

/** The word as a source says that it is. */
export async function readClaimed(rpc: Rpc, { address, slot }: WordPlace): Promise<bigint> {
  return BigInt((await rpc.request("eth_getStorageAt", [address, slot, "latest"])) as Hex);
}

/** The word with its proof under the state root of the newest header, which the same source shows: sound, of whatever chain. */
export async function readProven(rpc: Rpc, { address, slot }: WordPlace): Promise<bigint> {
  const block = (await rpc.request("eth_getBlockByNumber", ["latest", false])) as { readonly hash: Hash };
  const { stateRoot } = verifyHeader(block, block.hash);
  const answer = (await rpc.request("eth_getProof", [address, [slot], { blockHash: block.hash }])) as ProofJson;
  const account = verifyAccountProof({ stateRoot, address, proof: answer.accountProof });
  if (account === null) throw new Error(`no account at ${address}`);
  return verifyStorageProof({ storageRoot: account.storageRoot, slot, proof: answer.storageProof[0]!.proof });
}

/**
 * The word of which the proof's nodes name each other from the storage root down, and the last one holds the value: true of
 * some word, and not looked up by the hash of the slot.
 */
export async function readLinked(rpc: Rpc, { address, slot }: WordPlace): Promise<bigint> {
  const answer = (await rpc.request("eth_getProof", [address, [slot], "latest"])) as ProofJson;
  const { value, proof } = answer.storageProof[0]!;
  for (const [index, node] of proof.slice(1).entries()) {
    if (!proof[index]!.includes(keccak256(node).slice(2)))
      throw new Error(`node ${index + 1} is not named by its parent`);
  }
  if (!proof.at(-1)!.includes(value.slice(2))) throw new Error("the value is not in the last node");
  return BigInt(value);
}
