import { TIMES } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../accounts.ts";
import { UNIT } from "../orders.ts";
import { everywhere, SUCCEEDS, type Row } from "./Row.ts";
import { debtorOf, type Debtor, type Stage } from "./stage.ts";

const RESTRICTED = "AuctionRestricted";
const STOPPED = { Halted: RESTRICTED, "Wind-down": RESTRICTED } as const;
/** Liquidations run in every grade with a fresh price, but not in the grace, and not when halted. */
const LIQUIDATION = everywhere(SUCCEEDS, { Grace: "AuctionInGrace", ...STOPPED });
const BTC = 2;
const ANY = 2n ** 128n - 1n;

const position = (name: Debtor) => (stage: Stage) => [debtorOf(stage, name), BTC];
const collateral = (name: Debtor) => (stage: Stage) => [debtorOf(stage, name), stage.weth.target];

const collateralBid = (stage: Stage) => {
  return [debtorOf(stage, "pledged"), stage.weth.target, accountOf(stage.rich), UNIT, ANY];
};
const smallBid = (stage: Stage) => [debtorOf(stage, "sold"), BTC, accountOf(stage.rich), UNIT / 10n, ANY];

/** What may happen in auctions, but for their terms. */
export const AUCTION_ROWS: readonly Row[] = [
  {
    ...{ contract: "LiquidationAuction", fn: "start", situation: "below maintenance" },
    ...{ args: position("weak"), outcomes: LIQUIDATION },
  },
  {
    ...{ contract: "LiquidationAuction", fn: "stop", situation: "secured again" },
    ...{ args: position("saved"), outcomes: everywhere(SUCCEEDS) },
  },
  {
    ...{ contract: "LiquidationAuction", fn: "stop", situation: "not secured" },
    ...{ args: position("sold"), outcomes: everywhere("AuctionStillUnhealthy") },
  },
  {
    ...{ contract: "LiquidationAuction", fn: "bid", by: "the owner", situation: "a part of it", nature: "bids" },
    ...{ from: (stage) => stage.rich, args: smallBid, outcomes: LIQUIDATION },
  },
  {
    ...{
      contract: "LiquidationAuction",
      fn: "bid",
      by: "the owner",
      situation: "in an auction from before a grace, after it",
    },
    nature: "bids",
    prepare: (stage) => stage.connection.networkHelpers.time.increase(TIMES.graceSeconds),
    from: (stage) => stage.rich,
    args: smallBid,
    outcomes: { ...LIQUIDATION, Grace: "AuctionNotRunning" },
  },
  {
    ...{ contract: "LiquidationAuction", fn: "startCollateral", situation: "below maintenance, in debt" },
    ...{ args: collateral("owing"), outcomes: LIQUIDATION },
  },
  {
    ...{ contract: "LiquidationAuction", fn: "stopCollateral", situation: "the debt is paid" },
    ...{ args: collateral("redeemed"), outcomes: everywhere(SUCCEEDS) },
  },
  {
    ...{ contract: "LiquidationAuction", fn: "stopCollateral", situation: "not secured" },
    ...{ args: collateral("pledged"), outcomes: everywhere("AuctionStillUnhealthy") },
  },
  {
    ...{ contract: "LiquidationAuction", fn: "bidCollateral", by: "the owner", situation: "a part of it" },
    nature: "bids",
    from: (stage) => stage.rich,
    args: collateralBid,
    outcomes: LIQUIDATION,
  },
  {
    ...{ contract: "LiquidationAuction", fn: "bid", by: "anyone else", situation: "for an account of another" },
    ...{ args: smallBid, outcomes: everywhere("AuctionNotOwner") },
  },
  {
    ...{
      contract: "LiquidationAuction",
      fn: "bidCollateral",
      by: "anyone else",
      situation: "for an account of another",
    },
    ...{ args: collateralBid, outcomes: everywhere("AuctionNotOwner") },
  },
];
