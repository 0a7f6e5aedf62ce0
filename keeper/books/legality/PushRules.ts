import { storage as registry, type CheckpointPostedEvent } from "../generated/CheckpointRegistry.ts";
import type { HotWord, HotWordPushedEvent } from "../generated/PositionLedger.ts";
import type { HardPausedEvent, OutageCreditedEvent, SyncGuardEvent } from "../generated/SyncGuard.ts";
import { newestPostedAt } from "../reducers/checkpoints/ring.ts";
import { readIncident } from "../reducers/guardState.ts";
import { FLAG, isStaleAt, readHot } from "./flags.ts";
import { isFundShort } from "./fund.ts";
import type { LegalityContext, Rule, SeenEvent } from "./LegalityContext.ts";

/** Flags and times as they must be pushed. */
type Pushed = Pick<HotWord, "flags" | "checkpointTime" | "graceUntil">;

/** A push that an event has to explain. */
interface Push {
  readonly logIndex: number;
  readonly before: HotWord;
  readonly event: HotWordPushedEvent;
  /** What is pushed without an event, if anything may be. */
  readonly alone: Pushed | null;
}

const DEGRADED = FLAG.increaseRisk | FLAG.withdraw;
const HALTED = DEGRADED | FLAG.liquidate | FLAG.halt;

/**
 * The hot word's flags and times: what is pushed follows from the pause, lift, resumption, wind-down or checkpoint that the
 * guard tells after it, from the outage or socialised loss told before it, and from the hot word as it was; that the fund is
 * short or no longer so follows from its account and its target. The event alone proves nothing: a tampered flag would be
 * pushed, evented and stored alike. Nothing ever clears the wind-down.
 */
export class PushRules implements Rule {
  readonly #context: LegalityContext;
  /** The hot word before the event at hand: its reducer has written already. */
  #before: HotWord;
  /** Not explained yet, oldest first. */
  readonly #open: Push[] = [];
  /** What an event that comes before its push demands. */
  #awaited: (Pushed & { readonly logIndex: number }) | null = null;
  #convicted: string | null = null;
  /** A lift within a post, and the block that the checkpoint must be above. */
  #lifted: { readonly logIndex: number; readonly softBlock: bigint } | null = null;

  constructor(context: LegalityContext) {
    this.#context = context;
    this.#before = readHot(this.#context);
  }

