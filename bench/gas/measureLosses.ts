import { MaxUint256 } from "ethers";

import { UNIT } from "../../test/helpers/orders.ts";
import type { Desk } from "./Desk.ts";
import type { GasNetwork } from "./openGasNetwork.ts";
import type { GasRecorder } from "./GasRecorder.ts";
import { listOption } from "./listOption.ts";

const ANY_PRICE = MaxUint256 >> 128n;
const HALF_HOUR = 1_800;
const STRIKE = 60_000n;

/** Auctions of a position, in a market and by a bidder that had some before. */
export async function measureAuction(desk: Desk, { skip }: GasNetwork, recorder: GasRecorder): Promise<void> {
  const { auction } = desk.system;
  const [bob, victim, bidder] = [desk.holder(1), desk.holder(8), desk.holder(9)];
  for (const one of [victim, bidder]) await desk.endow(one);
  await desk.deposit(victim, 4_000n);
  await desk.deposit(bidder, 1_000_000n);
  await desk.trade(victim, bob, { size: 10n * UNIT });
  await desk.trade(bidder, bob);
  const { account } = victim;

  await desk.setPrice(2_700n);
  await auction.start(account, 1);
  await desk.setPrice(3_000n);
  await auction.stop(account, 1);
  await desk.setPrice(2_700n);
  await recorder.whole("auction-start", auction.start(account, 1));
  skip(300);
  const own = auction.connect(bidder.owner);
  const bid = async () => await own.bid(account, 1, bidder.account, UNIT, ANY_PRICE);
  await bid();
  await desk.setPrice(2_701n);
  await recorder.whole("liquidate", bid());
  await desk.setPrice(3_000n);
}

/** The end of an option: its long side is settled, and the fund pays what its writer cannot. */
export async function measureExpiry(
  desk: Desk,
  network: GasNetwork,
  recorder: GasRecorder,
  option: number,
): Promise<void> {
  const { btcFeed, fund, instruments, ledger, usd, vault } = desk.system;
  await listOption(desk.system, { option, feed: 2, strike: STRIKE * UNIT, expiry: network.now() + HALF_HOUR });
  const first = { holder: desk.holder(4, 1), writer: desk.holder(5, 1) };
  const second = { holder: desk.holder(4, 2), writer: desk.holder(5, 2) };
  for (const { holder, writer } of [first, second]) {
    for (const one of [holder, writer]) await desk.deposit(one, 8_000n);
    await desk.trade(holder, writer, { instrument: option, price: 200n * UNIT });
  }
  await vault.connect(desk.holder(0).owner).deposit(await fund.ACCOUNT(), usd.target, 10n ** 12n);
  await btcFeed.update(80_000n * 10n ** 8n);
  const round = await btcFeed.latestRound();
  network.skip(HALF_HOUR);
  await btcFeed.update(60_000n * 10n ** 8n);
  await instruments.settle(option, round);

  await ledger.settleExpiry(first.holder.account, option);
  await recorder.whole("settle-expiry", ledger.settleExpiry(second.holder.account, option));
  for (const { writer } of [first, second]) await ledger.settleExpiry(writer.account, option);
  await ledger.coverShortfall(first.writer.account);
  await recorder.whole("cover-shortfall", ledger.coverShortfall(second.writer.account));
}
