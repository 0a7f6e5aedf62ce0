// Keeps what an event says of an account, as simply as it can be kept.
import { ponder } from "ponder:registry";
import { account, flow, lane, market, position, price } from "ponder:schema";

ponder.on("PositionLedger:EntryPosted", async ({ event: { args }, context: { db } }) => {
  const { account: id, kind, key, sizeAfter, quoteAfter } = args;
  await db.insert(account).values({ id, quote: quoteAfter }).onConflictDoUpdate({ quote: quoteAfter });
  if (kind !== 2) return;
  await db
    .insert(position)
    .values({ id: `${id} ${key}`, size: sizeAfter })
    .onConflictDoUpdate({ size: sizeAfter });
});

ponder.on("PositionLedger:FundingUpdated", async ({ event: { args }, context: { db } }) => {
  const { instrument: id, longIndex, shortIndex } = args;
  await db.insert(market).values({ id, longIndex, shortIndex }).onConflictDoUpdate({ longIndex, shortIndex });
});

ponder.on("OrderSettlement:OrderFilled", async ({ event: { args }, context: { db } }) => {
  const { account: owner, lane: number, sequence, filled } = args;
  await db
    .insert(lane)
    .values({ id: `${owner} ${number}`, sequence, filled })
    .onConflictDoUpdate({ sequence, filled });
});

ponder.on("CollateralVault:Deposited", async ({ event: { args }, context: { db } }) => {
  const { account: owner, asset, amount } = args;
  await db
    .insert(flow)
    .values({ id: `${owner} ${asset}`, deposited: amount, withdrawn: 0n })
    .onConflictDoUpdate((row) => ({ deposited: row.deposited + amount }));
});

ponder.on("CollateralVault:Withdrawn", async ({ event: { args }, context: { db } }) => {
  const { account: owner, asset, amount } = args;
  await db
    .insert(flow)
    .values({ id: `${owner} ${asset}`, deposited: 0n, withdrawn: amount })
    .onConflictDoUpdate((row) => ({ withdrawn: row.withdrawn + amount }));
});

ponder.on("Feed:AnswerUpdated", async ({ event: { args, log }, context: { db } }) => {
  const { current, updatedAt } = args;
  await db.insert(price).values({ id: log.address, current, updatedAt }).onConflictDoUpdate({ current, updatedAt });
});
