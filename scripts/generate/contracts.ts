/** A contract whose slots, events and errors the keeper knows. */
export interface GeneratedContract {
  readonly name: string;
  /** Source file, as Hardhat names it. */
  readonly source: string;
  /** Whether its storage is replayed from its events, so that every variable needs a reducer. */
  readonly isBook: boolean;
}

/** Every contract that `generate.ts` writes a module for: the deployed book set (deploy/buildLockstep.ts), and the feeds. */
export const CONTRACTS: readonly GeneratedContract[] = [
  { name: "CollateralVault", source: "contracts/clearing/CollateralVault.sol", isBook: true },
  { name: "PositionLedger", source: "contracts/clearing/PositionLedger.sol", isBook: true },
  { name: "OrderSettlement", source: "contracts/clearing/OrderSettlement.sol", isBook: true },
  { name: "LiquidationAuction", source: "contracts/clearing/LiquidationAuction.sol", isBook: true },
  { name: "InsuranceFund", source: "contracts/clearing/InsuranceFund.sol", isBook: true },
  { name: "InstrumentRegistry", source: "contracts/risk/InstrumentRegistry.sol", isBook: true },
  { name: "PriceOracle", source: "contracts/risk/PriceOracle.sol", isBook: true },
  { name: "SyncGuard", source: "contracts/sync/SyncGuard.sol", isBook: true },
  { name: "KeeperRegistry", source: "contracts/sync/KeeperRegistry.sol", isBook: true },
  { name: "CheckpointRegistry", source: "contracts/sync/CheckpointRegistry.sol", isBook: true },
  // The price feeds that the keeper watches: only their event matters.
  { name: "AggregatorV3Interface", source: "contracts/interfaces/AggregatorV3Interface.sol", isBook: false },
];
