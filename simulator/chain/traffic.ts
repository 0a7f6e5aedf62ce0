import { debtCaps } from "../../keeper/books/naive/riskStorage.ts";
import { hot, accountAt } from "../../keeper/books/naive/ledgerStorage.ts";
import { flagsInForce, has, WITHDRAW } from "../../keeper/books/naive/flags.ts";
import { relax } from "../../keeper/books/naive/outflow.ts";
import { auctionTerms, laneAt } from "../../keeper/books/naive/tradingStorage.ts";
import { assetAt, flowAt, limitsAt } from "../../keeper/books/naive/vaultStorage.ts";
import { reward } from "../../keeper/books/naive/syncStorage.ts";
import type { BookName } from "../../keeper/domain/bookSet.ts";
import type { Address, Hash } from "../../keeper/lib/hex.ts";
import type { Draw } from "../../scripts/histories/Draw.ts";
import { encodeEvent, type EventValue, type RawLog } from "../contracts/encodeEvent.ts";
import type { Execution } from "../contracts/Execution.ts";

const USERS = 6;
const UNIT = 1_000_000n;
const CREDIT = 0n;
const DEBIT = 1n;

interface Scene {
  readonly execution: Execution;
  readonly draw: Draw;
}

type Operation = (scene: Scene) => RawLog[];

/** What is emitted, in order. */
function emitter({ execution }: Scene): {
  readonly logs: RawLog[];
  emit: (book: BookName, name: string, values: Readonly<Record<string, EventValue>>) => void;
} {
  const logs: RawLog[] = [];
  return {
    logs,
    emit: (book, name, values) => {
      logs.push(encodeEvent(execution.contracts.addresses[book], name, values));
    },
  };
}

function userOf({ draw }: Scene): { readonly owner: Address; readonly account: Hash } {
  const owner: Address = `0x${"0e".repeat(19)}0${1 + draw.below(USERS)}`;
  return { owner, account: `${owner}${"00".repeat(12)}` };
}

/** The ledger's side of money that comes in or goes out. */
function entry(scene: Scene, account: Hash, amount: bigint): Readonly<Record<string, EventValue>> {
  const state = scene.execution.view();
  const { settlementAsset, settlementScale } = scene.execution.contracts.immutables;
  const quoteDelta = amount * settlementScale;
  return {
    ...{ sequence: state.get(hot.sequence) + 1n, account, kind: amount > 0n ? CREDIT : DEBIT, key: settlementAsset },
    ...{ sizeDelta: 0n, quoteDelta, fee: 0n, funding: 0n, sizeAfter: 0n },
    quoteAfter: state.get(accountAt(account).quote) + quoteDelta,
  };
}

function deposit(scene: Scene): RawLog[] {
  const { execution, draw } = scene;
  const { owner, account } = userOf(scene);
  const { settlementAsset: asset } = execution.contracts.immutables;
  const amount = BigInt(1 + draw.below(5_000)) * UNIT;
  const state = execution.view();
  relax(state, asset);
  const { held, level } = assetAt(asset);
  const heldAfter = state.get(held) + amount;
  if (heldAfter > state.get(limitsAt(asset).cap)) return [];
  const { logs, emit } = emitter(scene);
  emit("CollateralVault", "Deposited", {
    ...{ account, asset, payer: owner, amount, held: heldAfter, level: state.get(level) + amount },
  });
  emit("PositionLedger", "EntryPosted", entry(scene, account, amount));
  return logs;
}

function withdraw(scene: Scene): RawLog[] {
  const { execution, draw } = scene;
  const { owner, account } = userOf(scene);
  const { settlementAsset: asset, settlementScale } = execution.contracts.immutables;
  const state = execution.view();
  const owned = state.get(accountAt(account).quote) / settlementScale;
  relax(state, asset);
  const { held, level } = assetAt(asset);
  const amount = BigInt(1 + draw.below(3_000)) * UNIT;
  // What is restricted needs witnesses, whose proofs are in calldata; and a debit weighs more while the fund is short.
  const isOpen = !has(flagsInForce(state), WITHDRAW) && amount <= owned && amount * 4n <= state.get(level);
  if (!isOpen || state.get(flowAt(account, asset).openedAt) === 0n) return [];
  const flags = state.get(hot.flags);
  const weight = has(flags, 16n) ? 4n : 1n;
  const { logs, emit } = emitter(scene);
  emit("CollateralVault", "Withdrawn", {
    ...{ account, asset, to: owner, amount, withdrawn: state.get(flowAt(account, asset).withdrawn) + amount },
    ...{ allowanceUsed: 0n, held: state.get(held) - amount, level: state.get(level) - amount * weight },
  });
  emit("PositionLedger", "EntryPosted", entry(scene, account, -amount));
  return logs;
}

function advanceEpoch(scene: Scene): RawLog[] {
  const { account } = userOf(scene);
  const epoch = scene.execution.view().get(accountAt(account).epoch) + 1n;
  const { logs, emit } = emitter(scene);
  emit("PositionLedger", "EpochAdvanced", { account, epoch });
  return logs;
}

function cancelOrder(scene: Scene): RawLog[] {
  const { account } = userOf(scene);
  const lane = BigInt(1 + scene.draw.below(3));
  const sequence = scene.execution.view().get(laneAt(account, lane).sequence) + BigInt(1 + scene.draw.below(5));
  const { logs, emit } = emitter(scene);
  emit("OrderSettlement", "OrderCancelled", { account, lane, sequence });
  return logs;
}

function setReward(scene: Scene): RawLog[] {
  const perBlock = scene.execution.view().get(reward.perBlock) + 1n;
  const { logs, emit } = emitter(scene);
  emit("CheckpointRegistry", "RewardSet", { perBlock, maxBlocks: BigInt(10 + scene.draw.below(90)) });
  return logs;
}

function setDebtCaps(scene: Scene): RawLog[] {
  const total = scene.execution.view().get(debtCaps.total) + UNIT;
  const { logs, emit } = emitter(scene);
  emit("InstrumentRegistry", "DebtCapsSet", { account: total / 4n, total });
  return logs;
}

function setAuctionTerms(scene: Scene): RawLog[] {
  const capacity = scene.execution.view().get(auctionTerms.capacity) + 1n;
  const { logs, emit } = emitter(scene);
  const duration = BigInt(60 + scene.draw.below(3_600));
  emit("LiquidationAuction", "AuctionTermsSet", { duration, maxDiscountPpm: 100_000n, window: 3_600n, capacity });
  return logs;
}

function movePrice({ execution, draw }: Scene): RawLog[] {
  const current = 2_900_00000000n + BigInt(draw.below(200)) * 100_000_000n;
  const values = { current, roundId: BigInt(execution.number), updatedAt: BigInt(execution.timestamp) };
  return [encodeEvent(execution.contracts.ethFeed, "AnswerUpdated", values)];
}

const OPERATIONS: readonly Operation[] = [
  ...[deposit, deposit, deposit, withdraw, withdraw, advanceEpoch, cancelOrder, cancelOrder],
  ...[setReward, setDebtCaps, setAuctionTerms, movePrice],
];

/** The logs of one legal operation of somebody's; empty when what was drawn is not possible now. */
export function drawOperation(execution: Execution, draw: Draw): RawLog[] {
  return draw.pick(OPERATIONS)({ execution, draw });
}
