import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { id } from "ethers";

import { depositUsd, type Lockstep } from "../../../fixtures/deployLockstep.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import { impersonate } from "../../../helpers/assets.ts";
import { postCheckpoint, type Attested } from "../../../helpers/attestations.ts";
import { hardPause, readHead } from "../../../helpers/guard.ts";
import { now, setEthPrice } from "../../../helpers/liquidate.ts";
import { OrderBook, readTerms, UNIT } from "../../../helpers/orders.ts";
import { readWitness } from "../../../helpers/witness.ts";
import { passGrace } from "./stage.ts";

const USD = 1_000_000n;
const DAY = 86_400;
const WEEK = 7 * DAY;
/** An option that outlives the protocol. */
const LONG = 304;
/** A perpetual whose price governance names. */
const NAMED = 401;

/** Positions in perpetuals and in an option, and a checkpoint of them. */
async function open(system: Lockstep): Promise<Attested> {
  const { instruments, margin, users } = system;
  const [buyer, seller] = users.slice(3, 5) as [HardhatEthersSigner, HardhatEthersSigner];
  for (const user of [buyer, seller]) await depositUsd(system, user, 50_000n * USD);
  await setEthPrice(system, 3_010);
  await passGrace(system);
  const terms = await readTerms(system, 1);
  const expiry = (await now(system)) + 300 * DAY;
  await instruments.listOption(LONG, { ...terms, kind: 3, maxFundingPpm: 0 }, 3_200n * UNIT, expiry, 600_000, 200_000);
  const orders = new OrderBook(system);
  await orders.trade(buyer, seller, { instrument: LONG, size: 3n * UNIT + 7n, price: await margin.markOf(LONG) });
  for (const instrument of [1, NAMED]) {
    await orders.trade(seller, buyer, { instrument, size: 2n * UNIT + 3n, price: 3_010n * UNIT });
  }
  return await postCheckpoint(system);
}

/** Every position becomes quote, whoever settles it. */
async function closeAll({ ledger, users }: Lockstep, accounts: readonly string[]): Promise<void> {
  for (const account of accounts) {
    for (const { instrument } of await ledger.positionsOf(account)) {
      await ledger.connect(users[9]).settleExpiry(account, instrument);
    }
  }
}

async function fixPrices(system: Lockstep): Promise<void> {
  const { guard, ethFeed, btcFeed } = system;
  await guard.fixPrice(LONG, await ethFeed.latestRound());
  await guard.fixPrice(1, await ethFeed.latestRound());
  await guard.fixPrice(2, await btcFeed.latestRound());
  await system.ethers.provider.send("evm_increaseTime", [WEEK]);
  await guard.fixPriceByGovernance(NAMED, 3_333n * UNIT + 1n);
}

/**
 * The end: halted for a month by a quorum, twice; prices fixed by rounds and by governance; everybody closed, registered
 * and paid, in one asset in full and in the other pro rata, because something of it is gone.
 */
export async function tourWindDown(system: Lockstep): Promise<void> {
  const { ethers, guard, ledger, vault, usd, admin, users } = system;
  const witness = await open(system);
  await hardPause(system, id("ninth"), await readHead(system));
  await hardPause(system, id("tenth"), await readHead(system));
  await ethers.provider.send("evm_increaseTime", [Number(await guard.WIND_DOWN_TIME())]);
  await guard.startWindDown();
  await fixPrices(system);
  const accounts = users.flatMap((user) => [accountOf(user), accountOf(user, 1)]);
  await closeAll(system, accounts);
  await postCheckpoint(system);

  const claimed: string[] = [];
  for (const account of accounts) {
    if ((await ledger.quoteOf(account)) < UNIT) continue;
    await vault.registerClaim(account, usd.target, await readWitness(system, witness, account, usd));
    claimed.push(account);
  }
  await ethers.provider.send("evm_increaseTime", [Number(await guard.CLAIM_PERIOD())]);
  const thief = await impersonate(system, vault.target as string);
  const { held } = await vault.assetOf(usd.target);
  await usd.connect(thief).transfer(admin.address, held / 3n);
  for (const account of claimed) await vault.payRegistration(account, usd.target);
}
