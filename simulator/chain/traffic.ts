import { firstAccountOf } from "../../keeper/books/naive/decode.ts";
import { debtCaps } from "../../keeper/books/naive/riskStorage.ts";
import { auctionTerms, laneAt } from "../../keeper/books/naive/tradingStorage.ts";
import { reward } from "../../keeper/books/naive/syncStorage.ts";
import type { Address, Hash } from "../../keeper/lib/hex.ts";
import type { Draw } from "../../scripts/histories/Draw.ts";
import type { RawLog } from "../contracts/encodeEvent.ts";
import type { Execution } from "../contracts/Execution.ts";
import { callAsUser, type UserCall } from "../contracts/userCalls.ts";

const USERS = 6;
const UNIT = 1_000_000n;

interface Scene {
  readonly execution: Execution;
  readonly draw: Draw;
}

type DrawCall = (scene: Scene) => UserCall;

/** The users: nobody has their keys. */
export const USER_ADDRESSES: readonly Address[] = Array.from(
  { length: USERS },
  (_, index): Address => `0x${"0e".repeat(19)}0${1 + index}`,
);

function userOf({ draw }: Scene): { readonly owner: Address; readonly account: Hash } {
  const owner = draw.pick(USER_ADDRESSES);
  return { owner, account: firstAccountOf(owner) };
}

function deposit(scene: Scene): UserCall {
  return { kind: "deposit", ...userOf(scene), amount: BigInt(1 + scene.draw.below(5_000)) * UNIT };
}

function withdraw(scene: Scene): UserCall {
  return { kind: "withdraw", ...userOf(scene), amount: BigInt(1 + scene.draw.below(3_000)) * UNIT };
}

function cancelAll(scene: Scene): UserCall {
  return { kind: "cancel-all", ...userOf(scene) };
}

function cancel(scene: Scene): UserCall {
  const user = userOf(scene);
  const lane = BigInt(1 + scene.draw.below(3));
  const live = scene.execution.view().get(laneAt(user.account, lane).sequence);
  return { kind: "cancel", ...user, lane, sequence: live + BigInt(1 + scene.draw.below(5)) };
}

function setReward({ execution, draw }: Scene): UserCall {
  const perBlock = execution.view().get(reward.perBlock) + 1n;
  return { kind: "set-reward", perBlock, maxBlocks: BigInt(10 + draw.below(90)) };
}

function setDebtCaps({ execution }: Scene): UserCall {
  const total = execution.view().get(debtCaps.total) + UNIT;
  return { kind: "set-debt-caps", account: total / 4n, total };
}

function setAuctionTerms({ execution, draw }: Scene): UserCall {
  const capacity = execution.view().get(auctionTerms.capacity) + 1n;
  const duration = BigInt(60 + draw.below(3_600));
  return { kind: "set-auction-terms", duration, maxDiscountPpm: 100_000n, window: 3_600n, capacity };
}

function movePrice({ draw }: Scene): UserCall {
  return { kind: "move-price", answer: 2_900_00000000n + BigInt(draw.below(200)) * 100_000_000n };
}

const CALLS: readonly DrawCall[] = [
  ...[deposit, deposit, deposit, withdraw, withdraw, cancelAll, cancel, cancel],
  ...[setReward, setDebtCaps, setAuctionTerms, movePrice],
];

/** What somebody asks of the contracts, which may refuse it. */
export function drawCall(execution: Execution, draw: Draw): UserCall {
  return draw.pick(CALLS)({ execution, draw });
}

/** The logs of one operation of somebody's; empty when the contracts refuse what was drawn. */
export function drawOperation(execution: Execution, draw: Draw): readonly RawLog[] {
  const result = callAsUser(execution, drawCall(execution, draw));
  return result.ok ? result.logs : [];
}
