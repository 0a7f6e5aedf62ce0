import { accountAt, hot } from "../../keeper/books/naive/ledgerStorage.ts";
import type { Derivation } from "../../keeper/books/naive/Derivation.ts";
import { flagsInForce, has, WITHDRAW } from "../../keeper/books/naive/flags.ts";
import { relax, spend } from "../../keeper/books/naive/outflow.ts";
import { laneAt } from "../../keeper/books/naive/tradingStorage.ts";
import { assetAt, flowAt, limitsAt } from "../../keeper/books/naive/vaultStorage.ts";
import type { Address, Hash } from "../../keeper/lib/hex.ts";
import type { SimBlock } from "../chain/Block.ts";
import { require, resultOf, type CallResult } from "./callResult.ts";
import { Emitter } from "./Emitter.ts";
import type { EventValue, RawLog } from "./encodeEvent.ts";
import type { Execution } from "./Execution.ts";

/** What users ask of the contracts, and governance, and who answers for prices. Accounts are their owners' first ones. */
export type UserCall =
  | { readonly kind: "deposit"; readonly owner: Address; readonly account: Hash; /** Units. */ readonly amount: bigint }
  | { readonly kind: "withdraw"; readonly owner: Address; readonly account: Hash; readonly amount: bigint }
  | { readonly kind: "cancel-all"; readonly owner: Address; readonly account: Hash }
  | {
      readonly kind: "cancel";
      readonly owner: Address;
      readonly account: Hash;
      readonly lane: bigint;
      readonly sequence: bigint;
    }
  | { readonly kind: "set-reward"; readonly perBlock: bigint; readonly maxBlocks: bigint }
  | { readonly kind: "set-debt-caps"; readonly account: bigint; readonly total: bigint }
  | {
      readonly kind: "set-auction-terms";
      readonly duration: bigint;
      readonly maxDiscountPpm: bigint;
      readonly window: bigint;
      readonly capacity: bigint;
    }
  | { readonly kind: "move-price"; /** In the feed's decimals. */ readonly answer: bigint };

type CallOf<Kind extends UserCall["kind"]> = Extract<UserCall, { readonly kind: Kind }>;

interface Scene {
  readonly execution: Execution;
  /** The words before the call; what is written there is gone after it. */
  readonly state: Derivation;
  readonly out: Emitter;
}

const CREDIT = 0n;
const DEBIT = 1n;
/** `event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt)` */
const ROUND_TOPIC = 2;

/**
 * The entry conditions and the events of what users and governance call, from the Solidity contracts, for accounts without positions:
 * their equity is what they have in the settlement currency. Who calls may.
 */
export function callAsUser(execution: Execution, call: UserCall): CallResult {
  const out = new Emitter(execution);
  const scene = { execution, state: execution.view(), out };
  return resultOf(out.logs, () => {
    enter(scene, call);
    return null;
  });
}

function enter(scene: Scene, call: UserCall): void {
  const { out, state } = scene;
  switch (call.kind) {
    case "deposit":
      deposit(scene, call);
      return;
    case "withdraw":
      withdraw(scene, call);
      return;
    case "cancel-all": {
      const { account } = call;
      out.emit("PositionLedger", "EpochAdvanced", { account, epoch: state.get(accountAt(account).epoch) + 1n });
      return;
    }
    case "cancel": {
      const { account, lane, sequence } = call;
      require(sequence !== 0n, "SettlementZeroSequence()");
      const isLive = sequence >= state.get(laneAt(account, lane).sequence);
      require(isLive, "SettlementDeadSequence(bytes32,uint64,uint64,uint64)");
      out.emit("OrderSettlement", "OrderCancelled", { account, lane, sequence });
      return;
    }
    case "set-reward":
      out.emit("CheckpointRegistry", "RewardSet", { perBlock: call.perBlock, maxBlocks: call.maxBlocks });
      return;
    case "set-debt-caps":
      out.emit("InstrumentRegistry", "DebtCapsSet", { account: call.account, total: call.total });
      return;
    case "set-auction-terms": {
      const { duration, maxDiscountPpm, window, capacity } = call;
      out.emit("LiquidationAuction", "AuctionTermsSet", { duration, maxDiscountPpm, window, capacity });
      return;
    }
    case "move-price":
      movePrice(scene, call);
  }
}

/** The ledger's side of money that comes in or goes out. */
function entry({ execution, state }: Scene, account: Hash, amount: bigint): Readonly<Record<string, EventValue>> {
  const { settlementAsset, settlementScale } = execution.contracts.immutables;
  const quoteDelta = amount * settlementScale;
  return {
    ...{ sequence: state.get(hot.sequence) + 1n, account, kind: amount > 0n ? CREDIT : DEBIT, key: settlementAsset },
    ...{ sizeDelta: 0n, quoteDelta, fee: 0n, funding: 0n, sizeAfter: 0n },
    quoteAfter: state.get(accountAt(account).quote) + quoteDelta,
  };
}

function deposit(scene: Scene, { owner, account, amount }: CallOf<"deposit">): void {
  const { execution, state, out } = scene;
  const { settlementAsset: asset } = execution.contracts.immutables;
  relax(state, asset);
  const { held, level } = assetAt(asset);
  const heldAfter = state.get(held) + amount;
  require(heldAfter <= state.get(limitsAt(asset).cap), "VaultAboveCap(address,uint256,uint256)");
  out.emit("CollateralVault", "Deposited", {
    ...{ account, asset, payer: owner, amount, held: heldAfter, level: state.get(level) + amount },
  });
  out.emit("PositionLedger", "EntryPosted", entry(scene, account, amount));
}

function withdraw(scene: Scene, { owner, account, amount }: CallOf<"withdraw">): void {
  const { execution, state, out } = scene;
  const { settlementAsset: asset, settlementScale } = execution.contracts.immutables;
  require(!has(flagsInForce(state), WITHDRAW), "LedgerWithdrawalRestricted(bytes32)");
  const isOwned = amount * settlementScale <= state.get(accountAt(account).quote);
  require(isOwned, "LedgerBelowInitialMargin(bytes32,int256,uint256)");
  const debit = entry(scene, account, -amount);
  relax(state, asset);
  const allowanceUsed = spend(state, account, asset, amount);
  require(state.problems.length === 0, "VaultOutflowLimited(address,uint256,uint256,uint256)");
  const { held, level } = assetAt(asset);
  out.emit("PositionLedger", "EntryPosted", debit);
  out.emit("CollateralVault", "Withdrawn", {
    ...{ account, asset, to: owner, amount, withdrawn: state.get(flowAt(account, asset).withdrawn) + amount },
    ...{ allowanceUsed, held: state.get(held) - amount, level: state.get(level) },
  });
}

function movePrice({ execution, out }: Scene, { answer }: CallOf<"move-price">): void {
  const { ethFeed } = execution.contracts;
  const values = { current: answer, roundId: nextRound(execution, ethFeed), updatedAt: BigInt(execution.timestamp) };
  out.emitFrom(ethFeed, "AnswerUpdated", values);
}

/** Feeds count their rounds; what is recorded has had one of each. */
function nextRound({ done, parent }: Execution, feed: Address): bigint {
  const ofFeed = ({ address }: RawLog): boolean => address === feed;
  let newest = done.flatMap(({ logs }) => logs).findLast(ofFeed);
  for (let block: SimBlock | null = parent; newest === undefined && block !== null; block = block.parent) {
    newest = block.logs.findLast(ofFeed);
  }
  return BigInt(newest?.topics[ROUND_TOPIC] ?? 1n) + 1n;
}