  /** Judges one event after its reducer has applied it. */
  see({ logIndex, event }: SeenEvent): void {
    const said = event as SyncGuardEvent | CheckpointPostedEvent | HotWordPushedEvent | { name: "LossSocialised" };
    switch (said.name) {
      case "SoftPaused":
        this.#explain(logIndex, ({ flags }) => ({ flags: flags | DEGRADED }));
        break;
      case "HardPaused":
        this.#explain(logIndex, ({ flags }) => ({ flags: flags | HALTED, ...this.#newestTime(said) }));
        break;
      case "WindDownStarted":
        this.#explain(logIndex, ({ flags }) => ({ flags: flags | HALTED | FLAG.windDown }));
        break;
      case "Resumed":
        this.#explain(logIndex, ({ flags }) => ({ flags: flags & ~HALTED, graceUntil: this.#graceFromNow() }));
        break;
      case "SoftLifted":
        this.#seeLift(logIndex);
        break;
      case "CheckpointPosted":
        this.#seeCheckpoint(said, logIndex);
        break;
      case "OutageCredited":
        this.#awaited = { ...this.#before, ...this.#credited(said), logIndex };
        break;
      case "LossSocialised":
        if ((this.#before.flags & FLAG.fundShort) === 0n)
          this.#awaited = { ...this.#before, flags: this.#before.flags | FLAG.fundShort, logIndex };
        break;
      case "HotWordPushed":
        this.#seePush(said, logIndex);
        break;
      default:
    }
    if (event.name === "AttestationConvicted") this.#convicted = (event as unknown as { digest: string }).digest;
    this.#before = readHot(this.#context);
  }

  /** Judges what only the whole transaction shows. */
  end(): void {
    if (this.#awaited !== null)
      this.#illegal(this.#awaited.logIndex, "an outage or socialised loss that pushes nothing");
    if (this.#lifted !== null) this.#illegal(this.#lifted.logIndex, "a soft pause is lifted that must stand");
    for (const { logIndex, event, alone } of this.#open) {
      if (alone === null) this.#illegal(logIndex, "flags or times changed without a reason");
      else this.#compare(logIndex, event, alone);
    }
  }

  #seePush(event: HotWordPushedEvent, logIndex: number): void {
    const awaited = this.#awaited;
    this.#awaited = null;
    if (awaited !== null) this.#compare(logIndex, event, awaited);
    else this.#open.push({ logIndex, before: this.#before, event, alone: this.#constructed() ?? this.#refreshed() });
  }

  /** The newest push is what this event tells of: times are kept unless `change` names them. */
  #explain(logIndex: number, change: (before: HotWord) => Partial<Pushed>): HotWord | null {
    const push = this.#open.pop();
    if (push === undefined) {
      this.#illegal(logIndex, "a pause, lift, resumption, wind-down or checkpoint that pushes nothing");
      return null;
    }
    this.#compare(push.logIndex, push.event, { ...push.before, ...change(push.before) });
    return push.before;
  }

  /** Within a post the checkpoint itself is the later one; it is told after. */
  #seeLift(logIndex: number): void {
    const before = this.#explain(logIndex, ({ flags }) => ({
      flags: flags & ~HALTED,
      graceUntil: this.#graceFromNow(),
    }));
    if (before === null) return;
    const { softUntil, softBlock } = readIncident(this.#context);
    const isSoft = (before.flags & FLAG.increaseRisk) !== 0n && (before.flags & FLAG.halt) === 0n;
    const isExpired = isSoft && this.#context.timestamp >= softUntil;
    if (isExpired && this.#open.length > 0) {
      this.#lifted = { logIndex, softBlock };
      return;
    }
    const { newest } = registry.cursor.decode(this.#context.readOf("CheckpointRegistry", registry.cursor.slot));
    if (!isExpired || newest <= softBlock) this.#illegal(logIndex, "a soft pause is lifted that must stand");
  }

  #seeCheckpoint({ blockNumber }: CheckpointPostedEvent, logIndex: number): void {
    const { timestamp } = this.#context;
    const lifted = this.#lifted;
    this.#lifted = null;
    this.#explain(logIndex, ({ checkpointTime, graceUntil }) => ({
      checkpointTime: timestamp,
      graceUntil: isStaleAt(checkpointTime, this.#context) ? this.#graceFromNow() : graceUntil,
    }));
    if (lifted !== null) {
      if (blockNumber <= lifted.softBlock) this.#illegal(lifted.logIndex, "a soft pause is lifted that must stand");
      return;
    }
    const { flags } = readHot(this.#context);
    const { softUntil, softBlock } = readIncident(this.#context);
    const isSoft = (flags & FLAG.increaseRisk) !== 0n && (flags & FLAG.halt) === 0n;
    if (isSoft && timestamp >= softUntil && blockNumber > softBlock) {
      this.#illegal(logIndex, "a soft pause that has ended is not lifted");
    }
  }

  /** A conviction takes the age back to the newest checkpoint that is left. */
  #newestTime({ cause }: HardPausedEvent): Partial<Pushed> {
    if (this.#convicted !== cause) return {};
    return { checkpointTime: newestPostedAt((slot) => this.#context.readOf("CheckpointRegistry", slot)) };
  }

  /** What does not count as age is taken off it; the grace starts if that ends the stale grade. */
  #credited({ from, to }: OutageCreditedEvent): Partial<Pushed> {
    const before = this.#before.checkpointTime;
    const checkpointTime = before + to - from;
    const endsStale = isStaleAt(before, this.#context) && !isStaleAt(checkpointTime, this.#context);
    return endsStale ? { checkpointTime, graceUntil: this.#graceFromNow() } : { checkpointTime };
  }

  /** The first word of all is the constructor's. */
  #constructed(): Pushed | null {
    const { checkpointTime, sequence } = this.#before;
    if (checkpointTime !== 0n || sequence !== 0n) return null;
    return { flags: 0n, checkpointTime: this.#context.timestamp, graceUntil: 0n };
  }

  /** The fund says what its account and its target say; it pushes only a change. */
  #refreshed(): Pushed | null {
    const { flags } = this.#before;
    const isShort = isFundShort(this.#context);
    if (isShort === ((flags & FLAG.fundShort) !== 0n)) return null;
    return { ...this.#before, flags: flags ^ FLAG.fundShort };
  }

  #compare(logIndex: number, event: HotWordPushedEvent, expected: Pushed): void {
    for (const field of ["flags", "checkpointTime", "graceUntil"] as const) {
      if (event[field] === expected[field]) continue;
      this.#illegal(logIndex, `${field} ${event[field]} are pushed, ${expected[field]} follow`);
    }
  }

  #graceFromNow(): bigint {
    return this.#context.timestamp + this.#context.immutables.grace;
  }

  #illegal(logIndex: number, detail: string): void {
    this.#context.illegal("PositionLedger", logIndex, detail);
  }
}
