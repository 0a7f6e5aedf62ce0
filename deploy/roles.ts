/** A function that only a role may call. */
export interface GuardedFunction {
  /** The contract's name. */
  readonly contract: GuardedContract;
  /** Its signature, as in the ABI. */
  readonly signature: string;
}

/** A contract with functions that only roles may call. */
export type GuardedContract =
  | "CollateralVault"
  | "LiquidationAuction"
  | "InsuranceFund"
  | "InstrumentRegistry"
  | "PriceOracle"
  | "KeeperRegistry"
  | "SyncGuard"
  | "CheckpointRegistry";

/** A role of `AccessManager`. */
export interface Role {
  readonly id: bigint;
  readonly name: string;
  readonly functions: readonly GuardedFunction[];
  /** The contract that holds it, alone and without delay; a role without one is held by people. */
  readonly holder?: "SyncGuard" | "CheckpointRegistry";
}

const INSTRUMENT = "(uint8,uint16,uint24,uint24,uint24,uint24,uint24,uint16,uint16,uint80)";
const LIMITS = "(uint112,uint32,uint32,uint32)";
const REPAIR = "(uint8,bytes32[],uint8,bytes32,bytes32)";

/** Every role and all that it may do; docs/roles.md says who should hold it and with which delay. */
export const ROLES: readonly Role[] = [
  {
    id: 1n,
    name: "LISTING",
    functions: [
      { contract: "InstrumentRegistry", signature: `setInstrument(uint16,${INSTRUMENT})` },
      { contract: "InstrumentRegistry", signature: `listOption(uint16,${INSTRUMENT},uint128,uint40,uint32,uint24)` },
      { contract: "InstrumentRegistry", signature: "setCollateral(address,uint16,uint24)" },
      { contract: "InstrumentRegistry", signature: "setDebtCaps(uint128,uint128)" },
      { contract: "InstrumentRegistry", signature: "settleByGovernance(uint16,uint128)" },
      { contract: "CollateralVault", signature: `listAsset(address,${LIMITS})` },
      { contract: "CollateralVault", signature: `setLimits(address,${LIMITS})` },
      { contract: "SyncGuard", signature: "fixPriceByGovernance(uint16,uint128)" },
    ],
  },
  {
    id: 2n,
    name: "ORACLE",
    functions: [
      { contract: "PriceOracle", signature: "setFeed(uint16,address,uint32,uint128,uint128)" },
      { contract: "PriceOracle", signature: "setSecondary(uint16,address,uint32,uint24)" },
    ],
  },
  {
    id: 3n,
    name: "VOLATILITY",
    functions: [{ contract: "InstrumentRegistry", signature: "setVolatility(uint16,uint32)" }],
  },
  {
    id: 4n,
    name: "LIQUIDATION",
    functions: [
      { contract: "LiquidationAuction", signature: "setTerms((uint32,uint24,uint32,uint128))" },
      { contract: "InsuranceFund", signature: "setTarget(uint128)" },
    ],
  },
  {
    id: 5n,
    name: "TREASURY",
    functions: [
      { contract: "InsuranceFund", signature: "release(bytes32,uint128)" },
      { contract: "CheckpointRegistry", signature: "setReward(uint96,uint32)" },
    ],
  },
  {
    id: 6n,
    name: "KEEPERS",
    functions: [
      { contract: "KeeperRegistry", signature: "approve(address,address,address)" },
      { contract: "KeeperRegistry", signature: "remove(address)" },
      { contract: "KeeperRegistry", signature: "closeSeat()" },
      { contract: "CheckpointRegistry", signature: "setBooks(address[],uint64)" },
    ],
  },
  {
    id: 7n,
    name: "REPAIR",
    functions: [
      { contract: "SyncGuard", signature: `repair(address,${REPAIR})` },
      { contract: "SyncGuard", signature: "acceptBooks(uint64,bytes32,(address,bytes32,bytes32)[])" },
    ],
  },
  {
    id: 8n,
    name: "GUARD",
    holder: "SyncGuard",
    functions: [{ contract: "InstrumentRegistry", signature: "settleWindDown(uint16,uint40,uint128)" }],
  },
  {
    id: 9n,
    name: "REWARDS",
    holder: "CheckpointRegistry",
    functions: [{ contract: "InsuranceFund", signature: "payReward(bytes32,uint128)" }],
  },
];
