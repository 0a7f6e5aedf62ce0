import type { Wallet } from "ethers";
import { network } from "hardhat";

import type { Books } from "../../../keeper/books/Books.ts";
import { BOOK_NAMES, type BookAddresses, type BookName, type Immutables } from "../../../keeper/domain/bookSet.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import { developmentWallet } from "../../../scripts/local/accounts.ts";
import { deployLockstep, type DeployOptions, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { readImmutables } from "../../keeper/books/BooksFollower.ts";
import type { CoreDriver } from "./CoreDriver.ts";
import { createDriver, type KeeperChoice, type KeeperKeys } from "./createDriver.ts";
import { rpcOf, type Rpc } from "./Rpc.ts";

/** Development account that carries checkpoints. */
const POSTER = 9;

/** A deployment on an in-process network, and keepers on it. */
export class World {
  readonly system: Lockstep;
  readonly rpc: Rpc;
  readonly addresses: BookAddresses;
  readonly immutables: Immutables;

  private constructor(system: Lockstep, immutables: Immutables) {
    this.system = system;
    this.rpc = rpcOf(system);
    const pairs = BOOK_NAMES.map((name, index) => [name, system.books[index]!.toLowerCase()] as const);
    this.addresses = Object.fromEntries(pairs) as BookAddresses;
    this.immutables = immutables;
  }

  static async open(options: DeployOptions = {}): Promise<World> {
    return World.of(await deployLockstep(await network.create(), options));
  }

  /** The world of a deployment that is there. */
  static async of(system: Lockstep): Promise<World> {
    return new World(system, await readImmutables(system));
  }

  async close(): Promise<void> {
    await this.system.connection.close();
  }

  /** A keeper from genesis, which pauses with the first keeper's key and posts nothing, unless chosen otherwise. */
  keeper(choice: Partial<KeeperChoice> = {}): CoreDriver {
    const { addresses, immutables, rpc } = this;
    return createDriver(addresses, immutables, { rpcs: { hardhat: rpc }, keys: { pause: this.pauser(0) }, ...choice });
  }

  /** The pause key of keeper `index`. */
  pauser(index: number): Wallet {
    return developmentWallet(index + 1);
  }

  /** All keys of keeper `index`. */
  keysOf(index: number): Required<KeeperKeys> {
    const { attester } = this.system.keepers[index]!;
    return { pause: this.pauser(index), attest: attester, post: developmentWallet(POSTER) };
  }

  // The chain

  async send(method: string, ...params: unknown[]): Promise<unknown> {
    return this.rpc.request(method, params);
  }

  async mine(count = 1): Promise<void> {
    for (let mined = 0; mined < count; mined += 1) await this.send("evm_mine");
  }

  /** Remembers the head; the answer replaces everything after it by as many other blocks and one more. */
  async fork(): Promise<() => Promise<void>> {
    const number = Number(await this.send("eth_blockNumber"));
    const snapshot = await this.send("evm_snapshot");
    return async () => {
      const depth = Number(await this.send("eth_blockNumber")) - number;
      await this.send("evm_revert", snapshot);
      // Other randomness, so that an empty block is another block as well.
      await this.send("hardhat_setPrevRandao", `0x${(BigInt(depth) + (1n << 128n)).toString(16).padStart(64, "0")}`);
      await this.mine(depth + 1);
    };
  }

  /** Writes a word behind the contract's back; the next block commits to it. */
  async tamper(book: BookName, slot: Hash, value: bigint): Promise<void> {
    await this.send("hardhat_setStorageAt", this.addresses[book], slot, `0x${value.toString(16).padStart(64, "0")}`);
  }

  async wordAt(book: BookName, slot: Hash): Promise<bigint> {
    return BigInt((await this.send("eth_getStorageAt", this.addresses[book], slot, "latest")) as string);
  }

  /** Storage roots by the chain, in set order. */
  async roots(blockHash: Hash): Promise<Hash[]> {
    const read = async (name: BookName): Promise<Hash> => {
      const proof = await this.send("eth_getProof", this.addresses[name], [], { blockHash });
      return (proof as { storageHash: Hash }).storageHash;
    };
    return Promise.all(BOOK_NAMES.map(read));
  }

  /** Flags in the ledger's hot word. */
  async flags(): Promise<bigint> {
    return (await this.system.ledger.hotWord()).flags;
  }
}

/** Every word of every book, sorted: two keepers' books are equal exactly when these are. */
export function wordsOf(books: Books): string[] {
  return BOOK_NAMES.flatMap((name) =>
    [...books.trie(name).slots()].map(([slot, value]) => `${name} ${slot} ${value}`).sort(),
  );
}
