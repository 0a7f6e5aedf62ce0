import { expect } from "chai";
import { toBeHex, type Result } from "ethers";

import type { BookName } from "../../../../keeper/domain/bookSet.ts";
import type { Hash, Hex } from "../../../../keeper/lib/hex.ts";
import { ENTRIES, Toured } from "./Toured.ts";

/** Inputs that another event of the transaction or the books before it do not leave open. */
const INPUTS: Readonly<Record<string, readonly string[]>> = {
  LimitsSet: ["asset"],
  Deposited: ["account", "asset", "amount"],
  Withdrawn: ["account", "asset", "amount"],
  ClaimKept: ["account", "asset", "amount"],
  Claimed: ["account", "asset", "amount"],
  FundingUpdated: ["instrument", "mark", "price", "size"],
  "FundingUpdated of a trade": ["instrument", "mark", "price", "size"],
  LossSocialised: ["instrument", "account", "fromLongs", "amount", "perUnit"],
  DebtRecorded: ["account", "debt"],
  OrderFilled: ["account", "size", "price"],
  AuctionStarted: ["account", "instrument"],
  AuctionStopped: ["account", "instrument"],
  PositionSold: ["account", "bidder", "instrument", "size", "price", "windowUsed"],
  CollateralAuctionStarted: ["account", "asset"],
  CollateralAuctionStopped: ["account", "asset"],
  CollateralSold: ["account", "bidder", "asset", "amount", "quote"],
  OptionListed: ["instrument"],
  VolatilitySet: ["instrument"],
  ExpirySettled: ["instrument"],
  SecondarySet: ["feed"],
  ClaimRegistered: ["account", "asset", "amount"],
  RegistrationPaid: ["account", "asset", "to"],
  WindDownPriceFixed: ["instrument", "time"],
  "WordRepaired of PositionLedger": ["slot", "value"],
  KeeperBonded: ["attester"],
  KeeperActivated: ["attester"],
  KeeperUnbonding: ["attester"],
  BondWithdrawn: ["attester"],
  KeeperSlashed: ["attester", "challenger"],
  PauseUsed: ["attester", "class"],
  SoftPaused: ["attester", "class"],
  RewardClaimed: ["challenger"],
  Resumed: ["incidentId", "checkpointNumber"],
  RepairMade: ["book"],
  AttestationConvicted: ["challenger", "digest"],
  RewardPaid: ["blockNumber", "carrier", "to", "amount"],
};

/** Events without which the rest of their transaction is illegal, with the book that is blamed. */
const COMPANIONS: Readonly<Record<string, BookName>> = {
  Deposited: "PositionLedger",
  Withdrawn: "PositionLedger",
  OrderFilled: "PositionLedger",
  "FundingUpdated of a trade": "PositionLedger",
  LossSocialised: "PositionLedger",
  DebtRecorded: "PositionLedger",
  PositionSold: "PositionLedger",
  AuctionStopped: "LiquidationAuction",
  CollateralSold: "PositionLedger",
  CollateralAuctionStopped: "LiquidationAuction",
  OptionListed: "InstrumentRegistry",
  HotWordPushed: "CheckpointRegistry",
  PauseUsed: "SyncGuard",
  SoftPaused: "KeeperRegistry",
  SoftLifted: "PositionLedger",
  HardPaused: "PositionLedger",
  Resumed: "PositionLedger",
  OutageCredited: "PositionLedger",
  WindDownStarted: "PositionLedger",
  "WordRepaired of PositionLedger": "SyncGuard",
  RepairMade: "PositionLedger",
  AttestationConvicted: "KeeperRegistry",
  CheckpointReplaced: "CheckpointRegistry",
  CheckpointPosted: "PositionLedger",
  RewardPaid: "PositionLedger",
  KeeperActivated: "KeeperRegistry",
  KeeperUnbonding: "KeeperRegistry",
  KeeperSlashed: "KeeperRegistry",
  SeatClosed: "KeeperRegistry",
  KeeperSetChanged: "KeeperRegistry",
  KeeperSetAdopted: "KeeperRegistry",
  ClaimRegistered: "PositionLedger",
  "Credit 1": "CollateralVault",
  "Debit 1": "CollateralVault",
  "FeeSweep 1": "PositionLedger",
  "Socialisation 1": "PositionLedger",
};
for (const [kind, count] of ENTRIES) {
  if (count === 2) Object.assign(COMPANIONS, { [`${kind} 1`]: "PositionLedger", [`${kind} 2`]: "PositionLedger" });
}

