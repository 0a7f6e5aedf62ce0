import { expect } from "chai";
import { network } from "hardhat";

import type { VerifiedLog } from "../../../../keeper/domain/VerifiedLog.ts";
import type { Hex } from "../../../../keeper/lib/hex.ts";
import { deployLockstep } from "../../../fixtures/deployLockstep.ts";
import { attest, falsify, postAttested, postCheckpoint } from "../../../helpers/attestations.ts";
import { convict } from "../../../helpers/convict.ts";
import { NaiveFollower, readContext } from "./NaiveFollower.ts";
import { compareWithBooks } from "./compareWithBooks.ts";
import { ENTRIES, Toured } from "./Toured.ts";

/** The fields of every event that are results of its inputs and the books before it. */
const RESULTS: Readonly<Record<string, readonly string[]>> = {
  Deposited: ["held", "level"],
  Withdrawn: ["withdrawn", "allowanceUsed", "held", "level"],
  ClaimKept: ["owed", "held"],
  Claimed: ["paid", "claimed", "held"],
  ClaimRegistered: ["registered"],
  RegistrationPaid: ["paid", "custody", "held"],
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
  WindDownPriceFixed: ["price", "settledAt"],
  CollateralSet: ["id", "decimals"],
  KeeperBonded: ["amount", "activeFrom"],
  KeeperUnbonding: ["releaseAt"],
  BondWithdrawn: ["owner", "amount"],
  KeeperSlashed: ["reward", "burned"],
  SeatClosed: ["size"],
  KeeperSetChanged: ["setId", "size", "quorum", "members", "commitment"],
  KeeperSetAdopted: ["setId", "commitment"],
  PauseUsed: ["generation", "softUntil"],
  RewardClaimed: ["amount"],
  BondsBurned: ["amount"],
  SoftPaused: ["softUntil", "softBlock", "witnessNumber", "generation", "nonce", "startedAt"],
  SoftLifted: ["generation", "liftedAt"],
  HardPaused: ["witnessNumber", "nonce", "startedAt", "haltedAt"],
  Resumed: ["generation", "resumedAt"],
  RepairMade: ["repairBlock"],
  OutageCredited: ["checkpointTime"],
  WindDownStarted: ["windDownAt", "witnessNumber", "startedAt"],
  BookSetChanged: ["version"],
  CheckpointPosted: ["setId", "bookSetVersion", "postedAt"],
  "CheckpointPosted for nothing": ["carrier"],
  CheckpointReplaced: ["blockNumber", "posts"],
  AttestationConvicted: ["isVoided", "newest"],
};

describe("deriveNaively", () => {
  let toured: Toured;

  before(async function () {
    this.timeout(300_000);
    toured = await Toured.once();
  });

  it("derives every storage root of a tour through the protocol and finds nothing wrong", () => {
    expect(toured.follower.mismatches).to.deep.equal([]);
    expect(toured.follower.problems).to.deep.equal([]);
  });

  it("writes the words that the reducers write, in every block of the tour", () => {
    expect(compareWithBooks(toured.follower)).to.deep.equal([]);
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

  it("has seen every event that the book contracts can emit, and every kind of entry", () => {
    const declared = new Set<string>(["FundingUpdated of a trade", "CheckpointPosted for nothing"]);
    for (const [book, abi] of toured.abis) {
      abi.forEachEvent(({ name }) => {
        declared.add(name);
        if (name === "WordRepaired") declared.add(`WordRepaired of ${book}`);
      });
    }
    for (const [kind, count] of ENTRIES) for (let at = 1; at <= count; at += 1) declared.add(`${kind} ${at}`);
    // Declared by OpenZeppelin's EIP712 for upgradeable contracts; nothing emits it.
    declared.delete("EIP712DomainChanged");
    expect([...toured.found.keys()].sort()).to.deep.equal([...declared].sort());
  });

  for (const [name, fields] of Object.entries(RESULTS)) {
    for (const field of fields) {
      it(`reports ${name} with a wrong ${field} and keeps what it computed`, () => {
        const event = toured.found.get(name)!;
        const { writes, problems } = toured.deriveReplaced(event, toured.alter(event, field));
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

  it("calls a log unreadable that is no event, has more data than its event, or dirty padding", () => {
    const event = toured.found.get("HotWordPushed")!;
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
      expect(toured.deriveReplaced(event, replacement).problems).to.deep.include({
        kind: "unreadable",
        book: "PositionLedger",
        logIndex: event.log.logIndex,
        detail: "no event of PositionLedger",
      });
    }
  });

  it("ignores logs of other contracts", () => {
    const event = toured.found.get("Deposited")!;
    const { writes, problems } = toured.deriveReplaced(event, { address: `0x${"77".repeat(20)}` });
    expect(writes.has("CollateralVault")).to.equal(false);
    expect(problems.map(({ kind, book }) => `${kind} ${book}`)).to.include("illegal PositionLedger");
  });
});
