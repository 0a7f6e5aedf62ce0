import { quorumOf } from "../../domain/keeperSet.ts";
import { bigintToHex32, type Hash } from "../../lib/hex.ts";
import { storage as registry, type AttestationConvictedEvent } from "../generated/CheckpointRegistry.ts";
import type { KeeperSetChangedEvent, PauseUsedEvent } from "../generated/KeeperRegistry.ts";
import type {
  HardPausedEvent,
  OutageCreditedEvent,
  ResumedEvent,
  SoftPausedEvent,
  SyncGuardEvent,
  WindDownStartedEvent,
} from "../generated/SyncGuard.ts";
import { storage as guard } from "../generated/SyncGuard.ts";
import { isValid } from "../reducers/checkpoints/ring.ts";
import { isHard, isWoundDown, readCause, readHalt, readIncident, stands } from "../reducers/guardState.ts";
import { readState } from "../reducers/keepers/members.ts";
import { max, min } from "./amounts.ts";
import { FLAG, readHot } from "./flags.ts";
import type { LegalityContext, Moment, Rule, SeenEvent } from "./LegalityContext.ts";

/** `blockhash` knows no older block. */
const BLOCKHASH_WINDOW = 256n;

/**
 * What the guard asks before it restricts or lets go: a soft pause is a keeper's and for a recent block; a halt that no
 * certificate made has its conviction or its lost quorum; a resumption comes after a checkpoint after everything, and after
 * the cool-down; a credit counts no second twice; a wind-down comes in its time, and ends everything else.
 *
 * Signatures of pause and resume certificates are in calldata that no log carries, as is the block that a pause certificate
 * names: whether a quorum wanted a halt or a resumption is not judged here.
 */
export class GuardRules implements Rule {
  readonly #context: LegalityContext;
  /** The flags before the newest push of the transaction: the guard pushes before it says what for. */
  #flagsFound: bigint;
  #flags: bigint;
  #used: { readonly event: PauseUsedEvent; readonly logIndex: number } | null = null;
  /** Causes of which a hard pause has to follow. */
  readonly #due = new Map<Hash, number>();
  readonly #convictions = new Set<Hash>();
  /** Keeper sets that came about with fewer than a quorum. */
  readonly #broken = new Set<Hash>();
  /** Right before the newest keeper left. */
  #left: Moment | null = null;

  constructor(context: LegalityContext) {
    this.#context = context;
    this.#flags = readHot(context).flags;
    this.#flagsFound = this.#flags;
  }

  see({ book, event, logIndex, before }: SeenEvent): void {
    if (event.name === "HotWordPushed") {
      this.#flagsFound = this.#flags;
      this.#flags = readHot(this.#context).flags;
    } else if (event.name === "PauseUsed") this.#seeUse(event as PauseUsedEvent, logIndex);
    else if (event.name === "AttestationConvicted") {
      const { digest } = event as AttestationConvictedEvent;
      this.#convictions.add(digest);
      this.#due.set(digest, logIndex);
    } else if (event.name === "KeeperUnbonding") this.#left = before;
    else if (event.name === "KeeperSetChanged") this.#seeSet(event as KeeperSetChangedEvent, logIndex);
    else if (book === "SyncGuard") this.#seeGuard(event as SyncGuardEvent, logIndex, before);
  }

  end(): void {
    this.#dropUse();
    for (const logIndex of this.#due.values())
      this.#illegal(logIndex, "a conviction, or a lost quorum, that does not halt");
  }

  #seeUse(event: PauseUsedEvent, logIndex: number): void {
    this.#dropUse();
    this.#used = { event, logIndex };
  }

  #dropUse(): void {
    if (this.#used === null) return;
    this.#illegal(this.#used.logIndex, `${this.#used.event.attester} uses up a pause that does not come`);
  }

  /** Where a quorum was and is none any more, because a keeper was removed, that halts. In a halt owners may leave. */
  #seeSet({ setId, members, quorum }: KeeperSetChangedEvent, logIndex: number): void {
    const left = this.#left;
    this.#left = null;
    if (BigInt(members.length) >= quorum) return;
    const cause = bigintToHex32(setId);
    this.#broken.add(cause);
    if (left !== null && (this.#flags & FLAG.halt) === 0n && isWorking(this.#context.asOf(left))) {
      this.#due.set(cause, logIndex);
    }
  }

