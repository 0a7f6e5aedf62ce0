import type { BookName } from "../domain/bookSet.ts";
import type { Reducer } from "./Reducer.ts";
import { checkpointRegistry } from "./reducers/CheckpointRegistry.ts";
import { collateralVault } from "./reducers/CollateralVault.ts";
import { instrumentRegistry } from "./reducers/InstrumentRegistry.ts";
import { insuranceFund } from "./reducers/InsuranceFund.ts";
import { keeperRegistry } from "./reducers/KeeperRegistry.ts";
import { liquidationAuction } from "./reducers/LiquidationAuction.ts";
import { orderSettlement } from "./reducers/OrderSettlement.ts";
import { positionLedger } from "./reducers/PositionLedger.ts";
import { priceOracle } from "./reducers/PriceOracle.ts";
import { syncGuard } from "./reducers/SyncGuard.ts";

/** The reducer of each book contract. A decoder only ever yields events that its own reducer takes. */
export const REDUCERS: Readonly<Record<BookName, Reducer<{ readonly name: string }>>> = {
  CollateralVault: collateralVault,
  PositionLedger: positionLedger,
  OrderSettlement: orderSettlement,
  LiquidationAuction: liquidationAuction,
  InsuranceFund: insuranceFund,
  InstrumentRegistry: instrumentRegistry,
  PriceOracle: priceOracle,
  KeeperRegistry: keeperRegistry,
  SyncGuard: syncGuard,
  CheckpointRegistry: checkpointRegistry,
};
