import { id } from "ethers";
import { network } from "hardhat";

import { BOOK_NAMES, type BookName } from "../../../keeper/domain/bookSet.ts";
import { bigintToHex32, type Hash } from "../../../keeper/lib/hex.ts";
import type { Lockstep } from "../../fixtures/deployLockstep.ts";
import { hardPause, readHead, resume } from "../../helpers/guard.ts";
import { BooksFollower, type Poke } from "./BooksFollower.ts";
import { tourKeepers } from "./naive/tourKeepers.ts";
import { tourLosses } from "./naive/tourLosses.ts";
import { tourOptions } from "./naive/tourOptions.ts";
import { tourRepairs } from "./naive/tourRepairs.ts";
import { deployToured, tourGovernance, tourGuard, tourOutage, tourRewards } from "./naive/tourSync.ts";
import { tourTrades } from "./naive/tourTrades.ts";
import { tourVault } from "./naive/tourVault.ts";
import { tourWindDown } from "./naive/tourWindDown.ts";

/** Corrections of one acceptance. */
const ACCEPTED = 200;

type Phase = (system: Lockstep) => Promise<unknown>;

/** Every event that changes a word, in the order in which the tour has them. */
const BEFORE: readonly Phase[] = [
  async (system) => {
    const token = await tourVault(system);
    await tourTrades(system);
    await tourOptions(system);
    await tourLosses(system, token);
  },
  tourRewards,
  tourGuard,
  tourOutage,
];
/** After the keepers have changed, and governance has accepted words. */
const AFTER: readonly Phase[] = [tourRepairs, tourGovernance, tourWindDown];

/** What a word of the books becomes. */
export type Spoil = (book: BookName, slot: Hash, word: bigint) => bigint;

/** The tour on a chain of its own, with words that become other ones than its events made. */
export class StrayTour {
  readonly system: Lockstep;
  readonly follower: BooksFollower;

  private constructor(system: Lockstep, follower: BooksFollower) {
    this.system = system;
    this.follower = follower;
  }

  static async open(): Promise<StrayTour> {
    const system = await deployToured(await network.create());
    const follower = await BooksFollower.open(system);
    await follower.follow();
    return new StrayTour(system, follower);
  }

  /** Spoils words past all code between the phases, and once with the acceptance of governance. */
  async run(between: Spoil, accepted: Spoil): Promise<void> {
    const { system } = this;
    for (const phase of BEFORE) await this.#go(phase, system, between);
    const grown = await tourKeepers(system);
    await this.follower.follow();
    await this.#accept(grown, accepted);
    for (const phase of AFTER) await this.#go(phase, grown, between);
  }

  async #go(phase: Phase, system: Lockstep, between: Spoil): Promise<void> {
    await phase(system);
    await this.follower.follow();
    const { books } = this.follower;
    await this.follower.poke(this.#spoilt(between).filter(([book, slot, value]) => books.read(book, slot) !== value));
  }

  #spoilt(spoil: Spoil): Poke[] {
    const { books } = this.follower;
    return BOOK_NAMES.flatMap((book) =>
      [...books.trie(book).slots()].map(([slot, word]) => [book, slot, spoil(book, slot, word)] as const),
    );
  }

  /** Governance declares right what the chain holds by then. */
  async #accept(system: Lockstep, accepted: Spoil): Promise<void> {
    await hardPause(system, id("strays"), await readHead(system));
    await this.follower.follow();
    const { length } = this.#spoilt(accepted);
    for (let from = 0; from < length; from += ACCEPTED) {
      // Once more, because an acceptance writes a word of the guard's own.
      const part = this.#spoilt(accepted).slice(from, from + ACCEPTED);
      for (const [book, slot, value] of part) await this.follower.setOnChain(book, slot, value);
      const { number, hash } = await readHead(system);
      const corrections = part.map(([book, slot, value]) => {
        return { book: this.follower.books.addresses[book], slot, value: bigintToHex32(value) };
      });
      await system.guard.acceptBooks(number, hash, corrections);
      // Before words change that the block's root is made of.
      await this.follower.follow();
    }
    await resume(system);
    await this.follower.follow();
  }
}
