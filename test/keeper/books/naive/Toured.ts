import { getAddress, type BaseContract, type Interface, type Result } from "ethers";
import { network } from "hardhat";

import { deriveNaively } from "../../../../keeper/books/naive/deriveNaively.ts";
import type { NaiveInput, NaiveResult } from "../../../../keeper/books/naive/naiveTypes.ts";
import { writePlace, type Place } from "../../../../keeper/books/naive/words.ts";
import { BOOK_NAMES, type BookName } from "../../../../keeper/domain/bookSet.ts";
import type { VerifiedLog } from "../../../../keeper/domain/VerifiedLog.ts";
import type { Hash, Hex } from "../../../../keeper/lib/hex.ts";
import type { Lockstep } from "../../../fixtures/deployLockstep.ts";
import { NaiveFollower, readContext, type Followed } from "./NaiveFollower.ts";
import { tour } from "./tour.ts";
import { deployToured } from "./tourSync.ts";

/** The kinds of entries in the order of their numbers, with how many entries an operation of that kind posts. */
export const ENTRIES = [
  ["Credit", 1],
  ["Debit", 1],
  ["Trade", 2],
  ["Liquidation", 2],
  ["Expiry", 1],
  ["CollateralSale", 2],
  ["Cover", 2],
  ["Socialisation", 1],
  ["FeeSweep", 1],
  ["Release", 2],
  ["ClearingLevel", 1],
] as const;

/** A log of the tour, in its block. */
export interface Found extends Followed {
  readonly log: VerifiedLog;
  readonly book: BookName;
}

/** A tour through the protocol that was followed, and the last log of every event in it. */
export class Toured {
  static #once: Promise<Toured> | undefined;
  readonly follower: NaiveFollower;
  /** The ABIs of the compiled contracts: what is checked against, while the derivation has its own. */
  readonly abis = new Map<BookName, Interface>();
  /** By the event's name; entries also by their kind, and by which one of the operation they are: `Trade 2`. */
  readonly found = new Map<string, Found>();

  private constructor(follower: NaiveFollower, contracts: Readonly<Record<BookName, BaseContract>>) {
    this.follower = follower;
    for (const book of BOOK_NAMES) this.abis.set(book, contracts[book].interface);
    for (const followed of follower.followed) this.#find(followed);
  }

  /** One tour for all tests that look at it. */
  static once(): Promise<Toured> {
    Toured.#once ??= Toured.#take();
    return Toured.#once;
  }

  static async #take(): Promise<Toured> {
    const connection = await network.create();
    const system = await deployToured(connection);
    const follower = new NaiveFollower(system, await readContext(system));
    await tour(system);
    await follower.follow();
    await connection.close();
    return new Toured(follower, contractsOf(system));
  }

  #find(followed: Followed): void {
    const { addresses, block } = followed.input;
    let previous: string | undefined;
    for (const log of block.logs) {
      const book = BOOK_NAMES.find((name) => addresses[name] === log.address);
      if (book === undefined) continue;
      const { name, args } = this.abis.get(book)!.parseLog(log)!;
      const found = { ...followed, log, book };
      this.found.set(name, found);
      if (name === "WordRepaired") this.found.set(`WordRepaired of ${book}`, found);
      if (name === "CheckpointPosted" && BigInt(args.getValue("carrier") as string) === 0n) {
        this.found.set("CheckpointPosted for nothing", found);
      }
      if (name === "FundingUpdated" && args.getValue("size") !== 0n) this.found.set("FundingUpdated of a trade", found);
      const [kind, count] = name === "EntryPosted" ? ENTRIES[Number(args.getValue("kind"))]! : [name, 1];
      const isSecond = count === 2 && previous === `${kind} 1`;
      previous = `${kind} ${isSecond ? 2 : 1}`;
      if (name === "EntryPosted") this.found.set(previous, found);
    }
  }

  /** As the ABI decodes it. */
  get settlementAsset(): string {
    return getAddress(this.follower.followed[0]!.input.immutables.settlementAsset);
  }

  /** The last log, or the first one, of an event whose fields satisfy a condition. */
  find(name: string, isMeant: (args: Result) => boolean, which: "first" | "last" = "last"): Found {
    const { followed: all } = this.follower;
    for (const followed of which === "last" ? all.toReversed() : all) {
      const { addresses, block } = followed.input;
      for (const log of block.logs.toReversed()) {
        const book = BOOK_NAMES.find((candidate) => addresses[candidate] === log.address);
        const parsed = book && this.abis.get(book)!.parseLog(log);
        if (parsed?.name === name && isMeant(parsed.args)) return { ...followed, log, book: book! };
      }
    }
    throw new Error(`no such ${name} in the tour`);
  }

  /** The block again, in a world in which some variables had other values before it. */
  deriveInWorld({ input }: Followed, changes: readonly (readonly [Place, bigint])[]): NaiveResult {
    const read: NaiveInput["read"] = (book, slot) => {
      let word = input.read(book, slot);
      for (const [place, value] of changes) {
        if (place.book === book && place.slot === slot) word = writePlace(word, place, value);
      }
      return word;
    };
    return deriveNaively({ ...input, read });
  }

  /** The block again, with other logs. */
  deriveWith({ input }: Followed, logs: readonly VerifiedLog[]): NaiveResult {
    return deriveNaively({ ...input, block: { ...input.block, logs } });
  }

  /** The block again, without the log. */
  deriveWithout(found: Found): NaiveResult {
    return this.deriveWith(
      found,
      found.input.block.logs.filter((log) => log !== found.log),
    );
  }

  /** The block again, with the log replaced. */
  deriveReplaced(found: Found, replacement: Partial<VerifiedLog>): NaiveResult {
    return this.deriveWith(
      found,
      found.input.block.logs.map((log) => (log === found.log ? { ...log, ...replacement } : log)),
    );
  }

  /** The log with one field of it changed: another number, another hash, the other truth. */
  alter({ log, book }: Found, field: string): Pick<VerifiedLog, "topics" | "data"> {
    const abi = this.abis.get(book)!;
    const { fragment, args } = abi.parseLog(log)!;
    const values = fragment.inputs.map(({ name }) => {
      const value = args.getValue(name) as unknown;
      if (name !== field) return value;
      if (typeof value === "bigint") return value ^ 1n;
      if (typeof value === "boolean") return !value;
      if (Array.isArray(value)) return value.toReversed() as unknown;
      // An address or 32 bytes; in lower case nobody asks for a checksum.
      return (value as string).toLowerCase().replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
    });
    const { topics, data } = abi.encodeEventLog(fragment, values);
    return { topics: topics as Hash[], data: data as Hex };
  }
}

function contractsOf(system: Lockstep): Readonly<Record<BookName, BaseContract>> {
  return {
    ...{ CollateralVault: system.vault, PositionLedger: system.ledger, OrderSettlement: system.settlement },
    ...{ InstrumentRegistry: system.instruments, PriceOracle: system.oracle, SyncGuard: system.guard },
    ...{ KeeperRegistry: system.keeperRegistry, CheckpointRegistry: system.registry },
    ...{ LiquidationAuction: system.auction, InsuranceFund: system.fund },
  };
}
