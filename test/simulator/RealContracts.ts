import { MaxUint256, toQuantity, type Interface } from "ethers";

import { BOOK_NAMES } from "../../keeper/domain/bookSet.ts";
import type { Address, Hash, Hex } from "../../keeper/lib/hex.ts";
import { USER_ADDRESSES } from "../../simulator/chain/traffic.ts";
import type { RawLog } from "../../simulator/contracts/encodeEvent.ts";
import type { World } from "../helpers/keeper/World.ts";
import { openMarket, recordMarket, type Recording } from "./market.ts";

/** A transaction to be sent. */
export interface Request {
  readonly from: Address;
  readonly to: Address;
  readonly data: Hex;
}

/** What became of a transaction. */
export interface RealOutcome {
  readonly succeeded: boolean;
  /** Of the book contracts and the ETH feed; tokens have events of their own, which nobody models. */
  readonly logs: readonly RawLog[];
  /** What the contracts refused with. */
  readonly data: Hex;
}

/** A block of Hardhat's chain. */
export interface RealBlock {
  readonly number: number;
  readonly hash: Hash;
  /** Seconds. */
  readonly timestamp: number;
}

/** A block with what is in it. */
export interface PlayedBlock extends RealBlock {
  readonly outcomes: readonly RealOutcome[];
  /** Storage roots of the books, in set order. */
  readonly roots: readonly Hash[];
}

/** Units of the settlement asset that each user has outside: more than the vault ever takes. */
const FORTUNE = 10n ** 16n;
const ETHER = 10n ** 18n;
/** So many blocks are there from the start that a pause can name one which is too old. */
const EMPTY_BLOCKS = 260;
const FEES = { gas: toQuantity(2_000_000), maxFeePerGas: toQuantity(10n ** 12n), maxPriorityFeePerGas: "0x1" } as const;

/** The recorded market on Hardhat's network, where histories are played as transactions, each from the same state. */
export class RealContracts {
  readonly world: World;
  /** What the market is before anybody has money in it. */
  readonly recording: Recording;
  /** Every block before the first history, oldest first. */
  readonly prehistory: readonly RealBlock[];
  readonly #heard: ReadonlySet<string>;
  readonly #interfaces: readonly Interface[];
  #snapshot: unknown;

  private constructor(world: World, recording: Recording, prehistory: readonly RealBlock[], snapshot: unknown) {
    const { vault, ledger, settlement, auction, instruments, keeperRegistry, guard, registry, ethFeed } = world.system;
    const contracts = [vault, ledger, settlement, auction, instruments, keeperRegistry, guard, registry, ethFeed];
    this.world = world;
    this.recording = recording;
    this.prehistory = prehistory;
    this.#snapshot = snapshot;
    this.#heard = new Set([...Object.values(world.addresses), recording.ethFeed]);
    this.#interfaces = contracts.map((contract) => contract.interface);
  }

  static async open(): Promise<RealContracts> {
    const world = await openMarket();
    const recording = await recordMarket(world);
    const { usd, vault } = world.system;
    for (const user of USER_ADDRESSES) {
      await usd.mint(user, FORTUNE);
      await world.send("hardhat_impersonateAccount", user);
      await world.send("hardhat_setBalance", user, toQuantity(1_000n * ETHER));
      const data = usd.interface.encodeFunctionData("approve", [vault.target, MaxUint256]);
      await world.send("eth_sendTransaction", { from: user, to: usd.target, data });
    }
    await world.send("hardhat_mine", toQuantity(EMPTY_BLOCKS));
    await world.send("evm_setAutomine", false);
    const head = await world.system.ethers.provider.getBlockNumber();
    const prehistory: RealBlock[] = [];
    for (let number = 0; number <= head; number += 1) prehistory.push(await readBlock(world, number));
    return new RealContracts(world, recording, prehistory, await world.send("evm_snapshot"));
  }

  async close(): Promise<void> {
    await this.world.close();
  }

  /** Goes back to where every history begins. */
  async begin(): Promise<void> {
    await this.world.send("evm_revert", this.#snapshot);
    this.#snapshot = await this.world.send("evm_snapshot");
  }

  /** Mines one block with these transactions, in order, whether the contracts refuse them or not. */
  async play(requests: readonly Request[], timestamp: number): Promise<PlayedBlock> {
    const hashes: string[] = [];
    for (const request of requests) {
      hashes.push((await this.world.send("eth_sendTransaction", { ...request, ...FEES })) as string);
    }
    await this.world.send("evm_mine", toQuantity(timestamp));
    const block = await readBlock(this.world, "latest");
    const outcomes: RealOutcome[] = [];
    for (const [index, hash] of hashes.entries()) outcomes.push(await this.#outcomeOf(hash, index, block));
    return { ...block, outcomes, roots: await this.roots() };
  }

  /** Storage roots of the books at the head, in set order. */
  async roots(): Promise<Hash[]> {
    const roots: Hash[] = [];
    for (const name of BOOK_NAMES) {
      const proof = await this.world.send("eth_getProof", this.world.addresses[name], [], "latest");
      roots.push((proof as { readonly storageHash: Hash }).storageHash);
    }
    return roots;
  }

  /** The name of an error that the contracts refuse with; undefined for what is none. */
  errorOf(data: Hex): string | undefined {
    const errors = this.#interfaces.map((one) => one.getError(data.slice(0, 10)));
    return errors.find((error) => error !== null)?.name;
  }

  /** The name of an event by its topic. */
  eventOf(topic: Hash): string | undefined {
    const events = this.#interfaces.map((one) => one.getEvent(topic));
    return events.find((event) => event !== null)?.name;
  }

  async #outcomeOf(hash: string, index: number, { number }: RealBlock): Promise<RealOutcome> {
    const receipt = (await this.world.send("eth_getTransactionReceipt", hash)) as {
      readonly status: string;
      readonly blockNumber: string;
      readonly transactionIndex: string;
      readonly logs: readonly RawLog[];
    };
    if (Number(receipt.blockNumber) !== number || Number(receipt.transactionIndex) !== index) {
      throw new Error(`transaction ${index} of block ${number} was not included there`);
    }
    const logs = receipt.logs.flatMap(({ address, topics, data }) => {
      return this.#heard.has(address) ? [{ address, topics, data }] : [];
    });
    if (receipt.status === "0x1") return { succeeded: true, logs, data: "0x" };
    const trace = await this.world.send("debug_traceTransaction", hash, { tracer: "callTracer" });
    return { succeeded: false, logs, data: (trace as { readonly output?: Hex }).output ?? "0x" };
  }
}

async function readBlock(world: World, number: number | "latest"): Promise<RealBlock> {
  const tag = number === "latest" ? number : toQuantity(number);
  const block = (await world.send("eth_getBlockByNumber", tag, false)) as Record<"number" | "hash" | "timestamp", Hex>;
  return { number: Number(block.number), hash: block.hash, timestamp: Number(block.timestamp) };
}
