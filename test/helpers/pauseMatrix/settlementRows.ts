import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";

import { accountOf } from "../accounts.ts";
import { UNIT, type TradeOptions } from "../orders.ts";
import { everywhere, SUCCEEDS, whereRestricted, type Nature, type Row } from "./Row.ts";
import { debtorOf, OPTION, type Stage } from "./stage.ts";

const ETH = 1_600n * UNIT;
const BTC = 54_000n * UNIT;
const INCREASE = "LedgerIncreaseRestricted";
const RESTRICTED = whereRestricted(INCREASE);

/** One trade: who buys, who sells, and what. */
interface Deal {
  readonly buyer: HardhatEthersSigner;
  readonly seller: HardhatEthersSigner;
  readonly options?: TradeOptions;
}

type Choice = (stage: Stage) => Deal | Promise<Deal>;

async function matchOf(stage: Stage, choose: Choice) {
  const { buyer, seller, options } = await choose(stage);
  return await stage.orders.tradeMatch(buyer, seller, { price: ETH, ...options });
}

function settle(situation: string, nature: Nature, choose: Choice, outcomes: Row["outcomes"]): Row {
  return {
    ...{ contract: "OrderSettlement", fn: "settle", situation, nature, outcomes },
    args: async (stage) => [await matchOf(stage, choose)],
  };
}

/** An answer below the least that the feed may say. */
const breakPrice = async ({ ethFeed }: Stage): Promise<unknown> => await ethFeed.update(1n);
/** From the next second on the answer is older than the feed allows. */
const agePrice = async ({ oracle, ethFeed, connection }: Stage): Promise<unknown> => {
  await oracle.setFeed(1, ethFeed.target, 1, 100n * UNIT, 100_000n * UNIT);
  return await connection.networkHelpers.time.increase(2);
};

const reduction: Choice = ({ long, short }) => {
  return { buyer: short, seller: long, options: { buy: { account: accountOf(short, 1) } } };
};
const increase: Choice = ({ long, short }) => ({ buyer: long, seller: short, options: { size: 2n * UNIT } });
/** The long account passes one ETH on to one without a position. */
const handOver: Choice = ({ long, rich }) => ({ buyer: rich, seller: long });

/** What may happen with orders. */
export const SETTLEMENT_ROWS: readonly Row[] = [
  settle("both reduce", "reduces risk", reduction, everywhere(SUCCEEDS)),
  { ...settle("both reduce, the price is old", "reduces risk", reduction, everywhere(SUCCEEDS)), prepare: agePrice },
  { ...settle("both reduce, no usable price", "reduces risk", reduction, everywhere(SUCCEEDS)), prepare: breakPrice },
  {
    ...{ contract: "OrderSettlement", fn: "settle" },
    situation: "both reduce, no usable price, one could not pay at the feed's highest",
    prepare: breakPrice,
    args: async (stage) => [await matchOf(stage, ({ long, short }) => ({ buyer: short, seller: long }))],
    outcomes: everywhere("LedgerReductionWorsensHealth"),
  },
  settle(
    "both reduce, one of them below maintenance",
    "reduces risk",
    (stage) => ({
      ...{ buyer: stage.short, seller: stage.debtor },
      options: { instrument: 2, size: UNIT / 4n, price: BTC, sell: { account: debtorOf(stage, "weak") } },
    }),
    everywhere(SUCCEEDS),
  ),
  settle("one reduces, one increases", "takes risk", handOver, RESTRICTED),
  settle(
    "one reduces, one flips",
    "takes risk",
    ({ long, short }) => ({ buyer: short, seller: long, options: { size: 6n * UNIT } }),
    RESTRICTED,
  ),
  settle("both increase", "takes risk", increase, RESTRICTED),
  settle(
    "both increase, an option",
    "takes risk",
    async ({ long, short, margin }) => {
      const price = await margin.markOf(OPTION.live);
      return { buyer: long, seller: short, options: { instrument: OPTION.live, price, size: UNIT / 100n } };
    },
    RESTRICTED,
  ),
  settle(
    "a reduce-only order increases",
    "takes risk",
    ({ long, short }) => ({ buyer: long, seller: short, options: { buy: { isReduceOnly: true } } }),
    whereRestricted(INCREASE, "LedgerNotReducing"),
  ),
  {
    ...settle("one increases, no usable price", "takes risk", handOver, whereRestricted(INCREASE, "OracleOutOfBounds")),
    prepare: breakPrice,
  },
  {
    ...{ contract: "OrderSettlement", fn: "settleBatch", situation: "all reduce", nature: "reduces risk" },
    args: async (stage) => [[await matchOf(stage, reduction), await matchOf(stage, reduction)]],
    outcomes: everywhere(SUCCEEDS),
  },
  {
    ...{ contract: "OrderSettlement", fn: "settleBatch", situation: "one of them increases", nature: "takes risk" },
    args: async (stage) => [[await matchOf(stage, reduction), await matchOf(stage, increase)]],
    outcomes: RESTRICTED,
  },
  {
    ...{ contract: "OrderSettlement", fn: "cancel", by: "the owner", situation: "", nature: "reduces risk" },
    from: (stage) => stage.long,
    args: (stage) => [accountOf(stage.long), 7n, 1n],
    outcomes: everywhere(SUCCEEDS),
  },
  {
    ...{ contract: "OrderSettlement", fn: "cancel", by: "anyone else", situation: "" },
    args: (stage) => [accountOf(stage.long), 7n, 1n],
    outcomes: everywhere("SettlementNotOwner"),
  },
  {
    ...{ contract: "OrderSettlement", fn: "cancelAll", by: "the owner", situation: "", nature: "reduces risk" },
    from: (stage) => stage.long,
    args: (stage) => [accountOf(stage.long)],
    outcomes: everywhere(SUCCEEDS),
  },
  {
    ...{ contract: "OrderSettlement", fn: "cancelAll", by: "anyone else", situation: "" },
    args: (stage) => [accountOf(stage.long)],
    outcomes: everywhere("SettlementNotOwner"),
  },
];
