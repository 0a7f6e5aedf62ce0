import { selectorOf } from "../keeper/actions/plan/abi.ts";
import { BOOK_NAMES, type BookAddresses, type BookName, type Immutables } from "../keeper/domain/bookSet.ts";
import { bigintToHex32, type Address, type Hash } from "../keeper/lib/hex.ts";
import { Attack } from "./Attack.ts";
import { markForkPoint, mineBlocks, type Reorg } from "./chainControl.ts";
import { createKeeper, type KeeperChoice } from "./createKeeper.ts";
import type { InProcessKeeper } from "./InProcessKeeper.ts";
import { readImmutables } from "./readImmutables.ts";
import type { Rpc } from "./Rpc.ts";
import { StagedSource } from "./StagedSource.ts";

/** Where the protocol is: a deployment file as the keeper takes it, or the part of one that counts here. */
export interface StagedDeployment {
  /** No event of the protocol is older than this block. */
  readonly deploymentBlock: number;
  readonly contracts: Readonly<Record<BookName, Address>>;
}

/** What a staging is made of. */
export interface StagingParts {
  readonly rpc: Rpc;
  readonly addresses: BookAddresses;
  readonly immutables: Immutables;
  readonly deploymentBlock: number;
}

/** The protocol on a chain that a test may do anything to, and keepers on it. */
export class Staging {
  readonly rpc: Rpc;
  readonly addresses: BookAddresses;
  readonly immutables: Immutables;
  readonly deploymentBlock: number;

  constructor({ rpc, addresses, immutables, deploymentBlock }: StagingParts) {
    this.rpc = rpc;
    this.addresses = addresses;
    this.immutables = immutables;
    this.deploymentBlock = deploymentBlock;
  }

  /**
   * The protocol that is deployed on a development network: Hardhat's, in this process or behind a URL, or Anvil.
   *
   * @throws Error naming the contract when it is not deployed there
   */
  static async on(rpc: Rpc, { contracts, deploymentBlock }: StagedDeployment): Promise<Staging> {
    const pairs = BOOK_NAMES.map((name) => [name, contracts[name].toLowerCase()] as const);
    const addresses = Object.fromEntries(pairs) as BookAddresses;
    return new Staging({ rpc, addresses, immutables: await readImmutables(rpc, addresses), deploymentBlock });
  }

  /**
   * A keeper that has seen nothing yet, with one source that is the chain itself and no keys, unless chosen otherwise:
   * without a pause key it pauses nothing, without keys to attest and post it posts nothing.
   */
  keeper(choice: Partial<KeeperChoice> = {}): InProcessKeeper {
    const { addresses, immutables, deploymentBlock, rpc } = this;
    const options = { deploymentBlock, ...choice.options };
    return createKeeper(addresses, immutables, { rpcs: { node: rpc }, ...choice, options });
  }

  /** Something that is done under the eyes of a keeper: for `expect(attack).to.be.contained.within(1).blocks`. */
  attack(keeper: InProcessKeeper, act: () => Promise<unknown>): Attack {
    return new Attack(this, keeper, act);
  }

  /** Sources of this chain by name, which can be cut off, delayed, pointed elsewhere and made to lie. */
  sources<Name extends string>(...names: readonly Name[]): Record<Name, StagedSource> {
    return Object.fromEntries(names.map((name) => [name, new StagedSource(this.rpc)])) as Record<Name, StagedSource>;
  }

  // The chain

  async send(method: string, ...params: unknown[]): Promise<unknown> {
    return this.rpc.request(method, params);
  }

  async mine(count = 1): Promise<void> {
    await mineBlocks(this.rpc, count);
  }

  /** So much time passes on the chain, in one block. */
  async passTime(seconds: number): Promise<void> {
    await this.send("evm_increaseTime", seconds);
    await this.mine();
  }

  /** Remembers the head; the answer replaces everything after it by as many other blocks and one more. Once. */
  async fork(): Promise<() => Promise<Reorg>> {
    const { reorg } = await markForkPoint(this.rpc);
    return reorg;
  }

  /**
   * Writes a word of a book contract behind its back; the next block commits to it. The newest block has no valid proofs any
   * more then, so a keeper has to know it already.
   */
  async tamper(book: BookName, slot: Hash, value: bigint): Promise<void> {
    await this.send("hardhat_setStorageAt", this.addresses[book], slot, bigintToHex32(value));
  }

  async wordAt(book: BookName, slot: Hash): Promise<bigint> {
    return BigInt((await this.send("eth_getStorageAt", this.addresses[book], slot, "latest")) as string);
  }

  /** Storage roots by the chain, in the order of the book set. */
  async roots(blockHash: Hash): Promise<Hash[]> {
    const read = async (name: BookName): Promise<Hash> => {
      const proof = await this.send("eth_getProof", this.addresses[name], [], { blockHash });
      return (proof as { storageHash: Hash }).storageHash;
    };
    return Promise.all(BOOK_NAMES.map(read));
  }

  /** What the guard has pushed into the ledger: bits as in `contracts/types/ActionFamily.sol`. */
  async flags(): Promise<bigint> {
    const words = (await this.#callLedger("hotWord()")).slice(2);
    return BigInt(`0x${words.slice(64, 128)}`);
  }

  /** The restrictions in force now: the pushed flags, and those of the stale grade, which needs no transaction. */
  async restrictions(): Promise<bigint> {
    return BigInt(await this.#callLedger("flags()"));
  }

  async #callLedger(signature: string): Promise<string> {
    const call = { to: this.addresses.PositionLedger, data: selectorOf(signature) };
    return (await this.send("eth_call", call, "latest")) as string;
  }
}
