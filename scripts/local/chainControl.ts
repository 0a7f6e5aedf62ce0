import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import { bigintToHex32 } from "../../keeper/lib/hex.ts";
import type { Address, Hash } from "../../keeper/lib/hex.ts";
import { callNode } from "./callNode.ts";

/** A storage write that no transaction made. */
export interface Tampering {
  readonly url: string;
  readonly address: Address;
  readonly slot: Hash;
  readonly value: bigint;
}

/** Mines `count` empty blocks, or blocks with what is pending. */
export async function mineBlocks(url: string, count = 1): Promise<void> {
  for (let mined = 0; mined < count; mined += 1) await callNode(url, "evm_mine");
}

/**
 * Writes a storage word behind the contract's back and mines a block, whose number it returns: the first block whose
 * state root holds the word.
 */
export async function tamperStorage({ url, address, slot, value }: Tampering): Promise<number> {
  await callNode(url, "hardhat_setStorageAt", [address, slot, bigintToHex32(value)]);
  await callNode(url, "evm_mine");
  return readNumber(url);
}

/** The point of the chain from which a reorg starts. */
export interface ForkPoint {
  /** Newest block that stays. */
  readonly number: number;
  /**
   * Replaces every block above the point by as many other blocks and one more, without their transactions. Once.
   *
   * @throws KeeperError `ReorgFailed` when the node refuses, or has not grown past the point.
   */
  reorg(): Promise<Reorg>;
}

/** What a reorg did. */
export interface Reorg {
  readonly depth: number;
  /** Hash of the first block that was replaced, and of the one in its place. */
  readonly orphaned: Hash;
  readonly canonical: Hash;
}

/**
 * Remembers the head as a fork point: by a snapshot on a Hardhat node, on Anvil by its number. On Hardhat everything
 * after the snapshot is undone, storage writes of {@link tamperStorage} included; log queries may still return
 * orphaned logs. Anvil mines the same slots again with the same timestamps.
 */
export async function markForkPoint(url: string): Promise<ForkPoint> {
  const version = String(await callNode(url, "web3_clientVersion")).toLowerCase();
  const number = await readNumber(url);
  const rewind = version.startsWith("anvil") ? anvilRewind(url) : await hardhatRewind(url);
  const reorg = async (): Promise<Reorg> => {
    const depth = (await readNumber(url)) - number;
    const orphaned = await readHash(url, number + 1);
    if (depth < 1 || orphaned === undefined) {
      throw new KeeperError("ReorgFailed", `no block above ${number}`, { number });
    }
    await rewind(depth);
    const canonical = await readHash(url, number + 1);
    if (canonical === undefined || canonical === orphaned) {
      throw new KeeperError("ReorgFailed", `block ${number + 1} is what it was`, { number, orphaned });
    }
    return { depth, orphaned, canonical };
  };
  return { number, reorg };
}

function anvilRewind(url: string) {
  return async (depth: number): Promise<void> => {
    await callNode(url, "anvil_reorg", [depth, []]);
    await callNode(url, "evm_mine");
  };
}

async function hardhatRewind(url: string) {
  const snapshot = await callNode(url, "evm_snapshot");
  return async (depth: number): Promise<void> => {
    const isReverted = await callNode(url, "evm_revert", [snapshot]);
    if (isReverted !== true) throw new KeeperError("ReorgFailed", "the snapshot is gone", { snapshot });
    // Another randomness makes another block, even where both branches are empty at one timestamp.
    await callNode(url, "hardhat_setPrevRandao", [bigintToHex32(BigInt(depth) + (1n << 128n))]);
    await mineBlocks(url, depth + 1);
  };
}

async function readNumber(url: string): Promise<number> {
  return Number(await callNode(url, "eth_blockNumber"));
}

async function readHash(url: string, number: number): Promise<Hash | undefined> {
  const block = await callNode(url, "eth_getBlockByNumber", [`0x${number.toString(16)}`, false]);
  return (block as { readonly hash: Hash } | null)?.hash;
}
