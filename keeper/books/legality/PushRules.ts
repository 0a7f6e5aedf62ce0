import { storage as registry, type CheckpointPostedEvent } from "../generated/CheckpointRegistry.ts";
import type { HotWord, HotWordPushedEvent } from "../generated/PositionLedger.ts";
import { storage as guard } from "../generated/SyncGuard.ts";
import { newestPostedAt } from "../reducers/CheckpointRegistry.ts";
import { FLAG, readHot } from "./flags.ts";
import { isFundShort } from "./fund.ts";
import type { LegalityContext, Rule, SeenEvent } from "./LegalityContext.ts";

/** What has to be pushed next, and whether the guard has to say first that a soft pause ends. */
interface Expected {
  readonly logIndex: number;
  readonly flags: bigint;
  readonly checkpointTime: bigint;
  readonly graceUntil: bigint;
  readonly isLiftDue: boolean;
}

const DEGRADED = FLAG.increaseRisk | FLAG.withdraw;
const HALTED = DEGRADED | FLAG.liquidate | FLAG.halt;

/**
 * The hot word's flags and times: what is pushed follows from the pause, lift, conviction, checkpoint or socialised loss
 * before it in the transaction and from the hot word as it was; that the fund is short or no longer so follows from its
 * account and its target. The event alone proves nothing: a tampered flag would be pushed, evented and stored alike.
 */
export class PushRules implements Rule {
  readonly #context: LegalityContext;
  /** The hot word before the event at hand: its reducer has written already. */
  #before: HotWord;
  #expected: Expected | null = null;

  constructor(context: LegalityContext) {
    this.#context = context;
    this.#before = readHot(this.#context);
  }

  /** Judges one event after its reducer has applied it. */
  see({ logIndex, event }: SeenEvent): void {
    const { flags, checkpointTime, graceUntil } = this.#before;
    const kept = { logIndex, flags, checkpointTime, graceUntil, isLiftDue: false };
    switch (event.name) {
      case "SoftPaused":
        this.#expected = { ...kept, flags: flags | DEGRADED };
        break;
      case "SoftLifted":
        this.#seeLift(kept);
        break;
      case "CheckpointPosted":
        this.#seeCheckpoint(event as CheckpointPostedEvent, kept);
        break;
      case "HardPaused": {
        const newest = newestPostedAt((slot) => this.#context.readOf("CheckpointRegistry", slot));
        this.#expected = { ...kept, flags: flags | HALTED, checkpointTime: newest };
        break;
      }
      case "LossSocialised":
        if ((flags & FLAG.fundShort) === 0n) this.#expected = { ...kept, flags: flags | FLAG.fundShort };
        break;
      case "HotWordPushed":
        this.#seePush(event as HotWordPushedEvent, logIndex);
        break;
      default:
    }
    this.#before = readHot(this.#context);
  }

  /** Judges what only the whole transaction shows. */
  end(): void {
    if (this.#expected !== null)
      this.#illegal(this.#expected.logIndex, "a pause, lift, checkpoint or socialised loss that pushes nothing");
  }

  #seeLift(kept: Expected): void {
    if (this.#expected !== null) {
      if (!this.#expected.isLiftDue) this.#illegal(kept.logIndex, "a soft pause is lifted that must stand");
      this.#expected = { ...this.#expected, isLiftDue: false };
      return;
    }
    const { newest } = registry.cursor.decode(this.#context.readOf("CheckpointRegistry", registry.cursor.slot));
    if (!this.#isLiftable(newest)) this.#illegal(kept.logIndex, "a soft pause is lifted that must stand");
    this.#expected = { ...kept, flags: kept.flags & ~DEGRADED, graceUntil: this.#graceFromNow() };
  }

  #seeCheckpoint({ blockNumber }: CheckpointPostedEvent, kept: Expected): void {
    const { timestamp, immutables } = this.#context;
    const isLiftDue = this.#isLiftable(blockNumber);
    const isStale = timestamp > kept.checkpointTime + immutables.staleLimit;
    this.#expected = {
      logIndex: kept.logIndex,
      flags: isLiftDue ? kept.flags & ~DEGRADED : kept.flags,
      checkpointTime: timestamp,
      graceUntil: isLiftDue || isStale ? this.#graceFromNow() : kept.graceUntil,
      isLiftDue,
    };
  }

  #seePush(event: HotWordPushedEvent, logIndex: number): void {
    const expected = this.#expected ?? this.#constructed() ?? this.#refreshed();
    this.#expected = null;
    if (expected === null) {
      this.#illegal(logIndex, "flags or times changed without a pause, lift, checkpoint or socialised loss");
      return;
    }
    if (expected.isLiftDue) this.#illegal(logIndex, "a soft pause that has ended is not lifted");
    for (const field of ["flags", "checkpointTime", "graceUntil"] as const) {
      if (event[field] === expected[field]) continue;
      this.#illegal(logIndex, `${field} ${event[field]} are pushed, ${expected[field]} follow`);
    }
  }

  /** The first word of all is the constructor's. */
  #constructed(): Expected | null {
    const { checkpointTime, sequence } = this.#before;
    if (checkpointTime !== 0n || sequence !== 0n) return null;
    return { logIndex: 0, flags: 0n, checkpointTime: this.#context.timestamp, graceUntil: 0n, isLiftDue: false };
  }

  /** The fund says what its account and its target say; it pushes only a change. */
  #refreshed(): Expected | null {
    const { flags, checkpointTime, graceUntil } = this.#before;
    const isShort = isFundShort(this.#context);
    if (isShort === ((flags & FLAG.fundShort) !== 0n)) return null;
    return { logIndex: 0, flags: flags ^ FLAG.fundShort, checkpointTime, graceUntil, isLiftDue: false };
  }

  #isLiftable(newest: bigint): boolean {
    const { flags } = this.#before;
    const incident = guard.incident.decode(this.#context.readOf("SyncGuard", guard.incident.slot));
    const isSoft = (flags & FLAG.increaseRisk) !== 0n && (flags & FLAG.halt) === 0n;
    return isSoft && this.#context.timestamp >= incident.softUntil && newest > incident.softBlock;
  }

  #graceFromNow(): bigint {
    return this.#context.timestamp + this.#context.immutables.grace;
  }

  #illegal(logIndex: number, detail: string): void {
    this.#context.illegal("PositionLedger", logIndex, detail);
  }
}
