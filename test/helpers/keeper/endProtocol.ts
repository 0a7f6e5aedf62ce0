import { id } from "ethers";

import { passGrace } from "../../keeper/books/naive/stage.ts";
import { depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../accounts.ts";
import { postCheckpoint } from "../attestations.ts";
import { hardPause, readHead } from "../guard.ts";
import { setEthPrice } from "../liquidate.ts";
import { OrderBook, UNIT } from "../orders.ts";
import { readWitness } from "../witness.ts";

const USD = 1_000_000n;
const ETH = 1;

/** Mines a block so much later, and a minute: what is sent next is estimated at its time. */
async function wait({ ethers }: Lockstep, seconds: bigint): Promise<void> {
  await ethers.provider.send("evm_increaseTime", [Number(seconds) + 60]);
  await ethers.provider.send("evm_mine", []);
}

/** The very end, as short as it can be: a halt for ever, one price, and two accounts that are closed, registered and paid. */
export async function endProtocol(system: Lockstep): Promise<void> {
  const { guard, ledger, vault, usd, ethFeed } = system;
  const users = system.users.slice(3, 5);
  for (const user of users) await depositUsd(system, user, 50_000n * USD);
  await setEthPrice(system, 3_010);
  await passGrace(system);
  await new OrderBook(system).trade(users[0]!, users[1]!, { size: UNIT, price: 3_010n * UNIT });
  const witness = await postCheckpoint(system);
  await hardPause(system, id("the end"), await readHead(system));
  await wait(system, await guard.WIND_DOWN_TIME());
  await guard.startWindDown();
  await guard.fixPrice(ETH, await ethFeed.latestRound());
  const accounts = users.map((user) => accountOf(user));
  for (const account of accounts) {
    for (const { instrument } of await ledger.positionsOf(account)) await ledger.settleExpiry(account, instrument);
  }
  for (const account of accounts) {
    await vault.registerClaim(account, usd.target, await readWitness(system, witness, account, usd));
  }
  await wait(system, await guard.CLAIM_PERIOD());
  for (const account of accounts) await vault.payRegistration(account, usd.target);
}
