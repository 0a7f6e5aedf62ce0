import { impersonate } from "../../test/helpers/assets.ts";
import { ETH_PRICE, UNIT } from "../../test/helpers/orders.ts";
import type { Desk, DeskTrade, Holder } from "./Desk.ts";
import { gasOf, type GasRecorder } from "./GasRecorder.ts";

const BATCH = 10;
const BTC = { instrument: 2, size: UNIT / 10n, price: 60_000n * UNIT, lane: 1n } as const;

/**
 * Trades between two accounts, and cancelling. Before each measured one the price has moved once, each account has the
 * positions that its name says, and its lane was used before.
 *
 * @param option number of a listed call on ETH, worth about `optionPrice`
 */
export async function measureTrades(
  desk: Desk,
  recorder: GasRecorder,
  option: number,
  optionPrice: bigint,
): Promise<void> {
  for (let number = 2; number < 8; number += 1) await desk.endow(desk.holder(number));
  await measureOnePosition(desk, recorder);
  await measureBatch(desk, recorder);

  const [buyer, seller] = await newPair(desk, 2);
  await desk.trade(buyer, seller, BTC);
  const [opener, other] = await newPair(desk, 4);
  await desk.trade(opener, other);
  await desk.trade(other, opener);
  await recorder.whole("trade-open", desk.trade(opener, other, BTC));

  const [holding, writing] = await newPair(desk, 6);
  const inOption: DeskTrade = { instrument: option, price: optionPrice };
  await desk.trade(holding, writing, inOption);
  await desk.setPrice(3_001n);
  await recorder.whole("trade-options", desk.trade(holding, writing, inOption));
  await desk.setPrice(3_000n);

  const own = desk.system.settlement.connect(holding.owner);
  await recorder.whole("cancel", own.cancel(holding.account, 1n, 200_000n));
  await recorder.whole("cancel-all", own.cancelAll(holding.account));
}

/** Accounts of user `number` and of the next one, both rich. */
async function newPair(desk: Desk, number: number, index = 0): Promise<[Holder, Holder]> {
  const pair: [Holder, Holder] = [desk.holder(number, index), desk.holder(number + 1, index)];
  for (const one of pair) await desk.deposit(one, 100_000n);
  return pair;
}

async function measureOnePosition(desk: Desk, recorder: GasRecorder) {
  const [alice, bob] = await newPair(desk, 0);
  for (let count = 0; count < 3; count += 1) await desk.trade(alice, bob);
  await desk.setPrice(3_001n);
  await recorder.whole("trade", desk.trade(alice, bob));
  await desk.setPrice(3_000n);
  await recorder.whole("trade-reduce", desk.trade(bob, alice));
  await desk.setPrice(3_001n);
  await recorder.whole("trade-first-lane", desk.trade(alice, bob, { lane: 2n }));
  await desk.setPrice(3_000n);
  await recorder.whole("trade-ledger", tradeInLedger(desk, alice, bob));
}

/** What the settlement asks of the ledger for an ordinary trade, asked in its name. */
async function tradeInLedger(desk: Desk, buyer: Holder, seller: Holder) {
  const { ledger, oracle, settlement } = desk.system;
  const { value: mark, updatedAt: priceTime } = await oracle.read(1);
  const module = await impersonate(desk.system, await settlement.getAddress());
  const fee = ETH_PRICE / 2_000n;
  return await ledger.connect(module).trade({
    buyer: buyer.account,
    seller: seller.account,
    instrument: 1,
    size: UNIT,
    price: ETH_PRICE,
    mark,
    priceTime,
    isPriceUsable: true,
    quote: ETH_PRICE,
    buyerFee: fee,
    sellerFee: fee,
    buyerEpoch: 0,
    sellerEpoch: 0,
    isBuyerReduceOnly: false,
    isSellerReduceOnly: false,
  });
}

/** Ten pairs of accounts with a position each. */
async function measureBatch(desk: Desk, recorder: GasRecorder): Promise<void> {
  const pairs: [Holder, Holder][] = [];
  for (let index = 1; index <= BATCH; index += 1) pairs.push(await newPair(desk, 0, index));
  for (const [buyer, seller] of pairs) await desk.trade(buyer, seller);
  await desk.setPrice(3_001n);
  const matches = [];
  for (const [buyer, seller] of pairs) matches.push(await desk.match(buyer, seller));
  recorder.note("trade-batch-10", Math.round((await gasOf(desk.system.settlement.settleBatch(matches))) / BATCH));
  await desk.setPrice(3_000n);
}
