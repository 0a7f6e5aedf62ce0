import { Interface } from "ethers";

import type { BookName } from "../../domain/bookSet.ts";

const AUTHORITY_UPDATED = "event AuthorityUpdated(address authority)";
const INSTRUMENT =
  "(uint8 kind, uint16 feed, uint24 initialPpm, uint24 maintenancePpm, uint24 priceBandPpm, uint24 lagVolatilityPpm, uint24 maxFundingPpm, uint16 makerFeePpm, uint16 takerFeePpm, uint80 maxOpenInterest)";

/** Every event of the book contracts, as the interfaces declare them (AccountId is bytes32; Flags and enums are uint8). */
export const EVENTS: Readonly<Record<BookName, Interface>> = {
  CollateralVault: new Interface([
    AUTHORITY_UPDATED,
    "event AssetListed(address indexed asset, uint40 levelAt)",
    "event LimitsSet(address indexed asset, uint112 cap, uint32 outflowPpm, uint32 allowancePpm, uint32 period, uint96 level, uint40 levelAt)",
    "event Deposited(bytes32 indexed account, address indexed asset, address payer, uint256 amount, uint112 held, uint96 level)",
    "event Withdrawn(bytes32 indexed account, address indexed asset, address to, uint256 amount, uint120 withdrawn, uint208 allowanceUsed, uint112 held, uint96 level)",
    "event ClaimKept(bytes32 indexed account, address indexed asset, uint256 amount, uint128 owed, uint112 held)",
    "event Claimed(bytes32 indexed account, address indexed asset, address to, uint256 amount, uint128 paid, uint120 claimed, uint112 held)",
  ]),
  PositionLedger: new Interface([
    "event EntryPosted(uint64 indexed sequence, bytes32 indexed account, uint8 kind, uint256 key, int256 sizeDelta, int256 quoteDelta, uint256 fee, int256 funding, int256 sizeAfter, int256 quoteAfter)",
    "event FundingUpdated(uint16 indexed instrument, uint128 mark, uint128 price, uint128 size, int96 longIndex, int96 shortIndex, int32 premiumPpb)",
    "event LossSocialised(uint16 indexed instrument, bytes32 indexed account, bool fromLongs, uint256 amount, uint256 perUnit, int96 indexAfter)",
    "event DebtRecorded(bytes32 indexed account, uint128 debt, uint128 totalDebt)",
    "event EpochAdvanced(bytes32 indexed account, uint32 epoch)",
    "event HotWordPushed(uint8 flags, uint48 checkpointTime, uint48 graceUntil)",
    "event ModulesBound(address vault, address settlement, address guard, address auction, address fund)",
  ]),
  OrderSettlement: new Interface([
    "event OrderFilled(bytes32 indexed orderHash, bytes32 indexed account, uint64 lane, uint64 sequence, uint128 size, uint128 price, uint128 filled)",
    "event OrderCancelled(bytes32 indexed account, uint64 lane, uint64 sequence)",
  ]),
  LiquidationAuction: new Interface([
    AUTHORITY_UPDATED,
    "event AuctionTermsSet(uint32 duration, uint24 maxDiscountPpm, uint32 window, uint128 capacity)",
    "event AuctionStarted(bytes32 indexed account, uint16 indexed instrument, uint40 startedAt)",
    "event AuctionStopped(bytes32 indexed account, uint16 indexed instrument)",
    "event PositionSold(bytes32 indexed account, bytes32 indexed bidder, uint16 indexed instrument, int128 size, uint128 price, uint40 windowStart, uint128 windowUsed)",
    "event CollateralAuctionStarted(bytes32 indexed account, address indexed asset, uint40 startedAt)",
    "event CollateralAuctionStopped(bytes32 indexed account, address indexed asset)",
    "event CollateralSold(bytes32 indexed account, bytes32 indexed bidder, address indexed asset, uint128 amount, uint128 quote)",
  ]),
  InsuranceFund: new Interface([AUTHORITY_UPDATED, "event TargetSet(uint128 target)"]),
  InstrumentRegistry: new Interface([
    AUTHORITY_UPDATED,
    `event InstrumentSet(uint16 indexed instrument, ${INSTRUMENT} terms)`,
    "event OptionListed(uint16 indexed instrument, uint128 strike, uint40 expiry, uint24 volatilityShockPpm)",
    "event VolatilitySet(uint16 indexed instrument, uint32 volatilityPpm, uint32 volatilityAt)",
    "event ExpirySettled(uint16 indexed instrument, uint128 price, uint40 settledAt, uint80 roundId)",
    "event CollateralSet(uint8 indexed id, address indexed asset, uint16 feed, uint24 haircutPpm, uint8 decimals)",
    "event DebtCapsSet(uint128 account, uint128 total)",
  ]),
  PriceOracle: new Interface([
    AUTHORITY_UPDATED,
    "event FeedSet(uint16 indexed feed, address aggregator, uint8 decimals, uint32 maxAge, uint128 minPrice, uint128 maxPrice)",
    "event SecondarySet(uint16 indexed feed, address secondary, uint8 secondaryDecimals, uint32 secondaryMaxAge, uint24 maxDeviationPpm)",
  ]),
  KeeperRegistry: new Interface([
    AUTHORITY_UPDATED,
    "event KeeperAdded(address indexed attester, address indexed pauser, uint32 setId, uint16 count)",
    "event KeeperRemoved(address indexed attester, uint32 setId, uint16 count)",
    "event KeeperJailed(address indexed attester, address indexed challenger, uint32 setId, uint16 count)",
    "event KeeperRegistryBound(address registry)",
  ]),
  SyncGuard: new Interface([
    "event SoftPaused(bytes32 indexed incidentId, address indexed attester, uint64 blockNumber, bytes32 blockHash, bytes32 evidenceHash, uint48 softUntil, uint64 softBlock, uint64 witnessNumber, uint32 generation)",
    "event SoftLifted(uint32 generation, uint48 liftedAt)",
    "event HardPaused(bytes32 indexed cause, uint64 witnessNumber)",
    "event GuardBound(address registry)",
  ]),
  CheckpointRegistry: new Interface([
    AUTHORITY_UPDATED,
    "event BookSetChanged(uint32 indexed version, uint64 activeFrom, address[] contracts)",
    "event CheckpointPosted(uint64 indexed blockNumber, bytes32 indexed blockHash, bytes32 booksRoot, uint32 setId, uint32 bookSetVersion, uint48 postedAt, bytes32[] roots)",
    "event CheckpointReplaced(uint64 indexed blockNumber, uint64 posts)",
    "event CheckpointProven(uint64 indexed blockNumber, bytes32 indexed blockHash)",
    "event AttestationConvicted(uint64 indexed blockNumber, bytes32 indexed blockHash, bytes32 booksRoot, address challenger, bool isVoided, uint64 newest)",
  ]),
};

/** Chainlink's event; its aggregators are no book contracts. */
export const AGGREGATOR = new Interface([
  "event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt)",
]);
