import type { NetworkManager } from "hardhat/types/network";

import { deployLockstep } from "../../test/fixtures/deployLockstep.ts";
import { UNIT } from "../../test/helpers/orders.ts";
import { Desk } from "./Desk.ts";
import { GasRecorder } from "./GasRecorder.ts";
import { OPERATIONS, type GasMeasure } from "./GasRow.ts";
import { listOption } from "./listOption.ts";
import { measureCustody } from "./measureCustody.ts";
import { measureAuction, measureExpiry } from "./measureLosses.ts";
import { measureSync } from "./measureSync.ts";
import { measureTrades } from "./measureTrades.ts";
import { measureViews } from "./measureViews.ts";
import { openGasNetwork } from "./openGasNetwork.ts";

const DAY = 86_400;
const MONTH = 30 * DAY;
const OPTIONS = { live: 3, expiring: 4 } as const;
/** About what a call of a month at the money is worth at 3,000 and 80 %. */
const OPTION_PRICE = 275n * UNIT;
/** The fees of production; and no checkpoint goes stale while the bench runs. */
const PARAMETERS = {
  makerFeePpm: 200,
  takerFeePpm: 500,
  staleLimitSeconds: DAY,
  viewTimeSeconds: DAY,
  softTimeSeconds: 2 * DAY,
} as const;

/** Runs every operation of the bench on a chain of its own; the measures are the same in every run. */
export async function measureGas(networks: NetworkManager): Promise<readonly GasMeasure[]> {
  const network = await openGasNetwork(networks);
  const recorder = new GasRecorder();
  try {
    const system = await deployLockstep(network.connection, { parameters: PARAMETERS });
    const desk = new Desk(system);
    const live = { option: OPTIONS.live, feed: 1, strike: 3_000n * UNIT, expiry: network.now() + MONTH } as const;
    await listOption(system, live);
    await measureCustody(desk, recorder);
    await measureTrades(desk, recorder, OPTIONS.live, OPTION_PRICE);
    await measureAuction(desk, network, recorder);
    await measureExpiry(desk, network, recorder, OPTIONS.expiring);
    await measureViews(system, network, recorder, OPTIONS.live);
    await measureSync(network, recorder);
  } finally {
    await network.connection.close();
  }
  return OPERATIONS.map((operation) => {
    const measure = recorder.measures.find((one) => one.operation === operation);
    if (!measure) throw new Error(`${operation} was not measured`);
    return measure;
  });
}
