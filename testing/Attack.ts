import type { Verdict } from "../keeper/domain/Verdict.ts";
import type { InProcessKeeper } from "./InProcessKeeper.ts";
import { readHeadOf } from "./Rpc.ts";
import type { Staging } from "./Staging.ts";

/** What came of an attack. Block numbers; null where it did not come to that. */
export interface AttackOutcome {
  /** The newest verdict. */
  readonly verdict: Verdict;
  /** The first block that is wrong, or the one after which the attack was over where nothing was found. */
  readonly divergedAt: number;
  /** The block at which the keeper said Diverged. */
  readonly detectedAt: number | null;
  /** The block that holds the pause, with the ledger refusing new risk. */
  readonly pausedAt: number | null;
  /** Sources that were not believed any more, each with the reason: with all of them nothing is proved. */
  readonly quarantined: readonly string[];
}

const INCREASE_RISK = 1n;

/** Something that is done to the protocol under the eyes of a keeper. It happens once, when it is run. */
export class Attack {
  readonly #staging: Staging;
  readonly #keeper: InProcessKeeper;
  readonly #act: () => Promise<unknown>;
  #isRun = false;

  /** @param act does it; whether it mines blocks is up to it: one is mined where it does not */
  constructor(staging: Staging, keeper: InProcessKeeper, act: () => Promise<unknown>) {
    this.#staging = staging;
    this.#keeper = keeper;
    this.#act = act;
  }

  /**
   * Lets the keeper catch up, attacks, and mines until the attack is contained or `limit` blocks have passed since the
   * divergent one.
   *
   * @throws Error when the keeper is not in sync to begin with, or the attack was run before
   */
  async run(limit: number): Promise<AttackOutcome> {
    if (this.#isRun) throw new Error("an attack happens once: stage another one");
    this.#isRun = true;
    await this.#settle();
    const before = await this.#head();
    const from = this.#keeper.effects.length;
    await this.#act();
    if ((await this.#head()) <= before) await this.#staging.mine();
    const struckAt = await this.#head();
    for (;;) {
      await this.#keeper.follow();
      const outcome = await this.#outcome(from, struckAt);
      if (outcome.pausedAt !== null || (await this.#head()) >= outcome.divergedAt + limit) return outcome;
      await this.#staging.mine();
    }
  }

  async #settle(): Promise<void> {
    await this.#keeper.follow();
    const { verdict } = this.#keeper;
    if (verdict.kind !== "InSync") throw new Error(`the keeper is not in sync before the attack: ${verdict.kind}`);
  }

  async #outcome(from: number, struckAt: number): Promise<AttackOutcome> {
    const { verdict, incident } = this.#keeper;
    let detectedAt: number | null = null;
    for (const effect of this.#keeper.effects.slice(from)) {
      if (effect.type !== "block" || effect.report.verdict.kind !== "Diverged") continue;
      detectedAt = effect.report.number;
      break;
    }
    const isPaused = ((await this.#staging.restrictions()) & INCREASE_RISK) !== 0n;
    const pausedAt = detectedAt !== null && isPaused ? (incident?.containedIn ?? null) : null;
    const divergedAt = detectedAt === null ? struckAt : (incident?.blockNumber ?? detectedAt);
    const since = this.#keeper.effects.slice(from);
    const quarantined = since.flatMap((effect) =>
      effect.type === "quarantine" ? [`${effect.source}: ${effect.reason}`] : [],
    );
    return { verdict, divergedAt, detectedAt, pausedAt, quarantined: [...new Set(quarantined)] };
  }

  async #head(): Promise<number> {
    return (await readHeadOf(this.#staging.rpc)).number;
  }
}
