import { expect } from "chai";
import { type Interface, type BaseContract } from "ethers";
import { network } from "hardhat";

import { deriveNaively } from "../../../../keeper/books/naive/deriveNaively.ts";
import type { NaiveInput, NaiveProblem, NaiveResult } from "../../../../keeper/books/naive/naiveTypes.ts";
import type { VerifiedLog } from "../../../../keeper/domain/VerifiedLog.ts";
import { BOOK_NAMES, type BookName } from "../../../../keeper/domain/bookSet.ts";
import type { Hash, Hex } from "../../../../keeper/lib/hex.ts";
import { deployLockstep } from "../../../fixtures/deployLockstep.ts";
import { attest, falsify, postAttested, postCheckpoint } from "../../../helpers/attestations.ts";
import { convict } from "../../../helpers/convict.ts";
import { NaiveFollower, readContext, type Followed } from "./NaiveFollower.ts";
import { tour } from "./tour.ts";

/** The fields of every event that are results of its inputs and the books before it. */
const RESULTS: Readonly<Record<string, readonly string[]>> = {
  Deposited: ["held", "level"],
  Withdrawn: ["withdrawn", "allowanceUsed", "held", "level"],
  ClaimKept: ["owed", "held"],
  Claimed: ["paid", "claimed", "held"],
  AssetListed: ["levelAt"],
  LimitsSet: ["level", "levelAt"],
  EntryPosted: ["sequence", "funding", "sizeAfter", "quoteAfter"],
  FundingUpdated: ["longIndex", "shortIndex", "premiumPpb"],
  LossSocialised: ["indexAfter"],
  DebtRecorded: ["totalDebt"],
  EpochAdvanced: ["epoch"],
  HotWordPushed: ["flags", "checkpointTime", "graceUntil"],
  OrderFilled: ["filled"],
  AuctionStarted: ["startedAt"],
  PositionSold: ["windowStart"],
  CollateralAuctionStarted: ["startedAt"],
  VolatilitySet: ["volatilityAt"],
  ExpirySettled: ["settledAt"],
  CollateralSet: ["id", "decimals"],
  KeeperAdded: ["setId", "count"],
  KeeperRemoved: ["setId", "count"],
  KeeperJailed: ["setId", "count"],
  SoftPaused: ["softUntil", "softBlock", "witnessNumber", "generation"],
  SoftLifted: ["generation", "liftedAt"],
  HardPaused: ["witnessNumber"],
  BookSetChanged: ["version"],
  CheckpointPosted: ["booksRoot", "setId", "bookSetVersion", "postedAt"],
  CheckpointReplaced: ["blockNumber", "posts"],
  CheckpointProven: ["blockHash"],
  AttestationConvicted: ["isVoided", "newest"],
};

/** Inputs that another event of the transaction names as well. */
const INPUTS: Readonly<Record<string, readonly string[]>> = {
  Deposited: ["account", "asset", "amount"],
  Withdrawn: ["account", "asset", "amount"],
  ClaimKept: ["account", "asset", "amount"],
  EntryPosted: ["account", "key", "sizeDelta", "quoteDelta"],
  OrderFilled: ["account", "size", "price"],
  KeeperJailed: ["challenger"],
};

/** Events without which the rest of their transaction is illegal, with the book that is blamed. */
const COMPANIONS: Readonly<Record<string, BookName>> = {
  Deposited: "PositionLedger",
  Withdrawn: "PositionLedger",
  OrderFilled: "PositionLedger",
  HotWordPushed: "PositionLedger",
  HardPaused: "CheckpointRegistry",
  AttestationConvicted: "KeeperRegistry",
  CheckpointReplaced: "CheckpointRegistry",
  SoftPaused: "PositionLedger",
  SoftLifted: "PositionLedger",
  CheckpointPosted: "PositionLedger",
};

interface Found extends Followed {
  readonly log: VerifiedLog;
  readonly book: BookName;
}

