import { Type, type Static } from "typebox";

import { KIND_NAMES } from "../../queries/accounts.ts";
import { CHECKPOINT_STATUSES } from "../../queries/checkpoints.ts";
import { Greeks, proven, provenPage } from "./answers.ts";
import { Address, ChainSeconds, Decimal, Hash, nullable, oneOf } from "./primitives.ts";

const Ppm = Type.String({ ...Decimal, description: "parts per million, in decimal digits" });
const Quote = Type.String({ ...Decimal, description: "1e-18 quote, in decimal digits" });
const Underlying = Type.String({ ...Decimal, description: "1e-18 underlying, in decimal digits" });
const InstrumentId = Type.String({ ...Decimal, description: "number of the instrument" });
const FeedId = Type.String({ ...Decimal, description: "number of the price feed" });
const Kind = oneOf(KIND_NAMES);

/** Whether an account may take risk or money out, by the contracts' own rules. */
export const Margin = Type.Union(
  [
    Type.Object({
      kind: Type.Literal("valued"),
      equity: Quote,
      initial: Quote,
      maintenance: Quote,
      lagPremium: Type.String({
        ...Decimal,
        description:
          "1e-18 quote added to the initial requirement for what prices and checkpoints may have moved since",
      }),
      free: Type.String({
        ...Decimal,
        description:
          "1e-18 quote above the initial requirement and the lag premium: what may leave; negative below them",
      }),
      hasValidPrices: Type.Boolean({
        description: "false: a price that counts is not valid, and the worst within its feed's bounds stands for it",
      }),
    }),
    Type.Object({
      kind: oneOf(["unknown", "refused"], "no log has told a price; or the contracts would not value it either"),
      detail: Type.String(),
    }),
  ],
  { description: "whether the account may take risk or money out, by the contracts' own rules" },
);

const Standing = oneOf(
  ["flat", "free", "restricted", "liquidatable", "unvalued"],
  "flat: no position; restricted: below the initial requirement; liquidatable: below the maintenance requirement",
);

const summary = {
  account: Hash,
  owner: Type.String({ ...Address, description: "the first 20 bytes of the account: who may act for it" }),
  quote: Type.String({ ...Decimal, description: "1e-18 quote as it is stored, without what is pending" }),
  margin: Margin,
  standing: Standing,
};

/** An account in a list. */
export const AccountSummary = Type.Object({ ...summary, positionCount: Type.Integer({ minimum: 0 }) });
export type AccountSummary = Static<typeof AccountSummary>;

/** A position, and what it is worth. */
export const Position = Type.Object({
  instrument: InstrumentId,
  kind: Kind,
  size: Type.String({ ...Decimal, description: "1e-18 underlying; negative for a short one" }),
  mark: nullable(Quote, "per underlying; null without a valid price"),
  value: nullable(Quote, "null without a valid price"),
  funding: Type.String({ ...Decimal, description: "1e-18 quote accrued since it was last settled" }),
  increasedAt: ChainSeconds,
  greeks: nullable(Greeks),
});
export type Position = Static<typeof Position>;

/** Everything of one account. */
export const Account = Type.Object({
  ...summary,
  positions: Type.Array(Position),
  collateral: Type.Array(
    Type.Object({
      asset: Address,
      balance: Type.String({ ...Decimal, description: "units of the asset" }),
      haircutPpm: Ppm,
    }),
  ),
  greeks: Type.Array(Type.Object({ feed: FeedId, greeks: nullable(Greeks) }), {
    description: "of all its positions, by feed; null where one of them has no price",
  }),
});
export type Account = Static<typeof Account>;

