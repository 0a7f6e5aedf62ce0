import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import { AbiCoder, keccak256, toQuantity, type BytesLike } from "ethers";

import { encodeHeader } from "../../keeper/chain/verify/header.ts";
import { bytesToHex } from "../../keeper/lib/hex.ts";

/** `eth_getProof`'s answer (EIP-1186), as far as tests need it. */
interface RpcProof {
  readonly storageHash: string;
  readonly accountProof: string[];
  readonly storageProof: { readonly value: string; readonly proof: string[] }[];
}

/** The proofs of several accounts in one block, as `prove` takes them: distinct nodes, and the path of each account. */
export interface MultiProof {
  readonly headerRlp: string;
  readonly nodes: string[];
  readonly paths: number[][];
}

const coder = AbiCoder.defaultAbiCoder();

async function getProof(
  ethers: HardhatEthers,
  address: string,
  slots: readonly string[],
  number: number,
): Promise<RpcProof> {
  return (await ethers.provider.send("eth_getProof", [address, slots, toQuantity(number)])) as RpcProof;
}

/** RLP of the header of block `number`. */
export async function readHeaderRlp(ethers: HardhatEthers, number: number): Promise<string> {
  return bytesToHex(encodeHeader(await ethers.provider.send("eth_getBlockByNumber", [toQuantity(number), false])).rlp);
}

/** Storage root of `address` at block `number`. */
export async function readStorageRoot(ethers: HardhatEthers, address: string, number: number): Promise<string> {
  return (await getProof(ethers, address, [], number)).storageHash;
}

/** Account proof of `address` at block `number`, root node first. */
export async function readAccountProof(ethers: HardhatEthers, address: string, number: number): Promise<string[]> {
  return (await getProof(ethers, address, [], number)).accountProof;
}

/** Storage proof of `slot` of `address` at block `number`, root node first. */
export async function readStorageProof(
  ethers: HardhatEthers,
  address: string,
  slot: string,
  number: number,
): Promise<string[]> {
  return (await getProof(ethers, address, [slot], number)).storageProof[0]!.proof;
}

/** What `prove` needs for `addresses` at block `number`. */
export async function readMultiProof(
  ethers: HardhatEthers,
  addresses: readonly string[],
  number: number,
): Promise<MultiProof> {
  const nodes: string[] = [];
  const paths: number[][] = [];
  for (const address of addresses) {
    const proof = await readAccountProof(ethers, address, number);
    for (const node of proof) if (!nodes.includes(node)) nodes.push(node);
    paths.push(proof.map((node) => nodes.indexOf(node)));
  }
  return { headerRlp: await readHeaderRlp(ethers, number), nodes, paths };
}

/** Slot of `mapping[key]`, the mapping standing at `slot`; both already 32 bytes or smaller numbers. */
export function mappingSlot(type: "bytes32" | "address", key: BytesLike, slot: bigint | string): string {
  return keccak256(
    typeof slot === "string"
      ? coder.encode([type, "bytes32"], [key, slot])
      : coder.encode([type, "uint256"], [key, slot]),
  );
}

/** Slot of `mapping[account][asset]`. */
export function nestedSlot(account: string, asset: string, slot: bigint): string {
  return mappingSlot("address", asset, mappingSlot("bytes32", account, slot));
}
