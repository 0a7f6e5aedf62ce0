import { CRITICAL_CONDITIONS, type Condition } from "../domain/conditions.ts";
import type { Agreement } from "./Agreement.ts";
import type { Outbox } from "./Outbox.ts";

/** Says what is unusual about the chain, each once when it begins and once when it ends. */
export class ChainReport {
  readonly #outbox: Outbox;
  #holding: readonly Condition[] = [];
  #finality: string | null = null;
  #isFaultLatched = false;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** What holds now. */
  get holding(): readonly Condition[] {
    return this.#holding;
  }

  /** From now on what is found is acted on: a fault of the consensus is latched once more. */
  lead(): void {
    this.#isFaultLatched = false;
  }

  /** Takes what is seen now, and says what is new. */
  see(
    conditions: readonly Condition[],
    { finality, consensusFault }: Pick<Agreement, "finality" | "consensusFault">,
  ): void {
    const before = new Set(this.#holding.map(({ kind }) => kind));
    const now = new Set(conditions.map(({ kind }) => kind));
    for (const condition of conditions) if (!before.has(condition.kind)) this.#begin(condition);
    for (const condition of this.#holding) {
      if (!now.has(condition.kind)) this.#outbox.emit({ type: "condition", condition, holds: false });
    }
    this.#holding = conditions;
    this.#sayFinality(finality.mode);
    if (consensusFault === null || this.#isFaultLatched) return;
    this.#isFaultLatched = true;
    this.#outbox.emit({ type: "latch", detail: `consensus fault: ${consensusFault}` });
  }

  #begin(condition: Condition): void {
    const { kind, detail } = condition;
    this.#outbox.emit({ type: "condition", condition, holds: true });
    this.#outbox.emit({
      type: "alert",
      level: CRITICAL_CONDITIONS.has(kind) ? "critical" : "warning",
      event: kind,
      detail,
    });
  }

  #sayFinality(mode: Agreement["finality"]["mode"]): void {
    if (mode === null || mode.detail === this.#finality) return;
    this.#finality = mode.detail;
    this.#outbox.emit({ type: "finality", mode });
    if (mode.isWeak) this.#outbox.emit({ type: "alert", level: "warning", event: "no-finality", detail: mode.detail });
  }
}