/** Everything of one instrument. */
export const Instrument = Type.Object({
  instrument: InstrumentId,
  kind: Kind,
  feed: FeedId,
  priceStatus: Type.String({ description: "`valid`; why the price is not; `unknown` where no log has told it" }),
  price: nullable(Quote, "per underlying"),
  mark: nullable(Quote, "per underlying"),
  openInterest: Type.String({ ...Decimal, description: "1e-18 underlying: the long positions of accounts" }),
  maxOpenInterest: Underlying,
  clearingSize: Type.String({ ...Decimal, description: "1e-18 underlying that the clearing account holds" }),
  terms: Type.Object({
    initialPpm: Ppm,
    maintenancePpm: Ppm,
    priceBandPpm: Ppm,
    lagVolatilityPpm: Ppm,
    makerFeePpm: Ppm,
    takerFeePpm: Ppm,
  }),
  funding: nullable(
    Type.Object({
      longIndex: Type.String({ ...Decimal, description: "1e-18 quote that longs paid for each underlying so far" }),
      shortIndex: Decimal,
      premiumPpb: Type.String({
        ...Decimal,
        description:
          "of trade prices over the mark, parts per billion: longs pay where it is positive, once in eight hours",
      }),
      maxPpm: Ppm,
      accruedAt: ChainSeconds,
    }),
    "of a perpetual",
  ),
  option: nullable(
    Type.Object({
      strike: Quote,
      expiry: ChainSeconds,
      volatilityPpm: Ppm,
      settlementPrice: nullable(Quote, "per underlying; null before it is fixed"),
    }),
    "of an option",
  ),
  lagPremiumPpm: nullable(Ppm, "what lag adds to the initial requirement now, of the notional"),
  greeks: nullable(Type.Object({ unit: Greeks, open: Greeks }), "of one unit, and of all long positions of accounts"),
});
export type Instrument = Static<typeof Instrument>;

/** What the books as a whole come to. */
export const Totals = Type.Object({
  accountCount: Type.Integer({ minimum: 0 }),
  feeds: Type.Array(
    Type.Object({
      feed: FeedId,
      instruments: Type.Array(InstrumentId),
      open: nullable(Greeks, "of the long positions of accounts"),
      clearing: nullable(Greeks, "of what the clearing account holds"),
    }),
  ),
  fund: Type.Object({ account: Hash, quote: Quote, target: Quote }),
  debt: Type.String({ ...Decimal, description: "1e-18 quote that accounts owe beyond what they have" }),
});
export type Totals = Static<typeof Totals>;

/** The pause that is in force, and what it leaves open. */
export const Grade = Type.Object({
  grade: oneOf(["synced", "soft", "stale", "grace", "halted", "wind-down"]),
  families: Type.Array(
    Type.Object({
      family: oneOf(["increase-risk", "withdraw", "liquidate"]),
      isRestricted: Type.Boolean(),
      allows: Type.String({ description: "what users can do, for people" }),
    }),
  ),
  softUntil: nullable(ChainSeconds),
  graceUntil: nullable(ChainSeconds),
  haltedSince: nullable(ChainSeconds),
  staleFrom: Type.String({ ...ChainSeconds, description: "the stale grade begins then without another checkpoint" }),
  cause: nullable(Hash, "of the halt that stands"),
  isFundShort: Type.Boolean(),
});
export type Grade = Static<typeof Grade>;

/** A checkpoint that the registry keeps. */
export const Checkpoint = Type.Object({
  blockNumber: Decimal,
  digest: Type.String({ ...Hash, description: "EIP-712 digest of what its quorum signed" }),
  status: oneOf(CHECKPOINT_STATUSES),
  postedAt: ChainSeconds,
  carrier: nullable(Address, "who is paid for carrying it"),
  isPaid: Type.Boolean(),
});
export type Checkpoint = Static<typeof Checkpoint>;

/** Some accounts. */
export const AccountPage = provenPage(AccountSummary);
export type AccountPage = Static<typeof AccountPage>;
/** One account. */
export const AccountAnswer = proven(Account);
export type AccountAnswer = Static<typeof AccountAnswer>;
/** Some positions. */
export const PositionPage = provenPage(Type.Object({ account: Hash, ...Position.properties }));
export type PositionPage = Static<typeof PositionPage>;
/** All instruments. */
export const InstrumentsAnswer = proven(Type.Array(Instrument));
export type InstrumentsAnswer = Static<typeof InstrumentsAnswer>;
/** One instrument. */
export const InstrumentAnswer = proven(Instrument);
export type InstrumentAnswer = Static<typeof InstrumentAnswer>;
/** The books as a whole. */
export const TotalsAnswer = proven(Totals);
export type TotalsAnswer = Static<typeof TotalsAnswer>;
/** The pause in force. */
export const GradeAnswer = proven(Grade);
export type GradeAnswer = Static<typeof GradeAnswer>;
/** Checkpoints, newest first. */
export const CheckpointsAnswer = proven(Type.Array(Checkpoint));
export type CheckpointsAnswer = Static<typeof CheckpointsAnswer>;
