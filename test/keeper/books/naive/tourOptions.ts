import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";

import { depositUsd, type Lockstep } from "../../../fixtures/deployLockstep.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import { now, setEthPrice } from "../../../helpers/liquidate.ts";
import { OrderBook, readTerms, UNIT } from "../../../helpers/orders.ts";
import { passTime } from "./stage.ts";

const USD = 1_000_000n;
const DAY = 86_400;
const [CALL, PUT, LATE] = [301, 302, 303];

async function markOf(system: Lockstep, instrument: number): Promise<bigint> {
  return await system.margin.markOf(instrument);
}

/** An option's whole life: listed, traded, its volatility moved, settled by a round and by governance, and paid out. */
export async function tourOptions(system: Lockstep): Promise<void> {
  const { instruments, ledger, fund, ethFeed } = system;
  const [buyer, seller, third] = system.users.slice(3, 6) as [
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
  ];
  for (const user of [buyer, seller, third]) await depositUsd(system, user, 50_000n * USD);
  const orders = new OrderBook(system);
  await setEthPrice(system, 3_000);
  const expiry = (await now(system)) + 2 * DAY;
  const perpetual = await readTerms(system, 1);
  const terms = { ...perpetual, maxFundingPpm: 0, takerFeePpm: 300 };
  await instruments.listOption(CALL, { ...terms, kind: 2 }, 3_050n * UNIT, expiry, 700_000, 250_000);
  await instruments.listOption(PUT, { ...terms, kind: 3 }, 3_100n * UNIT, expiry, 650_000, 300_000);
  await instruments.listOption(LATE, { ...terms, kind: 2 }, 2_500n * UNIT, expiry, 800_000, 200_000);

  await orders.trade(buyer, seller, { instrument: CALL, size: 4n * UNIT + 1n, price: await markOf(system, CALL) });
  await orders.trade(third, seller, { instrument: CALL, size: UNIT / 3n, price: (await markOf(system, CALL)) + UNIT });
  await orders.trade(seller, buyer, { instrument: PUT, size: 2n * UNIT, price: await markOf(system, PUT) });
  await orders.trade(buyer, third, { instrument: LATE, size: UNIT / 7n, price: await markOf(system, LATE) });
  // A hedge, so that the grid nets options and perpetual.
  await orders.trade(seller, buyer, { size: 2n * UNIT });
  await passTime(system, DAY / 2);
  await instruments.setVolatility(CALL, 760_000);
  await setEthPrice(system, 3_055.5);
  await passTime(system, 1_000);
  await orders.trade(seller, buyer, { instrument: CALL, size: UNIT, price: await markOf(system, CALL) });
  await instruments.setInstrument(CALL, { ...terms, kind: 2, initialPpm: 120_000 });

  await system.ethers.provider.send("evm_setNextBlockTimestamp", [expiry - 5]);
  await ethFeed.update(3_068_12345678n);
  const round = await ethFeed.latestRound();
  await passTime(system, 100);
  await ethFeed.update(3_000n * 10n ** 8n);
  await instruments.settle(CALL, round);
  await instruments.settle(PUT, round);
  // Longs and shorts in any order.
  for (const [user, instrument] of [
    [third, CALL],
    [seller, CALL],
    [seller, PUT],
    [buyer, CALL],
    [buyer, PUT],
  ] as const) {
    await ledger.settleExpiry(accountOf(user), instrument);
  }
  // What rounding has left.
  for (const instrument of [CALL, PUT]) {
    const { clearing } = await ledger.marketOf(instrument);
    if (clearing !== 0n) await fund.levelClearing(instrument);
  }
  await passTime(system, 7 * DAY);
  await setEthPrice(system, 3_000);
  await instruments.settleByGovernance(LATE, 3_001n * UNIT + 1n);
  await ledger.settleExpiry(accountOf(third), LATE);
  await ledger.settleExpiry(accountOf(buyer), LATE);
  await orders.trade(buyer, seller, { size: 2n * UNIT });
}
