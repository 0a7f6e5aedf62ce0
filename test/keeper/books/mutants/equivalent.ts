const OBSERVED =
  "the rules object to an observation in a pause, or without a mark or size, whatever the reducer makes of it";

/** Mutants that the recorded traffic does not tell, although other traffic would: what it lacks. */
export const UNTOLD: ReadonlyMap<string, string> = new Map([
  ["outflowLimit.ts bucketUsed 0n + 1", "an allowance that is used where its window is zero"],
  ['ledger/market.ts unitsOf not "areLongs"', "a loss that is shared while the clearing account holds a position"],
  ["ledger/market.ts unitsOf + -> -", "a loss that is shared while the clearing account holds a position"],
  ["checkpoints/ring.ts isValid && -> ||", "a lie that takes a convicted checkpoint for a witness"],
  [
    "keepers/pauseBudget.ts readBudget + -> - (3)",
    "a lie of a key that pauses for a view, for the books, and again too early",
  ],
  [
    "keepers/pauseBudget.ts readBudget + -> - (4)",
    "a lie of a key that pauses for a view, for the books, and again too early",
  ],
]);

/** Mutants that no traffic can tell from the reducers as they are, by name, with the reason. */
export const EQUIVALENT: ReadonlyMap<string, string> = new Map([
  ["CheckpointRegistry.ts witnessNumber 0n + 1 (2)", "no checkpoint is of block one: the contracts come later"],
  [
    'CheckpointRegistry.ts applyPost without the field "isPaid: false"',
    "`encode` writes a flag that is missing as false",
  ],
  ["CheckpointRegistry.ts applyPost highest <-> newest", "both are the same number"],
  ["CheckpointRegistry.ts applyPayment 0n + 1", "a reward of a checkpoint that is not kept is illegal, whatever it is"],
  [
    'CheckpointRegistry.ts checkpointRegistry without the field "book: "CheckpointRegistry""',
    "nothing reads it: the table of reducers says whose each is",
  ],
  [
    'CollateralVault.ts applyListing without the field "levelAt: context.timestamp"',
    "a listing sets limits in the same transaction, which write it",
  ],
  ["CollateralVault.ts applyLimits cap <-> outflowPpm", "they are multiplied"],
  [
    'CollateralVault.ts applyLimits without the field "levelAt: context.timestamp"',
    "`...word` has it: the limit was brought to now",
  ],
  ["CollateralVault.ts applyRegistrationPayment < -> <=", "custody of what was registered pays all of it either way"],
  ['CollateralVault.ts applyRegistrationPayment without the field "amount"', "the word has it already"],
  ["CollateralVault.ts applyRegistrationPayment isPaid <-> isUsed", "both are true"],
  ["CollateralVault.ts applyRegistrationPayment > -> >=", "nothing is left of as much either way"],
  ["CollateralVault.ts min < -> <=", "of two equal numbers either is the smaller"],
  [
    'CollateralVault.ts collateralVault without the field "book: "CollateralVault""',
    "nothing reads it: the table of reducers says whose each is",
  ],
  [
    "InstrumentRegistry.ts applyWindDownPrice 0n + 1",
    "only a spot or strike of zero has no price, and the rules object to both",
  ],
  ["InstrumentRegistry.ts applyWindDownPrice isUsed <-> isWindDown", "both are true"],
  [
    'InstrumentRegistry.ts instrumentRegistry without the field "book: "InstrumentRegistry""',
    "nothing reads it: the table of reducers says whose each is",
  ],
  [
    'InsuranceFund.ts insuranceFund without the field "book: "InsuranceFund""',
    "nothing reads it: the table of reducers says whose each is",
  ],
  ["KeeperRegistry.ts applyApproval booksUntil <-> viewUntil", "both are zero"],
  ["KeeperRegistry.ts applyApproval viewUntil <-> generation", "both are zero"],
  [
    'KeeperRegistry.ts keeperRegistry without the field "book: "KeeperRegistry""',
    "nothing reads it: the table of reducers says whose each is",
  ],
  [
    'LiquidationAuction.ts liquidationAuction without the field "book: "LiquidationAuction""',
    "nothing reads it: the table of reducers says whose each is",
  ],
  [
    'OrderSettlement.ts orderSettlement without the field "book: "OrderSettlement""',
    "nothing reads it: the table of reducers says whose each is",
  ],
  [
    'PositionLedger.ts positionLedger without the field "book: "PositionLedger""',
    "nothing reads it: the table of reducers says whose each is",
  ],
  [
    'PriceOracle.ts priceOracle without the field "book: "PriceOracle""',
    "nothing reads it: the table of reducers says whose each is",
  ],
  ["SyncGuard.ts applySoftPause > -> >=", "of two equal times either is the later"],
  [
    'SyncGuard.ts endIncident without the field "...before"',
    "`changeWord` leaves fields that are not given as they are",
  ],
  [
    'SyncGuard.ts applyHardPause without the field "...before"',
    "`changeWord` leaves fields that are not given as they are",
  ],
  [
    'SyncGuard.ts applyWindDown without the field "...before"',
    "`changeWord` leaves fields that are not given as they are",
  ],
  [
    'SyncGuard.ts syncGuard without the field "book: "SyncGuard""',
    "nothing reads it: the table of reducers says whose each is",
  ],
  ["checkpoints/bookSet.ts bookSetAt > -> >=", "version zero begins with block zero, which is not after any block"],
  [
    "checkpoints/bookSet.ts bookSetAt 0n + 1 (3)",
    "before the first set the rules ask for nothing but that there is none",
  ],
  ["checkpoints/bookSet.ts bookSetAt 255 + 1", "the contract takes no set of more than 32"],
  ['checkpoints/ring.ts CHECKPOINT_STATUS without the field "none: 0n"', "nothing compares with it"],
  ["checkpoints/ring.ts CHECKPOINT_STATUS 0n + 1", "nothing compares with it"],
  ["checkpoints/ring.ts newestFirst < -> <=", "of two equal counts either is the smaller"],
  ["checkpoints/ring.ts newestPostedAt 0n + 1", "block zero has no checkpoint to be found"],
  [
    "checkpoints/ring.ts rewardAt >= -> >",
    "with as many posts as places the oldest is the first, which is told apart before",
  ],
  ["checkpoints/ring.ts rewardAt % -> *", "what it would pay is below zero, which no event can say"],
  ["checkpoints/ring.ts rewardAt < -> <=", "of two equal numbers either is the smaller"],
  ['keepers/members.ts KEEPER_STATUS without the field "none: 0n"', "nothing compares with it"],
  ["keepers/members.ts KEEPER_STATUS 0n + 1", "nothing compares with it"],
  ["keepers/members.ts addMember > -> >= (2)", "no member is added twice"],
  ['keepers/pauseBudget.ts CAUSE_CLASS without the field "books: 0n"', "the books compare with the other class only"],
  ["keepers/pauseBudget.ts CAUSE_CLASS 0n + 1", "the books compare with the other class only"],
  ["keepers/pauseBudget.ts NEVER - -> +", "a time that no block reaches"],
  ["keepers/pauseBudget.ts NEVER 1n + 1", "a time that no block reaches"],
  ["keepers/pauseBudget.ts NEVER 256n + 1", "a time that no block reaches"],
  ["keepers/pauseBudget.ts NEVER 1n + 1 (2)", "a time that no block reaches"],
  ["keepers/pauseBudget.ts readBudget 0n + 1 (2)", "a time before every block either way"],
  ["keepers/pauseBudget.ts readBudget > -> >=", "of two equal times either is the later"],
  ["keepers/pauseBudget.ts readBudget 0n + 1 (3)", "a time before every block either way"],
  ["keepers/pauseBudget.ts armedAt > -> >=", "of two equal times either is the later"],
  ["ledger/applyFunding.ts applyFunding && -> ||", OBSERVED],
  ["ledger/applyFunding.ts applyFunding && -> || (2)", OBSERVED],
  ["ledger/applyFunding.ts applyFunding 0n + 1", OBSERVED],
  ["ledger/applyFunding.ts applyFunding 0n + 1 (2)", OBSERVED],
  ['ledger/applyEntry.ts UNCHANGED without the field "account: {}"', "nothing spread is as good as no fields spread"],
  ["ledger/applyEntry.ts UNCHANGED sizeAfter <-> funding", "both are zero"],
  ["ledger/applyEntry.ts coveredBy > -> >=", "as much as that leaves nothing either way"],
  ["ledger/applyEntry.ts coveredBy < -> <=", "as much as that leaves nothing either way"],
  ["ledger/applyEntry.ts applyPosition > -> >=", "nobody is liquidated or loses without a position"],
  [
    "ledger/applyEntry.ts isReducing < -> <=",
    "a size or change of zero does not come here: zero is asked for before, and nobody trades nothing",
  ],
  ["ledger/applyEntry.ts isReducing 0n + 1 (2)", "below one is below zero, for whole numbers that are not zero"],
  [
    "ledger/applyEntry.ts isReducing < -> <= (2)",
    "a size or change of zero does not come here: zero is asked for before, and nobody trades nothing",
  ],
  ["ledger/applyEntry.ts isReducing 0n + 1 (3)", "below one is below zero, for whole numbers that are not zero"],
  [
    "ledger/applyEntry.ts isReducing < -> <= (3)",
    "a size or change of zero does not come here: zero is asked for before, and nobody trades nothing",
  ],
  ["ledger/applyEntry.ts isReducing 0n + 1 (4)", "below one is below zero, for whole numbers that are not zero"],
  [
    "ledger/applyEntry.ts isReducing < -> <= (4)",
    "a size or change of zero does not come here: zero is asked for before, and nobody trades nothing",
  ],
  ["ledger/applyEntry.ts isReducing 0n + 1 (5)", "below one is below zero, for whole numbers that are not zero"],
  ["ledger/applyEntry.ts marketAfter > -> >=", "zero counts for zero either way"],
  ["ledger/applyEntry.ts marketAfter > -> >= (2)", "zero counts for zero either way"],
  ["ledger/applyFunding.ts applySocialisedLoss > -> >=", "as much as that leaves nothing either way"],
  ['ledger/market.ts useMarket without the field "isUsed: true"', "`writeMarket` goes by what is stored"],
  ["ledger/market.ts useMarket accruedAt <-> observedAt", "both are now"],
  ["ledger/market.ts useMarket true -> false", "`writeMarket` goes by what is stored"],
  [
    'outflowLimit.ts relax without the field "level"',
    "without a period there are no limits yet: the listing writes level and time itself",
  ],
  [
    "outflowLimit.ts relax level <-> levelAt",
    "without a period there are no limits yet: the listing writes level and time itself",
  ],
  [
    'outflowLimit.ts relax without the field "levelAt: now"',
    "without a period there are no limits yet: the listing writes level and time itself",
  ],
  ["outflowLimit.ts relax < -> <=", "at its capacity a level is its capacity either way"],
  ["outflowLimit.ts relax < -> <= (2)", "at its capacity a level is its capacity either way"],
  ["outflowLimit.ts relax > -> >=", "at its capacity a level is its capacity either way"],
  ["outflowLimit.ts bucketUsed 1n + 1", "an allowance without a window was never used"],
  ["outflowLimit.ts bucketUsed > -> >=", "nothing is left of as much either way"],
]);