/** The inputs of entries, all of which their companions or the books fix. */
function inputsOf(kind: string, at: number): string[] {
  // To whom the fund releases, and whether a kind follows the last one, is free.
  const free = kind === "Release" && at === 2 ? ["account"] : kind === "ClearingLevel" ? ["kind"] : [];
  const all = ["account", "kind", "key", "sizeDelta", "quoteDelta", "fee"];
  return all.filter((field) => !free.includes(field));
}

describe("deriveNaively of a tour with one event of it changed", () => {
  let toured: Toured;

  before(async function () {
    this.timeout(300_000);
    toured = await Toured.once();
  });

  const inputs = Object.entries(INPUTS);
  for (const [kind, count] of ENTRIES) {
    for (let at = 1; at <= count; at += 1) inputs.push([`${kind} ${at}`, inputsOf(kind, at)]);
  }
  for (const [name, fields] of inputs) {
    for (const field of fields) {
      it(`calls ${name} illegal when its ${field} is another one`, () => {
        const event = toured.found.get(name)!;
        const { problems } = toured.deriveReplaced(event, toured.alter(event, field));
        expect(problems.map(({ kind }) => kind)).to.include("illegal");
      });
    }
  }

  it("calls a deposit of collateral by another than the owner of the account illegal", () => {
    const event = toured.find("Deposited", (args) => args.getValue("asset") !== toured.settlementAsset);
    const { problems } = toured.deriveReplaced(event, toured.alter(event, "payer"));
    expect(problems.map(({ detail }) => detail)).to.deep.equal([
      "deposits collateral of another account than one's own",
    ]);
  });

  it("calls a removal illegal that leaves fewer than a quorum and halts nothing", () => {
    const isNumber = (args: Result): boolean => BigInt(args.getValue("cause") as string) < 1_000n;
    const event = toured.find("HardPaused", isNumber);
    const { problems } = toured.deriveWithout(event);
    expect(problems.map(({ detail }) => detail)).to.include("leaves fewer than a quorum without a hard pause");
  });

  it("calls a halt illegal that names another attestation than the convicted one", () => {
    const [convicted, digest] = [toured.found.get("AttestationConvicted")!, "digest"];
    const { args } = toured.abis.get("CheckpointRegistry")!.parseLog(convicted.log)!;
    const event = toured.find("HardPaused", (halt) => halt.getValue("cause") === args.getValue(digest));
    const { problems } = toured.deriveReplaced(event, toured.alter(event, "cause"));
    expect(problems.map(({ detail }) => detail)).to.include("halts for another attestation than the convicted one");
  });

  it("reports an acceptance that moves value, of nothing, and of what is no book contract", () => {
    const event = toured.found.get("BooksAccepted")!;
    const abi = toured.abis.get("SyncGuard")!;
    const { fragment, args } = abi.parseLog(event.log)!;
    const corrections = Array.from(args.getValue("corrections") as Iterable<Result>);
    const said = (changed: (book: string, slot: string, value: bigint) => unknown[] | undefined): string[] => {
      const list = corrections.flatMap(({ book, slot, value }) => {
        const correction = changed(book as string, slot as string, BigInt(value as string));
        return correction === undefined ? [] : [correction];
      });
      const { topics, data } = abi.encodeEventLog(fragment, [args[0], args[1], list]);
      const replacement = { topics: topics as Hash[], data: data as Hex };
      return toured.deriveReplaced(event, replacement).problems.map(({ detail }) => detail);
    };
    expect(said((book, slot, value) => [book, slot, toBeHex(value, 32)])).to.deep.equal([]);
    expect(said((book, slot, value) => [book, slot, toBeHex(value + 1n, 32)])).to.deep.equal([
      "repairs change the quote by 2",
    ]);
    expect(said(() => undefined)).to.deep.equal(["accepts nothing"]);
    const stranger = `0x${"77".repeat(20)}`;
    expect(said((_, slot, value) => [stranger, slot, toBeHex(value, 32)])).to.deep.equal([
      `repairs ${stranger}, which is no book contract`,
      `repairs ${stranger}, which is no book contract`,
    ]);
  });

  for (const [name, book] of Object.entries(COMPANIONS)) {
    it(`calls illegal what is left of a transaction without its ${name}`, () => {
      const { problems } = toured.deriveWithout(toured.found.get(name)!);
      expect(problems.map((problem) => `${problem.kind} ${problem.book}`)).to.include(`illegal ${book}`);
    });
  }
});