  #seeGuard(event: SyncGuardEvent, logIndex: number, before: Moment): void {
    const earlier = this.#context.asOf(before);
    const illegal = (detail: string): void => {
      this.#illegal(logIndex, detail);
    };
    switch (event.name) {
      case "SoftPaused":
        this.#checkSoft(event, earlier, illegal);
        return;
      case "HardPaused":
        this.#checkHard(event, earlier, illegal);
        return;
      case "Resumed":
        this.#checkResume(event, earlier, illegal);
        return;
      case "OutageCredited":
        this.#checkCredit(event, earlier, illegal);
        return;
      case "WindDownStarted":
        this.#checkWindDown(event, earlier, illegal);
        return;
      default:
    }
  }

  #checkSoft(event: SoftPausedEvent, earlier: LegalityContext, illegal: (detail: string) => void): void {
    const { attester, blockNumber } = event;
    const used = this.#used?.event;
    this.#used = null;
    if (used?.attester !== attester || used.class !== event.class) illegal("a soft pause that no keeper used up");
    const { nonce, softBlock } = readIncident(earlier);
    if (nonce !== 0n && blockNumber <= softBlock) illegal(`a soft pause for block ${blockNumber}, judged before`);
    if (!isRecent(blockNumber, earlier)) illegal(`a soft pause for block ${blockNumber}, not one of the last 256`);
    if (isWoundDown(earlier)) illegal("a soft pause in the wind-down");
  }

  /** A conviction or a lost quorum halts whatever stands; a certificate neither twice for one cause nor in a wind-down. */
  #checkHard({ cause, witnessNumber }: HardPausedEvent, earlier: LegalityContext, illegal: (d: string) => void): void {
    this.#due.delete(cause);
    if (this.#convictions.has(cause) || this.#broken.has(cause)) return;
    if (BigInt(cause) === 0n) illegal("a hard pause for nothing");
    if (isWoundDown(earlier)) illegal("a hard pause in the wind-down");
    const isHalted = (this.#flagsFound & FLAG.halt) !== 0n;
    if (isHalted && readCause(earlier) === cause) illegal("a hard pause for the cause that stands");
    const isKept = isValid(witnessNumber, (slot) => this.#context.readOf("CheckpointRegistry", slot));
    if (!stands(earlier) && witnessNumber !== 0n && !isKept)
      illegal(`block ${witnessNumber} is witness, and has no checkpoint`);
  }

  #checkResume(event: ResumedEvent, earlier: LegalityContext, illegal: (detail: string) => void): void {
    const { softBlock } = readIncident(earlier);
    const { pausedAt, haltBlock, repairBlock } = readHalt(earlier);
    if (isWoundDown(earlier)) illegal("resumed in the wind-down");
    if (!stands(earlier)) illegal("resumed where nothing was paused");
    let after = softBlock;
    if (isHard(earlier)) {
      after = max(softBlock, max(haltBlock, repairBlock));
      if (event.incidentId !== readCause(earlier)) illegal("resumed from another halt than the one that stands");
      const possibleFrom = pausedAt + this.#context.immutables.coolDown;
      if (this.#context.timestamp < possibleFrom) illegal(`resumed before the cool-down ends at ${possibleFrom}`);
    }
    const { checkpointNumber } = event;
    if (checkpointNumber <= after) illegal(`resumed on a checkpoint of ${checkpointNumber}, not one after ${after}`);
    const readRegistry = (slot: Hash): bigint => earlier.readOf("CheckpointRegistry", slot);
    const { newest } = registry.cursor.decode(readRegistry(registry.cursor.slot));
    // In a full ring it may have given way to a later one.
    if (newest <= checkpointNumber && !isValid(checkpointNumber, readRegistry)) {
      illegal(`resumed on block ${checkpointNumber}, which has no checkpoint`);
    }
  }

  /** Between the newest checkpoint, the last credit and now. The feed's rounds no log shows. */
  #checkCredit({ from, to }: OutageCreditedEvent, earlier: LegalityContext, illegal: (detail: string) => void): void {
    const { flags, checkpointTime } = readHot(earlier);
    const { creditedAt } = guard.word3.decode(earlier.readOf("SyncGuard", guard.word3.slot));
    if (BigInt(this.#context.immutables.sequencerFeed) === 0n) illegal("an outage of no sequencer is credited");
    if ((flags & FLAG.halt) !== 0n) illegal("an outage is credited while halted");
    const isDue = from >= checkpointTime && from >= creditedAt && from < to && to <= this.#context.timestamp;
    if (!isDue) illegal(`an outage from ${from} to ${to} is credited, which does not count`);
  }

  #checkWindDown(_: WindDownStartedEvent, earlier: LegalityContext, illegal: (detail: string) => void): void {
    const { windDownTime } = this.#context.immutables;
    const { haltedAt } = readHalt(earlier);
    // The push before it has left the time of the newest checkpoint as it was.
    const { checkpointTime } = readHot(earlier);
    const since = !isHard(earlier) ? checkpointTime : checkpointTime === 0n ? haltedAt : min(checkpointTime, haltedAt);
    if (isWoundDown(earlier)) illegal("a wind-down begins again");
    if (this.#context.timestamp < since + windDownTime) illegal(`a wind-down before ${since + windDownTime}`);
  }

  #illegal(logIndex: number, detail: string): void {
    this.#context.illegal("SyncGuard", logIndex, detail);
  }
}

/** Whether as many keepers are active as a quorum needs. */
function isWorking(context: LegalityContext): boolean {
  const { size, active } = readState((slot) => context.readOf("KeeperRegistry", slot));
  return active >= quorumOf(size, context.immutables.minKeepers);
}

/** A block whose hash the chain still knows, and not the one at hand. */
export function isRecent(blockNumber: bigint, context: LegalityContext): boolean {
  return blockNumber < context.blockNumber && context.blockNumber - blockNumber <= BLOCKHASH_WINDOW;
}
