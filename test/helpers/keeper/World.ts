import type { Wallet } from "ethers";
import { network } from "hardhat";

import type { Books } from "../../../keeper/books/Books.ts";
import { BOOK_NAMES } from "../../../keeper/domain/bookSet.ts";
import { developmentWallet } from "../../../scripts/local/accounts.ts";
import type { KeeperChoice, KeeperKeys } from "../../../testing/createKeeper.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import { rpcOver } from "../../../testing/Rpc.ts";
import { Staging, type StagingParts } from "../../../testing/Staging.ts";
import { deployLockstep, type DeployOptions, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { watchKeeper } from "../scenarioFacts.ts";
import { addressesOf, readImmutables } from "../../keeper/books/BooksFollower.ts";

/** Development account that carries checkpoints. */
const POSTER = 9;

/** A deployment on an in-process network, and keepers on it. */
export class World extends Staging {
  readonly system: Lockstep;

  private constructor(parts: StagingParts, system: Lockstep) {
    super(parts);
    this.system = system;
  }

  static async open(options: DeployOptions = {}): Promise<World> {
    return World.of(await deployLockstep(await network.create(), options));
  }

  /** The world of a deployment that is there. */
  static async of(system: Lockstep): Promise<World> {
    const parts = { rpc: rpcOver(system.connection.provider), addresses: addressesOf(system), deploymentBlock: 1 };
    return new World({ ...parts, immutables: await readImmutables(system) }, system);
  }

  async close(): Promise<void> {
    await this.system.connection.close();
  }

  /** A keeper from genesis, which pauses with the first keeper's key and posts nothing, unless chosen otherwise. */
  override keeper(choice: Partial<KeeperChoice> = {}): InProcessKeeper {
    const keeper = super.keeper({ rpcs: { hardhat: this.rpc }, keys: { pause: this.pauser(0) }, ...choice });
    watchKeeper("Hardhat", keeper.effects);
    return keeper;
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
}

/** Every word of every book, sorted: two keepers' books are equal exactly when these are. */
export function wordsOf(books: Books): string[] {
  return BOOK_NAMES.flatMap((name) =>
    [...books.trie(name).slots()].map(([slot, value]) => `${name} ${slot} ${value}`).sort(),
  );
}
