import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import type { PinnedBlock } from "../../keeper/domain/chainProfile.ts";
import type { Address, Hash } from "../../keeper/lib/hex.ts";
import { callNode } from "../../scripts/local/callNode.ts";
import { startNode, type LocalNode } from "../../scripts/local/startNode.ts";

/** The word that is asked for. */
export const SLOT: Hash = `0x${"00".repeat(31)}01`;

/** Deploys six bytes of code that write the first word of their calldata to {@link SLOT}. */
const INIT_CODE = "0x6006600c60003960066000f3600035600155";
/** More than a stale source lies back. */
const PREFIX_BLOCKS = 10;
const RECEIPT_ATTEMPTS = 1_000;
/** Where the forged values begin: far from the true ones. */
const FORGED = 0xbad0_0000n;

/**
 * A chain and two twins of it, each an Anvil of its own: one contract with one word that every block changes. The early
 * twin has left the true chain before the pinned block, the late one after it; from there on they hold another value.
 * All three are equally long.
 */
export class SourceWorld {
  readonly truth: LocalNode;
  readonly early: LocalNode;
  readonly late: LocalNode;
  readonly contract: Address;
  readonly pin: PinnedBlock;
  #written = 0n;

  private constructor(nodes: readonly [LocalNode, LocalNode, LocalNode], contract: Address, pin: PinnedBlock) {
    [this.truth, this.early, this.late] = nodes;
    this.contract = contract;
    this.pin = pin;
  }

  /** Ends with the signal, or by {@link SourceWorld.close}. */
  static async open(signal: AbortSignal): Promise<SourceWorld> {
    const start = (): Promise<LocalNode> => startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal });
    const nodes = await Promise.all([start(), start(), start()]);
    const [truth, early, late] = nodes;
    try {
      const contract = await deploy(truth.url);
      await mine(truth.url);
      await copy(truth.url, early.url);
      await Promise.all([write(early.url, contract, FORGED), write(truth.url, contract, 1n)]);
      await Promise.all([mine(early.url), mine(truth.url)]);
      const pin = await readHead(truth.url);
      await copy(truth.url, late.url);
      const world = new SourceWorld(nodes, contract, pin);
      for (let block = 0; block < PREFIX_BLOCKS; block += 1) await world.advance();
      return world;
    } catch (error: unknown) {
      await Promise.all(nodes.map((node) => node.stop()));
      throw error;
    }
  }

  /** One more block on each chain, with a new value in the word. Returns the true one. */
  async advance(): Promise<bigint> {
    this.#written += 1n;
    const value = this.#written;
    await Promise.all([
      write(this.truth.url, this.contract, value),
      write(this.early.url, this.contract, FORGED + value),
      write(this.late.url, this.contract, FORGED + value),
    ]);
    return value;
  }

  async close(): Promise<void> {
    await Promise.all([this.truth, this.early, this.late].map((node) => node.stop()));
  }
}

async function deploy(url: string): Promise<Address> {
  const { contractAddress } = await transact(url, { data: INIT_CODE });
  if (contractAddress === null) throw new KeeperError("BenchTransaction", "nothing was deployed");
  return contractAddress;
}

async function write(url: string, to: Address, value: bigint): Promise<void> {
  await transact(url, { to, data: `0x${value.toString(16).padStart(64, "0")}` });
}

async function transact(
  url: string,
  transaction: Record<string, string>,
): Promise<{ contractAddress: Address | null }> {
  const [from] = (await callNode(url, "eth_accounts")) as string[];
  const hash = await callNode(url, "eth_sendTransaction", [{ from, gas: "0x30d40", ...transaction }]);
  // Anvil may answer before it has mined.
  for (let attempt = 0; attempt < RECEIPT_ATTEMPTS; attempt += 1) {
    const receipt = await callNode(url, "eth_getTransactionReceipt", [hash]);
    if (receipt === null) continue;
    const { status, contractAddress } = receipt as { status: string; contractAddress: Address | null };
    if (status === "0x1") return { contractAddress };
    throw new KeeperError("BenchTransaction", `transaction ${String(hash)} failed`, { hash });
  }
  throw new KeeperError("BenchTransaction", `transaction ${String(hash)} is not mined`, { hash });
}

async function mine(url: string): Promise<void> {
  await callNode(url, "anvil_mine", [`0x${PREFIX_BLOCKS.toString(16)}`]);
}

/** Gives a node the blocks of another one. */
async function copy(from: string, to: string): Promise<void> {
  await callNode(to, "anvil_loadState", [await callNode(from, "anvil_dumpState")]);
  const [left, right] = await Promise.all([readHead(from), readHead(to)]);
  if (left.hash === right.hash) return;
  throw new KeeperError("BenchTwin", "the twin does not share the prefix", { truth: left.hash, twin: right.hash });
}

async function readHead(url: string): Promise<PinnedBlock> {
  const block = (await callNode(url, "eth_getBlockByNumber", ["latest", false])) as { number: string; hash: Hash };
  return { number: Number(block.number), hash: block.hash };
}