describe("deriveNaively", () => {
  let follower: NaiveFollower;
  /** The ABIs of the compiled contracts: what is checked against, while the derivation has its own. */
  const abis = new Map<BookName, Interface>();
  /** The last log of every event. */
  const found = new Map<string, Found>();

  before(async () => {
    const connection = await network.create();
    const system = await deployLockstep(connection, { keeperCount: 2 });
    const contracts: Readonly<Record<BookName, BaseContract>> = {
      ...{ CollateralVault: system.vault, PositionLedger: system.ledger, OrderSettlement: system.settlement },
      ...{ InstrumentRegistry: system.instruments, PriceOracle: system.oracle, SyncGuard: system.guard },
      ...{ KeeperRegistry: system.keeperRegistry, CheckpointRegistry: system.registry },
      ...{ LiquidationAuction: system.auction, InsuranceFund: system.fund },
    };
    for (const book of BOOK_NAMES) abis.set(book, contracts[book].interface);
    const context = await readContext(system);
    follower = new NaiveFollower(system, context);
    await tour(system);
    await follower.follow();
    await connection.close();
    for (const followed of follower.followed) {
      for (const log of followed.input.block.logs) {
        const book = BOOK_NAMES.find((name) => context.addresses[name] === log.address);
        if (book !== undefined) found.set(abis.get(book)!.parseLog(log)!.name, { ...followed, log, book });
      }
    }
  });

  function deriveWith(
    { input }: Followed,
    logs: readonly VerifiedLog[],
    changes: Partial<NaiveInput> = {},
  ): NaiveResult {
    return deriveNaively({ ...input, ...changes, block: { ...input.block, logs } });
  }

  /** The block again, with one log of it replaced. */
  function deriveReplaced(found: Found, replacement: Partial<VerifiedLog>): NaiveResult {
    return deriveWith(
      found,
      found.input.block.logs.map((log) => (log === found.log ? { ...log, ...replacement } : log)),
    );
  }

  function kindsOf(problems: readonly NaiveProblem[]): string[] {
    return problems.map(({ kind, book }) => `${kind} ${book}`);
  }

  /** The log with one field of it changed: another number, another hash, the other truth. */
  function alter({ log, book }: Found, field: string): Pick<VerifiedLog, "topics" | "data"> {
    const abi = abis.get(book)!;
    const { fragment, args } = abi.parseLog(log)!;
    const values = fragment.inputs.map(({ name }) => {
      const value = args.getValue(name) as unknown;
      if (name !== field) return value;
      if (typeof value === "bigint") return value ^ 1n;
      if (typeof value === "boolean") return !value;
      // An address or 32 bytes; in lower case nobody asks for a checksum.
      return (value as string).toLowerCase().replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
    });
    const { topics, data } = abi.encodeEventLog(fragment, values);
    return { topics: topics as Hash[], data: data as Hex };
  }

  it("derives every storage root of a tour through the protocol and finds nothing wrong", () => {
    expect(follower.mismatches).to.deep.equal([]);
    expect(follower.problems).to.deep.equal([]);
  });

  it("derives a conviction while nothing is restricted", async () => {
    const connection = await network.create();
    const system = await deployLockstep(connection);
    const fresh = new NaiveFollower(system, await readContext(system));
    await postCheckpoint(system);
    const wrong = falsify(await attest(system), 1);
    await postAttested(system, wrong);
    await convict(system, wrong, { index: 1 });
    await fresh.follow();
    await connection.close();
    expect([fresh.mismatches, fresh.problems]).to.deep.equal([[], []]);
    expect(fresh.followed.at(-1)!.result.writes.has("SyncGuard")).to.equal(true);
  });

  it("has seen every event that the book contracts can emit", () => {
    const declared = new Set<string>();
    for (const abi of abis.values()) abi.forEachEvent(({ name }) => declared.add(name));
    // Declared by OpenZeppelin's EIP712 for upgradeable contracts; nothing emits it.
    declared.delete("EIP712DomainChanged");
    expect([...found.keys()].sort()).to.deep.equal([...declared].sort());
  });

  for (const [name, fields] of Object.entries(RESULTS)) {
    for (const field of fields) {
      it(`reports ${name} with a wrong ${field} and keeps what it computed`, () => {
        const event = found.get(name)!;
        const { writes, problems } = deriveReplaced(event, alter(event, field));
        const miscomputed = problems.filter(({ kind, logIndex }) => {
          return kind === "miscomputed" && logIndex === event.log.logIndex;
        });
        expect(miscomputed.map(({ book, detail }) => [book, detail.split(" ")[0]])).to.deep.equal([
          [event.book, field],
        ]);
        expect(problems).to.deep.equal(miscomputed);
        expect(writes).to.deep.equal(event.result.writes);
      });
    }
  }

  for (const [name, fields] of Object.entries(INPUTS)) {
    for (const field of fields) {
      it(`calls ${name} illegal when its ${field} is not that of its companions`, () => {
        const event = found.get(name)!;
        const { problems } = deriveReplaced(event, alter(event, field));
        expect(problems.map(({ kind }) => kind)).to.include("illegal");
      });
    }
  }

  for (const [name, book] of Object.entries(COMPANIONS)) {
    it(`calls illegal what is left of a transaction without its ${name}`, () => {
      const event = found.get(name)!;
      const { problems } = deriveWith(
        event,
        event.input.block.logs.filter((log) => log !== event.log),
      );
      expect(kindsOf(problems)).to.include(`illegal ${book}`);
    });
  }

  it("calls a log unreadable that is no event, has more data than its event, or dirty padding", () => {
    const event = found.get("HotWordPushed")!;
    const { topics, data } = event.log;
    const broken: Partial<VerifiedLog>[] = [
      { topics: [] },
      { topics: [`0x${"12".repeat(32)}`] },
      { topics: [topics[0]!, topics[0]!] },
      { data: `${data}00` },
      { data: data.slice(0, -2) as Hex },
      { data: data.replace("0x00", "0x01") as Hex },
    ];
    for (const replacement of broken) {
      expect(deriveReplaced(event, replacement).problems).to.deep.include({
        kind: "unreadable",
        book: "PositionLedger",
        logIndex: event.log.logIndex,
        detail: "no event of PositionLedger",
      });
    }
  });

  it("ignores logs of other contracts", () => {
    const event = found.get("Deposited")!;
    const { writes, problems } = deriveReplaced(event, { address: `0x${"77".repeat(20)}` });
    expect(writes.has("CollateralVault")).to.equal(false);
    expect(kindsOf(problems)).to.include("illegal PositionLedger");
  });
});
