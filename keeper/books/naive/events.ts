import { Interface } from "ethers";

import type { BookName } from "../../domain/bookSet.ts";

const AUTHORITY_UPDATED = "event AuthorityUpdated(address authority)";
const WORD_REPAIRED = "event WordRepaired(bytes32 indexed slot, bytes32 expected, bytes32 value)";
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
    "event ClaimRegistered(bytes32 indexed account, address indexed asset, uint112 amount, uint112 registered)",
    "event RegistrationPaid(bytes32 indexed account, address indexed asset, address to, uint112 paid, uint112 custody, uint112 held)",
    WORD_REPAIRED,
  ]),
  PositionLedger: new Interface([
    "event EntryPosted(uint64 indexed sequence, bytes32 indexed account, uint8 kind, uint256 key, int256 sizeDelta, int256 quoteDelta, uint256 fee, int256 funding, int256 sizeAfter, int256 quoteAfter)",
    "event FundingUpdated(uint16 indexed instrument, uint128 mark, uint128 price, uint128 size, int96 longIndex, int96 shortIndex, int32 premiumPpb)",
    "event LossSocialised(uint16 indexed instrument, bytes32 indexed account, bool fromLongs, uint256 amount, uint256 perUnit, int96 indexAfter)",
    "event DebtRecorded(bytes32 indexed account, uint128 debt, uint128 totalDebt)",
    "event EpochAdvanced(bytes32 indexed account, uint32 epoch)",
    "event HotWordPushed(uint8 flags, uint48 checkpointTime, uint48 graceUntil)",
    "event ModulesBound(address vault, address settlement, address guard, address auction, address fund)",
    WORD_REPAIRED,
  ]),
  OrderSettlement: new Interface([
    "event OrderFilled(bytes32 indexed orderHash, bytes32 indexed account, uint64 lane, uint64 sequence, uint128 size, uint128 price, uint128 filled)",
    "event OrderCancelled(bytes32 indexed account, uint64 lane, uint64 sequence)",
    WORD_REPAIRED,
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
    WORD_REPAIRED,
  ]),
  InsuranceFund: new Interface([AUTHORITY_UPDATED, "event TargetSet(uint128 target)"]),
  InstrumentRegistry: new Interface([
    AUTHORITY_UPDATED,
    `event InstrumentSet(uint16 indexed instrument, ${INSTRUMENT} terms)`,
    "event OptionListed(uint16 indexed instrument, uint128 strike, uint40 expiry, uint24 volatilityShockPpm)",
    "event VolatilitySet(uint16 indexed instrument, uint32 volatilityPpm, uint32 volatilityAt)",
    "event ExpirySettled(uint16 indexed instrument, uint128 price, uint40 settledAt, uint80 roundId)",
    "event WindDownPriceFixed(uint16 indexed instrument, uint128 price, uint40 settledAt, uint128 spot, uint40 time)",
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
    "event KeeperRegistryBound(address registry, address guard)",
    "event KeeperApproved(address indexed attester, address indexed pauser, address indexed owner)",
    "event KeeperBonded(address indexed attester, address payer, uint96 amount, uint40 activeFrom)",
    "event KeeperActivated(address indexed attester)",
    "event KeeperUnbonding(address indexed attester, uint40 releaseAt)",
    "event BondWithdrawn(address indexed attester, address owner, uint96 amount)",
    "event KeeperSlashed(address indexed attester, address indexed challenger, uint128 reward, uint128 burned)",
    "event SeatClosed(uint16 size)",
    "event KeeperSetChanged(uint32 indexed setId, uint16 size, uint16 quorum, address[] members, bytes32 commitment)",
    "event PauseUsed(address indexed attester, uint8 class, uint24 generation, uint32 softUntil)",
    "event RewardClaimed(address indexed challenger, address to, uint128 amount)",
    "event BondsBurned(uint128 amount)",
  ]),
  SyncGuard: new Interface([
    AUTHORITY_UPDATED,
    "event GuardBound(address registry)",
    "event SoftPaused(bytes32 indexed incidentId, address indexed attester, uint8 class, uint64 blockNumber, bytes32 blockHash, bytes32 evidenceHash, uint40 softUntil, uint40 softBlock, uint40 witnessNumber, uint24 generation, uint32 nonce, uint40 startedAt)",
    "event SoftLifted(uint24 generation, uint40 liftedAt)",
    "event HardPaused(bytes32 indexed cause, uint40 witnessNumber, uint32 nonce, uint40 startedAt, uint40 haltedAt)",
    "event Resumed(bytes32 indexed incidentId, uint64 checkpointNumber, uint24 generation, uint40 resumedAt)",
    "event RepairMade(address indexed book, uint40 repairBlock)",
    "event BooksAccepted(uint64 indexed blockNumber, bytes32 indexed blockHash, (address book, bytes32 slot, bytes32 value)[] corrections)",
    "event OutageCredited(uint40 from, uint40 to, uint40 checkpointTime)",
    "event WindDownStarted(uint40 windDownAt, uint40 witnessNumber, uint40 startedAt)",
  ]),
  CheckpointRegistry: new Interface([
    AUTHORITY_UPDATED,
    "event BookSetChanged(uint32 indexed version, uint64 activeFrom, address[] contracts)",
    "event KeeperSetAdopted(uint32 indexed setId, bytes32 commitment)",
    "event CheckpointPosted(uint64 indexed blockNumber, bytes32 indexed blockHash, address indexed carrier, uint32 setId, uint32 bookSetVersion, uint40 postedAt, bytes32[] roots)",
    "event CheckpointReplaced(uint64 indexed blockNumber, uint64 posts)",
    "event CheckpointProven(uint64 indexed blockNumber, bytes32 indexed blockHash)",
    "event AttestationConvicted(uint64 indexed blockNumber, bytes32 indexed blockHash, bytes32 digest, address challenger, bool isVoided, uint64 newest)",
    "event RewardSet(uint96 perBlock, uint32 maxBlocks)",
    "event RewardPaid(uint64 indexed blockNumber, address indexed carrier, bytes32 to, uint256 amount)",
  ]),
};

/** Chainlink's event; its aggregators are no book contracts. */
export const AGGREGATOR = new Interface([
  "event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt)",
]);
