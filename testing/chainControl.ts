import { KeeperError } from "../keeper/errors/KeeperError.ts";
import { bigintToHex32, type Address, type Hash } from "../keeper/lib/hex.ts";
import type { Rpc } from "./Rpc.ts";

/** A storage write that no transaction made. */
export interface Tampering {
  readonly address: Address;
  readonly slot: Hash;
  readonly value: bigint;
}

/** Mines `count` empty blocks, or blocks with what is pending. */
export async function mineBlocks(rpc: Rpc, count = 1): Promise<void> {
  for (let mined = 0; mined < count; mined += 1) await rpc.request("evm_mine", []);
}

/**
 * Writes a storage word behind the contract's back and mines a block, whose number it returns: the first block whose
 * state root holds the word. The newest block before it has no valid proofs any more: a keeper has to know that one already.
 */
export async function tamperStorage(rpc: Rpc, { address, slot, value }: Tampering): Promise<number> {
  await rpc.request("hardhat_setStorageAt", [address, slot, bigintToHex32(value)]);
  await mineBlocks(rpc);
  return readNumber(rpc);
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
  readonly reorg: () => Promise<Reorg>;
}

/** What a reorg did. */
export interface Reorg {
  readonly depth: number;
  /** Hash of the first block that was replaced, and of the one in its place. */
  readonly orphaned: Hash;
  readonly canonical: Hash;
}

/**
 * Remembers the head as a fork point: by a snapshot on a Hardhat network, on Anvil by its number. On Hardhat everything
 * after the snapshot is undone, storage writes of {@link tamperStorage} included; log queries may still return
 * orphaned logs. Anvil mines the same slots again with the same timestamps.
 */
export async function markForkPoint(rpc: Rpc): Promise<ForkPoint> {
  const version = String(await rpc.request("web3_clientVersion", [])).toLowerCase();
  const number = await readNumber(rpc);
  const rewind = version.startsWith("anvil") ? anvilRewind(rpc) : await hardhatRewind(rpc);
  const reorg = async (): Promise<Reorg> => {
    const depth = (await readNumber(rpc)) - number;
    const orphaned = await readHash(rpc, number + 1);
    if (depth < 1 || orphaned === undefined) {
      throw new KeeperError("ReorgFailed", `no block above ${number}`, { number });
    }
    await rewind(depth);
    const canonical = await readHash(rpc, number + 1);
    if (canonical === undefined || canonical === orphaned) {
      throw new KeeperError("ReorgFailed", `block ${number + 1} is what it was`, { number, orphaned });
    }
    return { depth, orphaned, canonical };
  };
  return { number, reorg };
}

function anvilRewind(rpc: Rpc) {
  return async (depth: number): Promise<void> => {
    await rpc.request("anvil_reorg", [depth, []]);
    await mineBlocks(rpc);
  };
}

async function hardhatRewind(rpc: Rpc) {
  const snapshot = await rpc.request("evm_snapshot", []);
  return async (depth: number): Promise<void> => {
    const isReverted = await rpc.request("evm_revert", [snapshot]);
    if (isReverted !== true) throw new KeeperError("ReorgFailed", "the snapshot is gone", { snapshot });
    // Another randomness makes another block, even where both branches are empty at one timestamp.
    await rpc.request("hardhat_setPrevRandao", [bigintToHex32(BigInt(depth) + (1n << 128n))]);
    await mineBlocks(rpc, depth + 1);
  };
}

async function readNumber(rpc: Rpc): Promise<number> {
  return Number(await rpc.request("eth_blockNumber", []));
}

async function readHash(rpc: Rpc, number: number): Promise<Hash | undefined> {
  const block = await rpc.request("eth_getBlockByNumber", [`0x${number.toString(16)}`, false]);
  return (block as { readonly hash: Hash } | null)?.hash;
}
