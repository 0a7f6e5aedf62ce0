import { selectorOf } from "../../keeper/actions/plan/abi.ts";
import { firstAccountOf } from "../../keeper/books/naive/decode.ts";
import { accountAt, hot } from "../../keeper/books/naive/ledgerStorage.ts";
import { incident } from "../../keeper/books/naive/syncStorage.ts";
import type { Hex } from "../../keeper/lib/hex.ts";
import type { SimBlock } from "../chain/Block.ts";
import { USER_ADDRESSES } from "../chain/traffic.ts";
import { callAsUser } from "../contracts/userCalls.ts";
import { Execution } from "../contracts/Execution.ts";
import { GENESIS } from "../world/genesis.ts";

/** What may keep the exit shut at a block, told from what happened and from nothing that the contracts store of it. */
interface Closed {
  /** A soft pause stands that no checkpoint has ended. */
  readonly isSoft: boolean;
  readonly isHard: boolean;
  /** Seconds: when the soft time of the newest soft pause is over. */
  readonly softUntil: number;
  /** The newest block that a soft pause names. */
  readonly softBlock: number;
  /** Seconds: when the newest checkpoint was posted. */
  readonly postedAt: number;
  /** Seconds: when each keeper may pause again. */
  readonly rearmedAt: ReadonlyMap<number, number>;
}

/** What somebody found who tried to leave. */
export interface Attempt {
  /** Selector of the error; null where the withdrawal went through, or met the limit of what leaves at a time. */
  readonly refusal: Hex | null;
  /** Why it may be refused; null where it must go through. */
  readonly excuse: "soft" | "hard" | "stale" | null;
  /** Seconds: until when, at most, it may be refused for that. */
  readonly until: number;
}

const LIMITED = selectorOf("VaultOutflowLimited(address,uint256,uint256,uint256)");
const { softTime, coolDown, staleLimit, settlementScale } = GENESIS.contracts.immutables;
const AT_GENESIS: Closed = {
  ...{ isSoft: false, isHard: false, softUntil: 0, softBlock: 0, rearmedAt: new Map() },
  postedAt: Number(GENESIS.block.state.value(hot.checkpointTime)),
};

/**
 * P7: whoever has no positions can withdraw after each block, unless a pause stands or checkpoints have ceased, and no single key
 * keeps the protocol paused beyond the soft time. For blocks with which nothing is wrong; the two-witness rule is not tried here.
 */
export class Exits {
  readonly #closed = new WeakMap<SimBlock, Closed>();

  /** Somebody tries to withdraw one unit in a block on top of this one; null where nobody has one. */
  tryToLeave(block: SimBlock): Attempt | null {
    const now = block.timestamp + 1;
    const { isHard, isSoft, softUntil, postedAt } = this.#closedAt(block);
    const isStale = now > postedAt + Number(staleLimit);
    const excuse = isHard ? "hard" : isSoft ? "soft" : isStale ? "stale" : null;
    const until = excuse === "soft" ? softUntil : excuse === "hard" ? Infinity : 0;
    const execution = new Execution(GENESIS.contracts, block, block.number + 1, now);
    const owner = USER_ADDRESSES.find(
      (address) => block.state.value(accountAt(firstAccountOf(address)).quote) >= settlementScale,
    );
    if (owner === undefined) return null;
    const result = callAsUser(execution, { kind: "withdraw", owner, account: firstAccountOf(owner), amount: 1n });
    return { refusal: result.ok || result.data === LIMITED ? null : result.data, excuse, until };
  }

  /** What the pauses in a block do beyond what one key may; null where there is nothing. */
  overreach(block: SimBlock): string | null {
    if (block.parent === null) return null;
    const before = this.#closedAt(block.parent);
    for (const { kind, keeper } of block.effects) {
      if (kind !== "soft-pause") continue;
      const rearmedAt = before.rearmedAt.get(keeper) ?? 0;
      if (block.timestamp < rearmedAt) return `keeper ${keeper} pauses at ${block.timestamp}, before ${rearmedAt}`;
      const most = Math.max(block.timestamp + Number(softTime), before.softUntil);
      const until = Number(block.state.value(incident.softUntil));
      if (until > most) return `a soft pause stands until ${until}, beyond ${most}`;
    }
    return null;
  }

  #closedAt(block: SimBlock): Closed {
    const line: SimBlock[] = [];
    let known: Closed | undefined;
    for (let at: SimBlock | null = block; at !== null && at !== GENESIS.block; at = at.parent) {
      known = this.#closed.get(at);
      if (known !== undefined) break;
      line.push(at);
    }
    let closed = known ?? AT_GENESIS;
    for (const next of line.reverse()) this.#closed.set(next, (closed = closedAfter(closed, next)));
    return closed;
  }
}

function closedAfter(before: Closed, { timestamp, effects }: SimBlock): Closed {
  let closed = before;
  for (const { kind, keeper, blockNumber } of effects) {
    if (kind === "hard-pause") closed = { ...closed, isHard: true };
    else if (kind === "soft-pause") closed = afterSoftPause(closed, { timestamp, keeper, blockNumber });
    else {
      const isOver = timestamp >= closed.softUntil && blockNumber > closed.softBlock;
      closed = { ...closed, postedAt: timestamp, isSoft: closed.isSoft && !isOver };
    }
  }
  return closed;
}

function afterSoftPause(
  before: Closed,
  pause: { readonly timestamp: number; readonly keeper: number; readonly blockNumber: number },
): Closed {
  const until = pause.timestamp + Number(softTime);
  return {
    ...before,
    isSoft: true,
    softUntil: before.isSoft ? Math.max(before.softUntil, until) : until,
    softBlock: Math.max(before.softBlock, pause.blockNumber),
    rearmedAt: new Map([...before.rearmedAt, [pause.keeper, until + Number(coolDown)]]),
  };
}
