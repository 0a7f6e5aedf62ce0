import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { ZeroAddress } from "ethers";

import type { Lockstep } from "../../../fixtures/deployLockstep.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import { ETH_PRICE, OrderBook, readTerms, UNIT } from "../../../helpers/orders.ts";
import { passTime } from "./stage.ts";

/** Opens thirty positions, which is all that is allowed and fills two pages, closes them, and flips another one. */
async function tourPages(system: Lockstep): Promise<void> {
  const [first, second] = system.users as [HardhatEthersSigner, HardhatEthersSigner];
  const orders = new OrderBook(system);
  const size = UNIT / 100n;
  const terms = await readTerms(system, 1);
  const instruments = Array.from({ length: 30 }, (_, index) => 101 + index);
  for (const instrument of instruments) {
    await system.instruments.setInstrument(instrument, terms);
    await orders.trade(first, second, { instrument, size });
  }
  // From the middle, from both ends: 30 = 17 + 13, and 17 has no common divisor with 30.
  for (const step of instruments.keys()) {
    await orders.trade(second, first, { instrument: instruments[(step * 17 + 4) % 30]!, size });
  }
  await orders.trade(first, second, { size: UNIT });
  await orders.trade(second, first, { size: 3n * UNIT, price: (ETH_PRICE * 99n) / 100n });
}

/** Fees, a premium that moves by trades in both directions, and funding that it makes longs and shorts pay. */
async function tourFunding(system: Lockstep): Promise<void> {
  const [first, second] = system.users as [HardhatEthersSigner, HardhatEthersSigner];
  const orders = new OrderBook(system);
  const terms = await readTerms(system, 1);
  // A thousandth of 1,000 ETH moves the premium all the way.
  await system.instruments.setInstrument(1, {
    ...terms,
    makerFeePpm: 200,
    takerFeePpm: 500,
    maxOpenInterest: 10n ** 9n,
  });
  const prices = [101n, 102n, 98n, 100n, 99n, 101n];
  for (const [step, percent] of prices.entries()) {
    const price = (ETH_PRICE * percent) / 100n;
    const size = UNIT / BigInt(step + 1) + 7n;
    const [buyer, seller] = step % 3 === 1 ? [second, first] : [first, second];
    await orders.trade(buyer, seller, { size, price, buy: { isPostOnly: step % 2 === 0 } });
    await passTime(system, 500);
    await system.ledger.accrueFunding(1);
  }
  await system.instruments.setInstrument(1, terms);
}

/** A batch in two instruments, a partial fill in two steps, cancels of a lane and of everything. */
async function tourOrders(system: Lockstep): Promise<void> {
  const [first, second] = system.users as [HardhatEthersSigner, HardhatEthersSigner];
  const { settlement } = system;
  const orders = new OrderBook(system);
  await settlement.settleBatch([
    await orders.tradeMatch(first, second, { size: UNIT / 3n }),
    await orders.tradeMatch(first, second, { size: UNIT / 100n, instrument: 2, price: 60_000n * UNIT }),
    await orders.tradeMatch(second, first, { size: UNIT / 7n, price: ETH_PRICE + 1n }),
  ]);
  const buy = orders.order(first, true, { size: UNIT });
  const sell = orders.order(second, false, { size: UNIT });
  for (const size of [UNIT / 5n, UNIT / 3n])
    await settlement.settle(await orders.match(first, buy, second, sell, size));
  await settlement.connect(first).cancel(accountOf(first), buy.lane, buy.sequence);
  await settlement.connect(first).cancel(accountOf(first), buy.lane, buy.sequence + 5n);
  await settlement.connect(first).cancelAll(accountOf(first, 3));
}

/** A secondary feed that agrees, deviates, and is removed; while it deviates positions can only shrink. */
async function tourSecondary(system: Lockstep): Promise<void> {
  const [first, second] = system.users as [HardhatEthersSigner, HardhatEthersSigner];
  const { oracle, ethers } = system;
  const orders = new OrderBook(system);
  const bitcoin = { instrument: 2, price: 60_000n * UNIT };
  const secondary = await ethers.deployContract("MockAggregator", [6, "BTC / USD", 60_100n * 10n ** 6n]);
  await oracle.setSecondary(2, secondary.target, 3_600, 10_000);
  await orders.trade(first, second, { ...bitcoin, size: UNIT / 20n });
  await secondary.update(61_000n * 10n ** 6n);
  await orders.trade(second, first, { ...bitcoin, size: UNIT / 21n });
  await oracle.setSecondary(2, ZeroAddress, 0, 0);
  await orders.trade(second, first, { ...bitcoin, size: UNIT / 200n });
}

/** Trades of all kinds in perpetuals. */
export async function tourTrades(system: Lockstep): Promise<void> {
  await tourPages(system);
  await tourSecondary(system);
  await tourFunding(system);
  await tourOrders(system);
}
